#include "protocol/sql/statement_context.hpp"

#include <gmock/gmock.h>

namespace sluice::protocol {
namespace {

using Autocommit = SetVariables::Autocommit;

StatementContext one(std::string_view sql) {
  return look_at(sql, MultiStatements::no);
}
StatementContext several(std::string_view sql) {
  return look_at(sql, MultiStatements::yes);
}

const StatementContext ordinary = OrdinaryStatement{};
const StatementContext unknown = UnknownStatement{};

StatementContext charset(std::string name) {
  return SetVariables{.charset = std::move(name)};
}
StatementContext autocommit(Autocommit value) {
  return SetVariables{.autocommit = value};
}

TEST(StatementContext, PassesOverOrdinaryStatements) {
  for (const char* sql : {"",
                          " ",
                          ";",
                          "SELECT 1",
                          "INSERT INTO t VALUES (1)",
                          "UPDATE use_it SET a = 1",
                          "SET @a = 1",
                          "SET @autocommit = 1",
                          "SET GLOBAL autocommit = 1",
                          "SET @@global.autocommit = 1",
                          "SHOW TABLES",
                          "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
                          "START REPLICA",
                          "LOCK INSTANCE FOR BACKUP",
                          "BEGIN NOT ATOMIC SELECT 1",
                          "START TRANSACTION WITH CONSISTENT SNAPSHOT",
                          "FLUSH TABLES",
                          "/* USE x */ SELECT 1",
                          "-- USE x",
                          "KILL USER u",
                          "KILL QUERY ID 3",
                          "SET PASSWORD = 'x'",
                          "(SELECT 1)",
                          "SET character_set_results = NULL"}) {
    EXPECT_EQ(one(sql), ordinary) << sql;
  }
}

TEST(StatementContext, SeesUse) {
  const StatementContext shop = UseDatabase{"shop"};
  for (const char* sql :
       {"USE shop", "use shop;", "USE `shop`", " \n/* x */ USE/**/shop -- y", "# x\nUSE \"shop\" ; "}) {
    EXPECT_EQ(one(sql), shop) << sql;
    EXPECT_EQ(several(sql), shop) << sql;
  }
  EXPECT_EQ(one("USE `a``b`"), StatementContext(UseDatabase{"a`b"}));
  EXPECT_EQ(one("USE"), unknown);
  EXPECT_EQ(one("USE `shop"), unknown);
}

TEST(StatementContext, SeesCharacterSets) {
  for (const char* sql :
       {"SET NAMES utf8mb4", "SET NAMES 'UTF8MB4' COLLATE 'utf8mb4_bin'", "SET CHARACTER SET utf8mb4",
        "SET CHARSET utf8mb4", "SET character_set_client = utf8mb4", "set session character_set_client:=utf8mb4",
        "SET @@character_set_client = 'utf8mb4'", "SET @@session.character_set_client=utf8mb4", "SET CHAR SET utf8mb4",
        "SET @@`character_set_client` = utf8mb4", "SET @@session.`character_set_client` = utf8mb4",
        "SET GLOBAL a = 1, SESSION character_set_client = utf8mb4",
        "SET GLOBAL a = 1, @@character_set_client = utf8mb4", "SET @a = (SELECT 1, 2), NAMES utf8mb4",
        "/*!40101 SET NAMES utf8mb4 */;"}) {
    EXPECT_EQ(one(sql), charset("utf8mb4")) << sql;
  }
  for (const char* sql :
       {"SET NAMES DEFAULT", "SET character_set_client = @saved", "SET GLOBAL a = 1, character_set_client = utf8",
        "SET character_set_client = CONCAT('a', 'b')"}) {
    EXPECT_EQ(one(sql), charset("")) << sql;
  }
}

TEST(StatementContext, SeesAutocommit) {
  for (const char* sql :
       {"SET autocommit=0", "SET AUTOCOMMIT = OFF", "SET @@autocommit = 'off'", "SET LOCAL autocommit = FALSE"}) {
    EXPECT_EQ(one(sql), autocommit(Autocommit::off)) << sql;
  }
  EXPECT_EQ(one("SET @@session.autocommit = ON"), autocommit(Autocommit::on));
  EXPECT_EQ(one("SET autocommit = @x"), autocommit(Autocommit::unknown));
  EXPECT_EQ(one("SET autocommit = 1 - 1"), autocommit(Autocommit::unknown));
  EXPECT_EQ(one("SET NAMES utf8, autocommit = 1"),
            StatementContext(SetVariables{.charset = "utf8", .autocommit = Autocommit::on}));
}

TEST(StatementContext, SeesTransactionsBegin) {
  for (const char* sql :
       {"BEGIN", "begin work;", "START TRANSACTION", "START TRANSACTION READ ONLY", "start transaction read write"}) {
    EXPECT_EQ(one(sql), StatementContext(PlainBegin{})) << sql;
  }
}

TEST(StatementContext, SeesLocks) {
  EXPECT_EQ(one("LOCK TABLES a READ, b WRITE"), StatementContext(LockTables{}));
  EXPECT_EQ(one("FLUSH TABLES WITH READ LOCK"), StatementContext(LockTables{}));
  EXPECT_EQ(one("UNLOCK TABLES;"), StatementContext(UnlockTables{}));
}

TEST(StatementContext, SeesTextThatItCannotSee) {
  for (const char* sql : {"EXECUTE s", "execute s using @a;", "EXECUTE IMMEDIATE 'USE x'", "/* x */ EXECUTE s"}) {
    EXPECT_EQ(one(sql), StatementContext(ExecuteStatement{})) << sql;
    EXPECT_EQ(several(sql), StatementContext(ExecuteStatement{})) << sql;
  }
  EXPECT_EQ(several("EXECUTE s; SELECT 1"), unknown);
  EXPECT_EQ(several("SELECT 1; EXECUTE s"), unknown);
  EXPECT_EQ(one("SET STATEMENT a = 1 FOR EXECUTE s"), unknown);
  EXPECT_EQ(one("BEGIN NOT ATOMIC EXECUTE IMMEDIATE 'USE x'; END"), unknown);
}

TEST(StatementContext, SeesKills) {
  EXPECT_EQ(one("KILL 5"), StatementContext(Kill{Kill::What::connection, 5}));
  EXPECT_EQ(one("KILL SOFT CONNECTION 5"), StatementContext(Kill{Kill::What::connection, 5}));
  EXPECT_EQ(one("/* x */ kill query 5;"), StatementContext(Kill{Kill::What::query, 5}));
  EXPECT_EQ(one("KILL 18446744073709551616"), ordinary);
}

TEST(StatementContext, DoesNotGuessAtSeveralStatements) {
  for (const char* sql :
       {"USE a; USE b", "SELECT 1; USE b", "SELECT ';'; SET NAMES gbk", "BEGIN; SELECT 1", "KILL 5; SELECT 1",
        "SELECT 1;/*!50000USE a*/", "SELECT 1;/**/LOCK TABLES a READ", "SET NAMES utf8; SELECT 1"}) {
    EXPECT_EQ(several(sql), unknown) << sql;
  }
  for (const char* sql : {"SELECT 1; SELECT 2", "SELECT ';'", "SELECT 1;"}) EXPECT_EQ(several(sql), ordinary) << sql;
  EXPECT_EQ(one("SELECT ';'; SET NAMES gbk"), ordinary);  // the server refuses it
}

TEST(StatementContext, DoesNotGuessAtCodeCommentsOfNewerServers) {
  for (const char* sql : {"/*!99999 USE a */", "/*!99999USE a */", "/*!99999 SELECT 1 */ USE a", "/*M! USE a */",
                          "USE /*!80000 a */ b", "USE a /*!80000 */", "/*! USE a */"}) {
    EXPECT_EQ(one(sql), unknown) << sql;
  }
}

}  // namespace
}  // namespace sluice::protocol
