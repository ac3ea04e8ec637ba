#include "tests/support/workload.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tests/support/workload_client.hpp"

namespace sluice::test {
namespace {

constexpr std::uint64_t rows_a_statement = 5000;
constexpr std::size_t problems_in_report = 20;

Content initial_content(Key key) {
  return {static_cast<std::int64_t>(key % 1000), "row " + std::to_string(key)};
}

}  // namespace

Workload::Workload(WorkloadOptions options) : options_{std::move(options)} {
  for (unsigned number = 0; number < options_.clients; ++number) {
    clients_.push_back(std::make_unique<Client>(options_, number));
    clients_.back()->fresh_keys_from(options_.first_key + number * keys_a_client);
  }
}

Workload::~Workload() {
  stop();
}

void Workload::fill(TestClient& direct, std::uint64_t rows) {
  for (std::uint64_t done = 0; done < rows; done += rows_a_statement) {
    std::string sql = "INSERT INTO " + options_.table + " (id, qty, name) VALUES ";
    for (auto i = done; i < std::min(rows, done + rows_a_statement); ++i) {
      const auto key = options_.first_key + i;
      const auto content = initial_content(key);
      if (i != done) sql += ',';
      sql += "('" + options_.id(key) + "'," + std::to_string(content.qty) + ",'" + content.name + "')";
      clients_[i * clients_.size() / rows]->give(key, content);
    }
    direct.must(sql);
  }
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i]->fresh_keys_from(options_.first_key + rows + i * keys_a_client);
  }
}

void Workload::start() {
  for (const auto& client : clients_) client->connect();
  for (const auto& client : clients_) client->start();
}

void Workload::stop() {
  for (const auto& client : clients_) client->stop();
}

std::uint64_t Workload::acknowledged() const {
  std::uint64_t sum = 0;
  for (const auto& client : clients_) sum += client->acknowledged();
  return sum;
}

std::uint64_t Workload::errors() const {
  std::uint64_t sum = 0;
  for (const auto& client : clients_) sum += client->errors();
  return sum;
}

WorkloadReport Workload::verify(TestClient& direct) const {
  auto table = contents_of(direct, options_.table);
  WorkloadReport report;
  std::vector<float> latencies_ms;
  for (const auto& client : clients_) {
    client->account(report);
    latencies_ms.insert(latencies_ms.end(), client->latencies_ms().begin(), client->latencies_ms().end());
    const auto wrong = discrepancies(client->ledger(), table, options_.id);
    report.lost += wrong.size();
    report.problems.insert(report.problems.end(), wrong.begin(), wrong.end());
  }
  report.unclaimed = table.size();
  std::sort(latencies_ms.begin(), latencies_ms.end());
  if (!latencies_ms.empty()) {
    report.p99_latency_ms = latencies_ms[latencies_ms.size() * 99 / 100];
    report.max_latency_ms = latencies_ms.back();
  }
  if (report.problems.size() > problems_in_report) report.problems.resize(problems_in_report);
  return report;
}

}  // namespace sluice::test
