// A client's DDL that is run as a migration: what DdlFsm says is done here. The command stays at the front of the
// client's buffer until it is answered, or another text has taken its place.
#include "proxy/online_ddl.hpp"

#include "protocol/wire/server_reply.hpp"
#include "proxy/session/session.hpp"

namespace sluice::proxy {
namespace {

constexpr std::uint16_t ER_QUERY_INTERRUPTED = 1317;

}  // namespace

// Few sessions ever prepare such a statement; what those execute is looked at.
bool Session::may_be_online_ddl(const Command& command) noexcept {
  if (shared().online_ddl == nullptr) return false;
  if (command.code == Code::execute) return may_execute_ddl_;
  if (command.code != Code::query && command.code != Code::prepare) return false;
  const auto sql = sql_of(command, attributes_);
  if (!sql || !protocol::may_change_table(*sql)) return false;
  if (command.code == Code::prepare) may_execute_ddl_ = true;
  return command.code == Code::query;
}

// Nothing: it is none, or can't be told.
std::optional<protocol::TableChange> Session::table_change_of(const Command& command, std::string& sql) const {
  if (command.code == Code::query) {
    sql = sql_of(command, attributes_).value_or("");
    return protocol::read_table_change(sql, memory_.multi_statements());
  }
  const auto* text = memory_.text_of(command.statement());
  if (text == nullptr) return std::nullopt;
  sql = *text;
  return protocol::read_table_change(sql, protocol::MultiStatements::no);
}

// Nothing: it is too long to be looked at.
net::awaitable<std::optional<Command>> Session::read_whole_command() {
  while (true) {
    const auto bytes = from_client_.bytes();
    const std::size_t length = protocol::read_packet_header(bytes).length_bytes;
    const auto payload = bytes.subspan(PACKET_HEADER_BYTES);
    if (bytes_to_judge(Code::query, length) < length) co_return std::nullopt;
    if (payload.size() >= length) {
      co_return Command{static_cast<Code>(payload[0]), payload.subspan(1, length - 1), true};
    }
    if (co_await read_client() == Next::end) co_return std::nullopt;
  }
}

// begin() has been said for the command at the front.
net::awaitable<Session::DdlEnd> Session::run_online_ddl() {
  if (co_await all_answered() == Next::end) co_return DdlEnd::session_ends;
  const auto command = co_await read_whole_command();
  if (!command) co_return client_gone_ || server_gone_ ? DdlEnd::session_ends : DdlEnd::command_goes_on;
  std::string sql;
  const auto change = table_change_of(*command, sql);
  if (!change) co_return DdlEnd::command_goes_on;
  auto comment = protocol::read_ddl_comment(sql);
  DdlFacts facts{.server = server_kind_,
                 .mode = shared().config.ddl_mode,
                 .may_have_said = memory_.may_have_ddl_mode(),
                 .holds_locks = memory_.holds_locks(),
                 .prepared_in = prepared_in(*command),
                 .options_problem = shared().online_ddl->judge_options(comment.options),
                 .user = user_,
                 .host = client_host_};
  DdlFsm fsm{*change, std::move(comment), std::move(facts)};
  auto action = fsm.begin();
  if (std::holds_alternative<PassOn>(action)) co_return DdlEnd::command_goes_on;
  if (auto migration = migration_of_table(*command); !migration.empty() && shared().online_ddl->runs(migration)) {
    const Next next = co_await refuse_definition(std::move(migration));
    co_return next == Next::end ? DdlEnd::session_ends : DdlEnd::command_answered;
  }
  in_flight_.last().touch = TableTouch::ddl;
  DdlDrive drive{.fsm = fsm};
  wake_.reset();
  gate::Gate::hear(*slot_, gate::Gate::Kills::anywhere);
  while (true) {
    // Of KILL QUERY the server tells only whoever it has something to do for.
    const bool is_killed = wake_ == gate::Wake::interrupted && !fsm.is_interrupted();
    if (is_killed && !is_last(action)) action = fsm.interrupted();
    if (is_last(action)) {
      gate::Gate::hear(*slot_, gate::Gate::Kills::at_gate);
      co_return co_await end_online_ddl(drive, std::move(action));
    }
    auto next = co_await step_online_ddl(drive, action);
    if (!next) break;
    action = std::move(*next);
  }
  // The client is gone, or its connection at the server: KILL, or the proxy's own end.
  if (drive.run && !draining_) drive.run->stop();
  if (drive.run) shared().observer.ddl_finished(draining_ ? DdlOutcome::left : DdlOutcome::stopped);
  co_return DdlEnd::session_ends;
}

std::optional<std::string> Session::prepared_in(const Command& command) const {
  if (command.code != Code::execute) return std::nullopt;
  return memory_.context_of(command.statement()).database.value_or("");
}

// One that has the table already, be it over; empty: there is none.
std::string Session::migration_of_table(const Command& command) {
  if (shared().gate.armed_epoch() == 0) return {};
  const ArmedIndex& armed = worker_->armed();
  return refused_by(*armed.set, examine(command, attributes_, memory_, armed.index).touches);
}

bool Session::is_last(const DdlAction& action) noexcept {
  return !std::holds_alternative<AskServer>(action) && !std::holds_alternative<BeginMigration>(action) &&
         !std::holds_alternative<LookAtMigration>(action) && !std::holds_alternative<StopMigration>(action);
}

// Nothing: the session has come to its end.
net::awaitable<std::optional<DdlAction>> Session::step_online_ddl(DdlDrive& drive, DdlAction& action) {
  if (const auto* question = std::get_if<AskServer>(&action)) {
    auto answer = co_await ask_server(*question);
    if (!answer) co_return std::nullopt;
    if (const auto status = answer->ending->status; status && answer->ending->error == 0) note_status(*status);
    drive.last_answer = std::move(answer->bytes);
    co_return drive.fsm.answered({.error = answer->ending->error, .answer = drive.last_answer});
  }
  if (auto* begin = std::get_if<BeginMigration>(&action)) {
    // No cut-over is to wait for the end of this command, least of all its own.
    finish_at_gate();
    drive.begun_at = std::chrono::steady_clock::now();
    drive.run = shared().online_ddl->begin(std::move(begin->request));
  }
  if (std::holds_alternative<StopMigration>(action)) drive.run->stop();
  co_return drive.fsm.looked(drive.run->look(), draining_ ? DdlFsm::Proxy::draining : DdlFsm::Proxy::serving);
}

// Of a command of the proxy's own, which begins no transaction.
void Session::note_status(std::uint16_t status) noexcept {
  transaction_.answered({.in_transaction = (status & protocol::server_status::IN_TRANSACTION) != 0,
                         .autocommit = (status & protocol::server_status::AUTOCOMMIT) != 0},
                        transaction_.has_worked() ? TransactionView::Did::work : TransactionView::Did::begin_or_end);
}

net::awaitable<Session::DdlEnd> Session::end_online_ddl(DdlDrive& drive, DdlAction action) {
  if (drive.run) {
    shared().gate.begin(*slot_);  // it has been finished there
    in_flight_.last().held += std::chrono::steady_clock::now() - drive.begun_at;
  }
  if (!std::holds_alternative<PassOn>(action)) shared().observer.ddl_finished(drive.fsm.outcome());
  if (auto* refusal = std::get_if<Refuse>(&action)) {
    const auto failure = std::move(refusal->failure);
    const auto outcome = failure.code == ER_QUERY_INTERRUPTED ? Outcome::interrupted : Outcome::refused;
    const Next next =
        co_await answer_locally([failure](std::uint8_t sequence) { return error_of(sequence, failure); }, outcome);
    co_return next == Next::end ? DdlEnd::session_ends : DdlEnd::command_answered;
  }
  if (const auto* error = std::get_if<PassError>(&action)) {
    if (error->migration == PassError::Migration::stop) drive.run->stop();
    const Next next = co_await answer_locally(
        [packet = std::move(drive.last_answer)](std::uint8_t sequence) {
          auto numbered = packet;
          numbered[PACKET_HEADER_BYTES - 1] = sequence;
          return numbered;
        },
        Outcome::error);
    co_return next == Next::end ? DdlEnd::session_ends : DdlEnd::command_answered;
  }
  if (const auto* answer = std::get_if<AnswerBy>(&action)) {
    const std::size_t length = protocol::read_packet_header(from_client_.bytes()).length_bytes;
    from_client_.replace(PACKET_HEADER_BYTES + length, query_packet(answer->sql));
    client_.forget_frames();
  }
  co_return co_await begin_frames() == Next::end ? DdlEnd::session_ends : DdlEnd::command_goes_on;
}

}  // namespace sluice::proxy
