#include <array>
#include <memory>
#include <stdexcept>

#include "tests/integration/migrate/ways_of_writing.hpp"

namespace sluice::test {
namespace {

constexpr const char* insert_sql = "INSERT INTO orders (qty, name, id) VALUES (?, ?, ?)";
constexpr const char* update_sql = "UPDATE orders SET qty = ?, name = ? WHERE id = ?";
constexpr const char* delete_sql = "DELETE FROM orders WHERE id = ?";
constexpr std::size_t rows_of_cursor = 20;

class Binary {
 public:
  explicit Binary(Writer& writer) : writer_{writer} {
    for (const auto* sql : {insert_sql, update_sql, delete_sql}) statements_.push_back(writer.client().prepare(sql));
  }
  void write(const Change& change) {
    const std::string key = std::to_string(change.key);
    auto& statement = statements_.at(!change.after ? 2 : writer_.is_there(change.key) ? 1 : 0);
    const auto reply =
        change.after ? statement.execute({change.after->qty, change.after->name, key}) : statement.execute({key});
    if (reply.error) throw std::runtime_error{"execution: " + reply.error->text};
    if (reply.results.front().affected_rows != 1) throw std::runtime_error{"an execution met no row"};
  }

 private:
  Writer& writer_;
  std::vector<Statement> statements_;
};

WayOfWriting binary() {
  return {"binary protocol", [](Writer& writer) -> Write {
            return [&writer, binary = std::make_shared<Binary>(writer)] {
              const auto change = writer.any();
              binary->write(change);
              return Changes{change};
            };
          }};
}

WayOfWriting binary_transaction() {
  return {"binary protocol in a transaction", [](Writer& writer) -> Write {
            return [&writer, binary = std::make_shared<Binary>(writer)] {
              const auto changes = writer.some(3);
              writer.must("BEGIN");
              for (const auto& change : changes) binary->write(change);
              writer.must("COMMIT");
              return changes;
            };
          }};
}

WayOfWriting text() {
  return {"PREPARE, EXECUTE", [](Writer& writer) -> Write {
            writer.must(std::string{"PREPARE put FROM '"} + insert_sql + "'");
            writer.must(std::string{"PREPARE change_it FROM '"} + update_sql + "'");
            writer.must(std::string{"PREPARE remove FROM '"} + delete_sql + "'");
            return [&writer] {
              const auto change = writer.any();
              const auto key = std::to_string(change.key);
              if (!change.after) {
                writer.must("SET @id = " + key);
                writer.write("EXECUTE remove USING @id");
              } else {
                writer.must("SET @qty = " + std::to_string(change.after->qty) + ", @name = '" + change.after->name +
                            "', @id = " + key);
                writer.write(std::string{"EXECUTE "} + (writer.is_there(change.key) ? "change_it" : "put") +
                             " USING @qty, @name, @id");
              }
              return Changes{change};
            };
          }};
}

std::string literal(std::string sql) {
  for (std::size_t at = sql.find('\''); at != std::string::npos; at = sql.find('\'', at + 2)) sql.insert(at, 1, '\'');
  return "'" + sql + "'";
}

Changes from_variable(Writer& writer) {
  const auto change = writer.any();
  writer.must("SET @sql = " + literal(writer.sql(change)));
  writer.must("PREPARE late FROM @sql");
  writer.write("EXECUTE late");
  writer.must("DEALLOCATE PREPARE late");
  return {change};
}

// Reads through a cursor what it has written, and writes between two rows.
WayOfWriting cursor() {
  return {"cursor", [](Writer& writer) -> Write {
            auto select = std::make_shared<Statement>(writer.client().prepare(
                "SELECT id, name FROM orders WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 20"));
            return [&writer, select] {
              const auto latest = writer.insertion();
              const auto first = latest.key - latest.key % 1'000'000;
              select->open_cursor({static_cast<std::int64_t>(first), static_cast<std::int64_t>(latest.key)});
              writer.write(latest);
              std::size_t rows = 0;
              for (auto row = select->fetch(); row; row = select->fetch(), ++rows) {
                const auto key = std::stoull(row->at(0).value());
                if (!writer.is_there(key) || writer.ledger().expected(key)->name != row->at(1).value()) {
                  throw std::runtime_error{"a cursor gave row " + std::to_string(key) + " as " + row->at(1).value()};
                }
              }
              const auto expected = std::min<std::size_t>(latest.key - first, rows_of_cursor);
              if (rows != expected) throw std::runtime_error{"a cursor gave " + std::to_string(rows) + " rows"};
              select->close_cursor();
              return Changes{latest};
            };
          }};
}

}  // namespace

Ways with_prepared_statements(Kind server) {
  Ways ways{binary(), binary_transaction(), text(), way("PREPARE FROM a variable", from_variable),
            cursor(), slow_transaction()};
  if (server == Kind::mariadb) {
    ways.push_back(way("EXECUTE IMMEDIATE", [](Writer& writer) {
      const auto change = writer.any();
      writer.write("EXECUTE IMMEDIATE " + literal(writer.sql(change)));
      return Changes{change};
    }));
  }
  return ways;
}

}  // namespace sluice::test
