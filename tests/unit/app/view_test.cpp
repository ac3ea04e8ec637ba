#include "app/view.hpp"

#include <gmock/gmock.h>

#include "app/exit_code.hpp"

namespace sluice::app {
namespace {

constexpr std::string_view RUNNING =
    R"({"id":"m1","database":"shop","table":"orders","state":"copying","paused":false,"throttled_by":null,
        "progress":0.42,"eta_seconds":12,"rows_copied":1000,"rows_estimated":2400,"changes_pending":3,
        "verified_rows":0,"error":null,"cut_over":{"attempts":0,"hold_ms":0,"held_statements":0}})";

MigrationView in_state(std::string state, std::string id = "m1") {
  return {.id = std::move(id), .database = "shop", .table = "orders", .state = std::move(state)};
}

TEST(View, ProgressIsOneLine) {
  const auto migration = parse_migration(RUNNING);
  ASSERT_TRUE(migration);
  EXPECT_FALSE(migration->ended());
  EXPECT_EQ(progress_line(*migration), "copying  42.0%  1000/2400 rows, 3 changes pending, 12 s left");
  EXPECT_EQ(progress_bar(*migration), "[############..................] " + progress_line(*migration));
}

TEST(View, WhoWaitsSaysWhy) {
  auto migration = in_state("copying");
  migration.throttled_by = "max_load";
  EXPECT_THAT(progress_line(migration), ::testing::EndsWith(", throttled by max_load"));
  migration.throttled_by.clear();
  migration.waiting_for = "postpone_cut_over";
  EXPECT_THAT(progress_line(migration), ::testing::EndsWith(", waiting for postpone_cut_over"));
  migration.paused = true;
  EXPECT_THAT(progress_line(migration), ::testing::StartsWith("paused"));
}

TEST(View, ALineIsCutToTheTerminal) {
  EXPECT_EQ(fitting("copying", 10), "copying");
  EXPECT_EQ(fitting("copying", 4), "copy");
  EXPECT_EQ(fitting("\xC3\xA4\xC3\xB6\xC3\xBC", 2), "\xC3\xA4\xC3\xB6") << "never within a character";
}

TEST(View, AllAreATable) {
  auto first = *parse_migration(RUNNING);
  first.throttled_by = "max_load";
  auto second = in_state("failed", "m12");
  second.error = "row_refused: no";
  EXPECT_EQ(status_table({first, second}),
            "ID   TABLE        STATE    DONE   ROWS       PENDING  LEFT  REMARKS\n"
            "m1   shop.orders  copying  42.0%  1000/2400  3        12 s  throttled by max_load\n"
            "m12  shop.orders  failed   0.0%   0/0        0        -     row_refused: no\n");
}

TEST(View, TheEndGivesTheExitStatus) {
  EXPECT_EQ(exit_code_of(in_state("completed")), exit_code::ok);
  EXPECT_EQ(exit_code_of(in_state("stopped")), exit_code::stopped);
  EXPECT_EQ(exit_code_of(in_state("reverted")), exit_code::stopped);
  EXPECT_EQ(exit_code_of(in_state("panicked")), exit_code::panicked);
  EXPECT_EQ(exit_code_of(in_state("failed")), exit_code::failed);
}

TEST(View, TheEndIsOneSentence) {
  auto migration = in_state("failed");
  migration.error = "duplicate_key: two rows have the same e-mail";
  EXPECT_EQ(ending_line(migration), "m1 of shop.orders failed: duplicate_key: two rows have the same e-mail");
  migration = in_state("completed");
  migration.rows_copied = 5;
  migration.verified_rows = 5;
  migration.hold_ms = 12.34;
  EXPECT_EQ(ending_line(migration),
            "m1 of shop.orders completed: 5 rows copied, 5 compared; 0 statements held for 12.3 ms at the cut-over");
}

TEST(View, ARefusalGivesEveryReason) {
  EXPECT_EQ(error_text(422, R"({"error":{"code":"refused","message":"…","problems":[
                {"code":"no_key","message":"it needs a primary key"},{"code":"trigger","message":"it has one"}]}})"),
            "no_key: it needs a primary key\ntrigger: it has one");
  EXPECT_EQ(error_text(409, R"({"error":{"code":"busy","message":"m1 runs"}})"), "busy: m1 runs");
  EXPECT_EQ(error_text(502, "<html>"), "the API answered with status 502");
}

TEST(View, OnlyOneThatIsActiveCanBeLeftUnnamed) {
  EXPECT_EQ(*only_active({in_state("completed", "m1"), in_state("ready", "m2")}), "m2");
  EXPECT_THAT(only_active({in_state("failed")}).error().text, ::testing::HasSubstr("no migration is active"));
  EXPECT_THAT(only_active({in_state("copying", "m2"), in_state("ready", "m3")}).error().text,
              ::testing::EndsWith(": m2 m3"));
}

TEST(View, WhatIsNoStatusIsNotShownAsOne) {
  EXPECT_FALSE(parse_migration("not JSON"));
  EXPECT_FALSE(parse_migration("[]"));
  EXPECT_FALSE(parse_migration("{}"));
  EXPECT_FALSE(parse_migrations("{}"));
  EXPECT_FALSE(parse_migrations(R"([{"id":1}])"));
  EXPECT_TRUE(parse_migrations("[]")->empty());
}

}  // namespace
}  // namespace sluice::app
