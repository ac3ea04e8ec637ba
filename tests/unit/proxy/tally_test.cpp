#include "proxy/session/tally.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sluice::proxy {
namespace {

TEST(Tally, gives_each_name_as_many_seats_as_it_may_have) {
  Tally tally;
  auto first = tally.take("ann", 2);
  const auto second = tally.take("ann", 2);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(tally.take("ann", 2));
  EXPECT_TRUE(tally.take("bob", 2));
  first.reset();
  EXPECT_TRUE(tally.take("ann", 2));
}

TEST(Tally, without_a_limit_gives_any_number) {
  Tally tally;
  std::vector<Tally::Seat> seats;
  for (int i = 0; i < 1000; ++i) seats.push_back(tally.take("ann", 0).value());
  EXPECT_TRUE(tally.take("ann", 0));
}

TEST(Tally, new_limit_holds_for_those_that_come) {
  Tally tally;
  auto first = tally.take("ann", 0);
  const auto second = tally.take("ann", 0);
  EXPECT_FALSE(tally.take("ann", 1));
  EXPECT_FALSE(tally.take("ann", 2));
  EXPECT_TRUE(tally.take("ann", 3));
  first.reset();
  EXPECT_TRUE(tally.take("ann", 2));
}

TEST(Tally, seat_that_moves_is_one_seat) {
  Tally tally;
  auto seat = tally.take("ann", 1).value();
  {
    const Tally::Seat moved = std::move(seat);
    EXPECT_FALSE(tally.take("ann", 1));
  }
  EXPECT_TRUE(tally.take("ann", 1));
}

TEST(Tally, counts_right_from_many_threads) {
  Tally tally;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 1000; ++turn) static_cast<void>(tally.take("ann", 3));
    });
  }
  for (auto& thread : threads) thread.join();
  const auto first = tally.take("ann", 3);
  const auto second = tally.take("ann", 3);
  const auto third = tally.take("ann", 3);
  EXPECT_TRUE(first && second && third);
  EXPECT_FALSE(tally.take("ann", 3));
}

}  // namespace
}  // namespace sluice::proxy
