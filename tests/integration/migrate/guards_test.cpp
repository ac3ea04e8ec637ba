// Guards of a running migration, each seen to fire, to be journalled and counted, and to do what it is told.
#include <algorithm>

#include "tests/integration/migrate/under_clients.hpp"
#include "tests/support/http_stub.hpp"
#include "tests/support/replica.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr unsigned malformed = 400;

class Guarded : public UnderClients {
 protected:
  void SetUp() override {
    UnderClients::SetUp();
    direct().must("CREATE TABLE gauge (reading DOUBLE NULL)");
    direct().must("INSERT INTO gauge VALUES (0)");
  }
  void show(const std::string& reading) { direct().must("UPDATE gauge SET reading = " + reading); }
  static std::string by_gauge(const std::string& more) {
    return R"("guards": [{"name": "gauge", "when": "sql:SELECT reading FROM test.gauge", "threshold": 10)" + more +
           "}]";
  }
  // The entry of that event, of a migration that may still run, as JSON; empty if there is none.
  std::string noted(const std::string& id, const std::string& event) {
    const auto rows = direct()
                          .must("SELECT details FROM _sluice.journal WHERE migration = " + id.substr(1) +
                                " AND event = '" + event + "' ORDER BY number")
                          .rows();
    return rows.empty() ? "" : rows.at(0).at(0).value();
  }
  bool comes_to_note(const std::string& id, const std::string& event) {
    return wait_until([&] { return !noted(id, event).empty(); }, 30s);
  }
  double firings(const std::string& measure, const std::string& action) {
    const auto name = "\nsluice_guard_firings_total{measure=\"" + measure + "\",action=\"" + action + "\"} ";
    const auto text = sluice().get("/metrics").body;
    const auto at = text.find(name);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size()));
  }
  void finish(const std::string& id) {
    go_fast(id);
    expect_completed(await_end(id));
  }
};
SLUICE_ON_BOTH_SERVERS(Guarded);

TEST_P(Guarded, five_watch_by_default_and_only_warn) {
  const auto id = copying();
  EXPECT_TRUE(wait_until([&] { return json_size(sluice().status(id).json, "/guards") == 5; }));
  EXPECT_TRUE(wait_until([&] { return !shown(id, "/guards/0/value").empty(); })) << sluice().status(id).json;
  EXPECT_EQ(shown(id, "/guards/0/name"), "cpu");
  EXPECT_EQ(shown(id, "/guards/2/measure"), "disk_percent:/");
  EXPECT_EQ(shown(id, "/guards/3/value"), "") << "there is no replica to lag";
  for (const auto* guard : {"0", "1", "2", "3", "4"}) {
    EXPECT_EQ(shown(id, std::string{"/guards/"} + guard + "/action"), "warn");
  }
  finish(id);
}

TEST_P(Guarded, one_that_warns_stops_nothing_and_is_told_once) {
  const auto id = copying(", " + by_gauge(""));
  show("10");
  EXPECT_TRUE(comes_to_note(id, "guard.fired"));
  const auto entry = noted(id, "guard.fired");
  EXPECT_EQ(json_at(entry, "/guard"), "gauge");
  EXPECT_EQ(json_at(entry, "/action"), "warn");
  EXPECT_EQ(json_at(entry, "/why"), "guard gauge: sql is 10 (threshold 10)");
  EXPECT_EQ(firings("sql", "warn"), 1);
  EXPECT_EQ(shown(id, "/guards/0/firing"), "true");
  EXPECT_EQ(shown(id, "/throttled_by"), "");
  show("9.9");
  EXPECT_TRUE(comes_to_note(id, "guard.calmed"));
  EXPECT_EQ(firings("sql", "warn"), 1);
  finish(id);
}

TEST_P(Guarded, one_that_flaps_does_not_flood_the_journal) {
  const auto id =
      copying(R"(, "guards": [{"name": "odd", "when": "sql:SELECT SECOND(SYSDATE()) % 2", "threshold": 1}])");
  EXPECT_TRUE(wait_until([&] { return firings("sql", "warn") >= 5; }, 50s)) << "it is counted each time";
  EXPECT_LE(std::stoi(direct().must("SELECT COUNT(*) FROM _sluice.journal WHERE event LIKE 'guard.%'").value()), 8);
  finish(id);
}

TEST_P(Guarded, one_that_throttles_holds_back_until_it_is_calm) {
  const auto id = copying(", " + by_gauge(R"(, "action": "throttle")"));
  show("12.5");
  EXPECT_TRUE(comes_to_show(id, "/throttled_by", "guard gauge: sql is 12.5 (threshold 10)"));
  const auto copied = sluice().status(id).rows_copied;
  EXPECT_TRUE(writes_go_on());
  EXPECT_EQ(sluice().status(id).rows_copied, copied);
  show("0");
  EXPECT_TRUE(comes_to_show(id, "/throttled_by", ""));
  finish(id);
}

TEST_P(Guarded, one_that_pauses_does_so_once_for_each_time_it_fires) {
  const auto id = copying(", " + by_gauge(R"(, "action": "pause")"));
  show("11");
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  act(id, "resume");
  EXPECT_TRUE(writes_go_on());
  EXPECT_EQ(shown(id, "/paused"), "false") << "whoever resumes it knows best";
  EXPECT_EQ(shown(id, "/guards/0/firing"), "true");
  show("0");
  EXPECT_TRUE(comes_to_show(id, "/guards/0/firing", "false"));
  show("11");
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  act(id, "resume");
  finish(id);
}

TEST_P(Guarded, what_has_to_last_is_waited_for) {
  const auto id = copying(", " + by_gauge(R"(, "for": "2s", "action": "pause")"));
  show("11");
  const auto since = std::chrono::steady_clock::now();
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  EXPECT_GT(std::chrono::steady_clock::now() - since, 1900ms);
  act(id, "resume");
  finish(id);
}

TEST_P(Guarded, one_that_stops_drops_the_shadow_and_leaves_the_table) {
  const auto id = copying(", " + by_gauge(R"(, "action": "stop")"));
  show("11");
  EXPECT_EQ(await_end(id).state, "stopped");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  expect_untouched();
  EXPECT_THAT(noted(id, "guard.fired"), HasSubstr("\"stop\""));
}

TEST_P(Guarded, one_that_panics_keeps_the_shadow_for_study) {
  const auto id = postponed();
  EXPECT_EQ(change(id, "{" + by_gauge(R"(, "action": "panic")") + "}").status, changed);
  show("11");
  EXPECT_EQ(await_end(id).state, "panicked");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  expect_untouched();
  EXPECT_EQ(shown(id, "/guards/0/firing"), "true") << "the status still says why";
}

TEST_P(Guarded, one_that_can_not_be_evaluated_is_a_warning) {
  const auto id = copying(R"(, "guards": [{"when": "sql:SELECT 'secret' FROM test.nowhere", "threshold": 1}])");
  EXPECT_TRUE(comes_to_note(id, "guard.unevaluable"));
  const auto entry = noted(id, "guard.unevaluable");
  EXPECT_EQ(json_at(entry, "/why"), "guard sql: can't be evaluated: the query fails with error 1146");
  EXPECT_EQ(json_at(entry, "/action"), "warn");
  EXPECT_EQ(shown(id, "/guards/0/problem"), "the query fails with error 1146");
  EXPECT_THAT(sluice().status(id).json, Not(HasSubstr("secret")));
  EXPECT_EQ(firings("sql", "warn"), 1);
  finish(id);
}

TEST_P(Guarded, what_is_no_number_fires_nothing) {
  const auto id = copying(R"(, "guards": [{"when": "sql:SELECT 'nan'", "threshold": 1, "action": "panic"},)"
                          R"( {"name": "most", "when": "sql:SELECT 'inf'", "threshold": 1, "action": "panic"}])");
  for (const auto* guard : {"0", "1"}) {
    EXPECT_TRUE(comes_to_show(id, std::string{"/guards/"} + guard + "/problem", "the query returns no number"));
  }
  finish(id);
}

TEST_P(Guarded, one_row_of_an_answer_is_read) {
  const auto id = copying(R"(, "guards": [{"when": "sql:SELECT @@SESSION.sql_select_limit", "threshold": 2}])");
  EXPECT_TRUE(comes_to_show(id, "/guards/0/value", "1E0")) << sluice().status(id).json;
  finish(id);
}

TEST_P(Guarded, one_that_can_not_be_evaluated_pauses_where_that_is_wanted) {
  const auto id = copying(", " + by_gauge(R"(, "if_unevaluable": "pause")"));
  show("NULL");
  EXPECT_TRUE(comes_to_show(id, "/paused", "true"));
  EXPECT_EQ(shown(id, "/guards/0/problem"), "the query returns no value");
  show("0");
  EXPECT_TRUE(comes_to_note(id, "guard.evaluable"));
  act(id, "resume");
  finish(id);
}

TEST_P(Guarded, http_check_fires_at_another_status_than_200_and_silence_is_unevaluable) {
  HttpStub check;
  const auto id = copying(R"(, "guards": [{"name": "health", "action": "throttle", "when": "http:)" +
                          check.url("/?token=hush") + "\"}]");
  EXPECT_TRUE(comes_to_show(id, "/guards/0/value", "0E0"));
  check.answer(503);
  EXPECT_TRUE(comes_to_show(id, "/throttled_by", "guard health: http is 1 (threshold 1)"));
  check.answer(0);
  EXPECT_TRUE(comes_to_note(id, "guard.unevaluable"));
  EXPECT_THAT(shown(id, "/throttled_by"), StartsWith("guard health: can't be evaluated")) << "it still fires";
  check.answer(200);
  EXPECT_TRUE(comes_to_show(id, "/throttled_by", ""));
  EXPECT_THAT(noted(id, "guard.fired") + noted(id, "guard.unevaluable"), Not(HasSubstr("hush")));
  finish(id);
}

TEST_P(Guarded, rows_found_unequal_are_counted) {
  const auto id = postponed();
  EXPECT_EQ(change(id, R"({"guards": [{"when": "mismatches", "action": "pause"}]})").status, changed);
  direct().must("DELETE FROM _orders_gho WHERE id > 0 ORDER BY id DESC LIMIT 1");
  EXPECT_TRUE(comes_to_show(id, "/paused", "true")) << sluice().status(id).json;
  EXPECT_EQ(json_at(noted(id, "guard.fired"), "/why"), "guard mismatches: mismatches is 1 (threshold 1)");
  act(id, "resume");
  act(id, "cut-over");
  expect_completed(await_end(id));
}

TEST_P(Guarded, rows_that_one_table_has_more_are_told_from_those_that_are_pending) {
  const auto id = postponed();
  act(id, "pause");  // what clients write is pending now
  EXPECT_EQ(change(id, R"({"guards": [{"when": "row_difference", "threshold": 3, "action": "panic"}]})").status,
            changed);
  EXPECT_TRUE(writes_go_on());
  EXPECT_TRUE(comes_to_show(id, "/guards/0/value", "0E0")) << sluice().status(id).json;
  act(id, "resume");
  // As only Sluice's own sessions write, so that nobody sees it in the binlog; more than can be in flight meanwhile.
  auto somebody = server().connect("test");
  somebody.must("SET foreign_key_checks = 0");
  somebody.must(
      "INSERT INTO _orders_gho (id, qty, name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 900) SELECT -(a.i * 1000 + b.i), 0, 'nobody wrote this' FROM n AS a JOIN n AS b ON a.i <= 40");
  EXPECT_EQ(await_end(id).state, "panicked") << sluice().status(id).json;
  EXPECT_THAT(json_at(noted(id, "guard.fired"), "/why"), StartsWith("guard row_difference: row_difference is "));
  expect_untouched();
}

TEST_P(Guarded, counting_rows_does_not_keep_the_tables_from_being_swapped) {
  const auto id = copying(R"(, "guards": [{"when": "row_difference", "threshold": 1, "action": "pause"}])");
  finish(id);
}

TEST_P(Guarded, duration_is_compared_with_what_was_estimated) {
  const auto id =
      copying(R"(, "guards": [{"when": "duration_ratio", "threshold": 0.001, "for": "1s", "action": "pause"}])");
  EXPECT_TRUE(wait_until([&] { return shown(id, "/paused") == "true"; }, 60s)) << sluice().status(id).json;
  act(id, "resume");
  finish(id);
}

TEST_P(Guarded, what_it_is_paused_for_is_no_part_of_the_duration) {
  const auto id =
      copying(R"(, "guards": [{"when": "duration_ratio", "threshold": 1000},)"
              R"( {"name": "clock", "when": "sql:SELECT UNIX_TIMESTAMP() % 1000000", "threshold": 1000000}])");
  const auto clock = [&] {
    const auto text = shown(id, "/guards/1/value");
    return text.empty() ? 0.0 : std::stod(text);
  };
  EXPECT_TRUE(wait_until([&] { return !shown(id, "/guards/0/value").empty(); }, 60s)) << sluice().status(id).json;
  act(id, "pause");
  auto since = clock();
  EXPECT_TRUE(wait_until([&] { return clock() > since; }, 30s)) << "the guards are looked at once more";
  const auto ratio = shown(id, "/guards/0/value");
  since = clock();
  EXPECT_TRUE(wait_until([&] { return clock() > since + 2; }, 30s));
  EXPECT_EQ(shown(id, "/guards/0/value"), ratio);
  act(id, "resume");
  finish(id);
}

TEST_P(Guarded, those_of_the_machine_fire_and_each_is_journalled_counted_and_told) {
  const HttpStub hook;
  const auto id = copying(R"(, "webhooks": [{"url": ")" + hook.url() + R"(", "events": ["guard"]}], "guards": [
      {"when": "cpu_percent", "threshold": 0.001}, {"when": "memory_percent", "threshold": 0.001},
      {"when": "disk_percent:/", "threshold": 0.001}])");
  for (const std::string measure : {"cpu_percent", "memory_percent", "disk_percent"}) {
    EXPECT_TRUE(wait_until([&] { return firings(measure, "warn") >= 1; }, 30s)) << measure;
    EXPECT_TRUE(wait_until([&] {
      return direct()
                 .must("SELECT COUNT(*) FROM _sluice.journal WHERE event = 'guard.fired' AND details LIKE '%" +
                       measure + "%'")
                 .value() != "0";
    })) << measure;
    EXPECT_TRUE(wait_until([&] {
      return std::ranges::any_of(hook.posts(), [&](const auto& post) {
        return json_at(post.body, "/event") == "guard.fired" && json_at(post.body, "/details/measure") == measure;
      });
    })) << measure;
  }
  finish(id);
}

TEST_P(Guarded, a_severity_does_what_the_matrix_says_where_nothing_is_configured) {
  const auto at = [](const std::string& severity, const std::string& threshold) {
    return R"({"name": ")" + severity + R"(", "when": "sql:SELECT reading FROM test.gauge", "severity": ")" + severity +
           R"(", "threshold": )" + threshold + "}";
  };
  const auto id = copying(R"(, "guards": [)" + at("low", "10") + "," + at("medium", "20") + "," + at("high", "30") +
                          "," + at("critical", "40") + "]");
  show("10");
  EXPECT_TRUE(comes_to_show(id, "/guards/0/firing", "true"));
  EXPECT_EQ(shown(id, "/throttled_by"), "") << "low warns";
  show("20");
  EXPECT_TRUE(comes_to_show(id, "/throttled_by", "guard medium: sql is 20 (threshold 20)"));
  EXPECT_EQ(shown(id, "/paused"), "false");
  show("30");
  EXPECT_TRUE(comes_to_show(id, "/paused", "true")) << "high pauses";
  show("40");
  EXPECT_EQ(await_end(id).state, "stopped") << "critical stops";
  EXPECT_EQ(firings("sql", "warn") + firings("sql", "throttle") + firings("sql", "pause") + firings("sql", "stop"), 4);
}

TEST_P(Guarded, bad_ones_are_refused_by_their_names) {
  const auto refusal = [&](const std::string& guard) {
    const auto response = sluice().post(
        "/migrate",
        body_of({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"guards": [)" + guard + "]}"}));
    EXPECT_EQ(response.status, malformed) << response.body;
    return json_at(response.body, "/error/message");
  };
  EXPECT_THAT(refusal(R"({"name": "a", "when": "weather", "threshold": 1})"), HasSubstr("guard a: when must be"));
  EXPECT_THAT(refusal(R"({"name": "a", "when": "cpu_percent"})"), HasSubstr("guard a: threshold is missing"));
  EXPECT_THAT(refusal(R"({"name": "a", "when": "sql:DROP TABLE orders", "threshold": 1})"), HasSubstr("a SELECT"));
  EXPECT_THAT(refusal(R"({"name": "a", "when": "mismatches", "action": "explode"})"), HasSubstr("action must be"));
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

class GuardedStrictly : public BehindSluice {};
SLUICE_ON_BOTH_SERVERS(GuardedStrictly);

TEST_P(GuardedStrictly, severities_lead_to_what_the_configuration_says) {
  make_orders(100);
  auto strict = SluiceProcess::start(server(), {.arguments = {"--guard-actions", "low=pause"}});
  const auto id = strict.migrate(
      {.table = "orders",
       .alter = "ADD COLUMN note INT",
       .options =
           R"({"guards": [{"when": "sql:SELECT 1", "threshold": 1, "severity": "low"}], "postpone_cut_over": true})"});
  EXPECT_TRUE(wait_until([&] { return json_at(strict.status(id).json, "/paused") == "true"; }));
  EXPECT_EQ(strict.post("/migrate/" + id + "/stop").status, 202U);
  EXPECT_EQ(strict.await_state(id, "stopped").state, "stopped");
}

class GuardedReplicas : public Guarded {
 protected:
  void SetUp() override {
    replica_.emplace(server());
    Guarded::SetUp();
  }
  Replica& replica() { return *replica_; }
  std::string watching(const std::string& guard) {
    return copying(R"(, "max_lag_millis": 600000, "throttle_control_replicas": "127.0.0.1:)" +
                   std::to_string(replica_->server().port()) + R"(", "guards": [)" + guard + "]");
  }

 private:
  std::optional<Replica> replica_;
};
SLUICE_ON_BOTH_SERVERS(GuardedReplicas);

TEST_P(GuardedReplicas, one_that_lags_fires) {
  const auto id = watching(R"({"when": "replica_lag_seconds", "threshold": 1, "action": "throttle"})");
  replica().stop_applying();
  EXPECT_TRUE(wait_until([&] { return shown(id, "/throttled_by").starts_with("guard replica_lag_seconds: "); }, 30s));
  replica().start_applying();
  EXPECT_TRUE(wait_until([&] { return shown(id, "/throttled_by").empty(); }, 30s));
  finish(id);
}

TEST_P(GuardedReplicas, one_that_can_not_be_reached_fires_and_its_lag_is_unevaluable) {
  const auto id = watching(
      R"({"when": "replica_unreachable", "action": "pause"}, {"name": "lag", "when": "replica_lag_seconds", "threshold": 300})");
  EXPECT_TRUE(comes_to_show(id, "/guards/1/problem", "")) << sluice().status(id).json;
  replica().server().kill9();
  EXPECT_TRUE(comes_to_show(id, "/paused", "true")) << sluice().status(id).json;
  EXPECT_TRUE(comes_to_note(id, "guard.unevaluable"));
  EXPECT_EQ(json_at(noted(id, "guard.unevaluable"), "/guard"), "lag");
  replica().server().restart();
  EXPECT_TRUE(comes_to_note(id, "guard.evaluable"));
  act(id, "resume");
  finish(id);
}

TEST_P(GuardedReplicas, the_lag_of_those_that_answer_is_told_whoever_else_does_not) {
  const auto id = watching(
      R"({"when": "replica_lag_seconds", "threshold": 1, "action": "pause"}, {"name": "gone", "when": "replica_unreachable"})");
  EXPECT_EQ(change(id, R"({"throttle_control_replicas": "127.0.0.1:1,127.0.0.1:)" +
                           std::to_string(replica().server().port()) + "\"}")
                .status,
            changed);
  EXPECT_TRUE(comes_to_show(id, "/guards/1/firing", "true")) << sluice().status(id).json;
  replica().stop_applying();
  EXPECT_TRUE(wait_until([&] { return shown(id, "/paused") == "true"; }, 30s)) << sluice().status(id).json;
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  replica().start_applying();
}

}  // namespace
}  // namespace sluice::test
