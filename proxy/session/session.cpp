#include "proxy/session/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace sluice::proxy {

namespace asio = boost::asio;

namespace {

// Reads of what may be there already (whole blocks, 64 KB each; TLS and compression of any size), before the worker's
// other sessions have their turn: where both sides are always ready nothing else makes a session wait.
constexpr int BLOCKS_IN_A_TURN = 16;

}  // namespace

Session::Session(std::shared_ptr<Worker> worker, net::Stream client)
    : worker_(std::move(worker)),
      client_(std::move(client)),
      deadline_(worker_->executor()),
      lookout_(worker_->executor()),
      changed_(worker_->executor()),
      write_turn_(worker_->executor()),
      from_client_(worker_->blocks()),
      from_server_(worker_->blocks()) {}

void Session::start(std::shared_ptr<Session> session) {
  const auto executor = session->worker_->executor();
  asio::co_spawn(executor, run(std::move(session)), asio::detached);
}

net::awaitable<void> Session::run(std::shared_ptr<Session> self) {
  self->expect_by(Deadline::login, self->limits()->handshake_deadline_ms);
  const Next login = co_await self->log_in();
  self->deadline_.cancel();
  self->shared().observer.login_finished(login == Next::go_on ? Outcome::ok : Outcome::error);
  if (login == Next::go_on) {
    self->logged_in_ = true;
    self->watch_idle();
    asio::co_spawn(self->worker_->executor(), carry_answers(self), asio::detached);
    co_await self->carry_commands();
    co_await self->outlive_server();
  } else {
    self->client_.close();
    co_await self->finish_login();
  }
  self->close();
  if (self->slot_) self->shared().gate.leave(*self->slot_);
  self->worker_->forget(self);
}

void Session::drain() {
  draining_ = true;
  if (!logged_in_) return give_up_login();
  asio::co_spawn(worker_->executor(), leave(shared_from_this()), asio::detached);
}

net::awaitable<void> Session::leave(std::shared_ptr<Session> self) {
  if (co_await self->leave_when_done() == Next::end) self->close();
}

void Session::close() {
  client_.close();
  if (server_) server_->close();
  changed_.notify();
}

bool Session::may_leave() const noexcept {
  const bool is_done = in_flight_.empty() || answers_.is_endless();
  const bool has_more = !from_client_.empty() || client_.has_unread();
  return is_done && nothing_moves() && !has_more && !transaction_.is_open() && !memory_.holds_locks();
}

bool Session::is_quiet() const noexcept {
  return in_flight_.empty() && nothing_moves() && client_.is_settled();
}

bool Session::nothing_moves() const noexcept {
  return !waits_at_gate_ && packet_left_ == 0 && from_server_.empty() && !writing_to_client_ && wait_to_write_ == 0;
}

Session::Running Session::fill(net::Stream& from, Buffer& into) {
  const bool may_not_wait = into.is_grown() || from.is_tls() || from.is_compressed();
  if (may_not_wait && ++blocks_in_turn_ == BLOCKS_IN_A_TURN) {
    blocks_in_turn_ = 0;
    co_await asio::post(worker_->executor(), asio::use_awaitable);
  }
  if (into.empty() && into.is_grown()) {
    // More of what was long is likely to be there already; if not, the wait costs no block.
    if (const auto more = from.try_read(into.room())) {
      if (!*more || **more == 0) co_return Next::end;
      into.add(**more);
      co_return Next::go_on;
    }
    into.release();
  }
  const auto got = co_await from.read_some(into.room());
  if (!got || *got == 0) co_return Next::end;
  into.add(*got);
  if (!into.is_full()) co_return Next::go_on;
  // An end shows again at the next call.
  if (const auto more = from.try_read(into.room()); more && *more) into.add(**more);
  co_return Next::go_on;
}

// The server's answers and the proxy's own may want to be written at the same time; there are no more than these two.
Session::Running Session::write_to_client(net::Bytes bytes, Origin origin) {
  ++wait_to_write_;
  while (writing_to_client_) co_await write_turn_.wait();
  --wait_to_write_;
  const auto at_once = client_.try_write(bytes);
  if (!at_once) co_return Next::end;
  if (*at_once == bytes.size()) co_return Next::go_on;
  number_frames_to_client();
  writing_to_client_ = true;
  writing_to_client_since_ = std::chrono::steady_clock::now();
  look_out();
  const auto error = co_await client_.write(bytes.subspan(*at_once), origin);
  writing_to_client_ = false;
  write_turn_.notify();
  co_return error ? Next::end : Next::go_on;
}

// Takes no turn: whoever writes meanwhile writes behind it.
net::awaitable<void> Session::settle_client() {
  while (writing_to_client_) co_await write_turn_.wait();
  if (client_gone_ || client_.is_settled()) co_return;
  if (settling_++ == 0) settling_since_ = std::chrono::steady_clock::now();
  look_out();
  (void)co_await client_.settle();
  --settling_;
}

Session::Running Session::leave_when_done() {
  if (!may_leave()) co_return Next::go_on;
  co_await settle_client();
  co_return may_leave() ? Next::end : Next::go_on;
}

void Session::number_frames_to_client() noexcept {
  switch (std::exchange(next_to_client_, ToClient::goes_on)) {
    case ToClient::goes_on:
      return;
    case ToClient::behind_its_data:
      return client_.number_frames_on();
    case ToClient::begins_answer:
      return client_.number_frames_of_answer();
  }
}

Session::Running Session::write_to_server(net::Bytes bytes, Origin origin) {
  const auto at_once = server_->try_write(bytes);
  if (at_once && *at_once == bytes.size()) co_return Next::go_on;
  if (new_user_) server_->number_frames_on();
  writing_to_server_ = true;
  look_out();
  server_refuses_ = !at_once || co_await server_->write(bytes.subspan(*at_once), origin);
  writing_to_server_ = false;
  co_return server_refuses_ ? Next::end : Next::go_on;
}

Session::Running Session::tell_client(PacketBytes packet) {
  co_return co_await write_to_client(packet);
}

}  // namespace sluice::proxy
