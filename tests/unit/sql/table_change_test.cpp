// A client's DDL, as a migration takes it.
#include "protocol/sql/table_change.hpp"

#include <gmock/gmock.h>

namespace sluice::protocol {
namespace {

using testing::Eq;
using testing::HasSubstr;
using testing::Optional;
using Verb = TableChange::Verb;
using Way = TableChange::Way;

std::optional<TableChange> read(std::string_view sql, MultiStatements multi = MultiStatements::no) {
  return read_table_change(sql, multi);
}

// What follows ALTER TABLE t.
std::string alter(std::string_view sql) {
  const auto change = read(sql);
  return change && change->way == Way::migration ? change->alter : "(none)";
}

std::string impossible(std::string_view sql, MultiStatements multi = MultiStatements::no) {
  const auto change = read(sql, multi);
  return change && change->way == Way::impossible ? change->why : "";
}

bool is_servers(std::string_view sql) {
  const auto change = read(sql);
  return change && change->way == Way::server;
}

TEST(TableChange, AlterTableIsWhatFollowsTheName) {
  const auto change = read("ALTER TABLE shop.`or``ders` ADD COLUMN note VARCHAR(10) DEFAULT 'a, b', DROP tag");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->verb, Verb::alter_table);
  EXPECT_EQ(change->way, Way::migration);
  EXPECT_THAT(change->database, Optional(Eq("shop")));
  EXPECT_EQ(change->table, "or`ders");
  EXPECT_EQ(change->table_text, "`shop`.`or``ders`");
  EXPECT_EQ(change->alter, "ADD COLUMN note VARCHAR(10) DEFAULT 'a, b', DROP tag");
  EXPECT_EQ(change->rest, "");
}

TEST(TableChange, NameAloneIsOfTheDefaultDatabase) {
  const auto change = read("alter table orders engine=innodb;");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->database, std::nullopt);
  EXPECT_EQ(change->table, "orders");
  EXPECT_EQ(change->alter, "engine=innodb");
  EXPECT_EQ(change->statement, "alter table orders engine=innodb");
}

TEST(TableChange, CreateIndexIsAddIndex) {
  EXPECT_EQ(alter("CREATE INDEX by_qty ON orders (qty DESC, name(10)) COMMENT 'x'"),
            "ADD INDEX by_qty (qty DESC, name(10)) COMMENT 'x'");
  EXPECT_EQ(alter("create unique index `i` using btree on shop.orders (qty)"),
            "ADD unique INDEX `i` using btree (qty)");
  EXPECT_EQ(alter("CREATE FULLTEXT INDEX i ON orders (name)"), "ADD FULLTEXT INDEX i (name)");
  EXPECT_EQ(alter("CREATE SPATIAL INDEX i ON orders (g)"), "ADD SPATIAL INDEX i (g)");
  EXPECT_EQ(alter("CREATE INDEX IF NOT EXISTS i ON orders (qty)"), "ADD INDEX IF NOT EXISTS i (qty)");
  EXPECT_EQ(alter("CREATE OR REPLACE INDEX i ON orders (qty)"), "DROP INDEX IF EXISTS i, ADD INDEX i (qty)");
  EXPECT_EQ(alter("CREATE INDEX i ON orders (algorithm)"), "ADD INDEX i (algorithm)");
}

TEST(TableChange, DropIndexIsDropIndex) {
  EXPECT_EQ(alter("DROP INDEX by_qty ON orders"), "DROP INDEX by_qty");
  EXPECT_EQ(alter("DROP INDEX IF EXISTS `by``qty` ON shop.orders LOCK=NONE"), "DROP INDEX IF EXISTS `by``qty`");
}

TEST(TableChange, AlgorithmLockAndWaitAreLeftOut) {
  EXPECT_EQ(alter("ALTER TABLE t ADD a INT, ALGORITHM=INPLACE, LOCK=NONE"), "ADD a INT");
  EXPECT_EQ(alter("ALTER TABLE t ALGORITHM = COPY, ADD a INT, LOCK SHARED, DROP b"), "ADD a INT, DROP b");
  EXPECT_EQ(alter("ALTER ONLINE TABLE t NOWAIT ADD a INT"), "ADD a INT");
  EXPECT_EQ(alter("ALTER TABLE t WAIT 3 ADD a INT"), "ADD a INT");
  EXPECT_EQ(alter("CREATE INDEX i ON t (a) ALGORITHM=INPLACE LOCK=NONE"), "ADD INDEX i (a)");
  EXPECT_EQ(alter("ALTER TABLE t ADD `lock` INT, DROP algorithm"), "ADD `lock` INT, DROP algorithm");
}

TEST(TableChange, WhatStandsBetweenClausesStays) {
  EXPECT_EQ(alter("ALTER TABLE t /* why */ ADD a INT, -- first\n DROP b # second\n, DROP c /* last */"),
            "ADD a INT, DROP b # second\n, DROP c /* last */");
  EXPECT_EQ(alter("ALTER TABLE t ADD a INT /*!80023 INVISIBLE */, DROP b"), "ADD a INT /*!80023 INVISIBLE */, DROP b");
  EXPECT_EQ(alter("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1 AND (b, a) IN ((1, 2))), DROP b"),
            "ADD CONSTRAINT c CHECK (a > 1 AND (b, a) IN ((1, 2))), DROP b");
}

TEST(TableChange, IfExistsOfTheTable) {
  const auto change = read("ALTER TABLE IF EXISTS t ADD a INT");
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->may_be_missing);
  EXPECT_EQ(change->table, "t");
}

TEST(TableChange, NothingToDoIsTheServers) {
  EXPECT_TRUE(is_servers("ALTER TABLE t"));
  EXPECT_TRUE(is_servers("ALTER TABLE t LOCK=NONE"));
  EXPECT_TRUE(is_servers("ALTER TABLE t DISABLE KEYS"));
  EXPECT_TRUE(is_servers("ALTER TABLE t ADD a INT, ALGORITHM=INSTANT"));
  EXPECT_TRUE(is_servers("ALTER TABLE t RENAME TO u"));
  EXPECT_TRUE(is_servers("ALTER TABLE t RENAME AS d.u, LOCK=SHARED"));
}

TEST(TableChange, WhatNoMigrationCanDoHasAReason) {
  EXPECT_THAT(impossible("ALTER TABLE t RENAME TO u, ENGINE=InnoDB"), HasSubstr("another name"));
  EXPECT_THAT(impossible("ALTER TABLE t ADD a INT, RENAME u"), HasSubstr("another name"));
  EXPECT_EQ(impossible("ALTER TABLE t RENAME COLUMN a TO b, RENAME INDEX i TO j"), "");
  EXPECT_THAT(impossible("ALTER TABLE t DROP PARTITION p0"), HasSubstr("DROP"));
  EXPECT_THAT(impossible("ALTER TABLE t TRUNCATE PARTITION p0"), HasSubstr("TRUNCATE"));
  EXPECT_THAT(impossible("ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE u"), HasSubstr("EXCHANGE"));
  EXPECT_THAT(impossible("ALTER TABLE t DISCARD TABLESPACE"), HasSubstr("DISCARD"));
  EXPECT_THAT(impossible("ALTER IGNORE TABLE t ADD UNIQUE (a)"), HasSubstr("IGNORE"));
  EXPECT_THAT(impossible("ALTER TABLE t ENCRYPTION='N'"), HasSubstr("privileges"));
  EXPECT_THAT(impossible("ALTER TABLE t COMMENT 'open"), HasSubstr("not understood"));
}

// Else whoever has the right to make an index could do what takes the right to alter the table.
TEST(TableChange, IndexIsNoMoreThanAnIndex) {
  EXPECT_THAT(impossible("CREATE INDEX i ON t (a), DROP COLUMN b"), HasSubstr("not understood"));
  EXPECT_THAT(impossible("CREATE INDEX i ON t (a) /*!99999 , DROP COLUMN b */"), HasSubstr("not understood"));
  EXPECT_THAT(impossible("CREATE INDEX i /*!99999 ON u */ ON t (a)"), HasSubstr("not understood"));
  EXPECT_THAT(impossible("DROP INDEX i, DROP COLUMN b ON t"), HasSubstr("not understood"));
}

// The server may leave out what stands in a code comment: whoever is asked about a table is told its name without.
TEST(TableChange, TableIsAskedForByTheNameThatIsAltered) {
  EXPECT_EQ(read("ALTER TABLE t /*!99999 .u */ ADD a INT")->table_text, "`t`.`u`");
  EXPECT_EQ(read("ALTER TABLE /*!99999 u. */ t ADD a INT")->table_text, "`u`.`t`");
}

TEST(TableChange, WhatStandsBehindIsKept) {
  const auto change = read("ALTER TABLE t ADD a INT; SELECT ';' ; SELECT 2", MultiStatements::yes);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->way, Way::migration);
  EXPECT_EQ(change->alter, "ADD a INT");
  EXPECT_EQ(change->statement, "ALTER TABLE t ADD a INT");
  EXPECT_EQ(change->rest, " SELECT ';' ; SELECT 2");
  EXPECT_EQ(read("ALTER TABLE t ADD a INT; -- done\n", MultiStatements::yes)->rest, "");
}

TEST(TableChange, OnlyTheFirstOfSeveralCanBeOne) {
  EXPECT_THAT(impossible("ALTER TABLE t ADD a INT; ALTER TABLE t ADD b INT", MultiStatements::yes), HasSubstr("once"));
  EXPECT_THAT(impossible("SET @sluice_ddl = 'online'; ALTER TABLE t ADD b INT", MultiStatements::yes),
              HasSubstr("first"));
  EXPECT_EQ(read("SET @sluice_ddl = 'online'; SELECT 1", MultiStatements::yes), std::nullopt);
}

TEST(TableChange, OtherStatementsAreNone) {
  for (const std::string_view sql :
       {"SELECT 1", "CREATE TABLE t (a INT)", "CREATE TABLE t LIKE u", "DROP TABLE t", "DROP DATABASE d",
        "ALTER USER u", "ALTER VIEW v AS SELECT 1", "ALTER DATABASE d CHARACTER SET utf8mb4",
        "CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE TRIGGER index_on BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
        "ALTER", "", "ALTER TABLE"}) {
    EXPECT_EQ(read(sql), std::nullopt) << sql;
  }
}

TEST(TableChange, WordsThatHangOnTheSessionAreNoted) {
  EXPECT_TRUE(read("ALTER TABLE t ADD at TIMESTAMP DEFAULT '2024-10-27 02:30:00'")->tells_times);
  EXPECT_TRUE(read("ALTER TABLE t MODIFY a BIGINT")->tells_times);
  EXPECT_TRUE(read("ALTER TABLE t ADD a INT DEFAULT (UNIX_TIMESTAMP())")->tells_times);
  EXPECT_FALSE(read("ALTER TABLE t ADD a INT DEFAULT 1")->tells_times);
  EXPECT_TRUE(read("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (a)")->tells_foreign_keys);
  EXPECT_FALSE(read("ALTER TABLE t ADD a INT")->tells_foreign_keys);
  EXPECT_TRUE(read("ALTER TABLE t ADD a DATETIME DEFAULT now ()")->spaces_calls);
  EXPECT_TRUE(read("CREATE INDEX i ON t ((SUBSTR/**/(a, 1, 2)))")->spaces_calls);
  EXPECT_FALSE(read("ALTER TABLE t ADD a VARCHAR (9) DEFAULT (TRIM(' b'))")->spaces_calls);
}

TEST(TableChange, FirstLookCostsLittleAndMissesNothing) {
  for (const std::string_view sql :
       {"ALTER TABLE t ADD a INT", "\n\talter table t", "CREATE INDEX i ON t (a)",
        "/* sluice: online */ DROP INDEX i ON t", "-- why\nALTER TABLE t FORCE",
        "#why\n/* a *//* b */ALTER TABLE t FORCE", "SET @SLUICE_DDL='online'; ALTER TABLE t FORCE"}) {
    EXPECT_TRUE(may_change_table(sql)) << sql;
  }
  for (const std::string_view sql : {"", "SELECT 1", "/* alter */ SELECT 1", "/*!40000 ALTER TABLE t DISABLE KEYS */",
                                     "SET NAMES utf8mb4; SELECT 1", "INSERT INTO t VALUES (1)", "/* open", "-- open"}) {
    EXPECT_FALSE(may_change_table(sql)) << sql;
  }
}

}  // namespace
}  // namespace sluice::protocol
