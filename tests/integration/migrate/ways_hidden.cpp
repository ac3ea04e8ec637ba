#include <stdexcept>

#include "tests/integration/migrate/ways_of_writing.hpp"

namespace sluice::test {
namespace {

// As arguments, or as VALUES of (id, qty, name).
std::string arguments(const Change& change) {
  return "(" + std::to_string(change.key) + ", " + std::to_string(change.after->qty) + ", '" + change.after->name +
         "')";
}

std::string side_of(const Writer& writer) {
  return std::to_string(writer.number());
}

// Puts the row by one statement, whether it is there already or not.
WayOfWriting by_call(std::string name, const std::string& before, const std::string& after = "") {
  return way(std::move(name), [before, after](Writer& writer) {
    const auto change = writer.update();
    writer.must(before + arguments(change) + after);
    return Changes{change};
  });
}

Changes joined(Writer& writer) {
  auto change = writer.any();
  const auto id = std::to_string(change.key);
  if (!change.after) {
    writer.write("DELETE orders FROM orders JOIN side ON side.id = " + side_of(writer) + " WHERE orders.id = " + id);
  } else if (writer.is_there(change.key)) {
    writer.must("UPDATE side, orders SET side.n = side.n + 1, orders.qty = " + std::to_string(change.after->qty) +
                ", orders.name = '" + change.after->name + "' WHERE side.id = " + side_of(writer) +
                " AND orders.id = " + id);
  } else {
    writer.write("INSERT INTO orders (id, qty, name) SELECT " + id + ", " + std::to_string(change.after->qty) + ", '" +
                 change.after->name + "' FROM side WHERE id = " + side_of(writer));
  }
  return {change};
}

Changes copied_within(Writer& writer) {
  const auto from = writer.update();
  auto to = writer.insertion();
  if (!writer.is_there(from.key)) {
    writer.write(from);
    return {from};
  }
  to.after = writer.ledger().expected(from.key);
  writer.write("INSERT INTO orders (id, qty, name) SELECT " + std::to_string(to.key) +
               ", qty, name FROM orders WHERE id = " + std::to_string(from.key));
  return {to};
}

Changes through_view(Writer& writer, const std::string& view) {
  const auto change = writer.any();
  writer.write(writer.sql(change, view));
  return {change};
}

Changes logged(Writer& writer, Key first, const std::string& after) {
  Changes changes;
  const auto log = writer.must("SELECT id, qty FROM event_log WHERE id > " + after + " ORDER BY id");
  for (const auto& row : log.rows()) {
    changes.push_back({first + std::stoull(row[0].value()), Content{std::stoll(row[1].value()), "scheduled"}});
  }
  return changes;
}

// The server's own scheduler writes, and logs in the same transaction what it wrote. One run at a time.
WayOfWriting scheduled() {
  const auto first_of = [](const Writer& writer) { return Key{900'000'000} + writer.number() * Key{1'000'000}; };
  return {"event",
          [first_of](Writer& writer) -> Write {
            const auto first = first_of(writer);
            writer.must("CREATE TABLE event_log (id BIGINT AUTO_INCREMENT PRIMARY KEY, qty INT NOT NULL)");
            writer.must(
                "CREATE EVENT writes_orders ON SCHEDULE EVERY 1 SECOND DO BEGIN DECLARE turn INT DEFAULT 0; "
                "IF GET_LOCK('writes_orders', 0) = 1 THEN WHILE turn < 60 DO START TRANSACTION; "
                "INSERT INTO event_log (qty) VALUES (turn); INSERT INTO orders (id, qty, name) VALUES (" +
                std::to_string(first) +
                " + LAST_INSERT_ID(), turn, 'scheduled'); COMMIT; DO SLEEP(0.01); SET turn = turn + 1; END WHILE; "
                "DO RELEASE_LOCK('writes_orders'); END IF; END");
            writer.must("SET GLOBAL event_scheduler = ON");
            return [&writer, first, last = first]() mutable {
              auto changes = logged(writer, first, std::to_string(last - first));
              if (!changes.empty()) last = changes.back().key;
              return changes;
            };
          },
          [first_of](Writer& writer) {
            writer.must("SET GLOBAL event_scheduler = OFF");
            writer.must("DROP EVENT writes_orders");
            if (writer.must("SELECT GET_LOCK('writes_orders', 20)").value() != "1") {
              throw std::runtime_error{"an event hangs"};
            }
            return logged(writer, first_of(writer), "0");
          }};
}

}  // namespace

void make_ways_in(TestClient& direct) {
  for (const auto* sql : {
           "CREATE TABLE side (id INT PRIMARY KEY, n BIGINT NOT NULL)",
           "INSERT INTO side WITH RECURSIVE i (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n < 99) "
           "SELECT n, 0 FROM i",
           "CREATE VIEW orders_seen AS SELECT id, qty, name FROM orders",
           "CREATE VIEW from_afar AS SELECT * FROM orders_seen WHERE id > 0",
           "CREATE PROCEDURE put_it(IN i BIGINT, IN q INT, IN n VARCHAR(64)) "
           "INSERT INTO orders (id, qty, name) VALUES (i, q, n) ON DUPLICATE KEY UPDATE qty = q, name = n",
           "CREATE PROCEDURE put_it_later(IN i BIGINT, IN q INT, IN name VARCHAR(64)) BEGIN "
           "START TRANSACTION; CALL put_it(i, q, name); UPDATE side SET n = n + 1 WHERE id = 99; COMMIT; END",
           "CREATE FUNCTION put(i BIGINT, q INT, n VARCHAR(64)) RETURNS INT DETERMINISTIC BEGIN "
           "CALL put_it(i, q, n); RETURN 1; END",
           "CREATE TABLE inbox (id BIGINT, qty INT, name VARCHAR(64))",
           "CREATE TRIGGER passes_on AFTER INSERT ON inbox FOR EACH ROW CALL put_it(NEW.id, NEW.qty, NEW.name)",
           "CREATE VIEW outer_inbox AS SELECT * FROM inbox",
       }) {
    direct.must(sql);
  }
}

Ways by_other_names(Kind server) {
  Ways ways{
      way("joins", joined),
      way("INSERT SELECT from itself", copied_within),
      way("view", [](Writer& writer) { return through_view(writer, "orders_seen"); }),
      way("view of a view", [](Writer& writer) { return through_view(writer, "test.from_afar"); }),
      by_call("procedure", "CALL put_it"),
      by_call("procedure that calls one", "call `put_it_later`"),
      by_call("function in a SELECT", "SELECT put"),
      by_call("function in a SET", "SET @done = test.put"),
      by_call("function in a DO", "DO `put`"),
      by_call("trigger of another table", "INSERT INTO inbox VALUES "),
      by_call("trigger under a view", "INSERT INTO outer_inbox VALUES "),
      scheduled(),
      slow_transaction(),
  };
  if (server == Kind::mysql) {
    ways.push_back(way("WITH", [](Writer& writer) {
      const auto change = writer.update();
      if (!writer.is_there(change.key)) {
        writer.write(change);
      } else {
        writer.write("WITH one AS (SELECT " + std::to_string(change.key) +
                     " AS id) UPDATE orders JOIN one ON one.id = " + "orders.id SET qty = " +
                     std::to_string(change.after->qty) + ", name = '" + change.after->name + "'");
      }
      return Changes{change};
    }));
  }
  return ways;
}

}  // namespace sluice::test
