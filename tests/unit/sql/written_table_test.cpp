#include "protocol/sql/written_table.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol::sql {
namespace {

Writes writes(std::string_view sql, Reading reading = {}) {
  return written_by(sql, {.database = "shop", .table = "orders"}, reading);
}

TEST(WrittenTable, ASelectWritesNothing) {
  for (const char* sql : {"SELECT * FROM items", "(SELECT 1) UNION (SELECT 2)", "SELECT qty FROM orders FOR UPDATE",
                          "WITH a AS (SELECT 1) SELECT * FROM a", "SELECT 'INTO OUTFILE'", "SELECT 1 INTO @x"}) {
    EXPECT_EQ(writes(sql), Writes::nothing) << sql;
  }
}

TEST(WrittenTable, WhereItIsTheTableAlone) {
  for (const char* sql :
       {"INSERT INTO orders VALUES (1)", "insert low_priority ignore `shop`.`orders` SELECT * FROM items",
        "REPLACE orders SET qty = 1", "UPDATE orders AS o SET qty = (SELECT MAX(id) FROM items), name = 'a, b'",
        "UPDATE IGNORE shop.orders PARTITION (p0, p1) SET qty = 1 WHERE id IN (SELECT 1 FROM a JOIN b)",
        "DELETE QUICK FROM orders WHERE id = 1", "DELETE FROM orders ORDER BY a, b LIMIT 1",
        "WITH a AS (SELECT id FROM items) UPDATE orders SET qty = 1 WHERE id IN (SELECT id FROM a)",
        "INSERT /* INTO items */ INTO orders (qty) VALUES (1) ON DUPLICATE KEY UPDATE qty = 1"}) {
    EXPECT_EQ(writes(sql), Writes::the_table) << sql;
  }
}

TEST(WrittenTable, WhereAnotherIsOrMayBe) {
  for (const char* sql :
       {"INSERT INTO items SELECT * FROM orders", "INSERT INTO other.orders VALUES (1)", "DELETE FROM items",
        "UPDATE items, orders SET items.qty = 1", "UPDATE orders JOIN items USING (id) SET items.qty = 1",
        "DELETE items FROM orders JOIN items", "DELETE FROM orders, items USING orders JOIN items",
        "SELECT * FROM orders INTO OUTFILE '/tmp/x'", "WITH a AS (SELECT 1) DELETE FROM items",
        "UPDATE orders SET qty = 'never closed", "CALL p()", "INSERT", ""}) {
    EXPECT_EQ(writes(sql), Writes::elsewhere) << sql;
  }
}

TEST(WrittenTable, NamesAreReadAsTheServerDoes) {
  EXPECT_EQ(writes("DELETE FROM Orders"), Writes::elsewhere);
  const WrittenTable folded{.names = TableRename::Case::is_folded, .database = "shop", .table = "orders"};
  EXPECT_EQ(written_by("DELETE FROM Orders", folded), Writes::the_table);
  EXPECT_EQ(writes("DELETE FROM \"orders\"", {.double_quotes = Reading::DoubleQuotes::identifier}), Writes::the_table);
}

}  // namespace
}  // namespace sluice::protocol::sql
