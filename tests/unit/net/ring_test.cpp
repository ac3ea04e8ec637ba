// What a loop and a socket promise on either event loop: order, ends, and whose thread it is.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <numeric>
#include <thread>
#include <vector>

#include "net/stream.hpp"
#include "net/transport.hpp"
#include "tests/unit/net/loops.hpp"

namespace sluice::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Data = std::vector<std::uint8_t>;

Data numbered(std::size_t size) {
  Data made(size);
  for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return made;
}

class OnLoop : public testing::TestWithParam<LoopKind> {
 protected:
  // On the loop's thread; waits for its end.
  template <class Function>
  auto run(Function function) {
    return asio::co_spawn(loop.executor(), std::move(function), asio::use_future).get();
  }
  template <class Function>
  auto begin(Function function) {
    return asio::co_spawn(loop.executor(), std::move(function), asio::use_future);
  }

  OnLoop() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) std::abort();
    far = ends[0];
    asio::local::stream_protocol::socket near{loop.executor(), asio::local::stream_protocol{}, ends[1]};
    stream.emplace(Stream::Socket{std::move(near)});
    loop.start();
  }
  ~OnLoop() override {
    if (far >= 0) ::close(far);
    run([this]() -> awaitable<void> {
      stream.reset();
      co_return;
    });
    loop.end();
  }

  // Until the peer has no more room for a piece that was taken. The bytes.
  awaitable<std::size_t> write_until_full() {
    const Data piece = numbered(4000);
    std::size_t sum = 0;
    for (std::size_t taken = piece.size(); taken == piece.size();) {
      taken = stream->try_write(piece).value();
      sum += taken;
      co_await asio::post(loop.executor(), asio::use_awaitable);
      co_await asio::post(loop.executor(), asio::use_awaitable);
    }
    co_return sum;
  }

  // All that comes until the end.
  [[nodiscard]] Data read_to_end() const {
    Data all;
    std::array<std::uint8_t, 10'000> piece{};
    while (true) {
      const auto got = ::read(far, piece.data(), piece.size());
      if (got <= 0) return all;
      all.insert(all.end(), piece.begin(), piece.begin() + got);
    }
  }

  int far = -1;
  RunningLoop loop{GetParam()};
  std::optional<Stream> stream;
};
INSTANTIATE_TEST_SUITE_P(Each, OnLoop, testing::ValuesIn(loops_here()), name_of);

TEST_P(OnLoop, runs_what_other_threads_post) {
  std::atomic<int> runs{0};
  std::atomic<int> elsewhere{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int post = 0; post < 1000; ++post) {
        asio::post(loop.executor(), [&] {
          ++runs;
          if (std::this_thread::get_id() != loop.thread()) ++elsewhere;
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  run([]() -> awaitable<void> { co_return; });  // behind them
  EXPECT_EQ(runs, 4000);
  EXPECT_EQ(elsewhere, 0);
}

TEST_P(OnLoop, timers_come_back_to_its_thread) {
  const auto [at_once, later] = run([]() -> awaitable<std::pair<std::thread::id, std::thread::id>> {
    const auto before = std::this_thread::get_id();
    asio::steady_timer timer{co_await asio::this_coro::executor, 5ms};
    co_await timer.async_wait(asio::use_awaitable);
    co_return std::pair{before, std::this_thread::get_id()};
  });
  EXPECT_EQ(at_once, loop.thread());
  EXPECT_EQ(later, loop.thread());
}

TEST_P(OnLoop, bytes_that_were_taken_are_sent_before_the_close) {
  const Data sent = numbered(3000);
  run([&]() -> awaitable<void> {
    const auto taken = stream->try_write(sent);
    EXPECT_EQ(taken.value(), sent.size());
    stream->close();
    co_return;
  });
  EXPECT_EQ(read_to_end(), sent);
}

TEST_P(OnLoop, bytes_arrive_in_order_though_the_peer_is_slow) {
  const Data sent = numbered(2'000'000);
  auto writing = begin([&]() -> awaitable<void> {
    // Small pieces and large ones, taken or not.
    Bytes rest{sent};
    for (std::size_t size = 1; !rest.empty(); size = size * 3 % 70'001 + 1) {
      const auto piece = rest.first(std::min(size, rest.size()));
      rest = rest.subspan(piece.size());
      const auto taken = stream->try_write(piece);
      EXPECT_TRUE(taken);
      EXPECT_FALSE(co_await stream->write(piece.subspan(taken.value())));
    }
    stream->shutdown_send();
  });
  EXPECT_EQ(read_to_end(), sent);
  writing.get();
}

TEST_P(OnLoop, nothing_is_taken_beyond_what_the_peer_has_room_for) {
  const Data piece = numbered(4000);
  const auto all = run([&]() -> awaitable<std::size_t> {
    std::size_t sum = 0;
    for (int round = 0; round < 10'000; ++round) {
      const auto taken = stream->try_write(piece);
      EXPECT_TRUE(taken);
      sum += taken.value();
      co_await asio::post(loop.executor(), asio::use_awaitable);
    }
    co_return sum;
  });
  EXPECT_LT(all, 10'000'000U);
}

TEST_P(OnLoop, what_was_taken_is_sent_once_it_is_settled_whatever_comes_then) {
  auto closing = begin([&]() -> awaitable<std::size_t> {
    const auto sum = co_await write_until_full();
    EXPECT_FALSE(co_await stream->settle());
    EXPECT_TRUE(stream->is_settled());
    stream->close();
    co_return sum;
  });
  const auto got = read_to_end();
  EXPECT_EQ(got.size(), closing.get());
}

TEST_P(OnLoop, end_of_sending_comes_behind_what_was_taken) {
  auto ending = begin([&]() -> awaitable<std::size_t> {
    const auto sum = co_await write_until_full();
    stream->shutdown_send();
    co_return sum;
  });
  const auto sum = ending.get();
  EXPECT_EQ(read_to_end().size(), sum);
}

TEST_P(OnLoop, peer_that_says_no_more_and_does_not_read_is_waited_for) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const Data piece = numbered(4000);
  while (send_now(ends[1], piece).value() != 0) {
  }
  ASSERT_EQ(::shutdown(ends[0], SHUT_WR), 0);
  std::unique_ptr<Transport> transport;
  auto waiting = begin([&]() -> awaitable<bool> {
    asio::local::stream_protocol::socket socket{loop.executor(), asio::local::stream_protocol{}, ends[1]};
    transport = make_transport(Stream::Socket{std::move(socket)});
    const auto error = co_await transport->wait(Wants::write);
    co_return !error && send_now(transport->handle(), piece).value() != 0;
  });
  EXPECT_EQ(waiting.wait_for(50ms), std::future_status::timeout);
  std::array<std::uint8_t, 100'000> scrap{};
  while (waiting.wait_for(1ms) == std::future_status::timeout) {
    ASSERT_GT(::recv(ends[0], scrap.data(), scrap.size(), 0), 0);
  }
  EXPECT_TRUE(waiting.get());
  run([&]() -> awaitable<void> {
    transport.reset();
    co_return;
  });
  ::close(ends[0]);
}

TEST_P(OnLoop, close_ends_a_read_and_a_write_that_wait) {
  const Data much = numbered(10'000'000);
  auto reading = begin([&]() -> awaitable<error_code> {
    std::array<std::uint8_t, 8> into{};
    const auto got = co_await stream->read_some(into);
    co_return got ? error_code{} : got.error();
  });
  auto writing = begin([&]() -> awaitable<error_code> { co_return co_await stream->write(much); });
  // The peer has something, so both are under way.
  std::array<std::uint8_t, 8> some{};
  ASSERT_GT(::read(far, some.data(), some.size()), 0);
  run([&]() -> awaitable<void> {
    stream->close();
    co_return;
  });
  EXPECT_TRUE(reading.get());
  EXPECT_TRUE(writing.get());
}

TEST_P(OnLoop, end_of_the_peer_shows_to_whoever_reads_and_whoever_writes) {
  ::close(std::exchange(far, -1));
  const auto [got, error] = run([&]() -> awaitable<std::pair<std::size_t, error_code>> {
    std::array<std::uint8_t, 8> into{};
    const auto read = co_await stream->read_some(into);
    const Data bytes = numbered(10);
    const auto taken = stream->try_write(bytes);
    const auto failed = taken ? co_await stream->write(Bytes{bytes}) : taken.error();
    co_return std::pair{read ? *read : 99, failed};
  });
  EXPECT_EQ(got, 0U);
  EXPECT_EQ(error, boost::system::errc::broken_pipe);
}

TEST_P(OnLoop, what_is_there_is_read_at_once_and_what_is_not_is_waited_for) {
  ASSERT_EQ(::write(far, "ab", 2), 2);
  auto reading = begin([&]() -> awaitable<std::string> {
    std::string all;
    while (all.size() < 6) {
      std::array<std::uint8_t, 1> into{};
      const auto got = co_await stream->read_some(into);
      EXPECT_EQ(got ? *got : 0, 1U);
      all.push_back(static_cast<char>(into[0]));
      if (all == "ab" && ::write(far, "cdef", 4) != 4) co_return "";
    }
    co_return all;
  });
  EXPECT_EQ(reading.get(), "abcdef");
}

}  // namespace
}  // namespace sluice::net
