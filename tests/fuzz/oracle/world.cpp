#include "tests/fuzz/oracle/world.hpp"

#include <stdexcept>

#include "migrator/engine/leads_to.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::oracle {
namespace {

std::string quoted(const Name& name) {
  return migrator::quote({name.database, name.name});
}

std::vector<Name> with(std::vector<Name> names, const std::vector<Name>& more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

const std::vector<Name> updatable_views{{"shop", "v_orders"}, {"shop", "v_v"}, {"crm", "v_people"}};
const std::vector<Name> other_views{{"shop", "v_joined"}, {"shop", "v_calc"}, {"crm", "v_far"}};

// All routines and triggers, in their order.
constexpr const char* code[] = {
    "CREATE VIEW shop.v_orders AS SELECT id, n, s FROM shop.orders",
    "CREATE VIEW shop.v_v AS SELECT id, n, s FROM shop.v_orders WHERE id > 0",
    "CREATE VIEW crm.v_people AS SELECT id, n, s FROM crm.people",
    "CREATE VIEW shop.v_joined AS SELECT o.id, i.n, i.s FROM shop.orders o JOIN shop.items i ON o.id = i.id",
    "CREATE VIEW crm.v_far AS SELECT a.id, a.n, a.s FROM shop.v_joined a, shop.`tick``tock` b WHERE a.id = b.id",
    "CREATE FUNCTION shop.f_touch(x INT) RETURNS INT BEGIN UPDATE crm.people SET n = n + 1 WHERE id = x; RETURN x; END",
    "CREATE FUNCTION shop.f_count() RETURNS INT RETURN (SELECT COUNT(*) FROM shop.`line items`)",
    "CREATE VIEW shop.v_calc AS SELECT id, shop.f_touch(id) AS n, s FROM shop.items",
    "CREATE PROCEDURE shop.p_work() UPDATE shop.orders SET n = n + 1 WHERE id = 1",
    "CREATE PROCEDURE crm.p_text() BEGIN PREPARE q FROM 'UPDATE shop.items SET n = n + 1 WHERE id = 2'; EXECUTE q; "
    "DEALLOCATE PREPARE q; END",
    "CREATE FUNCTION crm.f_chain() RETURNS INT BEGIN CALL shop.p_work(); RETURN 1; END",
    "CREATE TRIGGER shop.t_audited AFTER UPDATE ON shop.audited FOR EACH ROW INSERT INTO shop.trail (n) VALUES "
    "(NEW.id)",
    "CREATE TRIGGER crm.t_orders BEFORE INSERT ON crm.orders FOR EACH ROW SET NEW.n = crm.f_chain()",
};

void rows_into(test::TestClient& client, const Name& table) {
  client.must("INSERT INTO " + quoted(table) +
              " (id, n, s) VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c'), (4, NULL, '')");
}

}  // namespace

const std::vector<Name>& base_tables() {
  static const std::vector<Name> tables{
      {"shop", "orders"}, {"shop", "items"},     {"shop", "line items"}, {"shop", "tick`tock"}, {"shop", "a?b"},
      {"shop", "5t"},     {"shop", "rank"},      {"shop", "parent"},     {"shop", "child"},     {"shop", "audited"},
      {"shop", "trail"},  {"shop", "caf\u00e9"}, {"crm", "orders"},      {"crm", "people"}};
  return tables;
}

const std::vector<Name>& readable_names() {
  static const std::vector<Name> names = with(with(base_tables(), updatable_views), other_views);
  return names;
}

const std::vector<Name>& writable_names() {
  static const std::vector<Name> names = with(base_tables(), updatable_views);
  return names;
}

const std::vector<Name>& functions() {
  static const std::vector<Name> names{{"shop", "f_touch"}, {"shop", "f_count"}, {"crm", "f_chain"}};
  return names;
}

const std::vector<Name>& procedures() {
  static const std::vector<Name> names{{"shop", "p_work"}, {"crm", "p_text"}};
  return names;
}

void build_world(test::TestClient& client, test::Kind kind) {
  for (const char* database : {"shop", "crm"}) client.must("CREATE DATABASE " + std::string(database));
  for (const Name& table : base_tables()) {
    const std::string reference =
        table.name == "child" ? ", FOREIGN KEY (n) REFERENCES shop.parent (id) ON DELETE CASCADE ON UPDATE CASCADE"
                              : "";
    client.must("CREATE TABLE " + quoted(table) +
                " (id INT PRIMARY KEY AUTO_INCREMENT, n INT, s VARCHAR(100), KEY k (n)" + reference + ")");
    if (table.name != "child") rows_into(client, table);
  }
  rows_into(client, {"shop", "child"});
  for (const char* sql : code) client.must(sql);
  if (kind == test::Kind::mysql) {
    client.must(
        "CREATE JSON RELATIONAL DUALITY VIEW shop.d_items AS SELECT JSON_DUALITY_OBJECT("
        "WITH(INSERT, UPDATE, DELETE) '_id': id, 'n': n) FROM shop.items");
  } else {
    client.must("SET sql_mode = ORACLE");
    client.must("CREATE PACKAGE shop.pk AS FUNCTION f RETURN INT; END");
    client.must(
        "CREATE PACKAGE BODY shop.pk AS FUNCTION f RETURN INT AS BEGIN UPDATE crm.people SET n = 0 WHERE id = 1;"
        " RETURN 1; END; END");
    client.must("SET sql_mode = DEFAULT");
  }
}

void refill(test::TestClient& client) {
  client.must("SET SESSION foreign_key_checks = 0");
  for (const Name& table : base_tables()) {
    client.must("BEGIN");
    client.must("DELETE FROM " + quoted(table));
    rows_into(client, table);
    client.must("COMMIT");
  }
}

std::vector<gate::ArmedSet> armed_one_by_one(const test::TestServer& server) {
  auto connection = migrator::Connection::connect({.host = "127.0.0.1", .port = server.port(), .user = "root"});
  if (!connection) throw std::runtime_error{"no connection: " + describe(connection.error())};
  std::vector<gate::ArmedSet> sets;
  for (const Name& table : base_tables()) {
    auto targets =
        migrator::names_that_lead_to(*connection, {table.database, table.name}, migrator::Relatives::included);
    if (!targets) throw std::runtime_error{"no names: " + describe(targets.error())};
    sets.push_back({.epoch = 1, .tables = {{{table.database, table.name}, std::move(*targets)}}});
  }
  return sets;
}

}  // namespace sluice::oracle
