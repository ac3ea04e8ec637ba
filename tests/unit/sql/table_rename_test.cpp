// A statement about orders as one about _orders_gho.
#include "protocol/sql/table_rename.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol::sql {
namespace {

TableRename to_shadow() {
  return {.database = "shop", .from = "orders", .to = "`_orders_gho`"};
}

std::string renamed(std::string_view sql, const TableRename& rename = to_shadow(), Reading reading = {}) {
  return with_table_renamed(sql, rename, reading);
}

TEST(TableRename, WhereverTheTableIsNamed) {
  EXPECT_EQ(renamed("SELECT * FROM orders"), "SELECT * FROM `_orders_gho`");
  EXPECT_EQ(renamed("SELECT * FROM `orders` WHERE id=1"), "SELECT * FROM `_orders_gho` WHERE id=1");
  EXPECT_EQ(renamed("INSERT INTO orders(id) VALUES (1)"), "INSERT INTO `_orders_gho`(id) VALUES (1)");
  EXPECT_EQ(renamed("UPDATE orders SET qty=2"), "UPDATE `_orders_gho` SET qty=2");
  EXPECT_EQ(renamed("SELECT 1 FROM items JOIN orders o USING (id)"),
            "SELECT 1 FROM items JOIN `_orders_gho` o USING (id)");
  EXPECT_EQ(renamed("SELECT 1 FROM (items, orders)"), "SELECT 1 FROM (items, `_orders_gho`)");
}

TEST(TableRename, WithItsDatabaseInFront) {
  EXPECT_EQ(renamed("SELECT 1 FROM shop.orders"), "SELECT 1 FROM shop.`_orders_gho`");
  EXPECT_EQ(renamed("SELECT `shop` . `orders`.`id` FROM shop.orders"),
            "SELECT `shop` . `_orders_gho`.`id` FROM shop.`_orders_gho`");
  EXPECT_EQ(renamed("SELECT 1 FROM archive.orders"), "SELECT 1 FROM archive.orders");
}

TEST(TableRename, InFrontOfItsColumns) {
  EXPECT_EQ(renamed("SELECT orders.id, o.orders FROM orders, o WHERE orders.id = o.id"),
            "SELECT `_orders_gho`.id, o.orders FROM `_orders_gho`, o WHERE `_orders_gho`.id = o.id");
  EXPECT_EQ(renamed("DELETE orders FROM orders"), "DELETE `_orders_gho` FROM `_orders_gho`");
}

TEST(TableRename, NeverInStringsAndComments) {
  EXPECT_EQ(renamed("SELECT 'orders', \"orders\" /* orders */ FROM orders -- orders"),
            "SELECT 'orders', \"orders\" /* orders */ FROM `_orders_gho` -- orders");
  EXPECT_EQ(renamed("SELECT 'it''s from orders', '\\' from orders' FROM orders"),
            "SELECT 'it''s from orders', '\\' from orders' FROM `_orders_gho`");
  EXPECT_EQ(renamed("SELECT 1 FROM t # FROM orders\n"), "SELECT 1 FROM t # FROM orders\n");
}

TEST(TableRename, WhereverAPlaceholderStands) {
  EXPECT_EQ(renamed("SELECT {table}.qty FROM {table}"), "SELECT `_orders_gho`.qty FROM `_orders_gho`");
  EXPECT_EQ(renamed("SELECT '{table}', {d '2024-01-01'} FROM {table} -- {table}"),
            "SELECT '{table}', {d '2024-01-01'} FROM `_orders_gho` -- {table}");
  EXPECT_EQ(renamed("SELECT { table } FROM {tables}"), "SELECT { table } FROM {tables}");
}

TEST(TableRename, OnlyWholeNames) {
  EXPECT_EQ(renamed("SELECT orders_id, my_orders FROM orders2, @orders"),
            "SELECT orders_id, my_orders FROM orders2, @orders");
  EXPECT_EQ(renamed("SELECT orders(1) FROM t"), "SELECT orders(1) FROM t") << "a function";
}

TEST(TableRename, CaseCountsWhereItDoesAtTheServer) {
  EXPECT_EQ(renamed("SELECT 1 FROM Orders"), "SELECT 1 FROM Orders");
  auto folded = to_shadow();
  folded.names = TableRename::Case::is_folded;
  EXPECT_EQ(renamed("SELECT 1 FROM Orders", folded), "SELECT 1 FROM `_orders_gho`");
}

TEST(TableRename, AColumnOfTheSameNameStays) {
  auto namesake = to_shadow();
  namesake.namesake = TableRename::Namesake::column;
  EXPECT_EQ(renamed("SELECT orders FROM orders WHERE orders > 1 ORDER BY orders", namesake),
            "SELECT orders FROM `_orders_gho` WHERE orders > 1 ORDER BY orders");
  EXPECT_EQ(renamed("SELECT 1 FROM items, orders WHERE f(orders)", namesake),
            "SELECT 1 FROM items, `_orders_gho` WHERE f(orders)");
  EXPECT_EQ(renamed("INSERT INTO orders (orders) VALUES (1)", namesake),
            "INSERT INTO `_orders_gho` (orders) VALUES (1)");
  EXPECT_EQ(renamed("UPDATE LOW_PRIORITY orders SET orders=orders+1", namesake),
            "UPDATE LOW_PRIORITY `_orders_gho` SET orders=orders+1");
}

TEST(TableRename, ADatabaseOfTheSameNameStays) {
  const TableRename rename{.database = "orders", .from = "orders", .to = "`_orders_gho`"};
  EXPECT_EQ(renamed("SELECT orders.orders.id FROM orders.orders", rename),
            "SELECT orders.`_orders_gho`.id FROM orders.`_orders_gho`");
}

TEST(TableRename, QuotesAreReadAsTheSessionDoes) {
  EXPECT_EQ(renamed("SELECT 1 FROM \"orders\"", to_shadow(), {.double_quotes = Reading::DoubleQuotes::identifier}),
            "SELECT 1 FROM `_orders_gho`");
}

TEST(TableRename, WhatNobodyCanReadStays) {
  EXPECT_EQ(renamed("SELECT 1 FROM orders WHERE x = 'open FROM orders"),
            "SELECT 1 FROM `_orders_gho` WHERE x = 'open FROM orders");
  EXPECT_EQ(renamed(""), "");
}

}  // namespace
}  // namespace sluice::protocol::sql
