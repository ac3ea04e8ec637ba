#include "migrator/sql/dialect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {
namespace {

TEST(Dialect, knows_servers_by_their_version) {
  EXPECT_EQ(parse_flavor("9.7.4").kind, ServerKind::mysql);
  EXPECT_EQ(parse_flavor("9.7.4-2").version, (Version{9, 7, 4}));
  EXPECT_EQ(parse_flavor("10.11.19-MariaDB-0+deb12u1").kind, ServerKind::mariadb);
  EXPECT_EQ(parse_flavor("5.5.5-10.11.19-MariaDB").version, (Version{10, 11, 19}));
  EXPECT_EQ(parse_flavor("").version, (Version{0, 0, 0}));
  EXPECT_TRUE(can_rename_under_lock_tables(parse_flavor("8.0.13")));
  EXPECT_FALSE(can_rename_under_lock_tables(parse_flavor("8.0.12")));
  EXPECT_FALSE(can_rename_under_lock_tables(parse_flavor("11.8.2-MariaDB")));
}

TEST(Dialect, keeps_of_a_sql_mode_what_says_what_may_be_stored) {
  const auto mode = storing_sql_mode("ANSI_QUOTES,NO_ZERO_DATE,NO_BACKSLASH_ESCAPES", ZeroDates::as_server);
  EXPECT_THAT(mode, testing::HasSubstr("NO_ZERO_DATE"));
  EXPECT_THAT(mode, testing::HasSubstr("STRICT_ALL_TABLES"));
  EXPECT_THAT(mode, testing::HasSubstr("NO_AUTO_VALUE_ON_ZERO"));
  EXPECT_THAT(mode, testing::Not(testing::HasSubstr("ANSI_QUOTES")));
  EXPECT_THAT(storing_sql_mode("", ZeroDates::as_server), testing::Not(testing::HasSubstr("NO_ZERO_DATE")));
}

TEST(Dialect, lifts_what_forbids_zero_dates_and_nothing_else) {
  const auto mode = storing_sql_mode("NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO", ZeroDates::allowed);
  EXPECT_THAT(mode, testing::Not(testing::HasSubstr("NO_ZERO")));
  EXPECT_THAT(mode, testing::HasSubstr("ERROR_FOR_DIVISION_BY_ZERO"));
  EXPECT_THAT(mode, testing::HasSubstr("STRICT_ALL_TABLES"));
}

TEST(Quoting, cannot_be_broken_out_of) {
  EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
  EXPECT_EQ(quote_string("it's"), "'it''s'");
  EXPECT_EQ(quote_string("a\\'"), "_utf8mb4 x'615C27'");
  EXPECT_EQ(quote(TableRef{"d", "t"}), "`d`.`t`");
}

}  // namespace
}  // namespace sluice::migrator
