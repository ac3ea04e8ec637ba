#include "tests/integration/engine/fixture.hpp"

namespace sluice::migrator::test {
namespace {

using Key = std::vector<KeyLiterals>;

class Resync : public Engine {};
SLUICE_ON_BOTH_SERVERS(Resync);

constexpr auto people = "id INT PRIMARY KEY, name VARCHAR(20) NOT NULL, UNIQUE KEY name (name)";

TEST_P(Resync, writes_changes_and_removes_rows_as_the_source_has_them_now) {
  migrate(people, {"(1,'a'),(2,'b')"}, "ADD COLUMN c INT NOT NULL");
  EXPECT_EQ(sync({{"1"}, {"2"}, {"3"}}).rows, 2U);
  client().must("UPDATE t SET name = 'z' WHERE id = 1");
  client().must("DELETE FROM t WHERE id = 2");
  client().must("INSERT INTO t VALUES (3, 'c')");
  const auto result = sync({{"1"}, {"2"}, {"3"}});
  EXPECT_EQ(result.status, ResyncStatus::done) << why(result.error);
  EXPECT_EQ(value("SELECT GROUP_CONCAT(id, name, c ORDER BY id) FROM _t_gho"), "1z0,3c0");
  EXPECT_TRUE(unequal().empty());
}

TEST_P(Resync, is_the_same_when_done_twice) {
  migrate(people, {"(1,'a')"}, "ADD COLUMN c INT");
  EXPECT_EQ(sync({{"1"}}).status, ResyncStatus::done);
  EXPECT_EQ(sync({{"1"}}).status, ResyncStatus::done);
  EXPECT_EQ(value("SELECT COUNT(*) FROM _t_gho"), "1");
}

TEST_P(Resync, is_busy_while_a_client_holds_a_row_and_changes_nothing) {
  migrate(people, {"(1,'a'),(2,'b')"}, "ADD COLUMN c INT");
  auto other = server().connect();
  other.must("BEGIN");
  other.must("UPDATE t SET name = 'x' WHERE id = 1");
  EXPECT_EQ(sync({{"1"}, {"2"}}).status, ResyncStatus::busy);
  EXPECT_EQ(value("SELECT COUNT(*) FROM _t_gho"), "0");
  EXPECT_EQ(sync({{"2"}}).status, ResyncStatus::done) << "the other row is free";
  other.must("COMMIT");
  EXPECT_EQ(sync({{"1"}, {"2"}}).status, ResyncStatus::done);
  EXPECT_EQ(value("SELECT name FROM _t_gho WHERE id = 1"), "x");
}

TEST_P(Resync, waits_for_a_single_row_if_asked_to_and_gives_up_in_time) {
  migrate(people, {"(1,'a')"}, "ADD COLUMN c INT");
  auto other = server().connect();
  other.must("BEGIN");
  other.must("DELETE FROM t WHERE id = 1");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(sync({{"1"}}, ResyncMode::wait).status, ResyncStatus::busy);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(500));
  other.must("COMMIT");
  EXPECT_EQ(sync({{"1"}}, ResyncMode::wait).status, ResyncStatus::done);
}

TEST_P(Resync, of_swapped_unique_values_goes_through_after_an_eviction) {
  migrate(people, {"(1,'a'),(2,'b')"}, "ADD COLUMN c INT");
  EXPECT_EQ(sync({{"1"}, {"2"}}).status, ResyncStatus::done);
  client().must("UPDATE t SET name = 'tmp' WHERE id = 1");
  client().must("UPDATE t SET name = 'a' WHERE id = 2");
  client().must("UPDATE t SET name = 'b' WHERE id = 1");
  const auto alone = sync({{"1"}});
  EXPECT_EQ(alone.status, ResyncStatus::conflict);
  EXPECT_EQ(alone.error.code, 1062U);
  EXPECT_EQ(evict(worker(), sql(), Key{{"1"}}, ResyncMode::no_wait).status, ResyncStatus::done);
  EXPECT_EQ(sync({{"2"}}).status, ResyncStatus::done);
  EXPECT_EQ(sync({{"1"}}).status, ResyncStatus::done);
  EXPECT_TRUE(unequal().empty());
}

TEST_P(Resync, of_both_rows_of_a_swap_in_one_batch_needs_no_eviction) {
  migrate(people, {"(1,'a'),(2,'b')"}, "ADD COLUMN c INT");
  EXPECT_EQ(sync({{"1"}, {"2"}}).status, ResyncStatus::done);
  client().must("UPDATE t SET name = IF(id = 1, 'x', 'a') ORDER BY id");
  client().must("UPDATE t SET name = 'b' WHERE id = 1");
  EXPECT_EQ(sync({{"2"}, {"1"}}).status, ResyncStatus::done);
  EXPECT_TRUE(unequal().empty());
}

TEST_P(Resync, follows_a_changed_key_by_its_old_and_its_new_value) {
  migrate(people, {"(1,'a')"}, "ADD COLUMN c INT");
  EXPECT_EQ(sync({{"1"}}).status, ResyncStatus::done);
  client().must("UPDATE t SET id = 7");
  EXPECT_EQ(sync({{"1"}, {"7"}}).status, ResyncStatus::done);
  EXPECT_EQ(value("SELECT GROUP_CONCAT(id) FROM _t_gho"), "7");
}

TEST_P(Resync, fails_with_the_servers_words_where_a_value_does_not_fit) {
  migrate("id INT PRIMARY KEY, v INT, n INT", {"(1,300,1),(2,1,NULL)"}, "MODIFY v TINYINT, MODIFY n INT NOT NULL");
  const auto too_big = sync({{"1"}});
  EXPECT_EQ(too_big.status, ResyncStatus::failed);
  EXPECT_EQ(too_big.error.code, 1264U) << why(too_big.error);
  EXPECT_EQ(sync({{"2"}}).status, ResyncStatus::failed) << "NULL into NOT NULL";
  EXPECT_EQ(value("SELECT COUNT(*) FROM _t_gho"), "0");
}

TEST_P(Resync, names_what_is_unequal_although_it_was_written) {
  migrate("id INT PRIMARY KEY, v INT", {"(1,1),(2,2)"}, "ADD COLUMN c INT");
  // Only a trigger of the shadow's can make the written differ from the read.
  client().must("CREATE TRIGGER spoil BEFORE INSERT ON _t_gho FOR EACH ROW SET NEW.v = IF(NEW.id = 2, 9, NEW.v)");
  const auto result = sync({{"1"}, {"2"}});
  EXPECT_EQ(result.status, ResyncStatus::mismatch);
  EXPECT_THAT(result.keys, testing::ElementsAre(KeyLiterals{"2"}));
  EXPECT_EQ(value("SELECT COUNT(*) FROM _t_gho"), "0") << "nothing is kept";
}

TEST_P(Resync, leaves_the_comparison_to_others_if_told_so) {
  migrate("id INT PRIMARY KEY, v INT", {"(1,1)"}, "ADD COLUMN c INT");
  client().must("CREATE TRIGGER spoil BEFORE INSERT ON _t_gho FOR EACH ROW SET NEW.v = 9");
  EXPECT_EQ(resync(worker(), sql(), Key{{"1"}}, ResyncMode::no_wait, RowCheck::left).status, ResyncStatus::done);
  EXPECT_THAT(unequal(), testing::ElementsAre(KeyLiterals{"1"}));
}

TEST_P(Resync, leaves_rows_to_the_copy_once_all_can_see_them) {
  migrate(people, {"(1,'a'),(2,'b')"}, "ADD COLUMN c INT");
  EXPECT_EQ(sync({{"1"}}).status, ResyncStatus::done);
  auto other = server().connect();
  const Key all{{"1"}, {"2"}, {"3"}};
  const auto status = [&] { return leave_to_copy(worker(), sql(), all, ResyncMode::no_wait).status; };
  EXPECT_EQ(status(), ResyncStatus::done) << "also of rows that are not there";
  for (const auto* change :
       {"UPDATE t SET name = 'x' WHERE id = 1", "DELETE FROM t WHERE id = 2", "INSERT INTO t VALUES (3, 'c')"}) {
    other.must("BEGIN");
    other.must(change);
    EXPECT_EQ(status(), ResyncStatus::busy) << change;
    other.must("COMMIT");
    EXPECT_EQ(status(), ResyncStatus::done) << change;
  }
  EXPECT_EQ(value("SELECT COUNT(*) FROM _t_gho"), "0") << "their unique values are free";
}

TEST_P(Resync, works_in_the_session_that_holds_the_tables_locks) {
  migrate(people, {"(1,'a'),(2,'b')"}, "ADD COLUMN c INT");
  Connection locker = connect({.time_zone = plan().time_zone, .autocommit = Autocommit::off});
  ASSERT_TRUE(locker.execute("LOCK TABLES t WRITE, _t_gho WRITE").has_error()) << "no database is chosen";
  ASSERT_TRUE(locker.execute("LOCK TABLES test.t WRITE, test._t_gho WRITE"));
  const Key both{{"1"}, {"2"}};
  EXPECT_EQ(resync(locker, sql(), both, ResyncMode::tables_locked, RowCheck::compared).status, ResyncStatus::done);
  const auto compared = compare_keys(locker, sql(), both, SourceLock::none);
  ASSERT_TRUE(compared) << why(compared.error());
  EXPECT_EQ(compared->rows, 2U);
  EXPECT_TRUE(compared->unequal.empty());
  auto other = server().connect();
  other.must("SET lock_wait_timeout = 1");
  EXPECT_FALSE(other.query("INSERT INTO t VALUES (3, 'c')").ok()) << "the locks are still held";
  ASSERT_TRUE(locker.execute("UNLOCK TABLES"));
}

TEST_P(Resync, between_two_other_tables_runs_by_the_same_plan) {
  migrate(people, {"(1,'a')"}, "ADD COLUMN c INT");
  client().must("RENAME TABLE t TO _t_del, _t_gho TO t");
  const RowSql back(with_tables(plan(), {"test", "_t_del"}, {"test", "t"}), worker().flavor());
  EXPECT_EQ(resync(worker(), back, Key{{"1"}}, ResyncMode::no_wait, RowCheck::compared).status, ResyncStatus::done);
  EXPECT_EQ(value("SELECT name FROM t"), "a");
}

TEST_P(Resync, is_lost_when_the_connection_is_closed_from_another_thread) {
  migrate(people, {"(1,'a')"}, "ADD COLUMN c INT");
  worker().close_now();
  const auto result = sync({{"1"}});
  EXPECT_EQ(result.status, ResyncStatus::lost);
  EXPECT_EQ(result.error.outcome, Outcome::unknown);
}

}  // namespace
}  // namespace sluice::migrator::test
