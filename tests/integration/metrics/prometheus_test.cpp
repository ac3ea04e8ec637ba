// A real Prometheus scrapes a running Sluice with the rules of metrics/, and is then asked for what it has seen.
#include <boost/json.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/integration/migrate/fixture.hpp"
#include "tests/integration/proxy/programs.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr unsigned ok = 200;
constexpr auto seen_limit = 60s;

std::string text_of(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

std::filesystem::path of_project(const std::string& path) {
  return std::filesystem::path{SLUICE_SOURCE_FOLDER} / path;
}

// As a form carries it.
std::string encoded(const std::string& text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    result += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return result;
}

class Prometheus {
 public:
  explicit Prometheus(std::uint16_t sluice_port) {
    std::ofstream{folder_.path() / "prometheus.yml"}
        << "global: {scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}\n"
        << "rule_files: [" << of_project("metrics/alerts.yaml") << "]\n"
        << "scrape_configs:\n"
        << "  - {job_name: sluice, static_configs: [{targets: ['127.0.0.1:" << sluice_port << "']}]}\n";
    process_.emplace(Command{.arguments = {"/usr/bin/prometheus", "--config.file", folder_.path() / "prometheus.yml",
                                           "--storage.tsdb.path", folder_.path() / "data", "--web.listen-address",
                                           "127.0.0.1:" + std::to_string(port_.number()), "--log.level=warn"},
                             .environment = {},
                             .output = folder_.path() / "log",
                             .account = {}});
  }

  // The value at a path below "data" of its API's answer; null unless it answers with success.
  [[nodiscard]] json::value ask(const std::string& path, const std::string& form = "") {
    try {
      const auto answer = exchange({.method = form.empty() ? "GET" : "POST",
                                    .port = port_.number(),
                                    .path = "/api/v1/" + path,
                                    .body = form,
                                    .headers = {{"Content-Type", "application/x-www-form-urlencoded"}}});
      if (answer.status == ok) return json::parse(answer.body).at("data");
      last_problem_ = answer.body;
    } catch (const boost::system::system_error& error) {
      last_problem_ = error.what();
    }
    return nullptr;
  }
  // The series that a query finds; nothing: it is not answered.
  [[nodiscard]] std::optional<json::array> query(const std::string& expression) {
    const auto data = ask("query", "query=" + encoded(expression));
    if (data.is_null()) return std::nullopt;
    return data.at("result").as_array();
  }
  // Whether a query finds anything within seen_limit.
  [[nodiscard]] bool sees(const std::string& expression) {
    return wait_until(
        [&] {
          const auto found = query(expression);
          return found && !found->empty();
        },
        seen_limit);
  }
  [[nodiscard]] std::string problem() const { return last_problem_ + "\n" + text_of(folder_.path() / "log"); }

 private:
  ScratchFolder folder_{"prometheus"};
  Port port_;
  std::optional<ChildProcess> process_;
  std::string last_problem_;
};

// All strings by that name, however deep.
void collect(const json::value& value, std::string_view name, std::vector<std::string>& found) {
  if (const auto* array = value.if_array()) {
    for (const auto& each : *array) collect(each, name, found);
  } else if (const auto* object = value.if_object()) {
    for (const auto& [key, each] : *object) {
      if (key == name && each.is_string()) found.emplace_back(each.get_string());
      collect(each, name, found);
    }
  }
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what)) text.replace(at, what.size(), by);
  return text;
}

// The dashboard's queries, as Grafana sends them with everything chosen.
std::vector<std::string> dashboard_queries() {
  std::vector<std::string> queries;
  collect(json::parse(text_of(of_project("metrics/dashboard.json"))), "expr", queries);
  for (auto& query : queries) {
    query = replaced(replaced(query, "$job", ".*"), "$instance", ".*");
    query = replaced(replaced(query, "$__rate_interval", "1m"), "$__range", "1h");
  }
  return queries;
}

std::set<std::string> metrics_in(const std::string& expression) {
  static const std::regex name{"sluice_[a-z_]+"};
  return {std::sregex_token_iterator{expression.begin(), expression.end(), name}, std::sregex_token_iterator{}};
}

// docs/metrics.md, from what Prometheus is told.
std::string reference(const std::string& metrics) {
  static const std::regex line{"# (HELP|TYPE) (\\S+) (.*)"};
  std::map<std::string, std::string> help;
  std::map<std::string, std::string> rows;
  std::istringstream lines{metrics};
  for (std::string text; std::getline(lines, text);) {
    std::smatch match;
    if (!std::regex_match(text, match, line)) continue;
    if (match[1] == "HELP") help[match[2]] = match[3];
    if (match[1] == "TYPE") rows[match[2]] = match[3];
  }
  static const std::regex label{"(\\w+)=\""};
  std::string table = "| metric | kind | labels | |\n|---|---|---|---|\n";
  for (const auto& [name, kind] : rows) {
    const std::regex sample{"\n" + name + "(?:_bucket)?\\{([^}]*)\\}"};
    std::smatch match;
    std::string labels;
    if (std::regex_search(metrics, match, sample)) {
      const std::string text = match[1];
      for (std::sregex_iterator each{text.begin(), text.end(), label}, end; each != end; ++each) {
        if ((*each)[1] != "le") labels += (labels.empty() ? "`" : " `") + (*each)[1].str() + "`";
      }
    }
    table += "| `" + name + "` | " + kind + " | " + labels + " | " + help[name] + " |\n";
  }
  return table;
}

class Scraped : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    prometheus.emplace(sluice().http_port());
  }
  static constexpr std::uint64_t rows = 2000;
  std::optional<Prometheus> prometheus;
};
SLUICE_ON_BOTH_SERVERS(Scraped);

TEST_P(Scraped, tells_the_story_of_a_migration) {
  make_orders(0);
  Workload clients{clients_of_orders()};
  clients.fill(direct(), rows);
  clients.start();
  const auto id = postponed();
  const std::string of_it = "{migration=\"" + id + "\",database=\"test\",table=\"orders\"";
  ASSERT_TRUE(prometheus->sees("sluice_migration_state" + of_it + ",state=\"ready\"} == 1")) << prometheus->problem();
  EXPECT_TRUE(prometheus->sees("sluice_migration_progress_ratio" + of_it + "} > 0.5"));
  EXPECT_TRUE(prometheus->sees("sluice_gate_state{database=\"test\",table=\"orders\"} == 1"));
  EXPECT_TRUE(prometheus->sees("rate(sluice_statements_total{outcome=\"ok\"}[10s]) > 0"));
  act(id, "cut-over");
  expect_completed(await_end(id));
  expect_unharmed(clients);

  EXPECT_TRUE(prometheus->sees("sluice_migration_state" + of_it + ",state=\"completed\"} == 1"));
  // And afterwards, from what was kept.
  EXPECT_TRUE(prometheus->sees("max_over_time(sluice_migration_state" + of_it + ",state=\"ready\"}[5m]) == 1"));
  // The clients delete some rows meanwhile.
  EXPECT_TRUE(prometheus->sees("sluice_rows_copied_total >= " + std::to_string(rows / 2)));
  EXPECT_TRUE(prometheus->sees("sluice_verified_rows_total >= " + std::to_string(rows / 2)));
  EXPECT_TRUE(prometheus->sees("sluice_cut_over_attempts_total{result=\"completed\"} == 1"));
  EXPECT_TRUE(prometheus->sees("sluice_hold_part_seconds_count{part=\"rename\"} >= 1"));
  EXPECT_TRUE(prometheus->sees("sluice_hold_seconds_sum > 0 < 10"));
}

TEST_P(Scraped, knows_every_metric_that_alerts_and_dashboard_ask_for) {
  make_orders(rows);
  const auto id = postponed();
  sluice().connect().must("SELECT COUNT(*) FROM orders");
  ASSERT_TRUE(prometheus->sees("sluice_migration_state{state=\"ready\"} == 1")) << prometheus->problem();
  std::set<std::string> known;
  const auto names = prometheus->ask("label/__name__/values");
  ASSERT_TRUE(names.is_array()) << prometheus->problem();
  for (const auto& name : names.as_array()) known.insert(json::value_to<std::string>(name));

  for (const auto& query : dashboard_queries()) {
    EXPECT_TRUE(prometheus->query(query)) << query << "\n" << prometheus->problem();
    for (const auto& name : metrics_in(query)) EXPECT_TRUE(known.contains(name)) << name << " in " << query;
  }
  std::size_t rules = 0;
  const auto evaluated = [&] {
    const auto data = prometheus->ask("rules");
    if (data.is_null()) return false;
    std::vector<std::string> health;
    collect(data, "health", health);
    rules = health.size();
    return std::ranges::count(health, "ok") == static_cast<std::ptrdiff_t>(rules);
  };
  EXPECT_TRUE(wait_until(evaluated, seen_limit)) << prometheus->problem();
  EXPECT_GT(rules, 10U);
  std::vector<std::string> queries;
  collect(prometheus->ask("rules"), "query", queries);
  EXPECT_EQ(queries.size(), rules);
  for (const auto& query : queries) {
    for (const auto& name : metrics_in(query)) EXPECT_TRUE(known.contains(name)) << name << " in " << query;
  }
  const auto firing = prometheus->query("ALERTS{alertstate=\"firing\"}");
  ASSERT_TRUE(firing);
  EXPECT_TRUE(firing->empty()) << json::serialize(*firing);
  act(id, "stop");
}

TEST_P(Scraped, keeps_to_the_conventions_and_to_the_reference) {
  make_orders(rows);
  // Some series are there only once there is something to count.
  const auto id = sluice().migrate({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({
      "postpone_cut_over": true, "guards": [{"name": "one", "when": "sql:SELECT 1", "threshold": 1}]})"});
  sluice().connect().must("SELECT COUNT(*) FROM orders");
  const auto all_are_there = [&] {
    return sluice().get("/metrics").body.find("sluice_guard_firings_total{") != std::string::npos;
  };
  ASSERT_TRUE(sluice().await_state(id, "ready").state == "ready" && wait_until(all_are_there));
  const auto text = sluice().get("/metrics").body;
  const ScratchFolder folder{"promtool"};
  std::ofstream{folder.path() / "metrics"} << text;
  const auto checked = proxy::run_program(
      proxy::fed_with(folder.path() / "metrics", {"/usr/bin/promtool", "check", "metrics"}), folder.path());
  EXPECT_EQ(checked.status, 0) << checked.output;
  const auto rules =
      proxy::run_program({"/usr/bin/promtool", "check", "rules", of_project("metrics/alerts.yaml")}, folder.path());
  EXPECT_EQ(rules.status, 0) << rules.output;
  const auto table = reference(text);
  EXPECT_NE(text_of(of_project("docs/metrics.md")).find("\n" + table), std::string::npos)
      << "the table in docs/metrics.md must be\n"
      << table;
  act(id, "stop");
}

}  // namespace
}  // namespace sluice::test
