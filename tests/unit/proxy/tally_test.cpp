#include "proxy/session/tally.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sluice::proxy {
namespace {

TEST(Tally, gives_each_name_as_many_seats_as_it_may_have) {
  Tally tally{2};
  auto first = tally.take("ann");
  const auto second = tally.take("ann");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(tally.take("ann"));
  EXPECT_TRUE(tally.take("bob"));
  first.reset();
  EXPECT_TRUE(tally.take("ann"));
}

TEST(Tally, without_a_limit_gives_any_number) {
  Tally tally{0};
  std::vector<Tally::Seat> seats;
  for (int i = 0; i < 1000; ++i) seats.push_back(tally.take("ann").value());
  EXPECT_TRUE(tally.take("ann"));
}

TEST(Tally, seat_that_moves_is_one_seat) {
  Tally tally{1};
  auto seat = tally.take("ann").value();
  {
    const Tally::Seat moved = std::move(seat);
    EXPECT_FALSE(tally.take("ann"));
  }
  EXPECT_TRUE(tally.take("ann"));
}

TEST(Tally, counts_right_from_many_threads) {
  Tally tally{3};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 1000; ++turn) static_cast<void>(tally.take("ann"));
    });
  }
  for (auto& thread : threads) thread.join();
  const auto first = tally.take("ann");
  const auto second = tally.take("ann");
  const auto third = tally.take("ann");
  EXPECT_TRUE(first && second && third);
  EXPECT_FALSE(tally.take("ann"));
}

}  // namespace
}  // namespace sluice::proxy
