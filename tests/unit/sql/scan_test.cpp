#include <gmock/gmock.h>

#include "tests/unit/sql/scan_world.hpp"

namespace sluice::protocol {
namespace {

TEST(Scan, LeavesStatementsAloneThatDoNotNameTheTable) {
  expect_all({
      {"", "--"},
      {" ", "--"},
      {";", "--"},
      {"SELECT 1", "--"},
      {"SELECT * FROM customers", "--"},
      {"INSERT INTO log VALUES (1, 'x')", "--"},
      {"UPDATE orders_archive SET a = 1", "--"},
      {"UPDATE my_orders SET a = 1", "--"},
      {"UPDATE orders2 SET a = 1", "--"},
      {"UPDATE `orders ` SET a = 1", "--"},
      {"BEGIN", "--"},
      {"START TRANSACTION", "--"},
      {"COMMIT", "--"},
      {"COMMIT AND CHAIN", "--"},
      {"ROLLBACK", "--"},
      {"ROLLBACK TO SAVEPOINT s1", "--"},
      {"SAVEPOINT s1", "--"},
      {"RELEASE SAVEPOINT s1", "--"},
      {"SET autocommit = 0", "--"},
      {"SET NAMES utf8mb4", "--"},
      {"SET @a = 1", "--"},
      {"SHOW TABLES", "--"},
      {"SHOW WARNINGS", "--"},
      {"SHOW CREATE TABLE customers", "--"},
      {"USE shop", "--"},
      {"DO SLEEP(0)", "--"},
      {"SELECT SLEEP(1)", "--"},
      {"FLUSH TABLES", "--"},
      {"FLUSH PRIVILEGES", "--"},
      {"DROP TABLE customers", "--"},
      {"DROP DATABASE other", "--"},
      {"DROP VIEW IF EXISTS x", "--"},
      {"ALTER TABLE customers ADD COLUMN a INT", "--"},
      {"CREATE TABLE customers (a INT)", "--"},
      {"ANALYZE TABLE customers", "--"},
  });
}

TEST(Scan, KnowsReads) {
  expect_all({
      {"SELECT * FROM orders", "r-"},
      {"select * from ORDERS", "r-"},
      {"SELECT * FROM `orders`", "r-"},
      {"SELECT * FROM shop.orders", "r-"},
      {"SELECT * FROM `shop`.`orders`", "r-"},
      {"SELECT * FROM shop . orders", "r-"},
      {"SELECT * FROM .orders", "r-"},
      {"SELECT * FROM SHOP.Orders o", "r-"},
      {"(SELECT * FROM orders)", "r-"},
      {"((SELECT a FROM orders) UNION (SELECT b FROM x))", "r-"},
      {"SELECT orders.id FROM x", "r-"},
      {"SELECT shop.orders.id FROM x", "r-"},
      {"SELECT * FROM x JOIN orders USING (id)", "r-"},
      {"SELECT * FROM x, orders", "r-"},
      {"SELECT * FROM x WHERE a IN (SELECT id FROM orders)", "r-"},
      {"SELECT * FROM x WHERE a = 1.UNION SELECT * FROM orders", "r-"},
      {"SELECT 1.FROM orders", "r-"},
      {"SELECT a FROM orders INTO OUTFILE '/tmp/x'", "r-"},
      {"SELECT a INTO @a FROM orders", "r-"},
      {"SELECT * FROM orders, crm.people", "rr"},
      {"SELECT REPLACE(a, 'x', 'y') FROM orders", "r-"},
      {"SELECT * FROM v_orders", "r-"},
      {"SELECT * FROM v_orders WHERE a IN (1, 2)", "r-"},
      {"SELECT * FROM crm.parent", "r-"},
      {"TABLE orders", "r-"},
      {"TABLE orders ORDER BY a LIMIT 1", "r-"},
      {"VALUES ROW(1, (SELECT MAX(a) FROM orders))", "r-"},
      {"WITH x AS (SELECT * FROM orders) SELECT * FROM x", "r-"},
      {"WITH RECURSIVE x AS (SELECT 1 UNION SELECT a FROM orders) SELECT * FROM x", "r-"},
      {"SHOW CREATE TABLE orders", "r-"},
      {"SHOW COLUMNS FROM orders", "r-"},
      {"SHOW INDEX FROM shop.orders", "r-"},
      {"DESCRIBE orders", "r-"},
      {"DESC orders", "r-"},
      {"EXPLAIN orders", "r-"},
      {"EXPLAIN SELECT * FROM orders", "r-"},
      {"EXPLAIN UPDATE orders SET a = 1", "r-"},
      {"EXPLAIN ANALYZE SELECT * FROM orders", "r-"},
      {"CHECK TABLE orders", "r-"},
      {"CHECKSUM TABLE orders", "r-"},
      {"HANDLER orders READ FIRST", "rr"},
      {"HANDLER orders OPEN", "r-"},
      {"HELP 'orders'", "--"},
  });
}

TEST(Scan, KnowsWrites) {
  expect_all({
      {"INSERT INTO orders VALUES (1)", "w-"},
      {"INSERT orders VALUES (1)", "w-"},
      {"INSERT IGNORE INTO shop.orders (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 2", "w-"},
      {"INSERT INTO x SELECT * FROM orders", "w-"},
      {"INSERT INTO orders SET a = 1", "w-"},
      {"INSERT INTO orders TABLE x", "w-"},
      {"REPLACE INTO orders VALUES (1)", "w-"},
      {"REPLACE orders VALUES (1)", "w-"},
      {"UPDATE orders SET a = 1", "w-"},
      {"UPDATE LOW_PRIORITY orders SET a = 1", "w-"},
      {"UPDATE x, orders SET x.a = orders.a", "w-"},
      {"UPDATE x JOIN orders USING (a) SET x.b = 1", "w-"},
      {"UPDATE crm.people, orders SET a = 1", "ww"},
      {"DELETE FROM orders", "w-"},
      {"DELETE orders FROM orders JOIN x USING (a)", "w-"},
      {"DELETE FROM x USING x JOIN orders ON x.a = orders.a", "w-"},
      {"DELETE o FROM x, orders AS o", "w-"},
      {"UPDATE v_orders SET a = 1", "w-"},
      {"DELETE FROM crm.parent WHERE id = 1", "w-"},
      {"LOAD DATA LOCAL INFILE 'f' INTO TABLE orders", "w-"},
      {"LOAD DATA INFILE 'f' REPLACE INTO TABLE shop.orders", "w-"},
      {"LOAD XML INFILE 'f' INTO TABLE orders", "w-"},
      {"SELECT * FROM orders FOR UPDATE", "w-"},
      {"SELECT * FROM orders FOR UPDATE NOWAIT", "w-"},
      {"SELECT * FROM orders FOR SHARE", "w-"},
      {"SELECT * FROM orders LOCK IN SHARE MODE", "w-"},
      {"SELECT * FROM x, orders FOR UPDATE OF x", "w-"},
      {"SELECT close_order(1)", "w-"},
      {"SELECT shop.close_order (1) FROM x", "w-"},
      {"DO close_order(1)", "w-"},
      {"SET @a = close_order(1)", "w-"},
      {"SET @a = (SELECT MAX(a) FROM orders)", "w-"},
      {"WITH x AS (SELECT * FROM orders) UPDATE y, x SET y.a = x.a", "w-"},
      {"WITH x AS (SELECT 1) DELETE FROM orders", "w-"},
      {"EXPLAIN ANALYZE UPDATE orders SET a = 1", "w-"},
      {"ANALYZE UPDATE orders SET a = 1", "w-"},
      {"ANALYZE FORMAT=JSON SELECT * FROM orders", "w-"},
      {"OPTIMIZE TABLE orders", "w-"},
      {"ANALYZE TABLE orders", "w-"},
      {"REPAIR TABLE orders", "w-"},
      {"FLUSH TABLES orders", "w-"},
      {"LOCK TABLES orders WRITE", "w-"},
      {"LOCK TABLES x READ, orders READ", "w-"},
      {"LOCK TABLE shop.orders AS o WRITE", "w-"},
      {"FLUSH TABLES orders WITH READ LOCK", "w-"},
      {"FLUSH TABLES orders FOR EXPORT", "w-"},
      {"GRANT SELECT ON orders TO u", "w-"},
      {"CACHE INDEX orders IN hot", "w-"},
      {"SET STATEMENT max_statement_time = 1 FOR DELETE FROM orders", "w-"},
      {"SET STATEMENT max_statement_time = 1 FOR SELECT * FROM orders", "r-"},
      {"BEGIN NOT ATOMIC IF 1 THEN DELETE FROM orders; END IF; END", "ww opaque"},
      {"BEGIN NOT ATOMIC SELECT 1; DELETE FROM orders; END", "ww opaque"},
      {"FROBNICATE orders", "w-"},
  });
}

TEST(Scan, KnowsDdlThatChangesTheTableItself) {
  expect_all({
      {"ALTER TABLE orders ADD COLUMN a INT", "d-"},
      {"ALTER TABLE shop.orders ADD COLUMN a INT", "d-"},
      {"ALTER ONLINE IGNORE TABLE IF EXISTS orders DROP COLUMN a", "d-"},
      {"ALTER TABLE orders RENAME TO x", "d-"},
      {"ALTER TABLE x EXCHANGE PARTITION p WITH TABLE orders", "d-"},
      {"DROP TABLE orders", "d-"},
      {"DROP TABLE IF EXISTS a, b, shop.orders CASCADE", "d-"},
      {"DROP TABLES a, orders", "d-"},
      {"TRUNCATE orders", "d-"},
      {"TRUNCATE TABLE orders", "d-"},
      {"RENAME TABLE orders TO x", "d-"},
      {"RENAME TABLE a TO b, x TO orders", "d-"},
      {"CREATE TABLE orders (a INT)", "d-"},
      {"CREATE TABLE IF NOT EXISTS shop.orders (a INT)", "d-"},
      {"CREATE OR REPLACE TABLE orders (a INT)", "d-"},
      {"CREATE INDEX i ON orders (a)", "d-"},
      {"CREATE UNIQUE INDEX i USING BTREE ON shop.orders (a)", "d-"},
      {"CREATE INDEX IF NOT EXISTS i ON orders (a)", "d-"},
      {"DROP INDEX i ON orders", "d-"},
      {"DROP INDEX IF EXISTS i ON `orders`", "d-"},
      {"CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET @a = 1", "d-"},
      {"CREATE DEFINER=`u`@`%` TRIGGER t AFTER DELETE ON shop.orders FOR EACH ROW SET @a = 1", "d-"},
      {"DROP DATABASE shop", "d-"},
      {"DROP SCHEMA IF EXISTS `SHOP`", "d-"},
      {"DROP DATABASE crm", "-d"},
      {"CREATE OR REPLACE DATABASE shop", "d-"},
      {"CREATE DATABASE IF NOT EXISTS shop", "--"},
      {"ALTER DATABASE shop CHARACTER SET utf8mb4", "--"},
      {"SELECT DATABASE(), SCHEMA() FROM shop.x", "--"},
      {"BEGIN NOT ATOMIC IF 1 THEN DROP DATABASE shop; END IF; END", "dw opaque"},
      {"DROP TABLE orders, crm.people", "dd"},
      {"/*!40000 ALTER TABLE orders DISABLE KEYS */", "d-"},
      {"SET STATEMENT max_statement_time = 1 FOR ALTER TABLE orders FORCE", "d-"},
      {"BEGIN NOT ATOMIC DROP TABLE orders; END", "dw opaque"},
      {"BEGIN NOT ATOMIC SELECT 1; DROP TABLE orders; END", "dw opaque"},
      {"ALTER TABLE orders ADD FOREIGN KEY (p) REFERENCES crm.parent (id)", "d-"},
  });
}

TEST(Scan, KnowsDdlThatOnlyMentionsTheTable) {
  expect_all({
      {"CREATE TABLE x LIKE orders", "r-"},
      {"CREATE TABLE x SELECT * FROM orders", "r-"},
      {"CREATE TABLE x AS SELECT * FROM orders FOR UPDATE", "w-"},
      {"CREATE TABLE x (a INT, FOREIGN KEY (a) REFERENCES orders (id))", "w-"},
      {"CREATE TEMPORARY TABLE orders (a INT)", "w-"},
      {"DROP TEMPORARY TABLE orders", "w-"},
      {"CREATE VIEW x AS SELECT * FROM orders", "r-"},
      {"CREATE OR REPLACE ALGORITHM=MERGE DEFINER=u@h SQL SECURITY DEFINER VIEW x AS SELECT * FROM orders", "r-"},
      {"ALTER VIEW v_orders AS SELECT 1", "r-"},
      {"DROP VIEW v_orders", "r-"},
      {"DROP VIEW x, v_orders", "r-"},
      {"ALTER TABLE x ADD FOREIGN KEY (a) REFERENCES orders (id)", "w-"},
      {"ALTER TABLE x RENAME TO orders", "w-"},
      {"ALTER TABLE x ADD COLUMN orders INT", "w-"},
      {"CREATE INDEX orders ON x (a)", "w-"},
      {"CREATE INDEX i ON x (orders)", "w-"},
      {"CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW DELETE FROM orders", "w-"},
      {"CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW UPDATE y JOIN z ON orders SET a = 1", "w-"},
      {"CREATE PROCEDURE p() DROP TABLE orders", "w-"},
      {"CREATE PROCEDURE p() BEGIN DELETE FROM orders; DROP TABLE orders; END", "w-"},
      {"ALTER TABLE crm.parent ADD COLUMN a INT", "w-"},
      {"DROP TABLE crm.parent", "w-"},
      {"DROP PROCEDURE close_order", "w-"},
      {"RENAME USER orders TO x", "w-"},
  });
}

TEST(Scan, KnowsWhichDatabaseANameBelongsTo) {
  expect_all({
      {"UPDATE other.orders SET a = 1", "--"},
      {"UPDATE `other`.`orders` SET a = 1", "--"},
      {"UPDATE `other` . orders SET a = 1", "--"},
      {"UPDATE other . orders SET a = 1", "w-"},  // for all we know, OTHER is a keyword as in the next line
      {"DELETE QUICK . orders", "w-"},
      {"DELETE QUICK .orders", "w-"},
      {"DELETE QUICK. orders", "w-"},
      {"UPDATE other.crm . orders SET a = 1", "w-"},
      {"SELECT x.orders FROM x", "--"},
      {"UPDATE people SET a = 1", "--"},
      {"UPDATE crm.people SET a = 1", "-w"},
      {"UPDATE shop.people SET a = 1", "--"},
      {"UPDATE crm.orders SET a = 1", "--"},
      {"CALL crm.close_order()", "ww opaque"},
      {"USE crm; UPDATE people SET a = 1", "-w"},
      {"USE crm; UPDATE orders SET a = 1", "--"},
      {"USE `crm`; UPDATE orders, people SET a = 1; USE shop; SELECT * FROM orders", "rw"},
      {"UPDATE orders SET a = 1; USE crm", "w-"},
      {"USE orders", "--"},
      {"USE `sh``op`; UPDATE orders SET a = 1", "--"},
  });
}

TEST(Scan, TakesAnUnknownDatabaseForEveryDatabase) {
  const ScanContext nowhere{.database = std::nullopt, .charset = ClientCharset::utf8};
  EXPECT_EQ(line_of(scan("UPDATE orders SET a = 1", nowhere, some_routines())), "w-");
  EXPECT_EQ(line_of(scan("UPDATE orders, people SET a = 1", nowhere, some_routines())), "ww");
  EXPECT_EQ(line_of(scan("UPDATE other.orders SET a = 1", nowhere, some_routines())), "--");
  const ScanContext none{.database = "", .charset = ClientCharset::utf8};
  EXPECT_EQ(line_of(scan("UPDATE people SET a = 1", none, some_routines())), "-w");
}

TEST(Scan, HoldsWhatItCannotSee) {
  expect_all({
      {"EXECUTE s", "ww opaque"},
      {"execute s using @a", "ww opaque"},
      {"EXECUTE IMMEDIATE 'SELECT 1'", "ww opaque"},
      {"EXECUTE IMMEDIATE CONCAT('a', 'b')", "ww opaque"},
      {"PREPARE s FROM @sql", "ww opaque"},
      {"PREPARE s FROM CONCAT('a', 'b')", "ww opaque"},
      {"PREPARE s FROM 'SELECT 1' || 'x'", "ww opaque"},
      {"PREPARE s FROM 'EXECUTE x'", "ww opaque"},
      {"PREPARE s FROM 'SELECT \\'a\\''", "ww opaque"},
      {"PREPARE s FROM _utf8'SELECT 1'", "ww opaque"},
      {"PREPARE s FROM", "ww opaque"},
      {"SET STATEMENT max_statement_time = 1 FOR EXECUTE s", "ww opaque"},
      {"BEGIN NOT ATOMIC EXECUTE s; END", "ww opaque"},
      {"CALL p()", "ww opaque"},
      {"CALL shop.close_order(1)", "ww opaque"},
      {"SELECT 'orders", "ww opaque"},
      {"SELECT * FROM `orders", "ww opaque"},
      {"SELECT 1 /* orders", "ww opaque"},
      {"SELECT 1 /*! orders", "ww opaque"},
      {"SELECT \"orders", "ww opaque"},
      {"SELECT $$ orders $$", "ww opaque"},
      {"SELECT $x$ ' $x$, a FROM orders", "ww opaque"},
      {"SELECT $$ ' $$", "ww opaque"},
      {"SELECT 1 --\x80 orders", "ww opaque"},
      {"DROP TABLE orders; SELECT '", "dw opaque"},
      {"SET NAMES latin1; SELECT 1 FROM orders", "ww opaque"},
      {"SET sql_mode = 'ANSI_QUOTES'; SELECT 1 FROM orders", "ww opaque"},
      {"SET @@session.character_set_client = gbk; SELECT 1 FROM orders", "ww opaque"},
  });
}

TEST(Scan, ReadsTheTextOfPrepare) {
  expect_all({
      {"PREPARE s FROM 'SELECT 1'", "--"},
      {"PREPARE s FROM 'UPDATE orders SET a = ?'", "w-"},
      {"PREPARE s FROM 'SELECT * FROM orders'", "r-"},
      {"PREPARE s FROM 'SELECT ''x'' FROM orders'", "r-"},
      {"PREPARE s FROM 'UPDATE other.orders SET a = ?'", "--"},
      {"PREPARE s FROM 'ALTER TABLE orders FORCE';", "d-"},
      {"USE crm; PREPARE s FROM 'UPDATE orders, people SET a = ?'", "-w"},
      {"DEALLOCATE PREPARE s", "--"},
      {"DROP PREPARE s", "--"},
  });
}

// XA START, END and PREPARE name no table. XA COMMIT and ROLLBACK finish work whose statements were judged already:
// holding them would keep the very transaction open that a drain waits for.
TEST(Scan, LetsTransactionsOfXaBeginAndEnd) {
  expect_all({
      {"XA START 'x'", "--"},
      {"XA BEGIN 'orders'", "--"},
      {"XA END 'x'", "--"},
      {"XA PREPARE 'x'", "--"},
      {"XA COMMIT 'x' ONE PHASE", "--"},
      {"XA ROLLBACK X'01', X'02', 3", "--"},
      {"XA RECOVER", "--"},
  });
}

TEST(Scan, LockOfAllTablesTouchesAll) {
  expect_all({
      {"FLUSH TABLES WITH READ LOCK", "ww opaque"},
      {"flush local table/**/with read lock;", "ww opaque"},
      {"SELECT 1; FLUSH NO_WRITE_TO_BINLOG TABLES WITH READ LOCK", "ww opaque"},
      {"FLUSH LOCAL TABLES x WITH READ LOCK", "--"},
      {"FLUSH TABLES x, shop.orders WITH READ LOCK", "w-"},
      {"FLUSH TABLES x FOR EXPORT", "--"},
      {"FLUSH TABLES", "--"},
      {"LOCK TABLES x WRITE", "--"},
      {"UNLOCK TABLES", "--"},
      {"LOCK INSTANCE FOR BACKUP", "--"},
      {"SELECT 1 LOCK IN SHARE MODE", "--"},
      {"KILL QUERY 5", "--"},
  });
}

TEST(Scan, JudgesSeveralStatementsAsOne) {
  expect_all({
      {"SELECT 1; UPDATE orders SET a = 1", "w-"},
      {"SELECT * FROM orders; DROP TABLE orders", "d-"},
      {"SELECT * FROM orders;;; SELECT * FROM crm.people;", "rr"},
      {"SELECT ';'; SELECT 1", "--"},
      {"SELECT * FROM orders; SELECT 1 FOR UPDATE", "r-"},
      {"DELIMITER ;", "--"},
  });
}

TEST(Scan, TrustsACallWhenAllRoutinesAreKnown) {
  EXPECT_EQ(scan_in_shop("CALL p()", all_routines()), "--");
  EXPECT_EQ(scan_in_shop("CALL p((SELECT MAX(id) FROM orders))", all_routines()), "w-");
  EXPECT_EQ(scan_in_shop("CALL close_order(1)", all_routines()), "w-");
  EXPECT_EQ(scan_in_shop("CALL shop.close_order", all_routines()), "w-");
  EXPECT_EQ(scan_in_shop("CALL other.close_order(1)", all_routines()), "--");
  EXPECT_EQ(scan_in_shop("EXECUTE s", all_routines()), "ww opaque");
}

TEST(Scan, FindsNothingWhenNothingIsArmed) {
  const TargetIndex nothing({});
  EXPECT_EQ(scan("UPDATE orders SET a = 1", {}, nothing), ScanResult{});
  EXPECT_TRUE(scan("EXECUTE s", {}, nothing).touches.empty());
}

}  // namespace
}  // namespace sluice::protocol
