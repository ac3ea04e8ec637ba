// What a migration keeps in memory does not grow with the table, nor with what is written to it.
#include <fstream>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

// The most that the process ever had in memory.
std::uint64_t peak_memory_kib(pid_t process) {
  std::ifstream status{"/proc/" + std::to_string(process) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(line.find_first_of("0123456789")));
  }
  return 0;
}

class Memory : public BehindSluice {};
SLUICE_ON_BOTH_SERVERS(Memory);

TEST_P(Memory, stays_below_200_mib_with_many_rows_and_more_changes_than_may_be_pending) {
  constexpr std::uint64_t rows = 500'000;
  constexpr std::uint64_t mib = 1024;
  direct().must("CREATE TABLE n (i INT PRIMARY KEY)");
  direct().must(
      "INSERT INTO n WITH RECURSIVE r (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i < 999) SELECT i FROM r");
  make_orders(0);
  direct().must(
      "INSERT INTO orders (id, qty, name) SELECT 1 + a.i * 1000 + b.i, 1, CONCAT('row ', b.i) FROM n AS a JOIN n AS b "
      "WHERE a.i < 500");
  auto options = clients_of_orders();
  options.first_key = 10 * rows;
  options.clients = 4;
  Workload workload{options};
  workload.fill(direct(), 1000);
  workload.start();
  const auto id = sluice().migrate(
      {.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"postpone_cut_over": true})"});
  ASSERT_TRUE(wait_until([&] { return sluice().status(id).rows_copied > 0; }, 30s));
  // Past the proxy, so that no client is held back by it: there are more keys than may be pending.
  direct().must("UPDATE orders SET qty = qty + 1 WHERE id <= 300000");
  direct().must("UPDATE orders SET qty = qty + 1 WHERE id <= 200000");
  EXPECT_EQ(sluice().await_state(id, "ready", 240s).state, "ready") << sluice().status(id).json;
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_EQ(direct().must("SELECT SUM(qty) FROM orders WHERE id <= 500000").value(), std::to_string(rows + 500'000));
  expect_own_rows_unharmed(workload);
  const auto peak = peak_memory_kib(sluice().pid());
  std::cout << "peak: " << peak / mib << " MiB\n";
  EXPECT_LT(peak, 200 * mib);
}

}  // namespace
}  // namespace sluice::test
