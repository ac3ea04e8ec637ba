// Progress and the time left, of tables whose rows are told by a function instead of a server.
#include "migrator/engine/progress.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using Position = KeySpread::Position;
using Rows = std::function<double(Position above, Position up_to)>;

KeySpread spread_of(const std::string& first, const std::string& last, const Rows& rows) {
  auto spread = KeySpread::between({first}, {last});
  EXPECT_TRUE(spread);
  while (auto halves = spread->next()) {
    halves->first.rows = rows(halves->first.above, halves->first.up_to);
    halves->second.rows = rows(halves->second.above, halves->second.up_to);
    spread->refine(halves->first, halves->second);
  }
  return *spread;
}

double evenly(Position above, Position up_to) {
  return static_cast<double>(up_to - above);
}

TEST(KeySpread, IsOfSingleIntegersOnly) {
  EXPECT_FALSE(KeySpread::between({"1", "1"}, {"2", "2"}));
  EXPECT_FALSE(KeySpread::between({"_utf8mb4 x'61'"}, {"_utf8mb4 x'7a'"}));
  EXPECT_FALSE(KeySpread::between({"1.5"}, {"2.5"}));
  EXPECT_FALSE(KeySpread::between({"2"}, {"1"}));
  EXPECT_TRUE(KeySpread::between({"1"}, {"1"}));
}

TEST(KeySpread, FollowsThePositionWhereRowsLieEvenly) {
  const auto spread = spread_of("1", "1000000", evenly);
  EXPECT_EQ(spread.share_up_to({"0"}), 0);
  EXPECT_NEAR(spread.share_up_to({"250000"}), 0.25, 0.001);
  EXPECT_NEAR(spread.share_up_to({"999999"}), 1, 0.001);
  EXPECT_EQ(spread.share_up_to({"1000000"}), 1);
  EXPECT_EQ(spread.share_up_to({"7000000"}), 1) << "appended since";
}

TEST(KeySpread, FindsTheRowsWhereNearlyAllKeysAreUnused) {
  // A million rows from 1 on, and one that somebody wrote far away.
  const auto spread = spread_of("1", "1000000000000", [](Position above, Position up_to) {
    constexpr Position kRows = 1e6;
    return static_cast<double>(std::max<Position>(std::min(up_to, kRows) - above, 0));
  });
  EXPECT_NEAR(spread.share_up_to({"250000"}), 0.25, 0.05);
  EXPECT_NEAR(spread.share_up_to({"750000"}), 0.75, 0.05);
}

TEST(KeySpread, KnowsEachIntegerOf64Bits) {
  const auto all = spread_of("0", "18446744073709551615", evenly);
  EXPECT_NEAR(all.share_up_to({"9223372036854775808"}), 0.5, 0.001);
  const auto both_signs = spread_of("-9223372036854775808", "9223372036854775807", evenly);
  EXPECT_NEAR(both_signs.share_up_to({"0"}), 0.5, 0.001);
  EXPECT_EQ(as_key(-5), KeyLiterals{"-5"});
  EXPECT_EQ(as_key(18446744073709551615.0L), KeyLiterals{"18446744073709551615"});
}

TEST(KeySpread, IsEvenWhereverItsMakingEnds) {
  auto spread = KeySpread::between({"1"}, {"1024"});
  ASSERT_TRUE(spread);
  for (int i = 0; i < 20; ++i) {
    auto halves = spread->next();
    halves->first.rows = halves->second.rows = 200;  // the most that a server without knowledge would say
    spread->refine(halves->first, halves->second);
  }
  EXPECT_NEAR(spread->share_up_to({"512"}), 0.5, 0.15);
}

TEST(KeySpread, GoesByThePositionWhereTheServerKnowsNothing) {
  const auto spread = spread_of("1", "100", [](Position, Position) { return 0.0; });
  EXPECT_DOUBLE_EQ(spread.share_up_to({"50"}), 0.5);
  EXPECT_EQ(spread.share_up_to({"100"}), 1);
}

TEST(Share, OfAPassWithoutASpreadIsByItsRows) {
  EXPECT_EQ(share_of({}, std::nullopt, 100), 0);
  EXPECT_DOUBLE_EQ(share_of({.up_to = KeyLiterals{"x"}, .rows = 25}, std::nullopt, 100), 0.25);
  EXPECT_LT(share_of({.up_to = KeyLiterals{"x"}, .rows = 250}, std::nullopt, 100), 1) << "it is not over yet";
  EXPECT_LT(share_of({.up_to = KeyLiterals{"x"}, .rows = 250}, std::nullopt, 0), 1);
  EXPECT_EQ(share_of({.done = true}, std::nullopt, 100), 1);
}

TEST(Share, OfBothPassesIsOneWhenBothAreOver) {
  EXPECT_EQ(share_of_both(1, 1, Verify::full), 1);
  EXPECT_DOUBLE_EQ(share_of_both(1, 0, Verify::full), 0.75);
  EXPECT_EQ(share_of_both(1, 0, Verify::off), 1);
}

constexpr Eta::TimePoint kBegan{1h};

TEST(Eta, IsKnownAsSoonAsSomethingMoved) {
  Eta eta;
  EXPECT_FALSE(eta.left(kBegan));
  eta.note(0, kBegan);
  EXPECT_FALSE(eta.left(kBegan + 1s));
  eta.note(0.1, kBegan + 10s);
  EXPECT_EQ(eta.left(kBegan + 10s), 90s);
}

TEST(Eta, GoesByTheLastHalfMinute) {
  Eta eta;
  for (int second = 0; second <= 100; ++second) eta.note(0.001 * second, kBegan + second * 1s);
  EXPECT_NEAR(static_cast<double>(eta.left(kBegan + 100s)->count()), 900, 5);
  for (int second = 1; second <= 40; ++second) eta.note(0.1 + 0.01 * second, kBegan + 100s + second * 1s);
  EXPECT_NEAR(static_cast<double>(eta.left(kBegan + 140s)->count()), 50, 2) << "it is ten times as fast now";
}

TEST(Eta, GrowsWhileNothingMoves) {
  Eta eta;
  for (int second = 0; second <= 50; ++second) eta.note(0.01 * second, kBegan + second * 1s);
  const auto before = eta.left(kBegan + 50s);
  for (int second = 51; second <= 600; ++second) eta.note(0.5, kBegan + second * 1s);
  EXPECT_GT(*eta.left(kBegan + 600s), *before * 3);
  for (int second = 601; second <= 640; ++second) eta.note(0.5 + 0.01 * (second - 600), kBegan + second * 1s);
  EXPECT_NEAR(static_cast<double>(eta.left(kBegan + 640s)->count()), 10, 1) << "it goes on as before";
}

TEST(Eta, IsZeroWhenNothingIsLeft) {
  Eta eta;
  eta.note(0.5, kBegan);
  eta.note(1, kBegan + 10s);
  EXPECT_EQ(eta.left(kBegan + 1h), 0s);
}

}  // namespace
}  // namespace sluice::migrator
