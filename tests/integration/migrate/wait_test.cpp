// What a migration that is ready waits for, and that it says so.
#include <array>
#include <ctime>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class Waiting : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(500);
  }
  std::string waiting_for(const std::string& id) { return json_at(sluice().status(id).json, "/waiting_for"); }
  bool comes_to_wait_for(const std::string& id, const std::string& reason) {
    return wait_until([&] { return waiting_for(id).starts_with(reason); }, 30s);
  }
  // Of the migrations that the journal tells of, as the primary has them.
  bool journal_tells(const std::string& event, const std::string& details) {
    return wait_until(
        [&] {
          return direct()
                     .must("SELECT COUNT(*) FROM _sluice.journal WHERE event = '" + event + "' AND details LIKE '%" +
                           details + "%'")
                     .value() != "0";
        },
        30s);
  }
  std::string start(const std::string& options) {
    return sluice().migrate({.table = "orders", .alter = "ADD COLUMN note INT", .options = options});
  }
  // An hour of the day that begins so many hours from now.
  static std::string hour_from_now(std::chrono::hours ahead) {
    const auto text = [](std::chrono::system_clock::time_point time) {
      const auto seconds = std::chrono::system_clock::to_time_t(time);
      std::tm utc{};
      gmtime_r(&seconds, &utc);
      std::array<char, 8> clock{};
      (void)std::strftime(clock.data(), clock.size(), "%H:00", &utc);
      return std::string{clock.data()};
    };
    const auto from = std::chrono::system_clock::now() + ahead;
    return text(from) + "-" + text(from + 1h) + " UTC";
  }
  std::string closed_window() { return hour_from_now(6h); }
};
SLUICE_ON_BOTH_SERVERS(Waiting);

TEST_P(Waiting, window_keeps_a_ready_migration_from_its_cut_over_until_it_is_changed) {
  const auto id = start(R"({"cut_over_window": ")" + closed_window() + "\"}");
  EXPECT_TRUE(comes_to_wait_for(id, "cut_over_window until " + closed_window().substr(0, 5) + " UTC"))
      << sluice().status(id).json;
  EXPECT_TRUE(journal_tells("cut_over.waiting", "cut_over_window until"));
  const auto status = sluice().status(id);
  EXPECT_EQ(status.state, "ready");
  EXPECT_EQ(status.attempts, 0U);
  EXPECT_EQ(json_at(status.json, "/throttled_by"), "");
  EXPECT_EQ(change(id, R"({"cut_over_window": "22-04"})").status, 400U);
  EXPECT_EQ(change(id, R"({"cut_over_window": "00:00-24:00"})").status, 200U);
  const auto end = await_end(id);
  expect_completed(end);
  EXPECT_EQ(json_at(end.json, "/waiting_for"), "");
}

TEST_P(Waiting, person_may_cut_over_outside_the_window) {
  const auto id = start(R"({"cut_over_window": ")" + closed_window() + "\"}");
  EXPECT_TRUE(comes_to_wait_for(id, "cut_over_window"));
  act(id, "cut-over");
  expect_completed(await_end(id));
}

TEST_P(Waiting, window_is_remembered_over_a_restart) {
  const auto id = start(R"({"cut_over_window": ")" + closed_window() + "\"}");
  EXPECT_TRUE(comes_to_wait_for(id, "cut_over_window"));
  sluice().kill9();
  sluice().restart();
  EXPECT_TRUE(comes_to_wait_for(id, "cut_over_window"));
  EXPECT_EQ(change(id, R"({"cut_over_window": ""})").status, 200U);
  expect_completed(await_end(id));
}

TEST_P(Waiting, postponing_is_told) {
  const auto id = postponed();
  EXPECT_TRUE(comes_to_wait_for(id, "postpone_cut_over")) << waiting_for(id);
  EXPECT_TRUE(journal_tells("cut_over.waiting", "postpone_cut_over"));
  act(id, "cut-over");
  expect_completed(await_end(id));
}

TEST_P(Waiting, open_transaction_is_told_by_name_and_nobody_is_held_for_it) {
  auto lingering = sluice().connect();
  const auto id = postponed();
  lingering.must("BEGIN");
  lingering.must("UPDATE orders SET qty = qty + 1 WHERE id = 1");
  const auto connection = "(connection " + std::to_string(lingering.connection_id()) + ")";
  ASSERT_TRUE(wait_until([&] { return json_size(sluice().status(id).json, "/blockers") > 0; }, 30s));
  act(id, "cut-over");
  EXPECT_TRUE(comes_to_wait_for(id, "a transaction of root@"));
  EXPECT_THAT(waiting_for(id), HasSubstr(connection));
  EXPECT_TRUE(journal_tells("cut_over.waiting", connection));
  EXPECT_EQ(sluice().status(id).attempts, 0U);
  EXPECT_TRUE(sluice().connect().query("UPDATE orders SET qty = qty + 1 WHERE id = 2").ok());
  lingering.must("COMMIT");
  expect_completed(await_end(id));
}

TEST_P(Waiting, transaction_that_has_just_begun_holds_nobody_for_its_length) {
  auto busy = sluice().connect();
  auto other = sluice().connect();
  const auto id = postponed();
  busy.must("BEGIN");
  busy.must("UPDATE orders SET qty = qty + 1 WHERE id = 1");
  act(id, "cut-over");
  const auto ends = std::chrono::steady_clock::now() + 2s;
  auto worst = 0ns;
  while (std::chrono::steady_clock::now() < ends) {
    const auto began = std::chrono::steady_clock::now();
    other.must("UPDATE orders SET qty = qty + 1 WHERE id = 2");
    worst = std::max(worst, std::chrono::nanoseconds{std::chrono::steady_clock::now() - began});
  }
  EXPECT_LT(worst, 1s);
  busy.must("COMMIT");
  expect_completed(await_end(id));
}

TEST_P(Waiting, back_off_after_an_attempt_is_told_with_its_reason) {
  const auto id = postponed();
  auto blocker = server().connect();  // what keeps a RENAME waiting, and is not a lock of either table
  if (is_mysql()) {
    blocker.must("LOCK INSTANCE FOR BACKUP");
  } else {
    blocker.must("BACKUP STAGE START");
    blocker.must("BACKUP STAGE BLOCK_DDL");
  }
  act(id, "cut-over");
  EXPECT_TRUE(comes_to_wait_for(id, "back-off until ")) << sluice().status(id).json;
  EXPECT_TRUE(journal_tells("cut_over.again", "rename"));
  EXPECT_TRUE(journal_tells("cut_over.again", "not_before"));
  EXPECT_THAT(json_at(sluice().status(id).json, "/cut_over/last_error"), StartsWith("rename: "));
  blocker.must(is_mysql() ? "UNLOCK INSTANCE" : "BACKUP STAGE END");
  expect_completed(await_end(id));
}

}  // namespace
}  // namespace sluice::test
