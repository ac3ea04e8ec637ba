// Those who were held go on in turn, also behind a cut-over that succeeded and a migration that has ended.
#include <algorithm>
#include <deque>
#include <future>

#include "proxy/gate/gate_fsm.hpp"
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t clients = 400;

class Released : public BehindSluice {
 protected:
  std::size_t waiting() {
    const std::string name = "\nsluice_held_statements{database=\"test\",table=\"orders\"} ";
    const auto text = sluice().get("/metrics").body;
    const auto at = text.find(name);
    return at == std::string::npos ? 0 : std::stoul(text.substr(at + name.size()));
  }
  unsigned long running() {
    return std::stoul(direct().must("SHOW GLOBAL STATUS LIKE 'Threads_running'").rows().at(0).at(1).value_or("0"));
  }
};
SLUICE_ON_BOTH_SERVERS(Released);

TEST_P(Released, hundreds_of_clients_do_not_meet_the_server_at_once) {
  make_orders(100);
  direct().must("ALTER TABLE orders MODIFY id BIGINT NOT NULL");  // or its next number would be a DDL to wait for
  const auto id = postponed();
  std::deque<TestClient> connected;
  for (std::size_t n = 0; n < clients; ++n) connected.push_back(sluice().connect());
  auto blocker = server().connect();
  keep_renames_waiting(blocker);
  act(id, "cut-over");
  ASSERT_TRUE(wait_until([&] { return sluice_runs(direct(), "RENAME TABLE%"); }, 30s)) << sluice().status(id).json;
  std::vector<std::future<bool>> held;
  for (std::size_t n = 0; n < clients; ++n) {
    held.push_back(std::async(std::launch::async, [&client = connected[n], id = std::to_string(1000 + n)] {
      // Slow enough for many to be at the server together, if they are let.
      return client.query("INSERT INTO orders (id, qty, name, tag) SELECT " + id + ", 1, 'held', SLEEP(0.02)").ok();
    }));
  }
  EXPECT_TRUE(wait_until([&] { return waiting() > clients / 2; }, 5s));
  allow_renames(blocker);
  std::vector<unsigned long> samples;
  do {
    samples.push_back(running());
  } while (waiting() > 0);
  expect_completed(await_end(id));
  for (auto& each : held) EXPECT_TRUE(each.get());
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders WHERE name = 'held'").value(), std::to_string(clients));
  // What the server itself runs, and the next ones where it finishes none for a while.
  constexpr unsigned long besides = 16;
  EXPECT_LE(*std::ranges::max_element(samples), 2 * gate::GateFsm::kReleaseConcurrencyMax + besides);
}

}  // namespace
}  // namespace sluice::test
