#include <stdexcept>

#include "tests/integration/migrate/ways_of_writing.hpp"

namespace sluice::test {
namespace {

// MariaDB may choose LOCK TABLES as a deadlock's victim, with or without a proxy. Nothing has been done then.
void lock(Writer& writer, const std::string& sql) {
  constexpr unsigned deadlock = 1213;
  auto reply = writer.client().query(sql);
  while (reply.error && reply.error->code == deadlock) reply = writer.client().query(sql);
  if (reply.error) throw std::runtime_error{sql + ": " + reply.error->text};
}

Changes under_lock(Writer& writer, const std::string& statement, const std::string& unlock) {
  const auto changes = writer.some(2);
  lock(writer, statement);
  for (const auto& change : changes) writer.write(change);
  writer.must(unlock);
  return changes;
}

Changes lock_in_a_packet(Writer& writer) {
  const auto change = writer.any();
  lock(writer, "LOCK TABLES orders WRITE; " + writer.sql(change) + "; UNLOCK TABLES");
  return {change};
}

// As it is written in the manuals: no START TRANSACTION, which would give the lock up.
WayOfWriting lock_without_autocommit() {
  return {"LOCK TABLES without autocommit", [](Writer& writer) -> Write {
            writer.must("SET autocommit = 0");
            return [&writer] {
              const auto changes = writer.some(2);
              lock(writer, "LOCK TABLES orders WRITE");
              for (const auto& change : changes) writer.write(change);
              writer.must("COMMIT");
              writer.must("UNLOCK TABLES");
              return changes;
            };
          }};
}

Changes lock_given_up_by(Writer& writer, const std::string& begin) {
  lock(writer, "LOCK TABLES orders READ");
  writer.must("SELECT COUNT(*) FROM orders");
  writer.must(begin);
  const auto change = writer.insertion();
  writer.write(change);
  writer.must("COMMIT");
  return {change};
}

Changes read_lock(Writer& writer) {
  lock(writer, "FLUSH TABLES orders WITH READ LOCK");
  writer.must("SELECT COUNT(*) FROM orders");
  writer.must("UNLOCK TABLES");
  const auto change = writer.any();
  writer.write(change);
  return {change};
}

WayOfWriting distributed(std::string name, bool in_one_phase) {
  return {std::move(name), [in_one_phase](Writer& writer) -> Write {
            return [&writer, in_one_phase, turn = 0]() mutable {
              const auto changes = writer.some(2);
              const auto id = "'w" + std::to_string(writer.number()) + "-" + std::to_string(++turn) + "'";
              writer.must("XA START " + id);
              for (const auto& change : changes) writer.write(change);
              writer.must("XA END " + id);
              if (!in_one_phase) writer.must("XA PREPARE " + id);
              const bool gives_up = turn % 8 == 0;
              writer.must((gives_up ? "XA ROLLBACK " : "XA COMMIT ") + id +
                          (in_one_phase && !gives_up ? " ONE PHASE" : ""));
              return gives_up ? Changes{} : changes;
            };
          }};
}

Changes handler(Writer& writer) {
  const auto change = writer.insertion();
  writer.write(change);
  writer.must("HANDLER orders OPEN AS mine");
  const auto reply = writer.must("HANDLER mine READ `PRIMARY` = (" + std::to_string(change.key) + ")");
  const bool found = reply.rows().size() == 1 && reply.rows()[0].at(2) == change.after->name;
  writer.must("HANDLER mine CLOSE");
  if (!found) throw std::runtime_error{"HANDLER did not find row " + std::to_string(change.key)};
  return {change};
}

}  // namespace

Ways with_locks() {
  return {
      way("LOCK TABLES",
          [](Writer& writer) { return under_lock(writer, "LOCK TABLES orders WRITE", "UNLOCK TABLES"); }),
      way("LOCK TABLES in a packet", lock_in_a_packet),
      lock_without_autocommit(),
      way("lock given up by BEGIN", [](Writer& writer) { return lock_given_up_by(writer, "BEGIN"); }),
      way("lock given up by a snapshot",
          [](Writer& writer) { return lock_given_up_by(writer, "START TRANSACTION WITH CONSISTENT SNAPSHOT"); }),
      way("FLUSH TABLES WITH READ LOCK", read_lock),
      distributed("XA", false),
      distributed("XA in one phase", true),
      way("HANDLER", handler),
      way("autocommit",
          [](Writer& writer) {
            const auto change = writer.any();
            writer.write(change);
            return Changes{change};
          }),
  };
}

}  // namespace sluice::test
