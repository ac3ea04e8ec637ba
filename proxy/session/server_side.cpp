// From the server to the client: the bytes on their way, and where each answer ends.
#include "protocol/wire/server_reply.hpp"
#include "proxy/session/session.hpp"

namespace sluice::proxy {
namespace {

TransactionView::Did did(const Said* said) {
  const bool no_work = said != nullptr && (std::holds_alternative<protocol::PlainBegin>(said->context) ||
                                           std::holds_alternative<protocol::EndTransaction>(said->context));
  return no_work ? TransactionView::Did::begin_or_end : TransactionView::Did::work;
}

}  // namespace

net::awaitable<void> Session::carry_answers(std::shared_ptr<Session> self) {
  while (co_await self->pass_answers() == Next::go_on) {
  }
  co_await self->settle_client();
  self->server_gone_ = true;
  self->close();
}

Session::Running Session::pass_answers() {
  if (!new_user_ && co_await fill(*server_, from_server_) == Next::end) co_return Next::end;
  // Looked at again: the wait may have begun before.
  if (new_user_) co_return co_await pass_authentication();
  const auto bytes = from_server_.bytes();
  if (own_answer_ && !own_answer_->ending) {
    take_own_answer(bytes);
    from_server_.consume(bytes.size());
    co_return Next::go_on;
  }
  auto unsent = bytes;
  for (auto rest = bytes; const auto ending = answers_.next(rest);) {
    note_answer(*ending);
    if (!client_.is_compressed() || client_gone_) continue;
    // The frames of each answer are numbered anew.
    const auto answer = unsent.first(unsent.size() - rest.size());
    if (co_await write_to_client(answer, net::Stream::Origin{*server_, rest.size()}) == Next::end) lose_client();
    next_to_client_ = ToClient::begins_answer;
    unsent = rest;
  }
  // For a client that is gone it is read to its end, too: until then the command may still change something. The
  // binlog has no end and changes nothing.
  if (client_gone_ && answers_.is_endless()) {
    kill_at_server();
    co_return Next::end;
  }
  if (!client_gone_ && !unsent.empty() &&
      co_await write_to_client(unsent, net::Stream::Origin{*server_, 0}) == Next::end) {
    lose_client();
  }
  from_server_.consume(bytes.size());
  co_return draining_ ? co_await leave_when_done() : Next::go_on;
}

void Session::lose_client() {
  client_gone_ = true;
  client_.close();
  changed_.notify();
}

void Session::finish_at_gate() {
  shared().gate.finish(*slot_, {.in_transaction = transaction_.is_open(),
                                .may_hold_snapshot = transaction_.has_worked(),
                                .holds_tables = transaction_.has_worked() || memory_.holds_locks()});
}

void Session::note_answer(const protocol::Ending& ending) {
  auto sent = in_flight_.pop();
  if (ending.status) {
    transaction_.answered({.in_transaction = (*ending.status & protocol::server_status::IN_TRANSACTION) != 0,
                           .autocommit = (*ending.status & protocol::server_status::AUTOCOMMIT) != 0},
                          did(memory_.said_by(sent.effect)));
  }
  if (ending.error != 0) {
    transaction_.failed(ending.error);
    memory_.apply_failed(sent.effect);
  } else {
    if (const auto* said = memory_.said_by(sent.effect)) {
      const auto* kill = std::get_if<protocol::Kill>(&said->context);
      if (kill != nullptr) shared().gate.interrupt(gate::ConnectionId{kill->connection});
    }
    memory_.apply(std::move(sent.effect), ending.statement);
  }
  for (const auto closed : sent.closed_behind) memory_.apply(closed, 0);
  memory_.server_says(ending.database, ending.charset);
  if (waits_for_answers_) changed_.notify();
  if (!sent.is_at_gate) return;
  finish_at_gate();
  account_for(
      sent,
      {.outcome = ending.error == 0 ? Outcome::ok : Outcome::error, .error = ending.error, .bytes = ending.bytes});
}

}  // namespace sluice::proxy
