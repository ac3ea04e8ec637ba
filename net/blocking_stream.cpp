#include "net/blocking_stream.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "net/stream.hpp"

namespace sluice::net {
namespace {

awaitable<error_code> connect_into(std::optional<Stream>& stream, Address address, BlockingStream::TimePoint deadline) {
  auto connected = co_await connect(std::move(address), deadline);
  if (!connected) co_return connected.error();
  stream.emplace(std::move(*connected));
  co_return error_code{};
}

}  // namespace

struct BlockingStream::State {
  boost::asio::io_context context{1};
  std::optional<Stream> stream;
  std::atomic<bool> interrupted{false};
  // An operation was abandoned: its coroutine still refers to the caller's buffers and must never run again.
  bool abandoned = false;

  // Runs one operation to its end. Nothing if the deadline or interrupt() came first: see failure().
  template <class T>
  std::optional<T> run(awaitable<T> operation, TimePoint deadline) {
    if (abandoned) return std::nullopt;
    context.restart();
    std::optional<T> outcome;
    boost::asio::co_spawn(context, std::move(operation), [&outcome](std::exception_ptr error, T value) {
      if (error) std::rethrow_exception(error);
      outcome = std::move(value);
    });
    // interrupt() sets the flag and then stops the context: seen here, or by run_one_until.
    while (!outcome && !interrupted.load() && context.run_one_until(deadline) != 0) {
    }
    abandoned = !outcome.has_value();
    return outcome;
  }

  error_code failure() const { return interrupted.load() ? Errc::interrupted : Errc::deadline_passed; }
};

BlockingStream::BlockingStream() : state_(std::make_unique<State>()) {}
BlockingStream::~BlockingStream() = default;

error_code BlockingStream::connect(const Address& address, TimePoint deadline) {
  return state_->run(connect_into(state_->stream, address, deadline), deadline).value_or(state_->failure());
}

result<std::size_t> BlockingStream::read_some(std::span<std::uint8_t> into, TimePoint deadline) {
  const auto got = state_->run(state_->stream->read_some(into), deadline);
  if (!got) return state_->failure();
  return *got;
}

error_code BlockingStream::read(std::span<std::uint8_t> into, TimePoint deadline) {
  while (!into.empty()) {
    const auto got = read_some(into, deadline);
    if (!got) return got.error();
    if (*got == 0) return Errc::end_of_stream;
    into = into.subspan(*got);
  }
  return {};
}

error_code BlockingStream::write(std::span<const std::uint8_t> bytes, TimePoint deadline) {
  return state_->run(state_->stream->write(bytes), deadline).value_or(state_->failure());
}

error_code BlockingStream::upgrade(const ClientTls& tls, const std::string& host, TimePoint deadline) {
  return state_->run(state_->stream->connect_tls(tls, host), deadline).value_or(state_->failure());
}

bool BlockingStream::is_secure() const noexcept {
  return state_->stream && state_->stream->is_secure();
}

void BlockingStream::interrupt() noexcept {
  state_->interrupted.store(true);
  state_->context.stop();
}

}  // namespace sluice::net
