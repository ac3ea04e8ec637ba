// Thousands of clients that were held go on without a stampede at the server.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <deque>
#include <future>
#include <mutex>

#include "proxy/gate/gate_fsm.hpp"
#include "tests/integration/proxy/fixture.hpp"

namespace sluice::proxy {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t CLIENTS = 5000;
const gate::TableName ORDERS{"test", "orders"};

// Each client costs this process three: its own, and both ends of the proxy.
void allow_open_files(rlim_t count) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur >= count) return;
  limit = {.rlim_cur = count, .rlim_max = std::max(limit.rlim_max, count)};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0) << "needs root, or a hard limit of open files of " << count;
}

// A few at a time: what is looked at here is not a storm of logins.
std::deque<test::TestClient> connect_all(const RunningProxy& proxy) {
  constexpr std::size_t AT_A_TIME = 10;
  std::mutex mutex;
  std::deque<test::TestClient> clients;
  std::vector<std::future<void>> connecting;
  for (std::size_t n = 0; n < AT_A_TIME; ++n) {
    connecting.push_back(std::async(std::launch::async, [&] {
      for (std::size_t i = 0; i < CLIENTS / AT_A_TIME; ++i) {
        auto client = proxy.connect();
        const std::scoped_lock lock(mutex);
        clients.push_back(std::move(client));
      }
    }));
  }
  for (auto& each : connecting) each.get();
  return clients;
}

class Release : public ThroughProxy {};
SLUICE_ON_BOTH_SERVERS(Release);

TEST_P(Release, of_thousands_keeps_the_servers_running_threads_within_the_limit) {
  allow_open_files(3 * CLIENTS + 1000);
  const auto own = test::TestServer::start(
      GetParam(), {.arguments = {"--max-connections=" + std::to_string(CLIENTS + 100), "--open-files-limit=20000"}});
  auto direct = own.connect();
  direct.must("CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(50))");
  auto with = config();
  with.primary.port = own.port();
  RunningProxy proxy{with};
  proxy.gate.arm(ORDERS, {gate::Target{ORDERS, gate::Target::Kind::table}}, "m1");
  ASSERT_EQ(proxy.gate.close(ORDERS, gate::Clock::now() + 10s, gate::Clock::now() + 300s), gate::CloseResult::held);

  auto clients = connect_all(proxy);
  std::vector<std::future<std::string>> errors;
  for (test::TestClient& client : clients) {
    errors.push_back(std::async(std::launch::async, [&client] {
      // Slow enough for many to be at the server together, if they are let.
      const auto reply = client.query("INSERT INTO orders (note) SELECT SLEEP(0.005)");
      return reply.error ? reply.error->text : std::string{};
    }));
  }
  ASSERT_TRUE(test::wait_until([&] { return proxy.gate.status(ORDERS).waiting == CLIENTS; }, 60s));

  proxy.gate.open(ORDERS);
  std::vector<unsigned long> running;
  while (proxy.gate.status(ORDERS).waiting > 0) {
    const auto now = direct.must("SHOW GLOBAL STATUS LIKE 'Threads_running'").rows().at(0).at(1).value_or("0");
    running.push_back(std::stoul(now));
  }
  for (auto& error : errors) ASSERT_EQ(error.get(), "");
  EXPECT_EQ(direct.must("SELECT COUNT(*) FROM orders").value(), std::to_string(CLIENTS));
  ASSERT_FALSE(running.empty());
  std::ranges::sort(running);
  constexpr unsigned long SERVERS_OWN = 8;
  constexpr auto LIMIT = gate::GateFsm::kReleaseConcurrencyMax;
  EXPECT_LE(running[running.size() / 2], LIMIT + SERVERS_OWN);
  // One that finishes none of them for half a second is given the next ones as well: as often as its machine stands
  // still, and never all.
  EXPECT_LE(running.back(), CLIENTS / 8);
}

}  // namespace
}  // namespace sluice::proxy
