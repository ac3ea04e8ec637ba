// Who has undone whom.
#include "migrator/engine/revert_chain.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

TEST(RevertChain, a_migration_is_what_it_is_as_long_as_nobody_undoes_it) {
  const std::vector<RevertLink> all{{"m1", {}, State::completed}, {"m2", {}, State::copying}};
  EXPECT_EQ(undone(all, "m1").state, State::completed);
  EXPECT_EQ(undone(all, "m1").by, "");
  EXPECT_EQ(undone(all, "m2").state, State::copying);
  EXPECT_EQ(last_swap(all, "m1"), "m1");
}

TEST(RevertChain, it_is_reverting_while_its_revert_runs_and_reverted_afterwards) {
  std::vector<RevertLink> all{{"m1", {}, State::completed}, {"m2", "m1", State::ready}};
  EXPECT_EQ(undone(all, "m1").state, State::reverting);
  EXPECT_EQ(undone(all, "m1").by, "m2");
  EXPECT_EQ(last_swap(all, "m1"), "m1");
  all.back().state = State::completed;
  EXPECT_EQ(undone(all, "m1").state, State::reverted);
  EXPECT_EQ(undone(all, "m1").by, "m2");
  EXPECT_EQ(last_swap(all, "m1"), "m2");
}

TEST(RevertChain, a_revert_that_was_given_up_counts_for_nothing) {
  for (const State state : {State::failed, State::stopped, State::panicked}) {
    std::vector<RevertLink> all{{"m1", {}, State::completed}, {"m2", "m1", state}};
    EXPECT_EQ(undone(all, "m1").state, State::completed);
    EXPECT_EQ(last_swap(all, "m1"), "m1");
    all.push_back({"m3", "m1", State::completed});
    EXPECT_EQ(undone(all, "m1").by, "m3");
    EXPECT_EQ(last_swap(all, "m1"), "m3");
  }
}

TEST(RevertChain, what_was_undone_stands_again_when_its_revert_is_undone) {
  std::vector<RevertLink> all{
      {"m1", {}, State::completed}, {"m2", "m1", State::completed}, {"m3", "m2", State::preparing}};
  EXPECT_EQ(undone(all, "m2").state, State::reverting);
  EXPECT_EQ(undone(all, "m1").state, State::reverted);
  all.back().state = State::completed;
  EXPECT_EQ(undone(all, "m2").state, State::reverted);
  EXPECT_EQ(undone(all, "m1").state, State::completed);
  EXPECT_EQ(last_swap(all, "m1"), "m3");
  all.push_back({"m4", "m3", State::completed});
  EXPECT_EQ(undone(all, "m3").state, State::reverted);
  EXPECT_EQ(undone(all, "m2").state, State::completed);
  EXPECT_EQ(undone(all, "m1").state, State::reverted);
  EXPECT_EQ(last_swap(all, "m1"), "m4");
}

}  // namespace
}  // namespace sluice::migrator
