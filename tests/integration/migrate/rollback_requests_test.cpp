// What a request for a rollback is answered: estimates, refusals, and what was wrong with it.
#include "tests/integration/migrate/rolling_back.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr unsigned done = 200;
constexpr unsigned accepted = 202;
constexpr unsigned malformed = 400;
constexpr unsigned unknown = 404;
constexpr unsigned conflict = 409;
constexpr unsigned refused = 422;

class RollbackRequests : public RollingBack {};
SLUICE_ON_BOTH_SERVERS(RollbackRequests);

TEST_P(RollbackRequests, dry_run_tells_time_and_risk_and_changes_nothing) {
  const auto id = copying();
  const auto before = events(id);
  for (const auto* body : {R"({"dry_run": true})", R"({"dry_run": true, "strategy": "immediate"})",
                           R"({"dry_run": true, "strategy": "deferred", "window": "00:00-24:00"})"}) {
    const auto response = sluice().post("/migrate/" + id + "/rollback", body);
    EXPECT_EQ(response.status, done) << response.body;
    EXPECT_EQ(json_at(response.body, "/dry_run"), "true");
    EXPECT_GT(std::stod(json_at(response.body, "/estimate/seconds")), 0);
    EXPECT_THAT(json_at(response.body, "/estimate/risk"), testing::AnyOf("low", "medium"));
  }
  const auto asked = sluice().get("/migrate/" + id + "/rollback");
  EXPECT_EQ(json_at(asked.body, "/dry_run"), "true") << "what one would take, as there was none";
  EXPECT_THAT(sluice().get("/migrate/" + id + "/rollback?format=text").body,
              HasSubstr("What a rollback of " + id + " (test.orders) would take"));
  EXPECT_EQ(shown(id, "/rollback"), "");
  EXPECT_EQ(shown(id, "/paused"), "false");
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM _sluice.rollbacks").value(), "0");
  EXPECT_EQ(events(id), before);
  go_fast(id);
  expect_completed(await_end(id));
}

TEST_P(RollbackRequests, risk_grows_with_what_speaks_against_it) {
  const auto id = gauged();
  const auto risk = [&](const std::string& of) {
    return json_at(sluice().post("/migrate/" + of + "/rollback", R"({"dry_run": true})").body, "/estimate/risk");
  };
  show("5");
  EXPECT_TRUE(wait_until([&] { return risk(id) == "medium"; }, 30s));
  EXPECT_THAT(report(id), HasSubstr("guard gauge fires"));
  direct().must("CREATE TABLE items (id INT PRIMARY KEY)");
  const auto lost =
      sluice().migrate({.table = "items", .alter = "ADD COLUMN note INT", .options = R"({"postpone_cut_over": true})"});
  EXPECT_EQ(sluice().await_state(lost, "ready").state, "ready");
  act(lost, "panic");
  EXPECT_EQ(await_end(lost).state, "panicked");
  direct().must("RENAME TABLE items TO elsewhere");
  EXPECT_EQ(risk(lost), "high");
  EXPECT_THAT(report(lost), HasSubstr("the source table is not there"));

  roll_back(lost);
  EXPECT_EQ(json_at(await_over(lost), "/phase"), "failed") << report(lost);
  EXPECT_THAT(reported(lost, "/problem"), StartsWith("check: the table items is not there: nothing is dropped"));
  EXPECT_THAT(leftovers(direct()), Contains("_items_gho"));
  direct().must("RENAME TABLE elsewhere TO items");
  roll_back(lost);
  EXPECT_EQ(json_at(await_over(lost), "/phase"), "completed") << report(lost);
  roll_back(id);
  expect_rolled_back(id);
}

TEST_P(RollbackRequests, estimates_by_what_drops_took_before) {
  const auto first = copying();
  EXPECT_EQ(reported(first, "/estimate/measured"), "false");
  roll_back(first);
  expect_rolled_back(first);
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM _sluice.measured WHERE work = 'drop' AND ms > 0").value(), "1");
  const auto second = copying();
  EXPECT_EQ(reported(second, "/estimate/measured"), "true");
  roll_back(second);
  expect_rolled_back(second);
}

TEST_P(RollbackRequests, of_what_has_completed_points_at_revert) {
  const auto id = postponed();
  act(id, "cut-over");
  expect_completed(await_end(id));
  const auto response = sluice().post("/migrate/" + id + "/rollback");
  EXPECT_EQ(response.status, conflict);
  EXPECT_EQ(json_at(response.body, "/error/code"), "already_swapped");
  EXPECT_THAT(json_at(response.body, "/error/message"), HasSubstr("/migrate/" + id + "/revert"));
  EXPECT_EQ(sluice().get("/migrate/" + id + "/rollback").status, conflict);
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_del"));
}

TEST_P(RollbackRequests, of_a_revert_would_drop_the_old_table_and_is_refused) {
  const auto id = postponed();
  act(id, "cut-over");
  expect_completed(sluice().await_audited(id, 60s));
  ASSERT_EQ(sluice().post("/migrate/" + id + "/revert").status, accepted);
  const auto revert = shown(id, "/reverted_by");
  const auto response = sluice().post("/migrate/" + revert + "/rollback", R"({"strategy": "immediate"})");
  EXPECT_EQ(response.status, conflict) << response.body;
  EXPECT_TRUE(wait_until([&] { return sluice().status(revert).ended(); }, 60s));
  expect_untouched();
}

TEST_P(RollbackRequests, of_what_is_gone_is_a_clear_error) {
  const auto id = copying();
  roll_back(id);
  expect_rolled_back(id);
  auto response = sluice().post("/migrate/" + id + "/rollback");
  EXPECT_EQ(response.status, conflict);
  EXPECT_EQ(json_at(response.body, "/error/code"), "already_rolled_back");
  const auto stopped = copying();
  act(stopped, "stop");
  EXPECT_EQ(await_end(stopped).state, "stopped");
  response = sluice().post("/migrate/" + stopped + "/rollback");
  EXPECT_EQ(response.status, conflict);
  EXPECT_EQ(json_at(response.body, "/error/code"), "nothing_to_roll_back");
  EXPECT_EQ(sluice().post("/migrate/m999/rollback").status, unknown);
  EXPECT_EQ(sluice().get("/migrate/m999/rollback").status, unknown);
}

TEST_P(RollbackRequests, bad_input_is_named_and_changes_nothing) {
  const auto id = copying();
  const auto refusal = [&](const std::string& body, unsigned status) {
    const auto response = sluice().post("/migrate/" + id + "/rollback", body);
    EXPECT_EQ(response.status, status) << response.body;
    return json_at(response.body, "/error/message");
  };
  EXPECT_THAT(refusal(R"({"strategy": "gentle"})", malformed), HasSubstr("immediate, graceful or deferred"));
  EXPECT_THAT(refusal(deferred_to(at_in(-10s)), malformed), HasSubstr("in the past"));
  EXPECT_THAT(refusal(R"({"strategy": "deferred", "at": ")" + at_in(1h) + R"(", "window": "00:00-24:00"})", malformed),
              HasSubstr("one of the two"));
  EXPECT_THAT(refusal(R"({"test_queries": ["DROP TABLE orders"]})", malformed), HasSubstr("nothing but SELECTs"));
  EXPECT_THAT(refusal(R"({"backup": "data"})", refused), HasSubstr("--backup-path"));
  EXPECT_EQ(shown(id, "/rollback"), "");
  go_fast(id);
  expect_completed(await_end(id));
}

}  // namespace
}  // namespace sluice::test
