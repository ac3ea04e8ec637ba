#include "net/timer.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <list>
#include <string>
#include <vector>

#include "net/stream.hpp"
#include "net/timer_queue.hpp"
#include "tests/unit/net/loops.hpp"

namespace sluice::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST(TimerQueue, gives_out_what_is_due_in_order_of_time) {
  TimerQueue queue;
  std::string called;
  const TimerQueue::TimePoint start{};
  EXPECT_EQ(queue.earliest(), std::nullopt);
  (void)queue.add(start + 3s, [&] { called += "c"; });
  (void)queue.add(start + 1s, [&] { called += "a"; });
  const auto forgotten = queue.add(start + 1s, [&] { called += "x"; });
  (void)queue.add(start + 2s, [&] { called += "b"; });
  queue.remove(forgotten);
  queue.remove(forgotten);
  EXPECT_EQ(queue.earliest(), start + 1s);
  while (const auto then = queue.take_due(start + 2s)) then();
  EXPECT_EQ(called, "ab");
  EXPECT_EQ(queue.earliest(), start + 3s);
}

class Timers : public testing::TestWithParam<LoopKind> {
 protected:
  Timers() { loop.start(); }

  template <class Function>
  auto run(Function function) {
    return asio::co_spawn(
               loop.executor(),
               [function = std::move(function)]() mutable -> awaitable<decltype(function())> { co_return function(); },
               asio::use_future)
        .get();
  }
  // A timer lives and dies on the loop's thread.
  std::unique_ptr<Timer> make() {
    return run([this] { return std::make_unique<Timer>(loop.executor()); });
  }
  void destroy(std::unique_ptr<Timer> timer) {
    run([&timer] {
      timer.reset();
      return 0;
    });
  }

  RunningLoop loop{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(On, Timers, testing::ValuesIn(loops_here()), name_of);

TEST_P(Timers, call_back_on_their_thread_and_not_before_their_time) {
  auto timer = make();
  std::promise<std::pair<std::thread::id, Clock::time_point>> called;
  const auto at = Clock::now() + 20ms;
  run([&] {
    timer->set(at, [&] { called.set_value({std::this_thread::get_id(), Clock::now()}); });
    return 0;
  });
  const auto [thread, time] = called.get_future().get();
  EXPECT_EQ(thread, loop.thread());
  EXPECT_GE(time, at);
  destroy(std::move(timer));
}

TEST_P(Timers, go_off_in_order_whatever_the_order_they_were_set_in) {
  std::vector<std::unique_ptr<Timer>> timers;
  std::string called;
  std::promise<void> last;
  for (int i = 0; i < 5; ++i) timers.push_back(make());
  run([&] {
    const auto start = Clock::now();
    timers[0]->set(start + 60ms, [&] {
      called += "4";
      last.set_value();
    });
    timers[1]->set(start + 20ms, [&] { called += "2"; });
    timers[2]->set(start + 10ms, [&, start] {
      called += "1";
      timers[4]->set(start + 40ms, [&] { called += "3"; });
    });
    timers[3]->set(start + 30ms, [&] { called += "x"; });
    timers[3]->cancel();
    return 0;
  });
  last.get_future().get();
  EXPECT_EQ(called, "1234");
  for (auto& timer : timers) destroy(std::move(timer));
}

TEST_P(Timers, that_are_set_anew_cancelled_or_destroyed_do_not_call) {
  auto again = make();
  auto cancelled = make();
  auto destroyed = make();
  std::string called;
  std::promise<void> last;
  run([&] {
    // All are due by the time the loop gets to them.
    for (Timer* timer : {again.get(), cancelled.get(), destroyed.get()}) {
      timer->set(Clock::now(), [&] { called += "x"; });
    }
    again->set(Clock::now() + 10ms, [&] {
      called += "a";
      last.set_value();
    });
    cancelled->cancel();
    destroyed.reset();
    return 0;
  });
  last.get_future().get();
  EXPECT_EQ(called, "a");
  destroy(std::move(again));
  destroy(std::move(cancelled));
}

TEST_P(Timers, keep_no_loop_from_its_end) {
  auto timer = make();
  run([&] {
    timer->set(Clock::now() + 1h, [] {});
    timer->cancel();
    return 0;
  });
  destroy(std::move(timer));
  loop.end();
}

class Connecting : public Timers {};
INSTANTIATE_TEST_SUITE_P(On, Connecting, testing::ValuesIn(loops_here()), name_of);

TEST_P(Connecting, ends_at_the_deadline_where_nobody_answers) {
  asio::io_context context;
  asio::ip::tcp::acceptor full{context, asio::ip::tcp::v4()};
  full.bind({asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  const Address address{"127.0.0.1", full.local_endpoint().port()};
  std::list<Stream> places;
  const auto attempt = [&](std::chrono::milliseconds limit) {
    return asio::co_spawn(
               loop.executor(),
               [&places, address, limit]() -> awaitable<error_code> {
                 auto connected = co_await connect(address, Clock::now() + limit);
                 if (!connected) co_return connected.error();
                 places.push_back(std::move(*connected));
                 co_return error_code{};
               },
               asio::use_future)
        .get();
  };
  while (!attempt(300ms)) {
  }
  EXPECT_EQ(attempt(50ms), Errc::deadline_passed);
  run([&] {
    places.clear();
    return 0;
  });
}

TEST_P(Connecting, tells_that_nobody_listens) {
  asio::io_context context;
  asio::ip::tcp::acceptor nobody{context, {asio::ip::address_v4::loopback(), 0}};
  const Address address{"127.0.0.1", nobody.local_endpoint().port()};
  nobody.close();
  const auto error =
      asio::co_spawn(
          loop.executor(),
          [address]() -> awaitable<error_code> { co_return (co_await connect(address, Clock::now() + 5s)).error(); },
          asio::use_future)
          .get();
  EXPECT_EQ(error, boost::system::errc::connection_refused);
}

}  // namespace
}  // namespace sluice::net
