#include "app/primary.hpp"

#include <gtest/gtest.h>

namespace sluice::app {
namespace {

using namespace std::chrono_literals;

TEST(Primary, OneThatIsNotUpYetIsWaitedFor) {
  for (const unsigned code : {2002U, 2003U, 2005U, 2013U, 1040U, 1053U}) {
    EXPECT_EQ(judge_login({.code = code}), LoginFailure::not_there_yet) << code;
  }
}

TEST(Primary, OneThatSaysNoIsNotAskedAgain) {
  for (const unsigned code : {1044U, 1045U, 1698U, 2026U, 2059U}) {
    EXPECT_EQ(judge_login({.code = code}), LoginFailure::denied) << code;
  }
}

TEST(Primary, PausesGrowToALimit) {
  std::chrono::milliseconds pause{};
  for (const auto expected : {250ms, 500ms, 1000ms, 2000ms, 4000ms, 5000ms, 5000ms}) {
    pause = next_login_pause(pause);
    EXPECT_EQ(pause, expected);
  }
}

}  // namespace
}  // namespace sluice::app
