#include "protocol/sql/digest.hpp"

#include <gmock/gmock.h>

namespace sluice::protocol {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t plenty = 1000;

TEST(Digest, ReplacesLiterals) {
  EXPECT_EQ(digest("SELECT * FROM t WHERE a = 'x' AND b = 12 AND c = 1.5e3", plenty),
            "SELECT * FROM t WHERE a = ? AND b = ? AND c = ?");
  EXPECT_EQ(digest("INSERT INTO t VALUES (1,\"x\",0xAB,-5,N'y')", plenty), "INSERT INTO t VALUES (?,?,?,-?,N?)");
  EXPECT_EQ(digest("SELECT 'it''s'", plenty), "SELECT ?");
  EXPECT_EQ(digest("SELECT `a`, @b, @`c d` FROM `x y`", plenty), "SELECT `a`, @b, @? FROM `?`");
}

TEST(Digest, FoldsSpaceAndDropsComments) {
  EXPECT_EQ(digest("  SELECT\n\t 1 /* secret */ -- secret\n FROM t # secret", plenty), "SELECT ? FROM t");
  EXPECT_EQ(digest("", plenty), "");
  EXPECT_EQ(digest(" \n", plenty), "");
}

TEST(Digest, EndsWhereALiteralMayNot) {
  EXPECT_EQ(digest("SELECT 'secret", plenty), "SELECT ...");
  EXPECT_EQ(digest("SELECT \"secret", plenty), "SELECT ...");
  EXPECT_EQ(digest("SELECT $$secret$$, 2", plenty), "SELECT ...");
  for (const char* sql : {"SELECT 'a\\' , 'secret' , 'b'", "SELECT 'a\\'secret'", "SELECT 'a\\\\' , 'secret'",
                          "SELECT \"a\\\" , \"secret\"", "SELECT '\xbf\\\\'secret", "/*! SELECT 'x */ , 'secret */'",
                          "SELECT `\xe9` = 'secret' `", "SELECT 1 /* secret", "/*!99999 it's */ 'secret'"}) {
    EXPECT_THAT(digest(sql, plenty), Not(HasSubstr("secret"))) << sql;
  }
}

TEST(Digest, KeepsToItsLengthAndToCharacters) {
  EXPECT_EQ(digest("SELECT abcdef", 10), "SELECT abc");
  EXPECT_EQ(digest("SELECT \u8336\u8336", 12), "SELECT \u8336");
  EXPECT_EQ(digest("SELECT a", 7), "SELECT");
  EXPECT_EQ(digest("SELECT a", 0), "");
  EXPECT_EQ(digest("SELECT a\xff, b", plenty), "SELECT ?, b");
}

}  // namespace
}  // namespace sluice::protocol
