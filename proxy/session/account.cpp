// What is told of a command that has its answer: to the observer always, to the access log where there is one.
#include "proxy/session/session.hpp"

namespace sluice::proxy {

void Session::account_for(const SentCommand& sent, const Answered& answered) {
  const Statement statement{.command = sent.command,
                            .touch = sent.touch,
                            .outcome = answered.outcome,
                            .latency = std::chrono::steady_clock::now() - sent.begun_at,
                            .held = sent.held};
  shared().observer.statement_finished(statement);
  AccessLog* const log = shared().access_log;
  if (log == nullptr || (answered.outcome == Outcome::ok && !worker_->takes_sample())) return;
  AccessEntry entry{.statement = statement,
                    .connection = slot_->connection(),
                    .user = user_,
                    .client = client_host_,
                    .answer_bytes = answered.bytes,
                    .error = answered.error,
                    .tables = {}};
  if (sent.touch > TableTouch::none) {
    for (const auto& touch : judged_.touches) entry.tables.push_back(judged_.set->tables.at(touch.table).table);
  }
  log->write(std::move(entry));
}

}  // namespace sluice::proxy
