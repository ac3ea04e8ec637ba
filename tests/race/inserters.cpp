#include "tests/race/inserters.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>

namespace sluice::test {
namespace {

constexpr std::uint64_t keys_a_client = 1'000'000'000;
constexpr std::chrono::milliseconds think_time{4};

std::unordered_set<std::string> keys_in_table(TestClient& direct) {
  const auto reply = direct.must(std::string{"SELECT id FROM "} + Inserters::table);
  std::unordered_set<std::string> keys;
  keys.reserve(reply.rows().size());
  for (const auto& row : reply.rows()) keys.insert(row.at(0).value());
  return keys;
}

}  // namespace

struct Inserters::Client {
  std::uint16_t port = 0;
  std::uint64_t next_key = 0;
  std::optional<TestClient> connection;
  std::mutex inserting;
  std::vector<std::uint64_t> unsettled;  // keys; under `inserting`
  std::atomic<std::uint64_t> acknowledged{0};
  std::string problem;
  std::jthread thread;  // last: ends before what it uses
};

void make_table(TestClient& direct) {
  const std::string table = Inserters::table;
  direct.must("DROP TABLE IF EXISTS " + table + ", _" + table + "_gho, _" + table + "_del");
  direct.must("CREATE TABLE " + table + " (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL)");
}

Inserters::Inserters(std::vector<std::uint16_t> ports) {
  for (const auto port : ports) {
    clients_.push_back(std::make_unique<Client>());
    clients_.back()->port = port;
    clients_.back()->next_key = clients_.size() * keys_a_client;
  }
}

Inserters::~Inserters() {
  stop();
}

void Inserters::start() {
  for (const auto& client : clients_) {
    client->connection.emplace(
        ConnectOptions{.port = client->port, .user = "root", .password = "", .database = "test"});
  }
  for (const auto& client : clients_) {
    client->thread = std::jthread{[this, &mine = *client](const std::stop_token& stop) {
      while (!stop.stop_requested() && mine.problem.empty()) {
        insert_one(mine);
        std::this_thread::sleep_for(think_time);
      }
    }};
  }
}

void Inserters::stop() {
  for (const auto& client : clients_) client->thread.request_stop();
  for (const auto& client : clients_) {
    if (client->thread.joinable()) client->thread.join();
  }
}

void Inserters::insert_one(Client& client) {
  const std::scoped_lock lock{client.inserting};
  const auto key = client.next_key++;
  const auto reply = client.connection->query(std::string{"INSERT INTO "} + table + " (id, name) VALUES (" +
                                              std::to_string(key) + ", 'row " + std::to_string(key) + "')");
  if (reply.error) {
    client.problem = "INSERT: " + std::to_string(reply.error->code) + " " + reply.error->text;
    return;
  }
  client.unsettled.push_back(key);
  ++client.acknowledged;
}

std::uint64_t Inserters::acknowledged() const {
  std::uint64_t sum = 0;
  for (const auto& client : clients_) sum += client->acknowledged;
  return sum;
}

void Inserters::settle(TestClient& direct) {
  std::vector<std::unique_lock<std::mutex>> quiet;
  quiet.reserve(clients_.size());
  for (const auto& client : clients_) quiet.emplace_back(client->inserting);
  const auto there = keys_in_table(direct);
  for (const auto& client : clients_) {
    for (const auto key : std::exchange(client->unsettled, {})) {
      ++settled_;
      if (!there.contains(std::to_string(key))) ++lost_;
    }
  }
  direct.must(std::string{"TRUNCATE TABLE "} + table);
}

Inserters::Account Inserters::account() const {
  Account account{.acknowledged = settled_, .lost = lost_, .client_errors = 0, .problems = {}};
  for (const auto& client : clients_) {
    if (client->problem.empty()) continue;
    ++account.client_errors;
    account.problems.push_back(client->problem);
  }
  return account;
}

}  // namespace sluice::test
