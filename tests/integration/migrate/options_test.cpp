// Options at values other than their defaults, as far as no other topic needs them.
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Options : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(1000);
  }
  MigrationStatus run(const std::string& options) {
    const auto id = sluice().migrate({.table = "orders", .alter = "ADD COLUMN note INT", .options = options});
    return await_end(id);
  }
  // The first journal entry of such an event, as JSON; empty if there is none.
  std::string entry(const std::string& id, const std::string& event) {
    return journal_entry(sluice().get("/migrate/" + id + "/events").body, event);
  }
};
SLUICE_ON_BOTH_SERVERS(Options);

TEST_P(Options, verify_off_compares_no_chunk) {
  const auto status = run(R"({"verify": "off"})");
  expect_completed(status);
  EXPECT_EQ(json_at(status.json, "/verified_rows"), "0");
}

TEST_P(Options, verify_is_on_where_nothing_is_said) {
  const auto status = run("{}");
  expect_completed(status);
  EXPECT_NE(json_at(status.json, "/verified_rows"), "0");
}

TEST_P(Options, critical_load_ends_the_migration_and_names_the_variable) {
  const auto status = run(R"({"critical_load": "Threads_connected=1"})");
  EXPECT_EQ(status.state, "failed");
  EXPECT_EQ(json_at(status.json, "/error/code"), "critical_load");
  EXPECT_THAT(json_at(status.json, "/error/message"), HasSubstr("Threads_connected"));
}

TEST_P(Options, blocker_is_killed_where_that_is_wanted) {
  auto client = lingering();
  const auto status = run(R"({"on_blocker": "kill", "drain_timeout_ms": 400})");
  expect_completed(status);
  const auto killed = entry(status.id, "cut_over.killed");
  EXPECT_EQ(json_at(killed, "/details/connection_id"), std::to_string(client.connection_id()));
  EXPECT_EQ(json_at(killed, "/details/user"), "root");
  EXPECT_GE(std::stoi(json_at(killed, "/details/since_ms")), 200);
  EXPECT_FALSE(client.query("SELECT 1").ok()) << "its connection is gone";
  EXPECT_EQ(direct().must("SELECT qty FROM orders WHERE id = 1").rows().size(), 1U);
}

TEST_P(Options, blocker_makes_the_migration_fail_where_that_is_wanted) {
  auto client = lingering();
  const auto status = run(R"({"on_blocker": "abort", "drain_timeout_ms": 300})");
  EXPECT_EQ(status.state, "failed");
  EXPECT_THAT(status.error, HasSubstr("root@"));
  EXPECT_THAT(status.error, HasSubstr("(connection " + std::to_string(client.connection_id()) + ")"));
  EXPECT_TRUE(client.query("COMMIT").ok());
}

}  // namespace
}  // namespace sluice::test
