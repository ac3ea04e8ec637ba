// A command of a client where something is armed: judged, held back, let go, or answered in the server's place.
#include "protocol/wire/server_reply.hpp"
#include "proxy/session/session.hpp"

namespace sluice::proxy {

// The migration whose table one of these would change the definition of; empty: none.
std::string Session::refused_by(const gate::ArmedSet& set, const std::vector<gate::Touch>& touches) const {
  for (const auto& touch : touches) {
    if (touch.access == gate::Access::definition) return shared().gate.refusal_label(set.tables.at(touch.table).table);
  }
  return {};
}

Session::Running Session::refuse_definition(std::string migration) {
  co_return co_await answer_locally(
      [migration = std::move(migration)](std::uint8_t sequence) { return definition_refused(sequence, migration); },
      Outcome::refused);
}

// begin() has been said for the command at the front.
Session::Running Session::judge() {
  if (co_await all_answered() == Next::end) co_return Next::end;
  auto& gate = shared().gate;
  while (true) {
    auto command = command_ahead();
    for (; !command; command = command_ahead()) {
      if (co_await read_client() == Next::end) co_return Next::end;
    }
    ArmedIndex& armed = worker_->armed();
    auto finding = armed.prepared.examine(*command, attributes_, memory_, armed.index);
    in_flight_.last().touch = touch_of(finding);
    if (shared().access_log != nullptr) judged_ = {.set = armed.set, .touches = finding.touches};
    // A text of several statements may leave a transaction behind.
    const bool alone = !finding.touches.empty() && transaction_.autocommits() && !transaction_.is_open() &&
                       ends_by_itself(effect_of(*command, attributes_, memory_));
    const auto autocommit = alone ? gate::Autocommit::on : gate::Autocommit::off;
    const auto verdict = gate.admit(*slot_, armed.set->epoch, finding.touches, std::move(finding.statement), autocommit,
                                    gate::Clock::now());
    switch (verdict) {
      case gate::Verdict::pass:
        note_sent(*command);
        co_return Next::go_on;
      case gate::Verdict::wait:
        if (co_await wait_for_gate() == Next::end) co_return Next::end;
        if (wake_ == gate::Wake::interrupted) {
          co_return co_await answer_locally(query_interrupted, Outcome::interrupted);
        }
        break;
      case gate::Verdict::refuse_ddl:
        co_return co_await refuse_definition(refused_by(*armed.set, finding.touches));
      case gate::Verdict::refuse_snapshot:
        co_return co_await answer_locally(table_definition_changed, Outcome::refused);
      case gate::Verdict::rescan:
        break;
    }
  }
}

Session::Running Session::wait_for_gate() {
  const auto since = gate::Clock::now();
  wake_.reset();
  waits_at_gate_ = true;
  while (!wake_ && !client_gone_ && !server_gone_) {
    look_out();
    co_await changed_.wait();
  }
  waits_at_gate_ = false;
  if (client_.has_peer_left()) lose_client();  // nobody wants it any more
  const auto held = gate::Clock::now() - since;
  in_flight_.last().held += held;
  shared().observer.statement_held(held);
  co_return wake_ && !client_gone_ && !server_gone_ ? Next::go_on : Next::end;
}

void Session::on_wake(gate::Wake wake) {
  wake_ = wake;
  changed_.notify();
}

// Everything before has been answered, so the answer's turn is now.
Session::Running Session::answer_locally(std::function<PacketBytes(std::uint8_t)> answer, Outcome outcome) {
  const auto sequence = co_await skip_command();
  if (!sequence) co_return Next::end;
  const auto sent = in_flight_.pop();
  finish_at_gate();
  const PacketBytes packet = answer(static_cast<std::uint8_t>(*sequence + 1));
  const auto error = protocol::parse_error(net::Bytes{packet}.subspan(PACKET_HEADER_BYTES));
  account_for(sent, {.outcome = outcome, .error = error ? error->code : std::uint16_t{0}, .bytes = packet.size()});
  next_to_client_ = ToClient::begins_answer;
  const Next sent_to_client = co_await write_to_client(packet);
  next_to_client_ = ToClient::begins_answer;
  co_return sent_to_client;
}

// Drops the command at the front, however many packets it has; tells the last one's sequence id.
net::awaitable<std::optional<std::uint8_t>> Session::skip_command() {
  std::optional<std::uint8_t> sequence;
  while (!sequence || continues_ || packet_left_ != 0) {
    const auto bytes = from_client_.bytes();
    if (packet_left_ != 0 && !bytes.empty()) {
      const std::size_t piece = std::min(packet_left_, bytes.size());
      from_client_.consume(piece);
      packet_left_ -= piece;
    } else if (packet_left_ == 0 && bytes.size() >= PACKET_HEADER_BYTES) {
      const auto header = protocol::read_packet_header(bytes);
      sequence = header.sequence;
      pass_packet(header.length_bytes);
    } else if (co_await read_client() == Next::end) {
      co_return std::nullopt;
    }
  }
  co_return sequence;
}

}  // namespace sluice::proxy
