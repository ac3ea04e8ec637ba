#include "proxy/session/in_flight.hpp"

#include <gtest/gtest.h>

namespace sluice::proxy {
namespace {

SentCommand number(StatementId id) {
  return {.effect = Closed{id}, .begun_at = {}};
}

TEST(InFlight, gives_back_the_oldest_first_and_keeps_none_of_those_given_back) {
  InFlight commands;
  StatementId given_back = 0;
  for (StatementId id = 0; id < 10'000; ++id) {
    commands.push(number(id));
    if (id < 3) continue;  // as many are always outstanding
    EXPECT_EQ(std::get<Closed>(commands.pop().effect).statement, given_back++);
    EXPECT_EQ(commands.size(), 3U);
  }
  EXPECT_LE(commands.capacity(), 16U);
  EXPECT_EQ(commands.total(), 10'000U);
  while (!commands.empty()) EXPECT_EQ(std::get<Closed>(commands.pop().effect).statement, given_back++);
  EXPECT_EQ(given_back, 10'000U);
}

}  // namespace
}  // namespace sluice::proxy
