#include "control/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>

#include "tests/unit/control/fake_migrations.hpp"

namespace sluice::control {
namespace {

namespace json = boost::json;
using migrator::Action;
using migrator::State;
using testing::HasSubstr;

class Routes : public testing::Test {
 protected:
  Routes() { migrations.put(a_status("m1")); }

  Response ask(std::string method, std::string target, std::string body = "") {
    auto answer = route({.method = std::move(method), .target = std::move(target), .body = std::move(body)}, services);
    auto* response = std::get_if<Response>(&answer);
    return response == nullptr ? Response{.status = 0} : std::move(*response);
  }
  static std::string code_of(const Response& response) {
    return json::value_to<std::string>(json::parse(response.body).at("error").at("code"));
  }
  static std::string message_of(const Response& response) {
    return json::value_to<std::string>(json::parse(response.body).at("error").at("message"));
  }

  static constexpr auto GOOD_BODY =
      R"({"database":"shop","table":"orders","alter":"ADD COLUMN note TEXT","options":{"chunk_size":77}})";

  FakeMigrations migrations;
  bool is_ready = true;
  LatencyHistory latency;
  Services services{migrations, [] { return std::string{"sluice_up 1\n"}; }, [this] { return is_ready; },
                    [this](std::uint64_t after) { return latency.after(after); }};
};

TEST_F(Routes, StartAMigration) {
  const auto response = ask("POST", "/migrate", GOOD_BODY);
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(json::parse(response.body).at("id"), "m1");
  EXPECT_EQ(migrations.last_tables.at(0).table, "orders");
  EXPECT_EQ(migrations.last_tables.at(0).options.chunk_size, 77U);
  EXPECT_EQ(migrations.last_run, migrator::Migrations::Run::start);
}

TEST_F(Routes, TheJournalIsOneFile) {
  migrations.write(
      {.number = 1, .at = "2026-01-31T12:00:00.123Z", .event = "started", .details = R"({"key":"PRIMARY"})"});
  migrations.write({.number = 2, .at = "2026-01-31T12:00:01.123Z", .event = "copied", .details = "{}"});
  const auto response = ask("GET", "/migrate/m1/journal");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.file_name, "m1-journal.json");
  const auto file = json::parse(response.body);
  EXPECT_EQ(file.at_pointer("/migration/id"), "m1");
  EXPECT_EQ(file.at("journal").as_array().size(), 2U);
  EXPECT_EQ(file.at_pointer("/journal/0/details/key"), "PRIMARY");
  EXPECT_EQ(ask("GET", "/migrate/m9/journal").status, 404);
  EXPECT_EQ(ask("POST", "/migrate/m1/journal").status, 405);
}

TEST_F(Routes, ADryRunAnswersWithThePlan) {
  migrations.created = migrator::Plans{{.key = "PRIMARY", .columns = {{"a", "b"}}, .rows_estimated = 5}};
  const auto response =
      ask("POST", "/migrate", R"({"database":"d","table":"t","alter":"RENAME COLUMN a TO b","dry_run":true})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(migrations.last_run, migrator::Migrations::Run::dry);
  const auto plan = json::parse(response.body);
  EXPECT_EQ(plan.at("key"), "PRIMARY");
  EXPECT_EQ(plan.at("columns").at(0).at("to"), "b");
  EXPECT_EQ(plan.at("algorithm"), "copy");
  EXPECT_EQ(plan.at_pointer("/risk/level"), "low");
}

TEST_F(Routes, WhatIsWrongWithABodyIsNamed) {
  struct Case {
    std::string body, code, says;
  };
  const std::vector<Case> cases{
      {"", "malformed_json", "valid JSON"},
      {"{", "malformed_json", "valid JSON"},
      {"[]", "malformed_json", "object"},
      {std::string(200, '['), "malformed_json", "valid JSON"},
      {"{\"database\":\"\xff\"}", "malformed_json", "valid JSON"},
      {R"({"database":"d","table":"t"})", "missing_field", "alter"},
      {R"({"database":"d","table":7,"alter":"x"})", "invalid_field", "table must be a string"},
      {R"({"database":"d","table":"t","alter":"x","dry_run":"yes"})", "invalid_field", "true or false"},
      {R"({"database":"d","table":"t","alter":"x","options":[]})", "invalid_field", "options must be an object"},
      {R"({"database":"d","table":"t","alter":"x","dryrun":true})", "unknown_field", "dry_run"},
      {R"({"database":"d","table":"t","alter":"x","options":{"chunk_sise":1}})", "unknown_option", "chunk_size"},
      {R"({"database":"d","table":"t","alter":"x","options":{"chunk_size":"1"}})", "invalid_option", "chunk_size"},
      {R"({"database":"d","table":"t","alter":"x","options":{"backup":"x"}})", "invalid_option", "backup"},
  };
  for (const auto& wrong : cases) {
    const auto response = ask("POST", "/migrate", wrong.body);
    EXPECT_EQ(response.status, 400) << wrong.body;
    EXPECT_EQ(code_of(response), wrong.code) << wrong.body;
    EXPECT_THAT(message_of(response), HasSubstr(wrong.says)) << wrong.body;
  }
}

TEST_F(Routes, ARefusalNamesEveryReason) {
  migrations.created = migrator::Refused{{{"no_key", "t has no key"}, {"triggers", "t has triggers"}}};
  const auto response = ask("POST", "/migrate", GOOD_BODY);
  EXPECT_EQ(response.status, 422);
  const auto error = json::parse(response.body).at("error");
  EXPECT_EQ(error.at("code"), "refused");
  EXPECT_EQ(error.at("message"), "t has no key; t has triggers");
  EXPECT_EQ(error.at("problems").at(1).at("code"), "triggers");
}

TEST_F(Routes, AConflictAnInvalidAlterAndAPrimaryThatIsDownHaveTheirCodes) {
  migrations.created = migrator::Conflict{{"busy", "m1 changes it"}};
  EXPECT_EQ(ask("POST", "/migrate", GOOD_BODY).status, 409);
  migrations.created = migrator::Invalid{{"alter", "is empty"}};
  EXPECT_EQ(ask("POST", "/migrate", GOOD_BODY).status, 400);
  migrations.created = migrator::Unavailable{{"primary", "does not answer"}};
  EXPECT_EQ(ask("POST", "/migrate", GOOD_BODY).status, 503);
}

TEST_F(Routes, TheStatusHasEveryFieldOfTheContract) {
  const auto status = json::parse(ask("GET", "/migrate/m1").body).as_object();
  for (const auto name : {"id",
                          "database",
                          "table",
                          "alter",
                          "state",
                          "paused",
                          "throttled_by",
                          "waiting_for",
                          "progress",
                          "eta_seconds",
                          "rows_copied",
                          "rows_estimated",
                          "changes_applied",
                          "changes_pending",
                          "binlog_lag_ms",
                          "verified_rows",
                          "read_position",
                          "applied_position",
                          "guards",
                          "verified_at",
                          "mismatches",
                          "shadow_table",
                          "old_table",
                          "started_at",
                          "ended_at",
                          "journal_entries",
                          "error",
                          "bypass_writers",
                          "blockers",
                          "gate",
                          "cut_over"}) {
    EXPECT_TRUE(status.contains(name)) << name;
  }
  for (const auto name :
       {"attempts", "hold_ms", "held_statements", "stragglers", "conflicts", "fence", "last_error", "audit"}) {
    EXPECT_TRUE(status.at("cut_over").as_object().contains(name)) << name;
  }
  EXPECT_EQ(status.at("state"), "copying");
  EXPECT_TRUE(status.at("eta_seconds").is_null());
  EXPECT_TRUE(status.at("error").is_null());
}

TEST_F(Routes, AFailureIsPartOfTheStatus) {
  auto failed = a_status("m2", State::failed);
  failed.error = {"duplicate", "two rows have the key 'a'"};
  failed.eta_seconds = 0;
  migrations.put(failed);
  const auto status = json::parse(ask("GET", "/migrate/m2?pretty").body);
  EXPECT_EQ(status.at("error").at("code"), "duplicate");
  EXPECT_EQ(status.at("eta_seconds"), 0);
}

TEST_F(Routes, TheListHoldsEveryMigration) {
  migrations.put(a_status("m2"));
  EXPECT_EQ(json::parse(ask("GET", "/migrate").body).as_array().size(), 2U);
}

TEST_F(Routes, EachActionIsPassedOn) {
  const std::vector<std::pair<std::string, Action>> actions{
      {"pause", Action::pause}, {"resume", Action::resume}, {"cut-over", Action::cut_over},
      {"stop", Action::stop},   {"panic", Action::panic},   {"cleanup", Action::cleanup}};
  for (const auto& [name, action] : actions) {
    EXPECT_EQ(ask("POST", "/migrate/m1/" + name).status, 202) << name;
    EXPECT_EQ(migrations.last_action, action) << name;
  }
  EXPECT_EQ(ask("POST", "/migrate/m1/pause", "{}").status, 202);
  EXPECT_EQ(ask("POST", "/migrate/m1/pause", R"({"force":true})").status, 400);
}

TEST_F(Routes, AnActionThatIsNotPossibleSaysWhy) {
  migrations.acted = migrator::Conflict{{"not_possible", "it has ended"}};
  const auto response = ask("POST", "/migrate/m1/pause");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(message_of(response), "it has ended");
}

TEST_F(Routes, ARevertIsBegunOrSaysWhyNot) {
  EXPECT_EQ(ask("POST", "/migrate/m1/revert").status, 202);
  EXPECT_EQ(ask("POST", "/migrate/m9/revert").status, 404);
  EXPECT_EQ(ask("POST", "/migrate/m1/revert", R"({"force":true})").status, 400);
  migrations.reverted = migrator::Conflict{{"not_possible_now", "the retention has ended"}};
  EXPECT_EQ(ask("POST", "/migrate/m1/revert").status, 409);
  migrations.reverted = migrator::Refused{{{"old.missing", "the old table is gone"}}};
  EXPECT_EQ(ask("POST", "/migrate/m1/revert").status, 422);
}

TEST_F(Routes, ARollbackAnswersWithTheStatus) {
  const auto response = ask("POST", "/migrate/m1/rollback", R"({"strategy":"immediate","reason":"no"})");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(json::parse(response.body).at("id"), "m1");
  EXPECT_EQ(migrations.last_rollback->strategy, migrator::RollbackStrategy::immediate);
  EXPECT_EQ(ask("POST", "/migrate/m1/rollback").status, 202) << "graceful";
  EXPECT_EQ(migrations.last_rollback->strategy, migrator::RollbackStrategy::graceful);
  EXPECT_EQ(code_of(ask("POST", "/migrate/m1/rollback", R"({"strategy":"deferred"})")), "invalid_field");
  EXPECT_EQ(ask("POST", "/migrate/m9/rollback").status, 404);
  EXPECT_EQ(ask("PATCH", "/migrate/m1/rollback").status, 405);
}

TEST_F(Routes, ARollbackThatIsNotPossibleSaysWhy) {
  migrations.rolled_back = migrator::Conflict{{"already_swapped", "revert"}};
  EXPECT_EQ(ask("POST", "/migrate/m1/rollback").status, 409);
  migrations.rolled_back = migrator::Refused{{{"backup_unavailable", "no folder"}}};
  EXPECT_EQ(ask("POST", "/migrate/m1/rollback").status, 422);
  migrations.rolled_back = migrator::Unavailable{{"primary_unavailable", "gone"}};
  EXPECT_EQ(ask("GET", "/migrate/m1/rollback").status, 503);
}

TEST_F(Routes, TheReportOfARollbackIsJsonOrText) {
  EXPECT_EQ(json::parse(ask("GET", "/migrate/m1/rollback").body).at("migration"), "m1");
  EXPECT_EQ(json::parse(ask("POST", "/migrate/m1/rollback", R"({"dry_run":true})").body).at("dry_run"), true);
  EXPECT_EQ(ask("POST", "/migrate/m1/rollback", R"({"dry_run":true})").status, 200);
  const auto text = ask("GET", "/migrate/m1/rollback?format=text");
  EXPECT_EQ(text.content_type, "text/plain; charset=utf-8");
  EXPECT_THAT(text.body, HasSubstr("rollback of m1"));
  EXPECT_EQ(ask("GET", "/migrate/m1/rollback?format=pdf").status, 400);
  auto accepted = route({.target = "/migrate/m1/rollback", .accept = "text/plain"}, services);
  EXPECT_EQ(std::get<Response>(accepted).content_type, "text/plain; charset=utf-8");
}

TEST_F(Routes, OptionsChangeWhileItRuns) {
  EXPECT_EQ(ask("PATCH", "/migrate/m1", R"({"options":{"nice_ratio":1.5}})").status, 200);
  EXPECT_EQ(migrations.options.nice_ratio, 1.5);
  const auto fixed = ask("PATCH", "/migrate/m1", R"({"options":{"verify":"off"}})");
  EXPECT_EQ(fixed.status, 400);
  EXPECT_EQ(code_of(fixed), "not_changeable");
  EXPECT_EQ(ask("PATCH", "/migrate/m1", "{}").status, 400);
  EXPECT_EQ(ask("PATCH", "/migrate/m9", R"({"options":{}})").status, 404);
}

TEST_F(Routes, WhatIsNotThereIs404) {
  for (const auto path : {"/nothing", "/migrate/", "/migrate/m9", "/migrate/m1/dance", "/migrate/m9/events",
                          "/migrate/m1/pause/now", "", "migrate", "/migrate/../metrics"}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
  }
  EXPECT_EQ(ask("POST", "/migrate/m9/pause").status, 404);
}

TEST_F(Routes, AnotherMethodIs405AndSaysWhichAreAllowed) {
  const auto response = ask("DELETE", "/migrate/m1");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.allow, "GET, PATCH");
  EXPECT_EQ(ask("GET", "/migrate/m1/pause").status, 405);
  EXPECT_EQ(ask("GET, POST", "/migrate").status, 405);
  EXPECT_EQ(ask("", "/migrate").status, 405);
}

TEST_F(Routes, ProbesMetricsPageAndContract) {
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  EXPECT_EQ(ask("GET", "/readyz").status, 200);
  is_ready = false;
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  EXPECT_EQ(ask("GET", "/metrics").body, "sluice_up 1\n");
  EXPECT_THAT(ask("GET", "/").body, HasSubstr("<title>Sluice"));
  EXPECT_THAT(ask("GET", "/openapi.yaml").body, HasSubstr("openapi: 3"));
}

TEST_F(Routes, ThePageIsMadeOfFilesThatItNames) {
  const auto page = ask("GET", "/");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  for (const auto& [path, type] :
       std::map<std::string, std::string>{{"/page/theme.css", "text/css; charset=utf-8"},
                                          {"/page/main.js", "text/javascript; charset=utf-8"},
                                          {"/page/icon.svg", "image/svg+xml"}}) {
    EXPECT_THAT(page.body, HasSubstr('"' + path + '"'));
    const auto file = ask("GET", path + "?x");
    EXPECT_EQ(file.status, 200) << path;
    EXPECT_EQ(file.content_type, type);
    EXPECT_FALSE(file.body.empty()) << path;
    EXPECT_EQ(ask("POST", path).status, 405) << path;
  }
  EXPECT_EQ(ask("GET", "/page/nothing.js").status, 404);
  EXPECT_EQ(ask("GET", "/page/../openapi.yaml").status, 404);
}

TEST_F(Routes, TheClientsLatencyIsAList) {
  EXPECT_EQ(ask("GET", "/clients").body, R"({"seconds":[],"minutes":[]})");
  latency.add({std::chrono::system_clock::time_point{}, std::chrono::milliseconds{2}});
  const auto seconds = json::parse(ask("GET", "/clients").body).at("seconds");
  EXPECT_EQ(seconds.at(0).at("at"), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(seconds.at(0).at("p99_ms"), 2.0);
}

TEST_F(Routes, TheGateIsPartOfTheStatusWhileTheMigrationHasOne) {
  EXPECT_TRUE(json::parse(ask("GET", "/migrate/m1").body).at("gate").is_null());
  auto holding = a_status("m2", State::cutting_over);
  holding.gate = {.phase = "held", .waiting = 3};
  migrations.put(holding);
  const auto gate = json::parse(ask("GET", "/migrate/m2").body).at("gate");
  EXPECT_EQ(gate.at("phase"), "held");
  EXPECT_EQ(gate.at("waiting"), 3);
}

TEST_F(Routes, AllEventsAreAStream) {
  EXPECT_TRUE(std::holds_alternative<Overview>(route({.target = "/events"}, services)));
  EXPECT_EQ(ask("POST", "/events").status, 405);
}

TEST_F(Routes, EventsGoOnAfterTheLastOneSeen) {
  auto answer = route({.target = "/migrate/m1/events", .last_event_id = "7"}, services);
  ASSERT_TRUE(std::holds_alternative<Subscription>(answer));
  EXPECT_EQ(std::get<Subscription>(answer).after, 7U);
  answer = route({.target = "/migrate/m1/events", .last_event_id = "7x"}, services);
  ASSERT_TRUE(std::holds_alternative<Response>(answer));
  EXPECT_EQ(std::get<Response>(answer).status, 400);
}

TEST_F(Routes, OnlyWhatAsksThePrimaryMayTakeLong) {
  EXPECT_EQ(cost_of({.target = "/healthz"}), Cost::none);
  EXPECT_EQ(cost_of({.target = "/nothing"}), Cost::none);
  EXPECT_EQ(cost_of({.target = "/metrics"}), Cost::quick);
  EXPECT_EQ(cost_of({.target = "/migrate"}), Cost::quick);
  EXPECT_EQ(cost_of({.method = "POST", .target = "/migrate"}), Cost::asking);
  EXPECT_EQ(cost_of({.method = "POST", .target = "/migrate/m1/cleanup"}), Cost::asking);
  EXPECT_EQ(cost_of({.method = "POST", .target = "/migrate/m1/panic"}), Cost::quick);
}

}  // namespace
}  // namespace sluice::control
