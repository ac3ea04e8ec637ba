#include "tests/fuzz/oracle/witness.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "migrator/sql/quoting.hpp"

namespace sluice::oracle {
namespace {

constexpr unsigned lock_wait_timeout = 1205;
constexpr auto poll_interval = std::chrono::microseconds{500};

void add_base_table(std::set<Name>& tables, Name name) {
  if (std::ranges::find(base_tables(), name) != base_tables().end()) tables.insert(std::move(name));
}

// Of "table_id: 93 (shop.orders)".
Name name_in(const std::string& info) {
  const std::size_t open = info.find('(');
  const std::size_t dot = info.find('.', open);
  const std::size_t close = info.rfind(')');
  if (open == std::string::npos || dot == std::string::npos || close == std::string::npos) return {};
  return {info.substr(open + 1, dot - open - 1), info.substr(dot + 1, close - dot - 1)};
}

}  // namespace

Witness::Witness(const test::TestServer& server)
    : kind_(server.kind()), monitor_(server.connect("")), guard_(server.connect("")) {}

void Witness::watch(const test::TestClient& client) {
  connection_ = std::to_string(client.connection_id());
  if (kind_ == test::Kind::mariadb) {
    locks_query_ =
        "SELECT table_schema, table_name, 'GRANTED' FROM information_schema.metadata_lock_info"
        " WHERE lock_type = 'Table metadata lock' AND thread_id = " +
        connection_;
    return;
  }
  const std::string thread =
      monitor_.must("SELECT thread_id FROM performance_schema.threads WHERE processlist_id = " + connection_).value();
  locks_query_ =
      "SELECT object_schema, object_name, lock_status FROM performance_schema.metadata_locks"
      " WHERE object_type = 'TABLE' AND owner_thread_id = " +
      thread;
}

std::set<Name> Witness::locked() {
  std::set<Name> tables;
  const auto locks = monitor_.must(locks_query_);
  for (const test::Row& row : locks.rows()) {
    add_base_table(tables, {row[0].value_or(""), row[1].value_or("")});
  }
  return tables;
}

void Witness::mark_binlog() {
  const auto reply = monitor_.must(kind_ == test::Kind::mysql ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
  binlog_file_ = reply.rows().at(0).at(0).value_or("");
  binlog_position_ = reply.rows().at(0).at(1).value_or("");
}

std::set<Name> Witness::written() {
  std::set<Name> tables;
  const auto reply = monitor_.must("SHOW BINLOG EVENTS IN '" + binlog_file_ + "' FROM " + binlog_position_);
  for (const test::Row& row : reply.rows()) {
    if (row.at(2) == "Table_map") add_base_table(tables, name_in(row.at(5).value_or("")));
  }
  return tables;
}

void Witness::lock_all() {
  std::string sql;
  for (const Name& table : base_tables()) {
    sql += (sql.empty() ? "LOCK TABLES " : ", ") + migrator::quote({table.database, table.name}) + " WRITE";
  }
  guard_.must(sql);
}

bool Witness::sees_wait(std::set<Name>& touched) {
  bool waits = false;
  std::set<Name> seen;
  const auto locks = monitor_.must(locks_query_);
  for (const test::Row& row : locks.rows()) {
    waits = waits || row[2] == "PENDING";
    add_base_table(seen, {row[0].value_or(""), row[1].value_or("")});
  }
  if (waits) touched = std::move(seen);
  return waits;
}

Witness::Guarded Witness::run_guarded(test::TestClient& client, const std::string& sql) {
  Guarded result;
  lock_all();
  if (kind_ == test::Kind::mariadb) {
    client.must("SET SESSION lock_wait_timeout = 0");
    result.reply = client.query(sql);
    result.waited = result.reply.error && result.reply.error->code == lock_wait_timeout;
  } else {
    auto reply = std::async(std::launch::async, [&client, &sql] { return client.query(sql); });
    while (reply.wait_for(poll_interval) != std::future_status::ready) {
      if (result.waited || !sees_wait(result.touched)) continue;
      result.waited = true;
      monitor_.must("KILL QUERY " + connection_);
    }
    result.reply = reply.get();
  }
  guard_.must("UNLOCK TABLES");
  return result;
}

}  // namespace sluice::oracle
