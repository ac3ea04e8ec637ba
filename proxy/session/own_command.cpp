// Commands of the proxy's own to the server, between those of the client, who hears nothing of them.
#include "protocol/wire/packet.hpp"
#include "proxy/session/session.hpp"

namespace sluice::proxy {
namespace {

// Of a longer answer nothing is kept.
constexpr std::size_t OWN_ANSWER_MAX_BYTES = 4 * 1024 * 1024;

constexpr std::uint8_t NO_ATTRIBUTES = 0;  // the number of them
constexpr std::uint8_t ONE_SET = 1;        // of parameters: always

}  // namespace

PacketBytes Session::query_packet(std::string_view sql) const {
  PacketBytes payload{static_cast<std::uint8_t>(Code::query)};
  if (attributes_ == Attributes::yes) payload.insert(payload.end(), {NO_ATTRIBUTES, ONE_SET});
  payload.insert(payload.end(), sql.begin(), sql.end());
  return protocol::frame(payload, 0);
}

Session::Running Session::send_own(PacketBytes packet) {
  if (server_->is_compressed()) server_->number_frames_from(0);
  co_return co_await write_to_server(packet);
}

net::awaitable<std::optional<Session::OwnAnswer>> Session::ask_server(const AskServer& question) {
  const bool prepares = question.how == AskServer::How::prepare;
  PacketBytes packet;
  if (prepares) {
    PacketBytes payload{static_cast<std::uint8_t>(Code::prepare)};
    payload.insert(payload.end(), question.sql.begin(), question.sql.end());
    packet = protocol::frame(payload, 0);
  } else {
    packet = query_packet(question.sql);
  }
  answers_.expect(protocol::shape_of(prepares ? Code::prepare : Code::query));
  own_answer_.emplace();
  if (co_await send_own(std::move(packet)) == Next::end) co_return std::nullopt;
  while (!own_answer_->ending && !server_gone_ && !client_gone_) {
    look_out();
    co_await changed_.wait();
  }
  if (!own_answer_->ending || server_gone_ || client_gone_) co_return std::nullopt;
  auto answer = std::exchange(own_answer_, std::nullopt);
  if (prepares && answer->ending->error == 0) {
    PacketBytes close{static_cast<std::uint8_t>(Code::close)};
    protocol::Writer{close}.u32(answer->ending->statement);
    if (co_await send_own(protocol::frame(close, 0)) == Next::end) co_return std::nullopt;
  }
  co_return answer;
}

// On the server's side.
void Session::take_own_answer(net::Bytes bytes) {
  auto& answer = *own_answer_;
  const bool is_too_long = answer.bytes.size() + bytes.size() > OWN_ANSWER_MAX_BYTES;
  if (is_too_long) {
    answer.bytes.clear();
  } else {
    answer.bytes.insert(answer.bytes.end(), bytes.begin(), bytes.end());
  }
  while (const auto ending = answers_.next(bytes)) answer.ending = ending;
  if (answer.ending) changed_.notify();
}

}  // namespace sluice::proxy
