// How a session comes to its end: too late, idle for too long, without its client. The server is left in peace: a login
// that was begun is finished, and what still runs for nobody is killed.
#include <boost/asio/post.hpp>

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
constexpr auto LOOKOUT_INTERVAL = std::chrono::seconds{1};
// Within an idle deadline it is looked so many times.
constexpr int IDLE_LOOKS = 4;

constexpr std::uint8_t SWITCH_PLUGIN = 0xFE;  // the first byte of an AuthSwitchRequest; the plugin's name follows

}  // namespace

void Session::expect_by(Deadline deadline, std::chrono::steady_clock::duration time) {
  awaited_ = deadline;
  deadline_.set(std::chrono::steady_clock::now() + time, [session = weak_from_this()] {
    if (const auto self = session.lock()) self->on_deadline();
  });
}

void Session::on_deadline() {
  switch (awaited_) {
    case Deadline::login:
      if (logged_in_) return;
      shared().observer.connection_refused(Refusal::handshake_timeout, client_host_);
      return give_up_login();
    case Deadline::farewell:
      close();
      return expect_by(Deadline::farewell, FAREWELL_LIMIT);  // the server may be connected to only then
    case Deadline::idle:
      return look_whether_idle();
    case Deadline::end_of_server:
      if (server_gone_) return;
      kill_at_server();
      return expect_by(Deadline::end_of_server, KILL_AGAIN);
  }
}

// The server is told as by a client that leaves.
void Session::give_up_login() {
  client_.close();
  expect_by(Deadline::farewell, FAREWELL_LIMIT);
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

// Whatever waits now, and may wait for ever, is looked at once in a while: so a wait costs no timer of its own.
void Session::look_out() {
  if (std::exchange(is_looking_out_, true)) return;
  lookout_.set(std::chrono::steady_clock::now() + LOOKOUT_INTERVAL, [session = weak_from_this()] {
    if (const auto self = session.lock()) self->on_lookout();
  });
}

void Session::on_lookout() {
  is_looking_out_ = false;
  const auto limit = limits()->client_write_deadline_ms;
  const auto is_over = [limit, now = std::chrono::steady_clock::now()](auto since) { return now - since >= limit; };
  // Behind a client that takes nothing the server's end can't be seen.
  const bool takes_nothing = limit.count() != 0 && ((writing_to_client_ && is_over(writing_to_client_since_)) ||
                                                    (settling_ != 0 && is_over(settling_since_)));
  if (takes_nothing || (nobody_reads_client() && client_.has_peer_left())) lose_client();
  if (client_gone_) {
    if (writing_to_server_) server_->shutdown_send();  // ends the write
    return;
  }
  if (writing_to_client_ || settling_ != 0 || nobody_reads_client()) look_out();
}

// Until the server, or the gate, has done something.
bool Session::nobody_reads_client() const noexcept {
  const bool changes_user = new_user_ && !client_is_asked_;
  return waits_at_gate_ || waits_for_answers_ || own_answer_ || writing_to_server_ || changes_user;
}

// The client is gone, or says no more: then it hears no more either. The server learns it as from a client that
// crashed, and the session stays in the gate until the server has ended too: only then can its last statement change
// nothing any more. A server that works or waits for a lock does not look at the connection. Or it is the server that
// has closed, and its last words are still to be passed on.
net::awaitable<void> Session::outlive_server() {
  if (!server_refuses_ || client_gone_) {
    lose_client();
    if (answers_.is_endless()) {
      if (!server_gone_) kill_at_server();
      co_return;
    }
    server_->shutdown_send();
    expect_by(Deadline::end_of_server, limits()->abandoned_deadline_ms);
  }
  while (!server_gone_) co_await changed_.wait();
  deadline_.cancel();
}

void Session::kill_at_server() {
  if (!shared().killer || !slot_) return;
  if (!std::exchange(is_abandoned_, true)) shared().observer.server_query_abandoned();
  shared().killer({.connection = slot_->connection(), .user = user_, .port = port_at_server_, .since = greeted_at_},
                  [worker = std::weak_ptr{worker_}, session = weak_from_this()] {
                    const auto loop = worker.lock();
                    if (!loop) return;
                    boost::asio::post(loop->executor(), [session] {
                      if (const auto self = session.lock()) self->server_->close();
                    });
                  });
}

void Session::cut_off() {
  if (!in_flight_.empty() && !server_gone_) kill_at_server();
  close();
}

// A connection that ends in the middle of its login counts against the proxy's address at the server, until the server
// lets nobody in from there any more (max_connect_errors, 1129). One whose login is denied does not. What it then
// counts against the account, MySQL (FAILED_LOGIN_ATTEMPTS) counts for one that breaks off too.
net::awaitable<void> Session::finish_login() {
  if (server_expects_ == ServerExpects::nothing) co_return;
  expect_by(Deadline::farewell, FAREWELL_LIMIT);
  std::string plugin = relay_ ? relay_->plugin() : "";
  PacketBytes answer = protocol::nobodys_answer(plugin);
  if (server_expects_ == ServerExpects::login) answer = protocol::nobodys_login(answer);
  for (int round = 0; round < FAREWELL_ROUNDS_MAX; ++round) {
    if (co_await send_payload(Side::server, answer) == Next::end) break;
    if (co_await read_packet(Side::server) == Next::end) break;
    const auto reply = payload_of(Side::server);
    if (reply.empty() || protocol::is_error(reply)) break;
    if (protocol::is_ok(reply)) {
      server_leg_.next_sequence = 0;
      (void)co_await send_payload(Side::server, PacketBytes{static_cast<std::uint8_t>(Code::quit)});
      break;
    }
    if (reply[0] == SWITCH_PLUGIN) plugin = protocol::Reader{reply.subspan(1)}.zero_terminated_or_rest();
    answer = protocol::nobodys_answer(plugin);
  }
  deadline_.cancel();
}

}  // namespace sluice::proxy
