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
                          "HANDLER t READ FIRST",
                          "ROLLBACK TO SAVEPOINT s",
                          "ROLLBACK WORK TO s",
                          "FLUSH STATUS",
                          "XA START 'x' JOIN",
                          "XA END 'x'",
                          "XA COMMIT 'x'",
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
  for (const char* sql : {"BEGIN", "begin work;", "START TRANSACTION", "START TRANSACTION READ ONLY",
                          "start transaction read write", "XA START 'x', 'y'", "xa begin x'01';"}) {
    EXPECT_EQ(one(sql), StatementContext(PlainBegin{})) << sql;
  }
}

TEST(StatementContext, SeesTransactionsEnd) {
  for (const char* sql :
       {"COMMIT", "commit work;", "COMMIT AND CHAIN", "ROLLBACK", "rollback /* x */ work and chain"}) {
    EXPECT_EQ(one(sql), StatementContext(EndTransaction{})) << sql;
  }
  EXPECT_EQ(several("COMMIT; SELECT 1"), ordinary);
}

TEST(StatementContext, SeesLocks) {
  using enum LockAction;
  const std::vector<std::pair<std::string, LockAction>> all{
      {"LOCK TABLES a READ, b WRITE", lock_tables},
      {"lock table `a` write;", lock_tables},
      {"FLUSH TABLES a, b WITH READ LOCK", lock_tables},
      {"FLUSH LOCAL TABLES a FOR EXPORT", lock_tables},
      {"FLUSH TABLES WITH READ LOCK", lock_everything},
      {"flush no_write_to_binlog tables with read lock", lock_everything},
      {"UNLOCK TABLES;", unlock},
      {"START TRANSACTION WITH CONSISTENT SNAPSHOT", begin},
      {"start transaction read only, with consistent snapshot", begin},
      {"HANDLER a OPEN", open_handler},
      {"HANDLER `a b`.`c` OPEN AS d", open_handler},
      {"handler d close", close_handler},
  };
  for (const auto& [sql, action] : all) EXPECT_EQ(one(sql), StatementContext(ChangeLocks{action})) << sql;
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

TEST(StatementContext, ReadsSeveralStatementsInTheirOrder) {
  using enum LockAction;
  const std::vector<std::pair<std::string, SeveralStatements>> all{
      {"USE a; USE b", {.use_database = true}},
      {"SELECT 1; USE b", {.use_database = true}},
      {"SELECT ';'; SET NAMES gbk", {.set_charset = true}},
      {"SET NAMES utf8; SELECT 'a \\\\ b'", {.set_charset = true}},
      {"KILL 5; SELECT 1", {}},
      {"BEGIN; UPDATE t SET locked_at = 'the lock'; COMMIT", {.locks = {begin}}},
      {"SELECT 1;/**/LOCK TABLES a READ", {.locks = {lock_tables}}},
      {"LOCK TABLES t WRITE; INSERT INTO t VALUES (1); UNLOCK TABLES;", {.locks = {lock_tables, unlock}}},
      {"HANDLER t OPEN; HANDLER t READ FIRST; HANDLER t CLOSE", {.locks = {open_handler, close_handler}}},
  };
  for (const auto& [sql, expected] : all) EXPECT_EQ(several(sql), StatementContext(expected)) << sql;
  for (const char* sql : {"SELECT 1; SELECT 2", "SELECT ';'", "SELECT 1;"}) EXPECT_EQ(several(sql), ordinary) << sql;
  EXPECT_EQ(one("SELECT ';'; SET NAMES gbk"), ordinary);  // the server refuses it
}

TEST(StatementContext, DoesNotGuessAtSeveralStatementsThatCanBeReadInTwoWays) {
  const StatementContext may_lock = UnknownStatement{.locks = {LockAction::lock_tables}};
  for (const char* sql : {"SELECT 1;/*!50700USE a*/", "SELECT '\\'; USE a; -- '", "USE a; SELECT 'no end",
                          "BEGIN; CREATE VIEW v AS SELECT 1"}) {
    EXPECT_EQ(several(sql), unknown) << sql;
  }
  for (const char* sql :
       {"UNLOCK TABLES; LOCK TABLES t READ; SELECT 'no end", "LOCK TABLES t READ; SELECT '\\'; UNLOCK TABLES; -- '"}) {
    EXPECT_EQ(several(sql), may_lock) << sql;
  }
  EXPECT_EQ(several("SELECT 1; /*!99999 LOCK TABLES t READ */"),
            StatementContext(UnknownStatement{.locks = {LockAction::lock_tables}}));
}

TEST(StatementContext, LooksAtTheBeginningOfALongText) {
  EXPECT_EQ(look_at_beginning("INSERT INTO t VALUES ('the lock; LOCK TABLES"), UnknownStatement{});
  EXPECT_THAT(look_at_beginning("LOCK TABLES t WRITE; INSERT INTO t VALUES ('").locks,
              testing::Contains(LockAction::lock_tables));
}

TEST(StatementContext, DoesNotGuessAtCodeCommentsOfNewerServers) {
  for (const char* sql : {"/*!99999 USE a */", "/*!99999USE a */", "/*!99999 SELECT 1 */ USE a", "/*M! USE a */",
                          "USE /*!80000 a */ b", "USE a /*!80000 */", "/*! USE a */"}) {
    EXPECT_EQ(one(sql), unknown) << sql;
  }
}

}  // namespace
}  // namespace sluice::protocol
