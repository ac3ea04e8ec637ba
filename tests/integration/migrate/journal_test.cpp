// The story of a migration as its journal, the event stream and the log tell it.
#include "tests/integration/migrate/under_clients.hpp"

namespace sluice::test {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Journal : public UnderClients {};
SLUICE_ON_BOTH_SERVERS(Journal);

TEST_P(Journal, journal_is_exported_as_one_file_with_positions_and_counts) {
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  // The state is told a moment before its entry is written.
  ASSERT_TRUE(wait_until([&] {
    return sluice().get("/migrate/" + status.id + "/journal").body.find(R"("event":"completed")") != std::string::npos;
  }));
  const auto file = sluice().get("/migrate/" + status.id + "/journal");
  EXPECT_EQ(file.status, 200U);
  EXPECT_THAT(file.headers.at("content-disposition"), HasSubstr(status.id + "-journal.json"));
  EXPECT_EQ(json_at(file.body, "/migration/state"), "completed");
  std::vector<std::string> events;
  for (std::size_t i = 0; i < json_size(file.body, "/journal"); ++i) {
    const auto entry = "/journal/" + std::to_string(i);
    events.push_back(json_at(file.body, entry + "/event"));
    EXPECT_EQ(json_at(file.body, entry + "/number"), std::to_string(i + 1));
    EXPECT_THAT(json_at(file.body, entry + "/details/at/position"), HasSubstr("bin")) << events.back();
  }
  for (const auto* event :
       {"started", "copied", "verified", "ready", "cut_over.begun", "cut_over.completed", "completed"}) {
    EXPECT_THAT(events, Contains(event));
  }
}

TEST_P(Journal, each_decision_is_in_the_table_the_event_stream_and_the_log) {
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  const auto of = " FROM _sluice.journal WHERE migration = " + status.id.substr(1);
  ASSERT_TRUE(
      wait_until([&] { return direct().must("SELECT COUNT(*)" + of + " AND event = 'audit.passed'").value() == "1"; }));
  const auto stream = sluice().get("/migrate/" + status.id + "/events").body;
  const auto log = sluice().log();
  const auto rows = direct().must("SELECT event, at" + of + " ORDER BY number").rows();
  EXPECT_GT(rows.size(), 6U);
  for (const auto& row : rows) {
    const auto event = row.at(0).value();
    EXPECT_THAT(journal_entry(stream, event), HasSubstr(row.at(1).value())) << event;
    EXPECT_THAT(log, HasSubstr("\"event\":\"" + event + "\",\"migration\":\"" + status.id + "\"")) << event;
  }
}

TEST_P(Journal, pausing_is_a_decision_of_the_journal) {
  const auto id = postponed();
  const auto tells = [&](const std::string& event) {
    return wait_until([&] {
      return sluice().get("/migrate/" + id + "/journal").body.find("\"event\":\"" + event + "\"") != std::string::npos;
    });
  };
  act(id, "pause");
  EXPECT_TRUE(tells("paused"));
  act(id, "resume");
  EXPECT_TRUE(tells("unpaused"));
  act(id, "cut-over");
  expect_completed(await_end(id));
}

TEST_P(Journal, events_tell_the_story_to_its_end) {
  const auto status = complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  const auto events = sluice().get("/migrate/" + status.id + "/events");
  EXPECT_EQ(events.status, 200U);
  EXPECT_THAT(events.headers.at("content-type"), HasSubstr("text/event-stream"));
  EXPECT_THAT(events.body, HasSubstr("cut_over"));
  EXPECT_THAT(events.body, HasSubstr("completed"));
  EXPECT_THAT(sluice().get("/migrate").body, HasSubstr("\"" + status.id + "\""));
}

}  // namespace
}  // namespace sluice::test
