// Rows are counted for a guard without being in anybody's way.
#include "migrator/engine/row_counts.hpp"

#include "tests/integration/engine/fixture.hpp"
#include "tests/support/wait.hpp"

namespace sluice::migrator::test {
namespace {

using namespace std::chrono_literals;
using sluice::test::wait_until;

class Counting : public Engine {
 protected:
  void SetUp() override {
    Engine::SetUp();
    client().must("CREATE TABLE t (id INT PRIMARY KEY)");
    client().must("INSERT INTO t VALUES (1), (2), (3)");
    client().must("CREATE OR REPLACE VIEW slow AS SELECT id FROM t WHERE SLEEP(20) = 0");
  }
  void TearDown() override { client().must("DROP VIEW slow"); }
  [[nodiscard]] std::unique_ptr<RowCounts> counts(const std::string& of) {
    return std::make_unique<RowCounts>(address_of(server()), TableRef{"test", of}, TableRef{"test", "t"});
  }
  static RowCounts::TimePoint now() { return std::chrono::steady_clock::now(); }
  bool is_counting() {
    return value(
               "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%COUNT(*) FROM `test`.`slow`%' "
               "AND id <> CONNECTION_ID()") != "0";
  }
  bool table_is_free() {
    client().must("SET lock_wait_timeout = 1");
    return client().query("ALTER TABLE t COMMENT = 'free'").ok();
  }
};
SLUICE_ON_BOTH_SERVERS(Counting);

TEST_P(Counting, tells_both_and_when) {
  auto counts = this->counts("t");
  EXPECT_FALSE(counts->take()) << "nobody asked";
  counts->begin(7, now());
  std::optional<RowCounts::Counted> counted;
  ASSERT_TRUE(wait_until([&] { return (counted = counts->take()).has_value(); }));
  const auto& count = std::get<RowCounts::Count>(*counted);
  EXPECT_EQ(count.source, 3U);
  EXPECT_EQ(count.applied_before, 7U);
  EXPECT_FALSE(count.head.file.empty());
  counts->begin(8, now());
  EXPECT_FALSE(counts->take()) << "too soon after the last";
}

TEST_P(Counting, is_given_up_where_the_tables_are_wanted) {
  auto counts = this->counts("slow");
  counts->begin(0, now());
  ASSERT_TRUE(wait_until([&] { return is_counting(); }));
  auto killer = connect();
  EXPECT_TRUE(counts->give_up(killer));
  EXPECT_TRUE(table_is_free());
  EXPECT_FALSE(counts->take());
  EXPECT_TRUE(counts->give_up(killer)) << "nothing is under way";
}

TEST_P(Counting, ends_with_who_asked_for_it) {
  auto counts = this->counts("slow");
  counts->begin(0, now());
  ASSERT_TRUE(wait_until([&] { return is_counting(); }));
  counts.reset();
  EXPECT_TRUE(wait_until([&] { return !is_counting(); }));
}

}  // namespace
}  // namespace sluice::migrator::test
