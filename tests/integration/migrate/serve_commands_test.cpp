// The command line against a Sluice that runs: how it ends, and what it steers.
#include <csignal>

#include "tests/integration/migrate/serving.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ServeCommands : public Serving {};
SLUICE_ON_BOTH_SERVERS(ServeCommands);

TEST_P(ServeCommands, command_line_migrates_and_ends_with_0_only_then) {
  make_orders(1000);
  const auto done = run(migrate_command("ADD COLUMN note INT"));
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("completed"));
  EXPECT_THAT(definition(direct(), "orders"), HasSubstr("`note` int"));

  const auto refused = run(migrate_command("ADD COLUMN note INT; DROP TABLE orders"));
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.output, HasSubstr("second"));

  direct().must("DROP TABLE _orders_del");
  direct().must("UPDATE orders SET name = 'same'");
  const auto failed = run(migrate_command("ADD UNIQUE KEY one_name (name)"));
  EXPECT_NE(failed.status, 0);
  EXPECT_THAT(failed.output, HasSubstr("one_name"));

  auto misspelt = migrate_command("ADD COLUMN other INT");
  misspelt.emplace_back("--chunk-sise=4");
  EXPECT_NE(run(misspelt).status, 0);
}

TEST_P(ServeCommands, command_line_steers_a_detached_migration) {
  make_orders(500);
  auto dry = migrate_command("ADD COLUMN note INT");
  dry.emplace_back("--dry-run");
  const auto plan = run(dry);
  EXPECT_EQ(plan.status, 0) << plan.output;
  EXPECT_THAT(plan.output, HasSubstr("note"));
  EXPECT_THAT(leftovers(direct()), IsEmpty());

  auto detached = migrate_command("ADD COLUMN note INT");
  detached.insert(detached.end(), {"--postpone-cut-over", "--chunk-size", "100", "--detach"});
  const auto started = run(detached);
  EXPECT_EQ(started.status, 0) << started.output;
  ASSERT_TRUE(
      wait_until([&] { return run({"status", "--http", http()}).output.find("ready") != std::string::npos; }, 30s));
  EXPECT_EQ(run({"pause", "--http", http()}).status, 0);
  EXPECT_NE(run({"pause", "--http", http()}).status, 0);
  EXPECT_EQ(run({"resume", "--http", http()}).status, 0);
  const auto unknown = run({"stop", "--http", http(), "m999"});
  EXPECT_NE(unknown.status, 0);
  EXPECT_THAT(unknown.output, HasSubstr("m999"));
  EXPECT_EQ(run({"cut-over", "--http", http()}).status, 0);
  EXPECT_TRUE(wait_until([&] { return definition(direct(), "orders").find("`note` int") != std::string::npos; }, 30s));
}

TEST_P(ServeCommands, command_line_panics_and_takes_lists_of_objects) {
  make_orders(500);
  auto detached = migrate_command("ADD COLUMN note INT");
  detached.insert(detached.end(), {"--postpone-cut-over", "--detach", "--guards", R"({"when": "mismatches"})",
                                   "--guards", R"({"name": "disk", "when": "disk_percent:/tmp", "threshold": 101})"});
  EXPECT_EQ(run(detached).status, 0) << output();
  const auto ready = [&] { return run({"status", "--http", http(), "m1", "--json"}).output; };
  ASSERT_TRUE(wait_until([&] { return json_at(ready(), "/guards/1/measure") == "disk_percent:/tmp"; }, 30s));
  EXPECT_EQ(json_size(ready(), "/guards"), 2U);
  EXPECT_EQ(run({"panic", "--http", http()}).status, 0);
  EXPECT_EQ(sluice().await_state("m1", "panicked").state, "panicked");
  EXPECT_THAT(leftovers(direct()), testing::ElementsAre("_orders_gho"));
}

TEST_P(ServeCommands, interrupted_command_line_stops_the_migration) {
  make_orders(500);
  auto command = migrate_command("ADD COLUMN note INT");
  command.emplace_back("--postpone-cut-over");
  auto child = start(command);
  ASSERT_TRUE(wait_until([&] { return sluice().get("/migrate").body.find("ready") != std::string::npos; }, 30s));
  child.signal(SIGINT);
  const auto status = child.wait(30s);
  ASSERT_TRUE(status) << output();
  EXPECT_NE(*status, 0);
  EXPECT_THAT(output(), HasSubstr("stopped"));
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  EXPECT_THAT(definition(direct(), "orders"), Not(HasSubstr("`note`")));
}

}  // namespace
}  // namespace sluice::test
