// COM_CHANGE_USER: the relay of the login again, between commands. The server's side hands over the server's packets,
// the client's side answers when it is asked.
#include <openssl/crypto.h>

#include "protocol/wire/server_reply.hpp"
#include "proxy/session/session.hpp"

namespace sluice::proxy {
namespace {

// Where the server's own number can't be read.
constexpr std::uint16_t ER_ACCESS_DENIED_CHANGE_USER = 1873;

}  // namespace

Session::Running Session::change_user() {
  if (co_await all_answered() == Next::end) co_return Next::end;
  client_leg_ = server_leg_ = {};
  if (co_await read_packet(Side::client) == Next::end) co_return Next::end;
  const auto payload = payload_of(Side::client);
  auto change = protocol::read_change_user(payload);
  if (!change) co_return Next::end;
  shared().gate.begin(*slot_);
  in_flight_.push({.effect = LoggedIn{change->database, change->collation},
                   .begun_at = std::chrono::steady_clock::now(),
                   .command = CommandKind::change_user});
  const auto scramble = relay_->scramble();
  relay_.emplace(way(), factors(), change->plugin.empty() ? greeting_.plugin : change->plugin, scramble,
                 shared().rsa_key ? &*shared().rsa_key : nullptr);
  new_user_ = std::move(change);
  client_is_asked_ = false;
  server_leg_.next_sequence = 0;
  server_->number_frames_from(0);
  Next next = co_await send_payload(Side::server, payload);
  while (next == Next::go_on && new_user_) {
    if (!client_is_asked_ && !server_gone_ && !client_gone_) {
      look_out();
      co_await changed_.wait();
      continue;
    }
    if (server_gone_ || client_gone_ || co_await read_packet(Side::client) == Next::end) co_return Next::end;
    auto step = relay_->from_client(payload_of(Side::client));
    if (step.done == AuthRelay::Done::refused) {
      co_return co_await refuse_login(login_refused(client_leg_.next_sequence, step.reason));
    }
    client_is_asked_ = step.read_next == Side::client;
    next = co_await send_payload(step.to, step.payload);
    OPENSSL_cleanse(step.payload.data(), step.payload.size());
    if (step.to == Side::client) next_to_client_ = ToClient::behind_its_data;
  }
  from_client_.consume(client_leg_.packet_bytes);
  client_leg_.packet_bytes = 0;
  co_return next;
}

// On the server's side: there is something to read.
Session::Running Session::pass_authentication() {
  server_leg_.packet_bytes = 0;
  if (co_await read_packet(Side::server) == Next::end) co_return Next::end;
  const auto payload = payload_of(Side::server);
  auto step = relay_->from_server(payload);
  const auto error = protocol::parse_error(payload);
  from_server_.consume(server_leg_.packet_bytes);
  server_leg_.packet_bytes = 0;
  if (step.done == AuthRelay::Done::refused) {
    co_return co_await refuse_login(login_refused(client_leg_.next_sequence, step.reason));
  }
  if (step.done == AuthRelay::Done::ok) {
    user_ = new_user_->user;
    if (!take_user_seat(user_)) {
      co_return co_await refuse(Refusal::user_connections, too_many_of_user(client_leg_.next_sequence, user_));
    }
    user_changed(step.payload);
  }
  if (step.done == AuthRelay::Done::denied) user_refused(error ? error->code : ER_ACCESS_DENIED_CHANGE_USER);
  const Next sent = co_await send_payload(step.to, step.payload);
  OPENSSL_cleanse(step.payload.data(), step.payload.size());
  next_to_client_ = step.done == AuthRelay::Done::not_yet ? ToClient::behind_its_data : ToClient::begins_answer;
  client_is_asked_ = step.done == AuthRelay::Done::not_yet && step.read_next == Side::client;
  changed_.notify();
  co_return sent;
}

void Session::user_changed(net::Bytes ok) {
  shared().gate.identify(*slot_, new_user_->user, client_host_);
  new_user_.reset();
  note_autocommit(ok);
  note_answer({});
}

// MySQL closes the connection behind its ERR; MariaDB goes on as the old user, in a session that was reset.
void Session::user_refused(std::uint16_t error) {
  new_user_.reset();
  transaction_ = {};
  memory_.apply(ConnectionReset{}, 0);
  note_answer({.error = error, .status = {}, .statement = 0, .bytes = 0, .database = {}, .charset = {}});
}

}  // namespace sluice::proxy
