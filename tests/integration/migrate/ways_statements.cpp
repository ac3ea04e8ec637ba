#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/integration/migrate/ways_of_writing.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned table_definition_changed = 1412;
constexpr auto slowness = 120ms;

Changes autocommit(Writer& writer) {
  const auto change = writer.any();
  writer.write(change);
  return {change};
}

Changes in_transaction(Writer& writer, const std::string& begin, const std::string& end) {
  const auto changes = writer.some(3);
  writer.must(begin);
  for (const auto& change : changes) writer.write(change);
  writer.must(end);
  return changes;
}

std::string values_of(const Change& change) {
  return "(" + std::to_string(change.key) + ", " + std::to_string(change.after->qty) + ", '" + change.after->name +
         "')";
}

// A row that is there is changed by it, one that isn't is inserted.
std::string upsert(Writer& writer, const Change& change) {
  return "INSERT INTO " + writer.table() + " (id, qty, name) VALUES " + values_of(change) +
         " ON DUPLICATE KEY UPDATE qty = VALUES(qty), name = VALUES(name)";
}

Changes replace(Writer& writer, const std::string& returning) {
  const auto change = writer.update();
  writer.must("REPLACE INTO " + writer.table() + " (id, qty, name) VALUES " + values_of(change) + returning);
  return {change};
}

Changes many_rows(Writer& writer) {
  const Changes changes{writer.insertion(), writer.insertion(), writer.insertion()};
  std::string sql = "INSERT INTO " + writer.table() + " (id, qty, name) VALUES ";
  for (const auto& change : changes) sql += (change.key == changes[0].key ? "" : ", ") + values_of(change);
  writer.must(sql);
  return changes;
}

Changes moved_key(Writer& writer) {
  const auto from = writer.update();
  const auto to = writer.insertion();
  if (!writer.is_there(from.key)) {
    writer.write(from);
    return {from};
  }
  writer.write("UPDATE " + writer.table() + " SET id = " + std::to_string(to.key) +
               ", qty = " + std::to_string(to.after->qty) + ", name = '" + to.after->name +
               "' WHERE id = " + std::to_string(from.key));
  return {{from.key, std::nullopt}, to};
}

Changes one_packet(Writer& writer, const std::string& before, const std::string& after) {
  const auto changes = writer.some(2);
  writer.must(before + writer.sql(changes[0]) + "; " + writer.sql(changes[1]) + after);
  return changes;
}

Changes returning(Writer& writer) {
  const auto change = writer.insertion();
  const auto reply = writer.must(writer.sql(change) + " RETURNING name");
  if (reply.value() != change.after->name) throw std::runtime_error{"RETURNING gave " + reply.value()};
  return {change};
}

Changes with_savepoints(Writer& writer) {
  const auto changes = writer.some(3);
  writer.must("START TRANSACTION READ WRITE");
  writer.write(changes[0]);
  writer.must("SAVEPOINT here");
  writer.write(changes[1]);
  writer.must("ROLLBACK TO SAVEPOINT here");
  writer.write(changes[2]);
  writer.must("RELEASE SAVEPOINT here");
  writer.must("COMMIT WORK");
  return {changes[0], changes[2]};
}

// A table that was altered since the snapshot gives the same error, and the client does the same about it.
Changes with_snapshot(Writer& writer) {
  const auto change = writer.any();
  while (true) {
    writer.must("START TRANSACTION WITH CONSISTENT SNAPSHOT");
    const auto reply = writer.client().query(writer.sql(change));
    if (reply.ok()) break;
    if (reply.error->code != table_definition_changed) throw std::runtime_error{reply.error->text};
    writer.must("ROLLBACK");
  }
  writer.must("COMMIT");
  return {change};
}

// Begun once; each end begins the next.
WayOfWriting chained() {
  return {"chained transactions", [](Writer& writer) -> Write {
            writer.must("BEGIN");
            return [&writer] {
              const auto changes = writer.some(2);
              writer.write(changes[0]);
              writer.must("ROLLBACK AND CHAIN");
              writer.write(changes[1]);
              writer.must("COMMIT AND CHAIN");
              return Changes{changes[1]};
            };
          }};
}

// Each BEGIN commits what went before.
WayOfWriting begun_again() {
  return {"transactions ended by the next", [](Writer& writer) -> Write {
            writer.must("BEGIN");
            return [&writer] {
              const auto change = writer.any();
              writer.write(change);
              writer.must("BEGIN");
              return Changes{change};
            };
          }};
}

WayOfWriting after(std::string name, std::string setting, Changes (*write)(Writer&)) {
  return {std::move(name), [setting = std::move(setting), write](Writer& writer) -> Write {
            writer.must(setting);
            return [&writer, write] { return write(writer); };
          }};
}

Changes explicit_commit(Writer& writer) {
  const auto changes = writer.some(2);
  for (const auto& change : changes) writer.write(change);
  writer.must("COMMIT");
  return changes;
}

}  // namespace

WayOfWriting slow_transaction() {
  return way("slow transaction", [](Writer& writer) {
    const auto changes = writer.some(2);
    writer.must("BEGIN");
    writer.write(changes[0]);
    std::this_thread::sleep_for(slowness);
    writer.write(changes[1]);
    writer.must("COMMIT");
    return changes;
  });
}

Ways with_statements(Kind server) {
  Ways ways{
      way("autocommit", autocommit),
      way("REPLACE", [](Writer& writer) { return replace(writer, ""); }),
      way("ON DUPLICATE KEY UPDATE",
          [](Writer& writer) {
            const auto change = writer.update();
            writer.must(upsert(writer, change));
            return Changes{change};
          }),
      way("several rows", many_rows),
      way("change of the key", moved_key),
      way("two statements in a packet", [](Writer& writer) { return one_packet(writer, "", ""); }),
      way("transaction in a packet",
          [](Writer& writer) { return one_packet(writer, "BEGIN; SELECT 'the lock'; ", "; COMMIT"); }),
      slow_transaction(),
  };
  if (server == Kind::mariadb) {
    ways.push_back(way("INSERT RETURNING", returning));
    ways.push_back(way("REPLACE RETURNING", [](Writer& writer) { return replace(writer, " RETURNING id"); }));
    ways.push_back(way("SET STATEMENT", [](Writer& writer) {
      const auto change = writer.any();
      writer.write("SET STATEMENT max_statement_time = 60 FOR " + writer.sql(change));
      return Changes{change};
    }));
  }
  return ways;
}

Ways with_transactions() {
  return {
      way("BEGIN, COMMIT", [](Writer& writer) { return in_transaction(writer, "BEGIN", "COMMIT"); }),
      way("START TRANSACTION",
          [](Writer& writer) { return in_transaction(writer, "START TRANSACTION /* now */", "COMMIT"); }),
      way("ROLLBACK",
          [](Writer& writer) {
            (void)in_transaction(writer, "BEGIN WORK", "ROLLBACK");
            return autocommit(writer);
          }),
      way("savepoints", with_savepoints),
      way("consistent snapshot", with_snapshot),
      slow_transaction(),
      chained(),
      begun_again(),
      after("autocommit=0", "SET autocommit = 0", explicit_commit),
      after("completion_type=CHAIN", "SET completion_type = CHAIN",
            [](Writer& writer) { return in_transaction(writer, "BEGIN", "COMMIT"); }),
  };
}

Ways by_the_given_name() {
  return {
      way("autocommit", autocommit),
      way("BEGIN, COMMIT", [](Writer& writer) { return in_transaction(writer, "BEGIN", "COMMIT"); }),
      way("ON DUPLICATE KEY UPDATE",
          [](Writer& writer) {
            const auto change = writer.update();
            writer.must(upsert(writer, change));
            return Changes{change};
          }),
      way("prepare, execute, close",
          [](Writer& writer) {
            const auto change = writer.any();
            const auto reply = writer.client().execute(writer.sql(change));
            if (reply.error) throw std::runtime_error{reply.error->text};
            return Changes{change};
          }),
      slow_transaction(),
  };
}

}  // namespace sluice::test
