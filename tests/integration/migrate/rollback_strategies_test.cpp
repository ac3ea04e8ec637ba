// What `immediate` and `graceful` do to the batch at hand, which is of several chunks.
#include "tests/integration/migrate/rolling_back.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class RollbackStrategies : public RollingBack {
 protected:
  static constexpr long chunk = 10;

  void SetUp() override {
    RollingBack::SetUp();
    direct().must("CREATE TABLE quiet (id BIGINT NOT NULL PRIMARY KEY, qty INT)");
    direct().must(
        "INSERT INTO quiet WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
        "SELECT i, i FROM n");
  }
  // How many rows the migration had copied that was rolled back while its first chunk waited for a row of the new
  // table.
  long rows_copied_of_one_rolled_back(const std::string& strategy) {
    for (const auto until = Clock::now() + 120s; Clock::now() < until;) {
      const auto hold = flag_file("hold");
      touch(hold);
      const auto id = sluice().migrate(
          {.table = "quiet",
           .alter = "ADD COLUMN note INT",
           .options = R"({"chunk_size": )" + std::to_string(chunk) +
                      R"(, "chunk_time_ms": 400, "copy_threads": 1, "throttle_flag_file": ")" + hold.string() + "\"}"});
      EXPECT_TRUE(wait_until([&] { return !shown(id, "/throttled_by").empty() && shown(id, "/state") == "copying"; }));
      auto somebody = server().connect("test");
      somebody.must("BEGIN");
      somebody.must("INSERT INTO _quiet_gho (id) VALUES (1)");
      std::filesystem::remove(hold);
      auto at_rest = Clock::now();
      EXPECT_TRUE(wait_until([&] {
        const auto asked = Clock::now();
        if (sluice_runs(direct(), "DELETE %quiet_gho%")) return true;
        at_rest = asked;
        return false;
      }));
      roll_back(id, R"({"strategy": ")" + strategy + "\"}");
      somebody.must("ROLLBACK");
      const auto held = Clock::now() - at_rest;
      EXPECT_EQ(json_at(await_over(id), "/phase"), "completed") << report(id);
      // A batch is over after half a second in any case, and nothing can be told then.
      if (held < 400ms) return std::stol(reported(id, "/record/rows_copied"));
    }
    ADD_FAILURE() << "the machine is too slow to tell";
    return 0;
  }
};
SLUICE_ON_BOTH_SERVERS(RollbackStrategies);

TEST_P(RollbackStrategies, graceful_finishes_the_batch_at_hand) {
  EXPECT_GT(rows_copied_of_one_rolled_back("graceful"), chunk);
}

TEST_P(RollbackStrategies, immediate_does_not_wait_for_more_than_the_statement_that_runs) {
  EXPECT_EQ(rows_copied_of_one_rolled_back("immediate"), chunk);
}

}  // namespace
}  // namespace sluice::test
