#include "tests/integration/migrate/fixture.hpp"

#include <boost/json.hpp>
#include <iostream>
#include <regex>
#include <sstream>

namespace sluice::test {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr auto migration_limit = 90s;
constexpr unsigned accepted = 202;

json::value found_at(const std::string& text, const std::string& pointer) {
  const auto parsed = json::parse(text);
  boost::system::error_code missing;
  const auto* found = parsed.find_pointer(pointer, missing);
  return found == nullptr ? json::value{} : *found;
}

}  // namespace

std::string json_at(const std::string& text, const std::string& pointer) {
  const auto value = found_at(text, pointer);
  if (value.is_null()) return "";
  return value.is_string() ? json::value_to<std::string>(value) : json::serialize(value);
}

std::size_t json_size(const std::string& text, const std::string& pointer) {
  const auto value = found_at(text, pointer);
  return value.is_array() ? value.get_array().size() : 0;
}

std::string definition(TestClient& client, const std::string& table) {
  const auto reply = client.must("SHOW CREATE TABLE " + table);
  const auto text = reply.rows().at(0).at(1).value();
  static const std::regex first_line{"^CREATE TABLE [`\"][^`\"]*[`\"]"};
  static const std::regex counter{" AUTO_INCREMENT=[0-9]+"};
  return std::regex_replace(std::regex_replace(text, first_line, "CREATE TABLE"), counter, "");
}

std::vector<std::string> leftovers(TestClient& client) {
  const auto reply = client.must(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'test' AND table_name LIKE '\\_%'");
  std::vector<std::string> names;
  for (const auto& row : reply.rows()) names.push_back(row.at(0).value());
  return names;
}

std::string journal_entry(const std::string& events, const std::string& event) {
  std::istringstream lines{events};
  const std::string data = "data: ";
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(data) && json_at(line.substr(data.size()), "/event") == event) return line.substr(data.size());
  }
  return "";
}

void BehindSluice::SetUp() {
  direct().must("DROP DATABASE IF EXISTS _sluice");
  direct().must("DROP DATABASE IF EXISTS test");
  direct().must("CREATE DATABASE test CHARACTER SET utf8mb4");
  direct().must("USE test");
  direct().must("DROP USER IF EXISTS sluice");
}

void BehindSluice::TearDown() {
  for (const auto& statement : undo_) direct().must(statement);
  if (HasFailure() && sluice_) std::cout << "The end of Sluice's log:\n" << sluice_->log() << "\n";
}

TestClient& BehindSluice::direct() {
  if (!direct_) direct_.emplace(server().connect());
  return *direct_;
}

SluiceProcess& BehindSluice::sluice() {
  if (!sluice_) sluice_.emplace(SluiceProcess::start(server(), sluice_options()));
  return *sluice_;
}

void BehindSluice::set_global(const std::string& variable, const std::string& value) {
  const auto before = direct().must("SELECT @@GLOBAL." + variable).value();
  direct().must("SET GLOBAL " + variable + " = " + value);
  const bool is_number = !before.empty() && before.find_first_not_of("0123456789") == std::string::npos;
  undo_.insert(undo_.begin(), "SET GLOBAL " + variable + " = " + (is_number ? before : "'" + before + "'"));
}

void BehindSluice::live_where_summer_time_ends() {
  for (const auto* table : {"time_zone_transition", "time_zone_transition_type", "time_zone_name", "time_zone"}) {
    direct().must(
        std::string{"DELETE FROM mysql."} + table +
        (std::string{table} == "time_zone_name" ? " WHERE Name = 'Test/Zone'" : " WHERE Time_zone_id = 7777"));
  }
  direct().must("INSERT INTO mysql.time_zone VALUES (7777, 'N')");
  direct().must("INSERT INTO mysql.time_zone_name VALUES ('Test/Zone', 7777)");
  direct().must("INSERT INTO mysql.time_zone_transition_type VALUES (7777, 0, 3600, 0, 'N'), (7777, 1, 7200, 1, 'S')");
  direct().must("INSERT INTO mysql.time_zone_transition VALUES (7777, 1711846800, 1), (7777, 1729990800, 0)");
  set_global("time_zone", "'Test/Zone'");
}

void BehindSluice::make_orders(std::uint64_t rows) {
  direct().must(
      "CREATE TABLE orders (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT "
      "NULL, "
      "tag VARCHAR(20) NOT NULL DEFAULT 'plain', KEY by_qty (qty))");
  if (rows == 0) return;
  direct().must(
      "INSERT INTO orders (id, qty, name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 1000) SELECT i, i, CONCAT('row ', i) FROM n WHERE i <= " +
      std::to_string(rows));
  for (std::uint64_t there = 1000; there < rows; there += 1000) {
    direct().must("INSERT INTO orders (id, qty, name) SELECT id + " + std::to_string(there) +
                  ", qty, CONCAT('row ', id + " + std::to_string(there) + ") FROM orders WHERE id <= 1000 AND id + " +
                  std::to_string(there) + " <= " + std::to_string(rows));
  }
}

WorkloadOptions BehindSluice::clients_of_orders() {
  return {.connection = {.port = sluice().port(), .database = "test"},
          .table = "orders",
          .clients = 16,
          .think_time = 10ms};
}

MigrationStatus BehindSluice::complete(const Migration& migration) {
  auto status = sluice().await_state(sluice().migrate(migration), "completed", migration_limit);
  expect_completed(status);
  return status;
}

void BehindSluice::expect_completed(const MigrationStatus& status) {
  EXPECT_EQ(status.state, "completed") << status.json;
  EXPECT_EQ(status.error, "");
  EXPECT_EQ(json_at(status.json, "/cut_over/conflicts"), "0");
}

std::string BehindSluice::postponed(const std::string& alter) {
  const auto id = sluice().migrate({.table = "orders", .alter = alter, .options = R"({"postpone_cut_over": true})"});
  const auto status = sluice().await_state(id, "ready", migration_limit);
  EXPECT_EQ(status.state, "ready") << status.json;
  return id;
}

HttpResponse BehindSluice::act(const std::string& id, const std::string& action) {
  auto response = sluice().post("/migrate/" + id + "/" + action);
  EXPECT_EQ(response.status, accepted) << action << ": " << response.body;
  return response;
}

HttpResponse BehindSluice::change(const std::string& id, const std::string& options) {
  return request("PATCH", sluice().http_port(), "/migrate/" + id, R"({"options": )" + options + "}");
}

MigrationStatus BehindSluice::await_end(const std::string& id) {
  return sluice().await_state(id, "completed", migration_limit);
}

void BehindSluice::keep_renames_waiting(TestClient& client) const {
  if (is_mysql()) {
    client.must("LOCK INSTANCE FOR BACKUP");
  } else {
    client.must("BACKUP STAGE START");
    client.must("BACKUP STAGE BLOCK_DDL");
  }
}

void BehindSluice::allow_renames(TestClient& client) const {
  client.must(is_mysql() ? "UNLOCK INSTANCE" : "BACKUP STAGE END");
}

TestClient BehindSluice::lingering() {
  return in_transaction(sluice().connect(),
                        "INSERT INTO orders (id, qty, name) VALUES (900000000, 1, 'never committed')");
}

bool BehindSluice::sluice_runs(TestClient& client, const std::string& pattern) {
  return client
             .must("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'sluice' AND info LIKE '" +
                   pattern + "'")
             .value() != "0";
}

void BehindSluice::expect_nothing_lost(Workload& workload, TestClient& direct) {
  workload.stop();
  const auto report = workload.verify(direct);
  EXPECT_EQ(report.lost, 0U) << testing::PrintToString(report.problems);
  EXPECT_EQ(report.wrong_reads, 0U) << testing::PrintToString(report.problems);
  EXPECT_EQ(report.unclaimed, 0U);
}

WorkloadReport BehindSluice::expect_own_rows_unharmed(Workload& workload) {
  workload.stop();
  auto report = workload.verify(direct());
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.lost, 0U);
  EXPECT_EQ(report.wrong_reads, 0U);
  EXPECT_EQ(report.client_errors, 0U);
  EXPECT_GT(report.acknowledged, 0U);
  return report;
}

void BehindSluice::expect_unharmed(Workload& workload) {
  EXPECT_EQ(expect_own_rows_unharmed(workload).unclaimed, 0U);
}

}  // namespace sluice::test
