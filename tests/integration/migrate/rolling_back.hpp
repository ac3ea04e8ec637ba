// What tests of rollbacks ask for again and again: one is begun, waited for, and has left nothing behind.
#pragma once

#include <algorithm>
#include <array>
#include <ctime>

#include "tests/integration/migrate/under_clients.hpp"

namespace sluice::test {

class RollingBack : public UnderClients {
 protected:
  void roll_back(const std::string& id, const std::string& body = "") {
    const auto response = sluice().post("/migrate/" + id + "/rollback", body);
    EXPECT_EQ(response.status, 202U) << response.body;
  }
  std::string report(const std::string& id) { return sluice().get("/migrate/" + id + "/rollback").body; }
  std::string reported(const std::string& id, const std::string& pointer) { return json_at(report(id), pointer); }
  // Waits until the rollback is over; its report.
  std::string await_over(const std::string& id) {
    const auto over = [&] {
      const auto phase = reported(id, "/phase");
      return phase != "running" && phase != "deferred";
    };
    EXPECT_TRUE(wait_until(over, std::chrono::seconds{60})) << report(id);
    return report(id);
  }
  bool comes_to_step(const std::string& id, const std::string& step) {
    return wait_until([&] { return shown(id, "/rollback/step") == step; }, std::chrono::seconds{30});
  }
  std::vector<std::string> events(const std::string& id) {
    const auto journal = sluice().get("/migrate/" + id + "/journal").body;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < json_size(journal, "/journal"); ++i) {
      names.push_back(json_at(journal, "/journal/" + std::to_string(i) + "/event"));
    }
    return names;
  }
  // Those of the rollback itself, in order.
  std::vector<std::string> rollback_events(const std::string& id) {
    auto names = events(id);
    std::erase_if(names, [](const std::string& name) { return !name.starts_with("rollback."); });
    return names;
  }
  void expect_rolled_back(const std::string& id) {
    const auto over = await_over(id);
    EXPECT_EQ(json_at(over, "/phase"), "completed") << over;
    EXPECT_EQ(await_end(id).state, "stopped");
    EXPECT_THAT(leftovers(direct()), testing::IsEmpty());
    expect_untouched();
    EXPECT_EQ(json_at(over, "/verify/definition_unchanged"), "true") << over;
    EXPECT_EQ(direct().must("SELECT COUNT(*) FROM _sluice.heartbeat WHERE migration = " + id.substr(1)).value(), "0");
  }
  static std::string at_in(std::chrono::seconds time) {
    const auto at = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + time);
    std::tm utc{};
    gmtime_r(&at, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text.data();
  }
  static std::string deferred_to(const std::string& at) { return R"({"strategy": "deferred", "at": ")" + at + R"("})"; }
  // Copying, watched by a guard that fires as long as the gauge says so.
  std::string gauged() {
    direct().must("CREATE TABLE IF NOT EXISTS gauge (reading DOUBLE)");
    direct().must("INSERT INTO gauge VALUES (0)");
    return copying(R"(, "guards": [{"name": "gauge", "when": "sql:SELECT reading FROM test.gauge", "threshold": 1}])");
  }
  void show(const std::string& reading) { direct().must("UPDATE gauge SET reading = " + reading); }
};

}  // namespace sluice::test
