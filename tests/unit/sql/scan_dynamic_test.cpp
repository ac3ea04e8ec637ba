// What a statement reaches without naming it: text that is stored elsewhere, names that other statements gave.
#include <gmock/gmock.h>

#include "tests/unit/sql/scan_world.hpp"

namespace sluice::protocol {
namespace {

using namespace std::string_view_literals;

// MariaDB runs compound statements outside of routines; in ORACLE mode these call procedures by their mere names.
TEST(ScanDynamic, HoldsCompoundStatements) {
  expect_all({
      {"BEGIN p1; END", "ww opaque"},
      {"BEGIN p1(); END", "ww opaque"},
      {"BEGIN shop.p1; END", "ww opaque"},
      {"BEGIN `p1`; END", "ww opaque"},
      {"BEGIN <<a>> p1; END", "ww opaque"},
      {"BEGIN NOT ATOMIC p1; END", "ww opaque"},
      {"DECLARE x INT; BEGIN p1; END", "ww opaque"},
      {"IF 1 = 1 THEN p1; END IF", "ww opaque"},
      {"CASE 1 WHEN 1 THEN p1; END CASE", "ww opaque"},
      {"LOOP p1; EXIT; END LOOP", "ww opaque"},
      {"WHILE a < 1 LOOP p1; END LOOP", "ww opaque"},
      {"WHILE a < 1 DO SELECT 1; END WHILE", "ww opaque"},
      {"REPEAT SELECT 1; UNTIL 1 END REPEAT", "ww opaque"},
      {"FOR i IN 1..2 LOOP p1; END LOOP", "ww opaque"},
      {"SELECT 1; BEGIN p1; END", "ww opaque"},
      {"SET STATEMENT max_statement_time = 1 FOR BEGIN NOT ATOMIC SELECT 1; END", "ww opaque"},
      {"BEGIN WORK", "--"},
      {"begin work", "--"},
      {"BEGIN;", "--"},
      {"BEGIN /* x */ -- end", "--"},
      {"SELECT CASE a WHEN 1 THEN 2 END FROM x", "--"},
      {"SELECT CASE a WHEN 1 THEN 2 END FROM orders", "r-"},
      {"SELECT IF(a, b, c) AS `end` FROM x", "--"},
      {"XA BEGIN 'end'", "--"},
      {"XA END 'x'", "--"},
  });
}

// Rows that only the server can read.
TEST(ScanDynamic, HoldsRowEvents) {
  expect_all({
      {"BINLOG 'AAAA'", "ww opaque"},
      {"binlog '\nAAAA\n'", "ww opaque"},
      {"BINLOG @a, @b", "ww opaque"},
      {"/*!*/ BINLOG 'AAAA' /*!*/", "ww opaque"},
      {"SET @@session.a = 1; BINLOG 'AAAA'", "ww opaque"},
      {"PREPARE s FROM 'BINLOG @a, @b'", "ww opaque"},
      {"SHOW BINLOG EVENTS", "--"},
      {"SHOW BINLOG EVENTS IN 'binlog.000001' FROM 4", "--"},
      {"PURGE BINARY LOGS TO 'x'", "--"},
      {"SELECT binlog FROM x", "--"},
  });
}

// A handler is read under the name that it was opened with.
TEST(ScanDynamic, TakesAHandlerForAnyTable) {
  expect_all({
      {"HANDLER orders OPEN AS h", "r-"},
      {"HANDLER crm.people OPEN h", "-r"},
      {"HANDLER x OPEN", "--"},
      {"HANDLER h READ FIRST", "rr"},
      {"HANDLER h READ NEXT LIMIT 3", "rr"},
      {"HANDLER h READ `PRIMARY` = (1)", "rr"},
      {"HANDLER h READ i >= (1, 2) WHERE a = 'x'", "rr"},
      {"handler/**/h/**/read/**/prev", "rr"},
      {"SELECT 1; HANDLER h READ FIRST", "rr"},
      {"HANDLER h CLOSE", "--"},
      {"HANDLER orders CLOSE", "r-"},
      {"CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET a = 1; END", "--"},
  });
}

TEST(ScanDynamic, HoldsTextThatIsReadOtherwise) {
  expect_all({
      {"SET NAMES gbk; SELECT 1 FROM orders", "ww opaque"},
      {"SET CHARACTER SET gbk; SELECT 1 FROM orders", "ww opaque"},
      {"SET CHAR SET gbk; SELECT 1 FROM orders", "ww opaque"},
      {"SET CHARSET gbk; SELECT 1 FROM orders", "ww opaque"},
      {"SET character_set_client = gbk; SELECT 1 FROM orders", "ww opaque"},
      {"SET @@character_set_client = gbk; SELECT 1 FROM orders", "ww opaque"},
      {"SET @@`character_set_client` = gbk; SELECT 1 FROM orders", "ww opaque"},
      {"SET @@session.`character_set_client` = gbk; SELECT 1 FROM orders", "ww opaque"},
      {"SET sql_mode = ''; SELECT 1 FROM orders", "ww opaque"},
      {"SET SESSION sql_mode := ''; SELECT 1 FROM orders", "ww opaque"},
      {"SET `sql_mode` = ''; SELECT 1 FROM orders", "ww opaque"},
      {"SET @@sql_mode = ''; SELECT 1 FROM orders", "ww opaque"},
      {"SET @@`sql_mode` = ''; SELECT 1 FROM orders", "ww opaque"},
      {"SET @@LOCAL.sql_mode = ''; SELECT 1 FROM orders", "ww opaque"},
      {"SET @a = 1, @@SQL_MODE = ''; SELECT 1 FROM orders", "ww opaque"},
      {"SET sql_mode = ''; COMMIT", "--"},
      {"SET NAMES gbk;", "--"},
      {"SELECT '\\''; SET @@`sql_mode` = 'NO_BACKSLASH_ESCAPES'; SELECT '\\' , a FROM orders -- '", "ww opaque"},
  });
}

}  // namespace
}  // namespace sluice::protocol
