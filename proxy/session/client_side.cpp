// From the client to the server: where each command begins, and the bytes on their way.
#include <algorithm>

#include "proxy/session/session.hpp"

namespace sluice::proxy {
namespace {

// Commands sent ahead of their answers; beyond it the client is not read.
constexpr std::size_t PIPELINED_MAX = 1024;

}  // namespace

net::awaitable<void> Session::carry_commands() {
  // Some clients send commands behind their login without waiting for its OK.
  while (co_await take_commands() == Next::go_on) {
    if (draining_ && co_await leave_when_done() == Next::end) co_return;
    if (co_await read_client() == Next::end) co_return;
  }
}

Session::Running Session::read_client() {
  if (client_gone_ || server_gone_) co_return Next::end;
  co_return co_await fill(client_, from_client_);
}

// Goes through what has been read, packet by packet, and sends as much as possible in one piece.
Session::Running Session::take_commands() {
  while (true) {
    const auto rest = from_client_.bytes().subspan(ready_);
    if (packet_left_ != 0 && !rest.empty()) {
      const std::size_t piece = std::min(packet_left_, rest.size());
      ready_ += piece;
      packet_left_ -= piece;
      continue;
    }
    if (rest.size() < PACKET_HEADER_BYTES) break;
    const std::size_t length = protocol::read_packet_header(rest).length_bytes;
    if (answers_.wants_client_data()) {
      server_->number_frames_on();
      if (length == 0 && !continues_) {
        answers_.client_data_ended();
        next_to_client_ = ToClient::behind_its_data;
      }
      pass_packet(length);
      continue;
    }
    // What a replica says while it is sent the binlog are no commands: it acknowledges events.
    if (answers_.is_endless() && !continues_) {
      if (co_await begin_frames() == Next::end) co_return Next::end;
      next_to_client_ = ToClient::behind_its_data;
    }
    if (continues_ || answers_.is_endless()) {
      pass_packet(length);
      continue;
    }
    const auto command = command_ahead();
    if (!command) break;
    if (co_await begin_command(*command) == Next::end) co_return Next::end;
  }
  co_return co_await forward_ready();
}

void Session::pass_packet(std::size_t length) noexcept {
  packet_left_ = PACKET_HEADER_BYTES + length;
  continues_ = length == protocol::PACKET_PAYLOAD_MAX_BYTES;
}

Session::Running Session::forward_ready() {
  if (ready_ == 0) co_return Next::go_on;
  const auto bytes = from_client_.bytes();
  const Next next = co_await write_to_server(bytes.first(ready_), net::Stream::Origin{client_, bytes.size() - ready_});
  from_client_.consume(ready_);
  ready_ = 0;
  co_return next;
}

std::optional<Command> Session::command_ahead() const {
  const auto bytes = from_client_.bytes().subspan(ready_);
  if (bytes.size() < PACKET_HEADER_BYTES) return std::nullopt;
  const std::size_t length = protocol::read_packet_header(bytes).length_bytes;
  const auto payload = bytes.subspan(PACKET_HEADER_BYTES, std::min(length, bytes.size() - PACKET_HEADER_BYTES));
  if (length == 0) return Command{};  // the server answers it with an error of its own
  if (payload.empty()) return std::nullopt;
  const auto code = static_cast<Code>(payload[0]);
  const bool is_judged = shared().gate.armed_epoch() != 0;
  if (payload.size() < (is_judged ? bytes_to_judge(code, length) : bytes_to_see(code, length))) return std::nullopt;
  return Command{code, payload.subspan(1), payload.size() == length && length != protocol::PACKET_PAYLOAD_MAX_BYTES};
}

// Each command's frames are numbered anew.
Session::Running Session::begin_frames() {
  if (!server_->is_compressed()) co_return Next::go_on;
  const Next sent = co_await forward_ready();
  server_->number_frames_from(0);
  co_return sent;
}

// Where something is armed, one command goes at a time: what a statement means, and who answers it, may depend on the
// answer to the one before.
Session::Running Session::begin_command(Command command) {
  if (co_await begin_frames() == Next::end) co_return Next::end;
  if (command.code == Code::change_user) co_return co_await change_user();
  const auto shape = answer_to(command, server_kind_);
  if (shape == protocol::AnswerShape::none) co_return co_await pass_unanswered();
  auto& gate = shared().gate;
  const bool is_endless = shape == protocol::AnswerShape::endless;
  if (gate.armed_epoch() != 0 || in_flight_.size() >= PIPELINED_MAX || is_endless) {
    if (co_await all_answered() == Next::end) co_return Next::end;
  }
  gate.begin(*slot_);
  in_flight_.push(
      {.effect = NoEffect{}, .begun_at = std::chrono::steady_clock::now(), .command = kind_of(command.code)});
  if (may_be_online_ddl(command)) {
    const DdlEnd end = co_await run_online_ddl();
    if (end != DdlEnd::command_goes_on) co_return end == DdlEnd::session_ends ? Next::end : Next::go_on;
  }
  if (gate.armed_epoch() != 0) co_return co_await judge();
  // Waiting may have moved the bytes, and something may be armed that takes more of them.
  const auto again = command_ahead();
  if (!again) co_return co_await judge();
  note_sent(*again);
  co_return Next::go_on;
}

// A command without an answer goes to the server. A statement that it closes may still be executing: its effect stands
// behind those of the commands before.
Session::Running Session::pass_unanswered() {
  const bool too_many = !in_flight_.empty() && in_flight_.last().closed_behind.size() >= PIPELINED_MAX;
  if (too_many && co_await all_answered() == Next::end) co_return Next::end;
  auto command = command_ahead();
  for (; !command; command = command_ahead()) {
    if (co_await read_client() == Next::end) co_return Next::end;
  }
  auto effect = effect_of(*command, attributes_, memory_);
  const auto* closed = std::get_if<Closed>(&effect);
  if (closed != nullptr && !in_flight_.empty()) {
    in_flight_.last().closed_behind.push_back(*closed);
  } else {
    memory_.apply(std::move(effect), 0);
  }
  pass_packet(protocol::read_packet_header(from_client_.bytes().subspan(ready_)).length_bytes);
  co_return Next::go_on;
}

// The command at the front goes to the server.
void Session::note_sent(const Command& command) {
  in_flight_.last().effect = effect_of(command, attributes_, memory_);
  answers_.expect(answer_to(command, server_kind_));
  pass_packet(protocol::read_packet_header(from_client_.bytes().subspan(ready_)).length_bytes);
  if (answers_.is_endless()) {  // reads the binlog, no table: no gate is to wait for its end
    in_flight_.last().is_at_gate = false;
    finish_at_gate();
  }
}

Session::Running Session::all_answered() {
  if (co_await forward_ready() == Next::end) co_return Next::end;
  waits_for_answers_ = true;
  while (!answers_.expects_nothing() && !server_gone_ && !client_gone_) {
    look_out();
    co_await changed_.wait();
  }
  waits_for_answers_ = false;
  co_return server_gone_ || client_gone_ ? Next::end : Next::go_on;
}

}  // namespace sluice::proxy
