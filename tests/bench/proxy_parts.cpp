#include "tests/bench/proxy_parts.hpp"

#include <mysql.h>

#include <atomic>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto ready_limit = 60s;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

// Each of `clients` threads calls what `make` gave it until the time is over.
Done repeat(unsigned clients, std::chrono::seconds time, const std::function<std::function<void()>(unsigned)>& make) {
  std::atomic<std::uint64_t> count{0};
  std::atomic<bool> failed{false};
  const auto began = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (unsigned client = 0; client < clients; ++client) {
      threads.emplace_back([&, client] {
        try {
          const auto once = make(client);
          for (; Clock::now() - began < time; ++count) once();
        } catch (const std::exception&) {
          failed = true;
        }
      });
    }
  }
  if (failed) throw std::runtime_error{"a client of the benchmark met an error"};
  const auto done = static_cast<double>(count.load());
  const double took_s = seconds_since(began);
  return {.count = done, .per_second = done / took_s, .latency_ms = took_s * 1000 * clients / done};
}

}  // namespace

Done select_points(std::uint16_t port, Tls tls, unsigned clients, std::uint64_t rows, std::chrono::seconds time) {
  return repeat(clients, time, [=](unsigned client) {
    auto connection = std::make_shared<TestClient>(ConnectOptions{.port = port, .database = "test", .tls = tls});
    return [connection, random = std::minstd_rand{client + 1}, rows]() mutable {
      connection->must("SELECT c FROM sbtest1 WHERE id = " + std::to_string(1 + random() % rows));
    };
  });
}

Done connect_and_leave(std::uint16_t port, unsigned clients, std::chrono::seconds time) {
  return repeat(clients, time, [port](unsigned) { return [port] { const TestClient client{{.port = port}}; }; });
}

Done stream_result(std::uint16_t port, std::uint64_t bytes) {
  constexpr std::uint64_t row_bytes = 1'000'000;
  const std::unique_ptr<MYSQL, decltype(&mysql_close)> client{mysql_init(nullptr), &mysql_close};
  if (mysql_real_connect(client.get(), "127.0.0.1", "root", "", "test", port, nullptr, 0) == nullptr) {
    throw std::runtime_error{mysql_error(client.get())};
  }
  const auto began = Clock::now();
  const std::string sql =
      "SELECT REPEAT('x', " + std::to_string(row_bytes) + ") FROM sbtest1 LIMIT " + std::to_string(bytes / row_bytes);
  if (mysql_query(client.get(), sql.c_str()) != 0) throw std::runtime_error{mysql_error(client.get())};
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result{mysql_use_result(client.get()),
                                                                        &mysql_free_result};
  double rows = 0;
  while (mysql_fetch_row(result.get()) != nullptr) ++rows;
  if (rows * row_bytes < static_cast<double>(bytes)) throw std::runtime_error{"the result was cut off"};
  const double took_s = seconds_since(began);
  return {.count = rows, .per_second = rows / took_s, .latency_ms = took_s * 1000};
}

IdleSessions::IdleSessions(std::uint16_t port, Tls tls, std::size_t count) {
  clients_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) clients_.emplace_back(ConnectOptions{.port = port, .tls = tls});
}

ArmedTable::ArmedTable(const SluiceProcess& sluice, const std::string& table)
    : sluice_(sluice),
      id_(sluice.migrate(
          {.table = table, .alter = "ADD COLUMN armed INT", .options = R"({"postpone_cut_over": true})"})) {
  if (sluice_.await_state(id_, "ready", ready_limit).state != "ready") {
    throw std::runtime_error{"the migration does not become ready: " + sluice_.status(id_).json};
  }
}

ArmedTable::~ArmedTable() {
  (void)sluice_.post("/migrate/" + id_ + "/stop");
  (void)sluice_.await_state(id_, "stopped", ready_limit);
}

}  // namespace sluice::test
