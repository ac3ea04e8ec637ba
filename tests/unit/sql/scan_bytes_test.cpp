// What bytes alone decide: numbers that end without a space, NUL, multi-byte characters, modes.
#include <gmock/gmock.h>

#include "protocol/sql/text.hpp"
#include "tests/unit/sql/scan_world.hpp"

namespace sluice::protocol {
namespace {

using namespace std::string_view_literals;

TEST(ScanBytes, EndsANumberWhereTheServerDoes) {
  expect_all({
      {"SELECT a FROM orders WHERE b < 1.5FOR UPDATE", "w-"},
      {"SELECT a FROM orders WHERE b < 1.FOR UPDATE", "w-"},
      {"SELECT a FROM orders WHERE b < .5FOR UPDATE", "w-"},
      {"SELECT a FROM orders WHERE b < 1e5FOR UPDATE", "w-"},
      {"SELECT a FROM orders WHERE b < 1E+5FOR UPDATE", "w-"},
      {"SELECT a FROM orders WHERE b < 1.e-5FOR UPDATE", "w-"},
      {"SELECT a FROM orders WHERE b < 1.5e5FOR UPDATE", "w-"},
      {"SELECT a FROM orders WHERE b = \\NFOR UPDATE", "w-"},
      {"SELECT a FROM orders WHERE b = x'41'FOR UPDATE", "w-"},
      {"SELECT a FROM orders WHERE b = 'x'FOR UPDATE", "w-"},
      {"SET STATEMENT max_statement_time = 1.5FOR DROP TABLE orders", "d-"},
      {"SELECT 1.5FROM orders", "r-"},
      {"SELECT 1e5orders", "r-"},       // an alias, where a name may stand
      {"SELECT 1orders FROM x", "--"},  // one name
      {"SELECT 0x1orders FROM x", "--"},
      {"SELECT 0x1e5orders FROM x", "--"},
      {"SELECT x.1e5orders FROM x", "--"},
      {"SELECT 1 FROM orders.5", "r-"},
      {"SELECT a.5, .5e1 FROM orders", "r-"},
  });
  const TargetIndex index({{{"5shop", "1e5", {}}, {"5shop", "1e5x", {}}, {"5shop", "5", {}}}});
  const auto touched = [&index](const char* sql) {
    return !scan(sql, {.database = "x", .charset = ClientCharset::utf8}, index).touches.empty();
  };
  EXPECT_TRUE(touched("SELECT * FROM 5shop.1e5"));
  EXPECT_TRUE(touched("SELECT * FROM 5shop.1e5x"));
  EXPECT_TRUE(touched("SELECT * FROM 5shop.5"));
  EXPECT_TRUE(touched("SELECT * FROM 5shop . 5"));
  EXPECT_TRUE(touched("SELECT * FROM `5shop`.`1e5`"));
  EXPECT_FALSE(touched("SELECT 1.5, 5 FROM y"));
}

TEST(ScanBytes, SeesANameDirectlyBehindANumberAtAGlance) {
  const TargetIndex index({{{"shop", "orders", {}}}});
  ASSERT_FALSE(index.has_irregular_name());
  for (const std::string number : {".5", "1.5", "1e5", ".5e5", "1.5E5", "1e+5", "1.5e-5"}) {
    const auto sql = "UPDATE " + number + "orders SET a = 1";
    EXPECT_FALSE(scan(sql, {.database = "shop", .charset = ClientCharset::utf8}, index).touches.empty()) << sql;
  }
}

// MariaDB takes ".name" for a table of the default database, and the word before the dot need not stand apart.
TEST(ScanBytes, KnowsNamesThatBeginWithADot) {
  expect_all({
      {"SELECT * FROM.`orders`", "r-"},
      {"SELECT * FROM.\"orders\"", "r-"},
      {"SELECT * FROM x JOIN.`orders`", "r-"},
      {"UPDATE.`orders` SET a = 1", "w-"},
      {"DELETE FROM/**/.`orders`", "w-"},
      {"INSERT INTO.`orders` VALUES (1)", "w-"},
      {"DROP TABLE.`orders`", "d-"},
      {"SELECT * FROM x,.`orders`", "r-"},
      {"SELECT * FROM (.orders)", "r-"},
      {"SELECT * FROM other.`orders`", "r-"},  // for all we know, OTHER is a keyword
      {"SELECT * FROM `other`.`orders`", "--"},
      {"SELECT * FROM other.orders", "--"},
      {"SELECT * FROM .`people`", "--"},
  });
}

TEST(ScanBytes, TakesABrokenCommentOrTextForAnything) {
  expect_all({
      {"UPDATE x SET a = 1 /* orders", "ww opaque"},
      {"SELECT 1 /*! FROM orders", "ww opaque"},
      {"SELECT 1 /*M!100000 FROM orders", "ww opaque"},
      {"SELECT 'a' 'orders", "ww opaque"},
      {"SELECT * FROM `x`` , orders", "ww opaque"},
      {"/*! SELECT /* a */ 1 FROM orders */", "ww opaque"},
      {"/*!99999 SELECT '*/ orders '*/", "ww opaque"},
      {"SELECT 1 */ FROM orders", "r-"},
      {"SELECT 2*/**/3 FROM orders", "r-"},
      {"SELECT 1 /**/ /* */ FROM /***/ orders /*/ */", "r-"},
      {"SELECT 1 -- \\\n FROM orders", "r-"},
      {"SELECT 1 --\r\n FROM orders", "r-"},
      {"SELECT 1 --orders\n FROM x", "r-"},
      {"SELECT 1 # ' \n FROM orders # '", "r-"},
  });
}

// Several code comments: any mixture of code and comments may be what the server sees.
TEST(ScanBytes, ReadsEveryMixtureOfCodeComments) {
  expect_all({
      {"/*!99999 SELECT */ /*!50000 UPDATE orders SET a = 1 */", "w-"},
      {"SELECT * FROM /*!99999 other. */ orders /*!50000 FOR UPDATE */", "w-"},
      {"/*!50000 USE crm; */ PREPARE s FROM 'UPDATE /*!99999 other. */ people SET a = 1'", "-w"},
      {"/*!50000 USE */ /*!99999 other */ crm; UPDATE people SET a = 1", "-w"},
      {"/*!40101 SET @a = 1 */; /*!40000 ALTER TABLE orders DISABLE KEYS */", "d-"},
      {"SELECT /*!40001 SQL_NO_CACHE */ * FROM x /*!50000 LIMIT 1 */", "--"},
      {"/*!50000 SELECT */ /*M!100000 * FROM */ x", "--"},
  });
}

TEST(ScanBytes, StopsAtNothing) {
  expect_all({
      {"SELECT 1\0; UPDATE orders SET a = 1"sv, "w-"},
      {"# x\0\nUPDATE orders SET a = 1"sv, "w-"},
      {"UPDATE\0orders SET a = 1"sv, "w-"},
      {"SELECT '\0' FROM orders"sv, "r-"},
      {"SELECT `\0` FROM orders"sv, "r-"},
      {"\0"sv, "--"},
      {"\x0b\x0cSELECT\x0b*\x0c"
       "FROM\x0b"
       "orders"sv,
       "r-"},
      {"SELECT * FROM orders\x1a"sv, "r-"},
      {"SELECT * FROM orders;\0\0"sv, "r-"},
  });
}

TEST(ScanBytes, KnowsTheTrapsOfMultiByteCharacters) {
  const auto in = [](ClientCharset charset, std::string_view sql) {
    return line_of(scan(sql, {.database = "shop", .charset = charset}, some_routines()));
  };
  // The second byte is part of the character in gbk, sjis or big5: the literal ends at the next quote.
  for (const std::string_view sql : {"SELECT '\xbf\\', a FROM orders -- '"sv, "SELECT '\x83\\', a FROM orders -- '"sv,
                                     "SELECT '\xa5\\', a FROM orders -- '"sv, "SELECT '\xbf\\'', a, ' FROM orders"sv,
                                     "SELECT `\x81``, a FROM x"sv}) {
    EXPECT_EQ(in(ClientCharset::ambiguous, sql), "ww opaque");
  }
  EXPECT_EQ(in(ClientCharset::ambiguous, "SELECT '\xbf' FROM x"), "ww opaque");
  EXPECT_EQ(in(ClientCharset::ambiguous, "SELECT 'a' FROM orders"), "r-");
  // Overlong, cut short, surrogates: in a literal they are only bytes.
  for (const std::string_view bytes : {"\xc0\xa7"sv, "\xe0\x80\xa7"sv, "\xf0\x9f"sv, "\xed\xa0\x80"sv, "\xff\xfe"sv}) {
    EXPECT_EQ(in(ClientCharset::utf8, "SELECT '" + std::string(bytes) + "' FROM orders"), "r-");
    EXPECT_EQ(in(ClientCharset::utf8, "SELECT '" + std::string(bytes) + "' FROM x"), "--");
  }
  EXPECT_EQ(in(ClientCharset::utf8, "SELECT * FROM orders\xff"), "ww opaque");
  EXPECT_EQ(in(ClientCharset::utf8, "SELECT * FROM \uff4frders"), "--");
  EXPECT_EQ(in(ClientCharset::utf8, "SELECT\u00a0* FROM\u3000x, orders"), "w-");
}

TEST(ScanBytes, TakesARareCharacterForAQuestionMark) {
  const TargetIndex index({{{"shop", "a?b", {}}}});
  const auto touched = [&index](const char* sql) {
    return !scan(sql, {.database = "shop", .charset = ClientCharset::utf8}, index).touches.empty();
  };
  EXPECT_TRUE(touched("SELECT * FROM `a?b`"));
  EXPECT_TRUE(touched("SELECT * FROM `a\U0001F600b`"));
  EXPECT_FALSE(touched("SELECT * FROM `a\u8336b`"));
  EXPECT_FALSE(touched("SELECT * FROM `a!b`"));
}

TEST(ScanBytes, ReadsEveryMode) {
  expect_all({
      {"SELECT \"a\" || \"orders\" FROM x", "r-"},  // ANSI_QUOTES: a column
      {"SELECT \"x\".\"orders\" FROM y", "--"},
      {"UPDATE \"shop\" . \"orders\" SET a = 'x'", "w-"},
      {"SELECT 'a' || 'orders' FROM x", "--"},
      {"SELECT 'it''s \"orders\"' FROM x", "--"},
      {"SELECT \"it's\" FROM orders", "r-"},
      {"SELECT \"\", '\"', \"'\" FROM orders", "r-"},
      {"SELECT 'C:\\' FROM x", "--"},
      {"SELECT 'C:\\\\' FROM x, orders", "r-"},
      {"DELETE FROM \"orders\" WHERE a = '\\'", "w-"},
      {"DELETE FROM orders WHERE a = 'it\\'s'", "w-"},
      {"SELECT N'orders', n'orders', _utf8mb4'orders', X'00', 0x41, 0b01, B'1' FROM x", "--"},
      {"SELECT DATE'2020-01-01', TIMESTAMP'2020-01-01 00:00:00' FROM orders", "r-"},
      {"SELECT a->'$.orders', b->>\"$.x\" FROM x", "--"},
      {"SELECT :orders, ? FROM x", "r-"},
      {"SELECT @orders, @'orders', @\"orders\", @@orders, @@session.orders FROM x", "r-"},
      {"SELECT @a:=1 FROM orders", "r-"},
  });
}

TEST(ScanBytes, FindsANameWithinAText) {
  EXPECT_TRUE(sql::may_contain_name("update `caf\u00c9` set a = 1", "caf\u00e9"));
  EXPECT_TRUE(sql::may_contain_name("update my_cafe1 set a = 1", "caf\u00e9"));
  EXPECT_TRUE(sql::may_contain_name("update `a\U0001F600b` set a = 1", "a?b"));
  EXPECT_FALSE(sql::may_contain_name("insert into notes values ('a-b')", "a?b"));
  EXPECT_FALSE(sql::may_contain_name("caf", "caf\u00e9"));
  EXPECT_FALSE(sql::may_contain_name("", "caf\u00e9"));
}

TEST(ScanBytes, IsNotAlarmedByQuotesThatOnlyOneReadingLeavesOpen) {
  const TargetIndex index({{{"shop", "a?b", {}}}});  // so that each text is read in every way
  const auto found = [&index](std::string_view sql) {
    return scan(sql, {.database = "shop", .charset = ClientCharset::utf8}, index);
  };
  for (const std::string_view sql :
       {"INSERT INTO x VALUES ('it\\'s')", "UPDATE x SET a = 'it\\'s' WHERE b = 'it\\'s' AND c = 'it\\'s'",
        "DELETE FROM x WHERE a = 'C:\\'", "SELECT \"it\\\"s\", 'a'", "UPDATE x SET a = 'it\\'s', `it's` = 'b'"}) {
    EXPECT_TRUE(found(sql).touches.empty()) << sql;
  }
  EXPECT_FALSE(found("UPDATE `a?b` SET a = 'it\\'s'").opaque);
  EXPECT_EQ(found("UPDATE `a?b` SET a = 'it\\'s'").touches.size(), 1U);
  // The servers run what stands before a statement that they can't read.
  EXPECT_EQ(found("DELETE FROM `a?b`; SELECT 'it\\'s'").touches.size(), 1U);
  EXPECT_TRUE(found("SELECT 'a' 'b").opaque);
  EXPECT_TRUE(found("SELECT 'it\\'s' /* x").opaque);
}

}  // namespace
}  // namespace sluice::protocol
