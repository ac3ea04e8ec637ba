// A table of 4000 rows that four clients write to through the proxy: each acknowledged write is accounted for in the
// end, and no client may have seen an error unless Sluice itself was killed.
#pragma once

#include <filesystem>
#include <fstream>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {

class UnderClients : public BehindSluice {
 protected:
  static constexpr std::uint64_t rows = 4000;
  static constexpr unsigned changed = 200;  // the status of a PATCH
  // Keeps the server busy for some tenths of a millisecond a row.
  static constexpr auto laborious = "ADD COLUMN note INT, ADD COLUMN sum BIGINT AS (CRC32(REPEAT(name, 50000))) STORED";

  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(0);
    auto options = clients_of_orders();
    options.clients = 4;
    workload_.emplace(options);
    workload_->fill(direct(), rows);
    before_ = definition(direct(), "orders");
    workload_->start();
  }
  void TearDown() override {
    EXPECT_TRUE(writes_go_on());
    if (crashed_) {
      expect_nothing_lost(*workload_, direct());
    } else {
      expect_unharmed(*workload_);
    }
    BehindSluice::TearDown();
  }
  // From here on clients lose their connections.
  void kill_sluice() {
    crashed_ = true;
    sluice().kill9();
  }

  bool writes_go_on() const {
    const auto before = workload_->acknowledged();
    return wait_until([&] { return workload_->acknowledged() > before + 100; }, std::chrono::seconds{30});
  }
  // A migration in the midst of its copy; the rest would take long.
  std::string copying(const std::string& more_options = "") {
    const auto id = sluice().migrate(
        {.table = "orders",
         .alter = laborious,
         .options = R"({"chunk_size": 50, "chunk_time_ms": 2, "nice_ratio": 60)" + more_options + "}"});
    EXPECT_TRUE(wait_until([&] { return sluice().status(id).rows_copied > 0; }, std::chrono::seconds{30}))
        << sluice().status(id).json;
    return id;
  }
  void go_fast(const std::string& id) {
    const auto response = change(id, R"({"nice_ratio": 0, "chunk_size": 1000, "chunk_time_ms": 200})");
    EXPECT_EQ(response.status, changed) << response.body;
  }
  std::string shown(const std::string& id, const std::string& pointer) {
    return json_at(sluice().status(id).json, pointer);
  }
  double throttled_seconds() {
    const std::string name = "\nsluice_throttled_seconds_total ";
    const auto text = sluice().get("/metrics").body;
    const auto at = text.find(name);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size()));
  }
  bool comes_to_show(const std::string& id, const std::string& pointer, const std::string& value) {
    return wait_until([&] { return shown(id, pointer) == value; });
  }
  void expect_untouched() { EXPECT_EQ(definition(direct(), "orders"), before_); }
  std::filesystem::path flag_file(const std::string& name) const { return flags_.path() / name; }
  static void touch(const std::filesystem::path& file) { std::ofstream{file}.flush(); }

 private:
  std::optional<Workload> workload_;
  ScratchFolder flags_{"flags"};
  std::string before_;
  bool crashed_ = false;
};

}  // namespace sluice::test
