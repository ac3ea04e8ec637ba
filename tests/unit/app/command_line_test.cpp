#include "app/command_line.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "app/exit_code.hpp"

namespace sluice::app {
namespace {

using ::testing::HasSubstr;

Command read(std::vector<std::string> arguments, const Environment& environment = {}) {
  arguments.insert(arguments.begin(), "sluice");
  return read_command_line(arguments, environment);
}

Message refusal(std::vector<std::string> arguments) {
  const auto command = read(std::move(arguments));
  const auto* message = std::get_if<Message>(&command);
  if (message == nullptr) return {.text = "it was taken", .exit_code = -1};
  return *message;
}

boost::json::object body_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"migrate", "--database", "shop", "--table", "orders", "--alter", "ADD c INT"});
  const auto command = read(std::move(arguments));
  return boost::json::parse(std::get<MigrateCommand>(command).body).as_object();
}

TEST(CommandLine, ServeTakesTheContractsFlags) {
  const auto command = read(
      {"serve", "--listen", "127.0.0.1:3307", "--primary", "db1:3306", "--http", "127.0.0.1:8081", "--user", "sluice"},
      {.password = "secret"});
  const auto& config = std::get<ServeConfig>(command);
  EXPECT_EQ(config.proxy.listen, (std::vector<net::Address>{{"127.0.0.1", 3307}}));
  EXPECT_EQ(config.proxy.primary, (net::Address{"db1", 3306}));
  EXPECT_EQ(config.http.port, 8081);
  EXPECT_EQ(config.user, "sluice");
  EXPECT_EQ(config.password, "secret");
}

TEST(CommandLine, ServeNamesEveryReasonAtOnce) {
  const auto message = refusal({"serve"});
  EXPECT_EQ(message.exit_code, exit_code::refused);
  EXPECT_THAT(message.text, HasSubstr("--primary"));
  EXPECT_THAT(message.text, HasSubstr("--user"));
}

TEST(CommandLine, AWrongValueIsNamedByItsFlag) {
  EXPECT_THAT(refusal({"serve", "--drain-timeout-seconds", "soon"}).text,
              HasSubstr("--drain-timeout-seconds must be a number of seconds"));
}

TEST(CommandLine, HelpAndVersionAreNoMistakes) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--version"}, {"--help"}, {"serve", "--help"}, {"migrate", "--help"}}) {
    const auto message = refusal(arguments);
    EXPECT_EQ(message.exit_code, exit_code::ok) << message.text;
    EXPECT_THAT(message.text, HasSubstr("luice"));
  }
}

TEST(CommandLine, WhatIsUnknownIsRefused) {
  EXPECT_EQ(refusal({}).exit_code, exit_code::refused);
  EXPECT_EQ(refusal({"fly"}).exit_code, exit_code::refused);
  EXPECT_EQ(refusal({"serve", "--fly"}).exit_code, exit_code::refused);
  EXPECT_EQ(refusal({"migrate", "--database", "shop"}).exit_code, exit_code::refused);
}

TEST(CommandLine, MigrateSendsItsOptionsAsJson) {
  const auto body = body_of({"--chunk-size", "250", "--postpone-cut-over", "--max-load", "Threads_running=25"});
  EXPECT_EQ(body.at("database"), "shop");
  EXPECT_EQ(body.at("table"), "orders");
  EXPECT_EQ(body.at("alter"), "ADD c INT");
  EXPECT_EQ(body.at("dry_run"), false);
  EXPECT_EQ(boost::json::serialize(body.at("options")),
            R"({"chunk_size":250,"max_load":"Threads_running=25","postpone_cut_over":true})");
}

TEST(CommandLine, AListIsGivenByRepeatingItsFlag) {
  const auto body = body_of({"--compatibility-queries", "SELECT 1", "--compatibility-queries", "SELECT 2"});
  EXPECT_EQ(boost::json::serialize(body.at("options")), R"({"compatibility_queries":["SELECT 1","SELECT 2"]})");
}

TEST(CommandLine, ADryRunAsksForAPlan) {
  EXPECT_EQ(body_of({"--dry-run"}).at("dry_run"), true);
}

TEST(CommandLine, ActionsHaveAnIdOrFindIt) {
  const auto named = read({"cut-over", "--http", "127.0.0.1:8081", "m7"}, {.token = "secret"});
  EXPECT_EQ(std::get<ActionCommand>(named).action, "cut-over");
  EXPECT_EQ(std::get<ActionCommand>(named).id, "m7");
  EXPECT_EQ(std::get<ActionCommand>(named).api.address.port, 8081);
  EXPECT_EQ(std::get<ActionCommand>(named).api.token, "secret");
  EXPECT_EQ(std::get<ActionCommand>(read({"pause"})).id, "");
  EXPECT_EQ(std::get<StatusCommand>(read({"status", "--json"})).form, Form::json);
}

TEST(CommandLine, ARollbackSendsWhatItIsAskedFor) {
  const auto body = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "rollback");
    return std::get<RollbackCommand>(read(std::move(arguments))).body;
  };
  EXPECT_EQ(body({"m7"}), "{}");
  EXPECT_EQ(body({"--strategy", "immediate", "--reason", "it's wrong", "m7"}),
            R"({"reason":"it's wrong","strategy":"immediate"})");
  EXPECT_EQ(body({"--strategy=deferred", "--window", "22:00-04:00", "--dry-run"}),
            R"({"strategy":"deferred","window":"22:00-04:00","dry_run":true})");
  EXPECT_EQ(
      body({"--backup", "data", "--test-query", "SELECT 1, 2", "--test-query", "SELECT 3", "--explain", "SELECT 4"}),
      R"({"backup":"data","explain":["SELECT 4"],"test_queries":["SELECT 1, 2","SELECT 3"]})");
  EXPECT_EQ(body({"--report", "m7"}), "") << "nothing is asked for";
  EXPECT_EQ(std::get<RollbackCommand>(read({"rollback", "--json", "m7"})).id, "m7");
  EXPECT_EQ(refusal({"rollback", "--report", "--dry-run"}).exit_code, exit_code::refused);
}

TEST(CommandLine, AnIdCannotBeAPath) {
  EXPECT_THAT(refusal({"stop", "m1/../m2"}).text, HasSubstr("an ID is letters and digits"));
}

}  // namespace
}  // namespace sluice::app
