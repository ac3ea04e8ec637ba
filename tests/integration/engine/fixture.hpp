// A source table, its shadow and the connections that work on them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "migrator/rows/chunk_copier.hpp"
#include "migrator/rows/compare.hpp"
#include "migrator/rows/resync.hpp"
#include "migrator/table/read_table.hpp"
#include "migrator/table/shadow.hpp"
#include "tests/support/both_servers.hpp"

namespace sluice::migrator::test {

inline ServerAddress address_of(const sluice::test::TestServer& server) {
  return {.host = "127.0.0.1", .port = server.port(), .user = "root"};
}

inline std::string why(const SqlError& error) {
  return describe(error);
}

class Engine : public sluice::test::OnBothServers {
 protected:
  void SetUp() override {
    client_.emplace(server().connect());
    client_->must("DROP TABLE IF EXISTS t, _t_gho, _t_del");
  }

  Connection connect(const SessionSettings& settings = {}) {
    auto connection = Connection::connect(address_of(server()), settings);
    if (!connection) throw std::runtime_error(why(connection.error()));
    return std::move(*connection);
  }

  sluice::test::TestClient& client() { return *client_; }

  // CREATE TABLE t, its rows, and the shadow of `alter`.
  void migrate(const std::string& columns, const std::vector<std::string>& rows, const std::string& alter) {
    client().must("CREATE TABLE t (" + columns + ")");
    for (const auto& row : rows) client().must("INSERT INTO t VALUES " + row);
    Connection maker = connect();
    auto made = create_shadow(maker, {.database = "test", .table = "t", .alter = alter});
    if (!made) throw std::runtime_error(why(made.error()));
    if (auto* problems = std::get_if<Problems>(&*made)) throw std::runtime_error(problems->front().message);
    plan_ = std::get<Shadow>(*made).plan;
    worker_.emplace(connect({.time_zone = plan_->time_zone}));
    sql_.emplace(*plan_, worker_->flavor());
  }

  Connection& worker() { return *worker_; }
  const RowSql& sql() const { return *sql_; }
  const CopyPlan& plan() const { return *plan_; }

  std::vector<KeyLiterals> keys(Side side) {
    std::vector<KeyLiterals> list;
    auto answer = worker().query(sql().key_list(side, "1 = 1"));
    EXPECT_TRUE(answer) << why(answer.error());
    for (const Row& row : answer->rows) {
      KeyLiterals key;
      for (const Value& value : row) key.push_back(value.value_or("NULL"));
      list.push_back(std::move(key));
    }
    return list;
  }

  ResyncResult sync(const std::vector<KeyLiterals>& keys, ResyncMode mode = ResyncMode::no_wait) {
    return resync(worker(), sql(), keys, mode, RowCheck::compared);
  }

  // Copies all in chunks; the numbers of rows copied and of chunks.
  std::pair<std::uint64_t, int> copy_all(std::uint64_t chunk_rows) {
    std::pair<std::uint64_t, int> total{0, 0};
    std::optional<KeyLiterals> above;
    do {
      const auto range = next_range(worker(), sql(), above, chunk_rows);
      EXPECT_TRUE(range) << why(range.error());
      if (!range) return total;
      const RangeResult chunk = copy_range(worker(), sql(), *range);
      EXPECT_EQ(chunk.status, ResyncStatus::done) << why(chunk.error);
      if (chunk.status != ResyncStatus::done) return total;
      total.first += chunk.rows;
      ++total.second;
      above = range->up_to;
    } while (above);
    return total;
  }

  std::vector<KeyLiterals> unequal() {
    const auto compared = compare_range(worker(), sql(), {});
    EXPECT_TRUE(compared) << why(compared.error());
    return compared ? compared->unequal : std::vector<KeyLiterals>{};
  }

  std::string value(const std::string& query) { return client().must(query).value(); }

 private:
  std::optional<sluice::test::TestClient> client_;
  std::optional<CopyPlan> plan_;
  std::optional<Connection> worker_;
  std::optional<RowSql> sql_;
};

}  // namespace sluice::migrator::test
