#include "migrator/engine/pending_keys.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

Position at(std::uint64_t offset) {
  return {"binlog.000001", offset};
}

TEST(PendingKeys, GivesTheOldestFirstAndEachOnce) {
  PendingKeys pending;
  pending.add({"1"}, at(100));
  pending.add({"2"}, at(200));
  pending.add({"1"}, at(300));
  const auto taken = pending.take(10);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].key, KeyLiterals{"1"});
  EXPECT_EQ(taken[0].since, at(100));
  EXPECT_EQ(taken[1].key, KeyLiterals{"2"});
}

TEST(PendingKeys, KeepsThePositionOfWhatIsInWork) {
  PendingKeys pending;
  pending.add({"1"}, at(100));
  pending.add({"2"}, at(200));
  const auto taken = pending.take(1);
  EXPECT_EQ(pending.oldest(), at(100));
  EXPECT_EQ(pending.size(), 2U);
  pending.done(taken);
  EXPECT_EQ(pending.oldest(), at(200));
  pending.done(pending.take(1));
  EXPECT_EQ(pending.oldest(), std::nullopt);
  EXPECT_EQ(pending.bytes(), 0U);
}

TEST(PendingKeys, AKeyThatChangesWhileInWorkWaitsAgain) {
  PendingKeys pending;
  pending.add({"1"}, at(100));
  const auto taken = pending.take(1);
  pending.add({"1"}, at(300));
  pending.done(taken);
  EXPECT_EQ(pending.oldest(), at(300));
  EXPECT_EQ(pending.waiting(), 1U);
}

TEST(PendingKeys, AKeyGivenBackKeepsItsPositionAndGoesToTheEnd) {
  PendingKeys pending;
  pending.add({"1"}, at(100));
  pending.add({"2"}, at(200));
  pending.again(pending.take(1));
  EXPECT_EQ(pending.oldest(), at(100));
  const auto taken = pending.take(2);
  EXPECT_EQ(taken[0].key, KeyLiterals{"2"});
  EXPECT_EQ(taken[1].key, KeyLiterals{"1"});
  EXPECT_EQ(taken[1].since, at(100));
}

TEST(PendingKeys, GivenBackAfterANewChangeTheOlderPositionCounts) {
  PendingKeys pending;
  pending.add({"1"}, at(100));
  auto taken = pending.take(1);
  taken[0].attempts = 3;
  pending.add({"1"}, at(300));
  pending.again(std::move(taken));
  EXPECT_EQ(pending.waiting(), 1U);
  EXPECT_EQ(pending.oldest(), at(100));
  EXPECT_EQ(pending.take(1)[0].attempts, 3U);
}

TEST(PendingKeys, RemembersThatKeysWereFoundOutsideTheStream) {
  PendingKeys pending;
  pending.add({"1"}, std::nullopt);
  EXPECT_TRUE(pending.has_found_keys());
  EXPECT_EQ(pending.oldest(), std::nullopt);
  pending.add({"1"}, at(100));
  EXPECT_FALSE(pending.has_found_keys());
  EXPECT_EQ(pending.oldest(), at(100));
  pending.done(pending.take(1));
  EXPECT_EQ(pending.size(), 0U);
}

TEST(PendingKeys, AFoundKeyInWorkThatTheStreamNamesIsStillFound) {
  PendingKeys pending;
  pending.add({"1"}, std::nullopt);
  auto taken = pending.take(1);
  pending.add({"1"}, at(100));
  pending.again(std::move(taken));
  // One entry is left, with the stream's position: after a crash the stream would name it again.
  EXPECT_FALSE(pending.has_found_keys());
  EXPECT_EQ(pending.oldest(), at(100));
}

TEST(PendingKeys, CompositeKeysDoNotRunIntoEachOther) {
  PendingKeys pending;
  pending.add({"1", "23"}, at(100));
  pending.add({"12", "3"}, at(100));
  EXPECT_EQ(pending.waiting(), 2U);
}

}  // namespace
}  // namespace sluice::migrator
