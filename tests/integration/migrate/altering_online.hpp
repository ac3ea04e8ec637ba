// What tests of clients' ALTERs ask for again and again: one is sent, its migration looked at, and what is answered.
#pragma once

#include <future>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {

class AlteringOnline : public BehindSluice {
 protected:
  static constexpr std::uint64_t rows = 2000;

  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(rows);
  }

  [[nodiscard]] TestClient online() {
    auto client = sluice().connect();
    client.must("SET @sluice_ddl = 'online'");
    return client;
  }
  [[nodiscard]] bool has_column(const std::string& column, const std::string& table = "orders") {
    return definition(direct(), table).find("`" + column + "`") != std::string::npos;
  }
  // All migrations' JSON.
  [[nodiscard]] std::string migrations() { return sluice().get("/migrate").body; }
  [[nodiscard]] std::size_t migration_count() { return json_size(migrations(), ""); }
  // Of the only migration there has been.
  [[nodiscard]] std::string state() { return json_at(migrations(), "/0/state"); }
  [[nodiscard]] std::string id() { return json_at(migrations(), "/0/id"); }
  [[nodiscard]] bool runs() { return migration_count() == 1 && (state() == "copying" || state() == "ready"); }
  [[nodiscard]] static std::string code_of(const Reply& reply) {
    return reply.error ? std::to_string(reply.error->code) + " " + reply.error->sqlstate : "none";
  }
};

// One that waits for its cut-over, which nobody allows.
class AlterWaiting : public AlteringOnline {
 protected:
  static constexpr const char* alter =
      "/* sluice: online, postpone_cut_over=true, attempt_instant_ddl=false */ ALTER TABLE orders ADD COLUMN a INT";

  void begin(TestClient& client) {
    answer_ = std::async(std::launch::async, [&client] { return client.query(alter); });
    ASSERT_TRUE(wait_until([this] { return runs() && state() == "ready"; }, std::chrono::seconds{60})) << migrations();
  }
  [[nodiscard]] Reply answer() { return answer_.get(); }
  [[nodiscard]] std::string outcome(const std::string& name) {
    const auto text = sluice().get("/metrics").body;
    const auto series = "sluice_online_ddl_total{outcome=\"" + name + "\"} ";
    const auto at = text.find(series);
    return at == std::string::npos ? "" : text.substr(at + series.size(), 1);
  }

 private:
  std::future<Reply> answer_;
};

}  // namespace sluice::test
