#include "migrator/rollback/joint_decision.hpp"

#include <gmock/gmock.h>

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using Guards = RollbackFsm::Guards;
using testing::HasSubstr;

const WallTime kNow = std::chrono::sys_days{std::chrono::January / 5 / 2026};

TEST(JointDecision, IsOnesOwnWhereNobodySwapsTogetherWithIt) {
  JointDecision decision({"m1"});
  for (const auto guards : {Guards::unknown, Guards::quiet, Guards::firing}) {
    EXPECT_EQ(decision.hear("m1", {guards, "so"}, kNow).guards, guards);
  }
  EXPECT_EQ(decision.hear("m1", {Guards::quiet, "the guards are quiet"}, kNow).why, "the guards are quiet");
}

TEST(JointDecision, IsNotMadeBeforeAllHaveSaidWhatTheirGuardsSay) {
  JointDecision decision({"m1", "m2"});
  const auto said = decision.hear("m1", {Guards::quiet, ""}, kNow);
  EXPECT_EQ(said.guards, Guards::unknown);
  EXPECT_THAT(said.why, HasSubstr("m2"));
  EXPECT_EQ(decision.hear("m2", {Guards::quiet, ""}, kNow).guards, Guards::quiet);
  EXPECT_EQ(decision.hear("m1", {Guards::quiet, ""}, kNow).guards, Guards::quiet);
  EXPECT_EQ(decision.hear("m2", {Guards::unknown, "can't be asked"}, kNow).why, "can't be asked");
  EXPECT_EQ(decision.hear("m1", {Guards::quiet, ""}, kNow).why, "m2: can't be asked");
}

TEST(JointDecision, OneGuardThatFiresIsEnough) {
  JointDecision decision({"m1", "m2", "m3"});
  EXPECT_EQ(decision.hear("m3", {Guards::firing, "guard load fires"}, kNow).guards, Guards::firing);
  const auto said = decision.hear("m1", {Guards::quiet, ""}, kNow);
  EXPECT_EQ(said.guards, Guards::firing) << "although m2 has not said anything";
  EXPECT_EQ(said.why, "m3: guard load fires");
}

TEST(JointDecision, WhatWasSaidLongAgoDoesNotCount) {
  JointDecision decision({"m1", "m2"});
  (void)decision.hear("m2", {Guards::quiet, ""}, kNow);
  EXPECT_EQ(decision.hear("m1", {Guards::quiet, ""}, kNow + JointDecision::kHeardWithin).guards, Guards::quiet);
  EXPECT_EQ(decision.hear("m1", {Guards::quiet, ""}, kNow + JointDecision::kHeardWithin + 1s).guards, Guards::unknown);
}

TEST(JointDecision, WhoLeavesIsNotAsked) {
  JointDecision decision({"m1", "m2"});
  decision.leave("m2");
  EXPECT_EQ(decision.hear("m1", {Guards::quiet, ""}, kNow).guards, Guards::quiet);
}

TEST(JointDecision, TheFirstVerdictStands) {
  JointDecision decision({"m1", "m2"});
  EXPECT_FALSE(decision.made());
  EXPECT_EQ(decision.make({RollbackPhase::running, "a guard fires"}).phase, RollbackPhase::running);
  EXPECT_EQ(decision.make({RollbackPhase::went_on, "quiet"}).phase, RollbackPhase::running);
  ASSERT_TRUE(decision.made());
  EXPECT_EQ(decision.made()->why, "a guard fires");
}

}  // namespace
}  // namespace sluice::migrator
