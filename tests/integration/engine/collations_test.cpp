// Keys whose character set or collation changes: each row is found, ranges are copied and compared, and a row that is
// equal under the other collation only is never touched for another's sake.
#include "tests/integration/engine/fixture.hpp"

namespace sluice::migrator::test {
namespace {

class Collations : public Engine {
 protected:
  void each_row_is_found(const std::string& columns, const std::vector<std::string>& rows, const std::string& alter) {
    SCOPED_TRACE(columns + " / " + alter);
    client().must("DROP TABLE IF EXISTS t, _t_gho");
    migrate(columns, rows, alter);
    ASSERT_EQ(plan().key.order, KeyOrder::other);
    const auto source = keys(Side::source);
    for (const auto& key : source) {
      EXPECT_EQ(sync({key}).rows, 1U) << key.front();
      EXPECT_EQ(sync({key}).rows, 1U) << "found in the shadow too: " << key.front();
    }
    EXPECT_THAT(keys(Side::shadow), testing::UnorderedElementsAreArray(source));
    EXPECT_EQ(sync(source).rows, source.size());
    EXPECT_EQ(copy_all(1).first, source.size()) << "over what is there, one row a chunk";
    EXPECT_EQ(copy_all(3).first, source.size());
    EXPECT_TRUE(unequal().empty());
    EXPECT_TRUE(strays().empty());
    is_compared_in_both_directions(source.front());
  }

  void is_compared_in_both_directions(const KeyLiterals& key) {
    client().must("DELETE FROM t WHERE " + sql().where_keys(Side::source, std::vector<KeyLiterals>{key}));
    EXPECT_THAT(strays(), testing::ElementsAre(key));
    EXPECT_TRUE(unequal().empty()) << "ranges are of the source's rows";
    EXPECT_EQ(sync({key}).status, ResyncStatus::done);
    EXPECT_TRUE(strays().empty());
    const auto left = keys(Side::source);
    if (left.empty()) return;
    client().must("DELETE FROM _t_gho");
    EXPECT_EQ(unequal().size(), left.size());
    EXPECT_EQ(sync(left).rows, left.size());
  }

  std::vector<KeyLiterals> strays() {
    std::vector<KeyLiterals> all;
    std::optional<KeyLiterals> above;
    do {
      const auto found = find_strays(worker(), sql(), above, 2);
      EXPECT_TRUE(found) << why(found.error());
      if (!found) return all;
      all.insert(all.end(), found->keys.begin(), found->keys.end());
      above = found->up_to;
    } while (above);
    return all;
  }

  std::string shadow_rows() { return value("SELECT GROUP_CONCAT(HEX(id), ':', v ORDER BY HEX(id)) FROM _t_gho"); }
};
SLUICE_ON_BOTH_SERVERS(Collations);

const std::string insensitive = "id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, v INT";
const std::string exact = "id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, v INT";
const std::string to_insensitive = "MODIFY id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
const std::string to_exact = "MODIFY id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

TEST_P(Collations, of_all_kinds_find_each_row) {
  const std::string accents = "('é',1),('z',2),('',3),('it''s',4),('Zebra',5),('ß',6)";
  each_row_is_found("id VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, v INT", {accents},
                    "CONVERT TO CHARACTER SET utf8mb4");
  each_row_is_found("id VARCHAR(20) CHARACTER SET utf8mb3 PRIMARY KEY, v INT", {accents},
                    "CONVERT TO CHARACTER SET utf8mb4");
  each_row_is_found("id VARCHAR(20) CHARACTER SET utf8mb4 PRIMARY KEY, v INT", {accents},
                    "CONVERT TO CHARACTER SET latin1");
  each_row_is_found("id CHAR(20) CHARACTER SET cp1251 PRIMARY KEY, v INT", {"('я',1),('Ю',2),('a',3)"},
                    "MODIFY id VARCHAR(9) CHARACTER SET utf8mb4");
  each_row_is_found("id VARCHAR(20) CHARACTER SET ucs2 PRIMARY KEY, v INT", {accents},
                    "CONVERT TO CHARACTER SET utf16");
  each_row_is_found("id CHAR(20) CHARACTER SET utf16 PRIMARY KEY, v INT", {accents},
                    "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
  each_row_is_found(exact, {"('a',1),('B',2),('ö',3)"},
                    to_insensitive.substr(0, to_insensitive.find("COLLATE")) + "COLLATE utf8mb4_unicode_ci");
  each_row_is_found(insensitive, {"('a',1),('B',2),('ö ',3)"}, to_exact);
  each_row_is_found(
      "id VARCHAR(20) CHARACTER SET latin1 NOT NULL, v INT, n INT, d DATE, e ENUM('x','y'), PRIMARY KEY (n, id, d, e)",
      {"('a',1,1,'2024-01-01','x'),('A',1,2,'2024-01-01','y'),('é',1,2,'2024-01-02','x')"},
      "CONVERT TO CHARACTER SET utf8mb4");
}

TEST_P(Collations, of_a_key_in_another_order_find_each_row) {
  each_row_is_found("a INT, v INT, b INT, PRIMARY KEY (a, b)", {"(1,1,1),(1,2,2),(2,1,3),(3,1,0)"},
                    "DROP PRIMARY KEY, ADD PRIMARY KEY (b, a)");
}

TEST_P(Collations, that_are_coarser_leave_the_row_that_is_another_one_of_the_source) {
  migrate(exact, {"('a',1)"}, to_insensitive);
  const KeyLiterals small{"_utf8mb4 x'61'"};
  const KeyLiterals capital{"_utf8mb4 x'41'"};
  EXPECT_EQ(sync({small}).rows, 1U);
  EXPECT_EQ(sync({capital}).status, ResyncStatus::done) << "is not in the source";
  EXPECT_EQ(shadow_rows(), "61:1");
  EXPECT_EQ(evict(worker(), sql(), std::vector<KeyLiterals>{capital}, ResyncMode::no_wait).rows, 0U);
  client().must("INSERT INTO t VALUES ('A', 2)");
  EXPECT_EQ(sync({capital}).status, ResyncStatus::conflict) << "two rows become one";
  client().must("DELETE FROM t WHERE id = 'a'");
  EXPECT_EQ(sync({capital}).status, ResyncStatus::conflict) << "until the deletion is brought over";
  EXPECT_EQ(sync({small}).status, ResyncStatus::done);
  EXPECT_EQ(sync({capital}).rows, 1U);
  EXPECT_EQ(shadow_rows(), "41:2");
}

TEST_P(Collations, that_are_finer_follow_the_one_row_that_changes_its_spelling) {
  migrate(insensitive, {"('a',1)"}, to_exact);
  const KeyLiterals small{"_utf8mb4 x'61'"};
  const KeyLiterals capital{"_utf8mb4 x'41'"};
  EXPECT_EQ(sync({small}).rows, 1U);
  client().must("UPDATE t SET id = 'A' WHERE id = 'a'");
  EXPECT_EQ(sync({capital}).rows, 1U);
  EXPECT_EQ(shadow_rows(), "41:1,61:1") << "the change names both spellings";
  EXPECT_EQ(sync({small}).rows, 0U);
  EXPECT_EQ(shadow_rows(), "41:1");
  EXPECT_TRUE(unequal().empty());
}

TEST_P(Collations, run_in_the_session_that_holds_the_tables_locks) {
  migrate("id VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, v INT", {"('é',1),('b',2)"},
          "CONVERT TO CHARACTER SET utf8mb4");
  const auto both = keys(Side::source);
  Connection locker = connect({.time_zone = plan().time_zone, .autocommit = Autocommit::off});
  ASSERT_TRUE(locker.execute("LOCK TABLES test.t WRITE, test._t_gho WRITE"));
  EXPECT_EQ(resync(locker, sql(), both, ResyncMode::tables_locked, RowCheck::compared).rows, 2U);
  ASSERT_TRUE(locker.execute("UNLOCK TABLES"));
}

TEST_P(Collations, use_the_key_and_trip_over_no_other_rows_lock) {
  migrate("id VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, v INT", {"('a',1),('b',2),('c',3)"},
          "CONVERT TO CHARACTER SET utf8mb4");
  auto other = server().connect();
  other.must("BEGIN");
  other.must("UPDATE t SET v = 9 WHERE id = 'c'");
  EXPECT_EQ(sync({{"_latin1 x'61'"}, {"_latin1 x'62'"}}).rows, 2U);
  EXPECT_EQ(sync({{"_latin1 x'63'"}}).status, ResyncStatus::busy);
  EXPECT_EQ(copy_all(2).first, 3U) << "as it was before";
  other.must("ROLLBACK");
}

TEST_P(Collations, are_named_in_the_shadows_terms_as_its_own_stream_does) {
  migrate("id VARCHAR(20) CHARACTER SET latin1, d DECIMAL(5,2), m DATETIME, v INT, PRIMARY KEY (id, d, m)",
          {"('é',-0.5,'2024-01-01 00:00:00',1)"},
          "CONVERT TO CHARACTER SET utf8mb4, MODIFY d DECIMAL(9,4), MODIFY m DATETIME(3)");
  const auto all = keys(Side::source);
  const auto answer = worker().query(sql().in_shadows_terms(all));
  ASSERT_TRUE(answer) << why(answer.error());
  EXPECT_THAT(answer->rows.at(0),
              testing::ElementsAre("0", "_utf8mb4 x'c3a9'", "-0.5000", "'2024-01-01 00:00:00.000'"));
}

TEST_P(Collations, of_character_sets_that_do_not_map_back_are_refused) {
  client().must("CREATE TABLE t (id VARCHAR(20) CHARACTER SET sjis PRIMARY KEY)");
  Connection maker = connect();
  const auto made =
      create_shadow(maker, {.database = "test", .table = "t", .alter = "CONVERT TO CHARACTER SET utf8mb4"});
  ASSERT_TRUE(made) << why(made.error());
  ASSERT_TRUE(std::holds_alternative<Problems>(*made));
  EXPECT_EQ(std::get<Problems>(*made).front().code, "key.converted");
}

TEST_P(Collations, of_each_character_set_that_is_taken_map_each_byte_back_or_refuse_it) {
  for (const char* charset : {"ascii",  "latin1",  "latin2", "latin5", "latin7", "cp850",    "cp852", "cp866",
                              "cp1250", "cp1251",  "cp1256", "cp1257", "dec8",   "geostd8",  "greek", "hebrew",
                              "hp8",    "keybcs2", "koi8r",  "koi8u",  "macce",  "macroman", "swe7"}) {
    SCOPED_TRACE(charset);
    client().must("DROP TABLE IF EXISTS t, _t_gho");
    migrate(std::string("id VARCHAR(3) CHARACTER SET ") + charset + " COLLATE " + charset + "_bin PRIMARY KEY", {},
            "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    client().must(std::string("INSERT IGNORE INTO t WITH RECURSIVE r (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r ") +
                  "WHERE i < 255) SELECT CONVERT(CAST(CHAR(i) AS BINARY) USING " + charset + ") FROM r");
    std::size_t copied = 0;
    for (const auto& key : keys(Side::source)) {
      const auto result = sync({key});
      EXPECT_THAT(result.status, testing::AnyOf(ResyncStatus::done, ResyncStatus::failed)) << key.front();
      copied += result.rows;
    }
    EXPECT_GE(copied, 120U);
    EXPECT_EQ(keys(Side::shadow).size(), copied);
  }
}

}  // namespace
}  // namespace sluice::migrator::test
