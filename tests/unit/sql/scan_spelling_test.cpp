// The many ways to write a name, or to seem to.
#include <gmock/gmock.h>

#include "tests/unit/sql/scan_world.hpp"

namespace sluice::protocol {
namespace {

TEST(ScanSpelling, SeesThroughComments) {
  expect_all({
      {"UPDATE/**/orders SET a = 1", "w-"},
      {"UPDATE/* x */orders/* y */SET a = 1", "w-"},
      {"UPDATE -- x\norders SET a = 1", "w-"},
      {"UPDATE --\torders\norders SET a = 1", "w-"},
      {"UPDATE # x\norders SET a = 1", "w-"},
      {"SELECT 1 -- orders", "--"},
      {"SELECT 1 --", "--"},
      {"SELECT 1 # orders", "--"},
      {"SELECT 1 /* orders */", "--"},
      {"SELECT /*/ orders */ 1", "--"},
      {"SELECT 5--orders FROM x", "r-"},
      {"SELECT /*+ NO_INDEX_MERGE(orders) */ 1 FROM x", "--"},
      {"SELECT /*+ QB_NAME(`a*/`) */ 1 FROM orders", "ww opaque"},
      {"/* x */ -- y\n # z\n UPDATE orders SET a = 1", "w-"},
      {"shop/**/./**/orders", "w-"},
      {"SELECT 1 FROM `other`/* x */./* y */orders", "--"},
      {"SELECT 1 /* /* orders */ FROM orders", "r-"},
  });
}

TEST(ScanSpelling, ReadsCodeCommentsBothWays) {
  expect_all({
      {"/*! UPDATE orders SET a = 1 */", "w-"},
      {"/*!50000 UPDATE orders SET a = 1 */", "w-"},
      {"/*!50000UPDATE orders SET a = 1*/", "w-"},
      {"/*!500000UPDATE orders SET a = 1*/", "ww opaque"},
      {"/*!500 UPDATE orders SET a = 1*/", "ww opaque"},
      {"/*!99999 UPDATE orders SET a = 1 */", "w-"},
      {"/*!080013 UPDATE orders SET a = 1 */", "w-"},
      {"/*M! UPDATE orders SET a = 1 */", "w-"},
      {"/*M!100000 UPDATE orders SET a = 1 */", "w-"},
      {"UPDATE /*! orders */ SET a = 1", "w-"},
      {"UPDATE /*!orders*/ SET a = 1", "w-"},
      {"UPDATE /*!50000orders*/ SET a = 1", "w-"},
      {"UPDATE /*!99999 other. */ orders SET a = 1", "w-"},
      {"UPDATE /*!99999 x, */ other.orders SET a = 1", "--"},
      {"UPDATE /*!50000 shop. */ /*!99999 other. */ orders SET a = 1", "w-"},
      {"/*!99999 USE other */; UPDATE orders SET a = 1", "w-"},
      {"/*!99999 ' */ UPDATE orders SET a = 1 /*!99999 ' */", "ww opaque"},
      {"/*! SELECT 1 -- */ FROM orders\n*/", "ww opaque"},
      {"/*! SELECT 1 /* x */ FROM orders */", "ww opaque"},
      {"SELECT 1 /*!50000 FROM x */", "--"},
      {"/*!50000EXECUTE s*/", "ww opaque"},
      {"/*!40101 SET NAMES utf8 */", "--"},
  });
}

TEST(ScanSpelling, KnowsLiterals) {
  expect_all({
      {"SELECT 'orders'", "--"},
      {"SELECT 'UPDATE orders SET a = 1'", "--"},
      {"SELECT 'a''orders' FROM x", "--"},
      {"SELECT N'orders', _utf8'orders', x'00', b'1'", "--"},
      {"SELECT @orders", "--"},
      {"SET @orders = 1", "--"},
      {"SELECT @`orders`, @'orders', @@orders", "--"},
      {"SELECT 'a' FROM orders", "r-"},
      {"SELECT '' FROM orders WHERE a = ''", "r-"},
      {"SELECT '''' FROM orders", "r-"},
      {"SELECT 0xAB, 1e5, .5 FROM orders", "r-"},
      {"SELECT 1e5FROM orders", "r-"},
      {"SELECT '/*' FROM orders", "r-"},
      {"SELECT '-- ' FROM orders", "r-"},
      {"SELECT `/*` FROM orders", "r-"},
  });
}

TEST(ScanSpelling, ReadsBackslashesBothWays) {
  expect_all({
      {"SELECT 'it\\'s' FROM x", "--"},                  // either reading: nothing is named
      {"SELECT '\\' FROM orders WHERE a = '\\'", "r-"},  // a name only with NO_BACKSLASH_ESCAPES
      {"SELECT '\u8336 it\\'s' FROM x", "--"},
      {"SELECT '\\' , ' FROM x, orders WHERE a = \\''", "r-"},  // ends in one reading only
      {"SELECT 'a\\\\' FROM orders", "r-"},
      {"SELECT '\\'' FROM orders", "r-"},  // without escapes the last quote opens a literal
  });
}

TEST(ScanSpelling, ReadsDoubleQuotesBothWays) {
  expect_all({
      {"UPDATE \"orders\" SET a = 1", "w-"},
      {"UPDATE \"shop\".\"orders\" SET a = 1", "w-"},
      {"UPDATE \"other\".\"orders\" SET a = 1", "--"},
      {"SELECT \"UPDATE orders\" FROM x", "--"},
      {"SELECT \"a\"\"orders\" FROM x", "--"},
      {"SELECT \"\\\", orders, \"\\\" FROM x", "r-"},
      {"USE \"crm\"; UPDATE orders SET a = 1", "w-"},
  });
}

TEST(ScanSpelling, FindsNamesThatNeedQuotes) {
  const TargetIndex odd({{{"my shop", "line items", {}}, {"my shop", "tick`tock", {}}, {"my shop", "1", {}}}});
  const auto touched = [&odd](const char* sql) {
    return !scan(sql, {.database = "x", .charset = ClientCharset::utf8}, odd).touches.empty();
  };
  EXPECT_TRUE(touched("UPDATE `my shop`.`line items` SET a = 1"));
  EXPECT_TRUE(touched("UPDATE `my shop`.\"Line Items\" SET a = 1"));
  EXPECT_TRUE(touched("UPDATE `my shop`.`tick``tock` SET a = 1"));
  EXPECT_TRUE(touched("UPDATE `my shop`.1 SET a = 1"));
  EXPECT_FALSE(touched("UPDATE `my shop`.`line` SET a = 1"));
  EXPECT_FALSE(touched("UPDATE `line items` SET a = 1"));
}

TEST(ScanSpelling, FoldsNamesAsTheServerMight) {
  const TargetIndex index({{{"bar", "caf\u00e9", {}}, {"bar", "kilo", {}}}});
  const auto touched = [&index](const char* sql, ClientCharset charset = ClientCharset::utf8) {
    return !scan(sql, {.database = "bar", .charset = charset}, index).touches.empty();
  };
  EXPECT_TRUE(touched("SELECT * FROM caf\u00e9"));
  EXPECT_TRUE(touched("SELECT * FROM CAF\u00c9"));
  EXPECT_TRUE(touched("SELECT * FROM cafe"));       // utf8mb3_general_ci
  EXPECT_TRUE(touched("SELECT * FROM \u212Ailo"));  // the Kelvin sign is a k
  EXPECT_FALSE(touched("SELECT * FROM cafeteria"));
  EXPECT_FALSE(touched("SELECT * FROM caf"));
  EXPECT_FALSE(touched("SELECT * FROM \u8336\u5e97"));
  EXPECT_FALSE(touched("SELECT '\u00e9' FROM tea"));
  EXPECT_TRUE(touched("SELECT * FROM caf\xE9", ClientCharset::ascii_compatible));
  EXPECT_FALSE(touched("SELECT '\xE9' FROM tea", ClientCharset::ascii_compatible));
}

TEST(ScanSpelling, HoldsHighBytesWhoseMeaningIsUnclear) {
  const auto in = [](ClientCharset charset, const char* sql) {
    return line_of(scan(sql, {.database = "shop", .charset = charset}, some_routines()));
  };
  EXPECT_EQ(in(ClientCharset::ambiguous, "SELECT 'a' FROM x"), "--");
  EXPECT_EQ(in(ClientCharset::ambiguous, "UPDATE orders SET a = 'a'"), "w-");
  EXPECT_EQ(in(ClientCharset::ambiguous, "SELECT '\xbf\\', orders, ' FROM x"), "ww opaque");
  EXPECT_EQ(in(ClientCharset::ascii_compatible, "SELECT '\xbf' FROM x"), "--");
  EXPECT_EQ(in(ClientCharset::ascii_compatible, "EXECUTE\xa0s"), "ww opaque");  // a space in latin1
  EXPECT_EQ(in(ClientCharset::utf8, "SELECT '\xbf' FROM x"), "--");
  EXPECT_EQ(in(ClientCharset::utf8, "INSERT INTO x VALUES ('\xbf\\'\xff')"), "--");
  EXPECT_EQ(in(ClientCharset::utf8, "EXECUTE\xbf x"), "ww opaque");
  EXPECT_EQ(in(ClientCharset::utf8, "UPDATE orders\xbf SET a = 1"), "ww opaque");
  EXPECT_EQ(in(ClientCharset::utf8, "SELECT '\u8336' FROM orders"), "r-");
}

}  // namespace
}  // namespace sluice::protocol
