#include "app/ddl_terms.hpp"

#include <gmock/gmock.h>

namespace sluice::app {
namespace {

using testing::HasSubstr;
using ZeroDates = proxy::DdlRequest::ZeroDates;

std::string problem_of(const proxy::DdlOptions& options) {
  const auto read = options_of_ddl(options, ZeroDates::as_server);
  return read ? "" : read.error().code + ": " + read.error().message;
}

TEST(DdlTerms, WithoutOptionsItEndsAsAnAlterDoes) {
  const auto options = options_of_ddl({}, ZeroDates::as_server);
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->attempt_instant_ddl);
  EXPECT_TRUE(options->ok_to_drop_table);
  EXPECT_EQ(options->old_table_retention, std::chrono::seconds{0});
  EXPECT_FALSE(options->allow_zero_in_date);
  EXPECT_TRUE(options_of_ddl({}, ZeroDates::allowed)->allow_zero_in_date);
}

TEST(DdlTerms, OptionsAreThoseOfTheApi) {
  const auto options = options_of_ddl({{"chunk_size", "500"},
                                       {"postpone_cut_over", "true"},
                                       {"old_table_retention", "1h"},
                                       {"attempt_instant_ddl", "false"},
                                       {"max_load", "Threads_running=25,Com_commit=9"},
                                       {"approve_renamed_columns", "a=b"}},
                                      ZeroDates::as_server);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->chunk_size, 500U);
  EXPECT_TRUE(options->postpone_cut_over);
  EXPECT_EQ(options->old_table_retention, std::chrono::hours{1});
  EXPECT_FALSE(options->attempt_instant_ddl);
  EXPECT_EQ(options->max_load.size(), 2U);
  EXPECT_EQ(options->approve_renamed_columns.size(), 1U);
  EXPECT_THAT(problem_of({{"chunk_size", "many"}}), HasSubstr("chunk_size must be"));
  EXPECT_THAT(problem_of({{"chunk_sise", "1"}}), HasSubstr("did you mean chunk_size"));
  EXPECT_THAT(problem_of({{"a\":1,\"throttle_query", "1"}}), HasSubstr("unknown_option"));
}

// Whoever adds an option decides whose it is.
TEST(DdlTerms, WhatSluiceWouldDoElsewhereIsNotAClients) {
  std::string others;
  for (const auto& option : migrator::known_options()) {
    const bool is_clients = problem_of({{std::string{option.name}, "x"}}).find("only by POST") == std::string::npos;
    if (!is_clients) others += (others.empty() ? "" : " ") + std::string{option.name};
  }
  EXPECT_EQ(others,
            "max_lag_millis throttle_control_replicas throttle_query throttle_http throttle_flag_file panic_flag_file "
            "postpone_cut_over_flag_file on_blocker initially_drop_ghost_table initially_drop_old_table backup "
            "compatibility_queries guards webhooks");
}

TEST(DdlTerms, ServersWordsComeFirst) {
  const migrator::Problem said{"alter.refused", "the server refuses the alter: …",
                               migrator::ServerRefusal{1062, "23000", "Duplicate entry '7' for key '_orders_gho.u'"}};
  EXPECT_EQ(failure_of({{"table.triggers", "it has triggers"}, said}, "orders"),
            (proxy::DdlFailure{1062, "23000", "Duplicate entry '7' for key 'orders.u'"}));
  const auto refused = failure_of({{"a", "it has triggers"}, {"b", "it has no key"}}, "orders");
  EXPECT_EQ(refused.code, 1846);
  EXPECT_THAT(refused.text, HasSubstr("it has triggers; it has no key"));
}

TEST(DdlTerms, EndOfAMigrationIsAnError) {
  migrator::Status status{.id = "m7", .table = "orders", .state = migrator::State::stopped};
  EXPECT_EQ(failure_of(status).code, 1317);
  EXPECT_THAT(failure_of(status).text, HasSubstr("m7 was stopped"));
  status.state = migrator::State::failed;
  status.error = migrator::Problem{"table_changed", "the table was changed"};
  EXPECT_EQ(failure_of(status).code, 1105);
  EXPECT_THAT(failure_of(status).text, HasSubstr("m7 failed: the table was changed"));
}

}  // namespace
}  // namespace sluice::app
