// What the audit says of tables that were swapped, with and without harm done to them behind everybody's back.
#include "migrator/engine/audit.hpp"

#include "migrator/engine/cut_over.hpp"
#include "migrator/engine/follow.hpp"
#include "migrator/engine/watch.hpp"
#include "migrator/table/names.hpp"
#include "tests/integration/engine/fixture.hpp"
#include "tests/unit/engine_parts/no_observer.hpp"

namespace sluice::migrator::test {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;
using Verdict = Audit::Report::Verdict;

class AuditOf : public Engine {
 protected:
  const TableRef source{"test", "t"};

  // Tables that are the same, and a moment from which the source's changes are audited.
  void prepare(const std::string& columns, const std::vector<std::string>& rows) {
    migrate(columns, rows, "ADD COLUMN note INT");
    Connection reader = connect();
    before_ = watch(source, **read_table(reader, source), plan().key, Side::source);
    after_ = watch(source, **read_table(reader, shadow_table(source)), plan().key, Side::shadow);
    from_ = *binlog_head(reader);
  }
  void swap() {
    client().must("DELETE FROM _t_gho");
    copy_all(100);
    client().must("RENAME TABLE t TO _t_del, _t_gho TO t /* " + rename_tag("m1") + " */");
  }
  void behind_everybodys_back(const std::string& sql) {
    client().must("SET sql_log_bin = 0");
    client().must(sql);
    client().must("SET sql_log_bin = 1");
  }
  Audit::Report audit(std::set<std::string> known = {}) {
    return Audit({.primary = address_of(server()),
                  .login = stream_login(address_of(server())),
                  .stream = stream_options("m1"),
                  .observer = observer_,
                  .from = from_,
                  .rename_tag = rename_tag("m1"),
                  .before = before_,
                  .after = after_,
                  .plan = with_tables(plan(), old_table(source), source),
                  .known = std::move(known),
                  .rest = [](Millis time) { std::this_thread::sleep_for(time); },
                  .shutting_down = [] { return false; }})
        .run();
  }

 private:
  NoObserver observer_;
  WatchedTable before_, after_;
  Position from_;
};
SLUICE_ON_BOTH_SERVERS(AuditOf);

constexpr auto numbers = "id INT PRIMARY KEY, qty INT";
constexpr auto names = "name VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, qty INT";

TEST_P(AuditOf, an_untouched_swap_passes) {
  prepare(numbers, {"(1,1),(2,2),(3,3)"});
  client().must("UPDATE t SET qty = 9 WHERE id = 1");
  client().must("DELETE FROM t WHERE id = 2");
  client().must("INSERT INTO t VALUES (4, 4)");
  swap();
  const auto report = audit();
  EXPECT_EQ(report.verdict, Verdict::passed) << report.why;
  EXPECT_EQ(report.keys, 3U);
}

TEST_P(AuditOf, rows_changed_in_the_new_table_since_are_nobodys_loss) {
  prepare(numbers, {"(1,1),(2,2),(3,3),(4,4)"});
  client().must("UPDATE t SET qty = 9 WHERE id <= 3");
  client().must("DELETE FROM t WHERE id = 4");
  swap();
  client().must("UPDATE t SET qty = 10 WHERE id = 1");
  client().must("DELETE FROM t WHERE id = 2");
  client().must("UPDATE t SET id = 5 WHERE id = 3");
  client().must("INSERT INTO t VALUES (4, 44, NULL)");
  const auto report = audit();
  EXPECT_EQ(report.verdict, Verdict::passed) << report.why;
}

TEST_P(AuditOf, rows_that_were_lost_changed_and_brought_back_are_told_apart) {
  prepare(numbers, {"(1,1),(2,2),(3,3),(4,4)"});
  client().must("UPDATE t SET qty = 9 WHERE id <= 3");
  client().must("DELETE FROM t WHERE id = 4");
  swap();
  behind_everybodys_back("DELETE FROM t WHERE id = 1");
  behind_everybodys_back("UPDATE t SET qty = 2 WHERE id = 2");
  behind_everybodys_back("INSERT INTO t VALUES (4, 4, NULL)");
  client().must("UPDATE t SET qty = 10 WHERE id = 3");
  const auto report = audit();
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(report.missing, 1U);
  EXPECT_EQ(report.different, 1U);
  EXPECT_EQ(report.returned, 1U);
  EXPECT_THAT(report.examples, UnorderedElementsAre(KeyLiterals{"1"}, KeyLiterals{"2"}, KeyLiterals{"4"}));
}

TEST_P(AuditOf, rows_that_were_not_changed_lately_are_not_looked_at) {
  prepare(numbers, {"(1,1),(2,2)"});
  client().must("UPDATE t SET qty = 9 WHERE id = 1");
  swap();
  behind_everybodys_back("DELETE FROM t WHERE id = 2");
  EXPECT_EQ(audit().verdict, Verdict::passed);
}

TEST_P(AuditOf, keys_are_compared_as_the_server_compares_them) {
  prepare(names, {"(_utf8mb4'José',1),('ann',2),('bob',3)"});
  client().must("UPDATE t SET qty = 9");
  swap();
  client().must("UPDATE t SET name = _utf8mb4'JOSÉ', qty = 10 WHERE name = _utf8mb4'josé'");
  client().must("DELETE FROM t WHERE name = 'ANN'");
  auto report = audit();
  EXPECT_EQ(report.verdict, Verdict::passed) << report.why << report.examples.size();
  behind_everybodys_back("DELETE FROM t WHERE name = 'bob'");
  report = audit();
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(report.missing, 1U);
  EXPECT_THAT(report.examples, testing::ElementsAre(KeyLiterals{"_latin1 x'626f62'"}));
}

TEST_P(AuditOf, many_keys_go_in_batches) {
  prepare(numbers, {"(0,0)"});
  std::string rows;
  for (int id = 1; id <= 1000; ++id) rows += (rows.empty() ? "(" : ",(") + std::to_string(id) + ",1)";
  client().must("INSERT INTO t VALUES " + rows);
  swap();
  behind_everybodys_back("DELETE FROM t WHERE id > 500");
  client().must("UPDATE t SET qty = 2 WHERE id > 0");
  const auto report = audit();
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(report.keys, 1000U);
  EXPECT_EQ(report.missing, 500U);
  EXPECT_EQ(report.different, 0U);
  EXPECT_EQ(report.examples.size(), Audit::kExamplesMax);
}

TEST_P(AuditOf, what_was_told_as_a_conflict_is_not_told_again) {
  prepare(numbers, {"(1,1),(2,2)"});
  client().must("UPDATE t SET qty = 9");
  swap();
  behind_everybodys_back("DELETE FROM t WHERE id = 1");
  EXPECT_EQ(audit({"(1)"}).verdict, Verdict::passed);
  EXPECT_EQ(audit({"(2)"}).verdict, Verdict::failed);
}

TEST_P(AuditOf, is_impossible_where_the_binlog_is_gone) {
  prepare(numbers, {"(1,1)"});
  client().must("UPDATE t SET qty = 9");
  swap();
  client().must("FLUSH BINARY LOGS");
  Connection reader = connect();
  client().must("PURGE BINARY LOGS TO '" + binlog_head(reader)->file + "'");
  const auto report = audit();
  EXPECT_EQ(report.verdict, Verdict::impossible);
  EXPECT_THAT(report.why, HasSubstr("binlog"));
}

TEST_P(AuditOf, is_impossible_where_the_old_table_is_gone) {
  prepare(numbers, {"(1,1)"});
  client().must("UPDATE t SET qty = 9");
  swap();
  client().must("DROP TABLE _t_del");
  const auto report = audit();
  EXPECT_EQ(report.verdict, Verdict::impossible);
  EXPECT_THAT(report.why, HasSubstr("_t_del"));
}

}  // namespace
}  // namespace sluice::migrator::test
