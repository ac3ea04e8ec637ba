// How a session comes to its end: too late, idle for too long, without its client. The server is left in peace: a login
// that was begun is finished, and what still runs for nobody is killed.
#include "protocol/wire/login_response.hpp"
#include "protocol/wire/server_reply.hpp"
#include "proxy/session/session.hpp"

namespace sluice::proxy {
namespace {

// What the server may take to hear that nobody comes.
constexpr auto FAREWELL_LIMIT = std::chrono::seconds{1};
constexpr int FAREWELL_ROUNDS_MAX = 4;
// A KILL that changed nothing is tried again.
constexpr auto KILL_AGAIN = std::chrono::seconds{10};
// Within an idle deadline it is looked so many times.
constexpr int IDLE_LOOKS = 4;

// Right for no plugin: a password in clear, a scramble and a public key's request have other lengths.
const PacketBytes WRONG_ANSWER(20, 0xAA);

}  // namespace

void Session::expect_by(Deadline deadline, std::chrono::steady_clock::duration time) {
  awaited_ = deadline;
  deadline_.expires_after(time);
  deadline_.async_wait([session = weak_from_this()](boost::system::error_code cancelled) {
    const auto self = session.lock();
    if (cancelled || !self || self->deadline_.expiry() > std::chrono::steady_clock::now()) return;
    self->on_deadline();
  });
}

void Session::on_deadline() {
  switch (awaited_) {
    case Deadline::login:
      if (logged_in_) return;
      shared().observer.connection_refused(Refusal::handshake_timeout, client_host_);
      client_.close();
      expect_by(Deadline::farewell, FAREWELL_LIMIT);
      return;
    case Deadline::farewell:
      return close();
    case Deadline::idle:
      return look_whether_idle();
    case Deadline::end_of_server:
      if (server_gone_) return;
      kill_at_server();
      return expect_by(Deadline::end_of_server, KILL_AGAIN);
  }
}

// Only looked at now and then, so that a command costs nothing.
void Session::look_whether_idle() {
  const bool is_idle = is_quiet() && in_flight_.total() == commands_seen_;
  idle_looks_ = is_idle ? idle_looks_ + 1 : 0;
  commands_seen_ = in_flight_.total();
  if (idle_looks_ < IDLE_LOOKS) return watch_idle();
  shared().observer.connection_idled_out();
  if (!greeting_.is_mariadb()) (void)client_.try_write(idle_for_too_long());
  close();
}

void Session::watch_idle() {
  const auto limit = limits()->idle_deadline_ms;
  if (limit.count() != 0) expect_by(Deadline::idle, limit / IDLE_LOOKS);
}

void Session::change_limits() {
  if (!logged_in_ || awaited_ == Deadline::end_of_server) return;
  deadline_.cancel();
  idle_looks_ = 0;
  watch_idle();
}

// The client is gone. The server learns it as from a client that crashed, and the session stays in the gate until the
// server has ended too: only then can its last statement change nothing any more. A server that works or waits for a
// lock does not look at the connection.
net::awaitable<void> Session::outlive_server() {
  client_gone_ = true;
  server_->shutdown_send();
  expect_by(Deadline::end_of_server, limits()->abandoned_deadline_ms);
  while (!server_gone_) co_await changed_.wait();
  deadline_.cancel();
}

void Session::kill_at_server() {
  if (!shared().killer || !slot_) return;
  shared().observer.server_query_abandoned();
  shared().killer(slot_->connection());
}

void Session::cut_off() {
  if (!in_flight_.empty() && !server_gone_) kill_at_server();
  close();
}

// A connection that ends in the middle of its login counts against the proxy's address at the server, until the server
// lets nobody in from there any more (max_connect_errors, 1129). One whose login is denied does not.
net::awaitable<void> Session::finish_login() {
  if (server_expects_ == ServerExpects::nothing) co_return;
  expect_by(Deadline::farewell, FAREWELL_LIMIT);
  PacketBytes answer = server_expects_ == ServerExpects::login ? protocol::nobodys_login(WRONG_ANSWER) : WRONG_ANSWER;
  for (int round = 0; round < FAREWELL_ROUNDS_MAX; ++round) {
    if (co_await send_payload(Side::server, answer) == Next::end) break;
    if (co_await read_packet(Side::server) == Next::end) break;
    if (protocol::is_ok(payload_of(Side::server)) || protocol::is_error(payload_of(Side::server))) break;
    answer = WRONG_ANSWER;
  }
  deadline_.cancel();
}

}  // namespace sluice::proxy
