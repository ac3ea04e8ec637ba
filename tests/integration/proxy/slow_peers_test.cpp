// Who does not read costs Sluice no memory: it stops reading from the other side, however much there is.
#include <gmock/gmock.h>

#include <concepts>
#include <fstream>
#include <future>
#include <utility>

#include "tests/integration/proxy/raw_client.hpp"
#include "tests/support/both_servers.hpp"
#include "tests/support/sluice_process.hpp"
#include "tests/support/wait.hpp"

namespace sluice::proxy {
namespace {

using test::wait_until;
using namespace std::chrono_literals;

constexpr std::uint64_t MIB = 1024 * 1024;
// Beyond what it had before; each direction of a session has a buffer of 64 KiB at most.
constexpr std::uint64_t MEMORY_MAX = 4 * MIB;

class SlowPeers : public test::OnBothServers {
 protected:
  // The most that the process ever had in memory.
  [[nodiscard]] std::uint64_t peak_memory() const {
    std::ifstream status{"/proc/" + std::to_string(sluice.pid()) + "/status"};
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return 1024 * std::stoull(line.substr(line.find_first_of("0123456789")));
    }
    return 0;
  }
  // Waits until the condition has held for a second, as often as it is asked.
  template <std::predicate Condition>
  static bool holds_on(Condition condition) {
    auto since = std::chrono::steady_clock::now();
    return wait_until(
        [&] {
          if (!condition()) since = std::chrono::steady_clock::now();
          return std::chrono::steady_clock::now() - since > 1s;
        },
        60s);
  }
  // The account that RawClient can be.
  void SetUp() override {
    server.make_user("raw", "", "ALL ON *.*", GetParam() == test::Kind::mysql ? "caching_sha2_password" : "");
    server.connect().must("SET GLOBAL local_infile = 1");
    (void)sluice.connect().must("SELECT REPEAT('x', 1000000)");
  }
  [[nodiscard]] RawClient connect(std::uint32_t capabilities) const {
    return RawClient{sluice.port(), {.capabilities = capabilities, .user = "raw"}};
  }

  test::TestServer server = test::TestServer::start(GetParam());
  test::SluiceProcess sluice = test::SluiceProcess::start(server);
};
SLUICE_ON_BOTH_SERVERS(SlowPeers);

TEST_P(SlowPeers, client_that_does_not_read_a_gigabyte_costs_no_memory) {
  constexpr std::uint64_t ROWS = 1000;
  constexpr std::uint64_t ROW_BYTES = 1'000'000;
  const auto before = peak_memory();
  auto client = connect(0);
  client.query("WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < " + std::to_string(ROWS) +
               ") SELECT REPEAT('x', " + std::to_string(ROW_BYTES) + ") FROM r");
  auto watching = server.connect();
  const auto states = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'raw' AND info LIKE 'WITH%'";
  EXPECT_TRUE(holds_on([&] {
    return watching.must(states + std::string{" AND state IN ('Sending to client', 'Writing to net', 'Sending data')"})
               .value() == "1";
  }));
  auto other = sluice.connect();
  for (int n = 0; n < 1000; ++n) EXPECT_TRUE(other.ping());
  EXPECT_EQ(watching.must(states).value(), "1") << "it did not wait for its client";
  EXPECT_LT(peak_memory() - before, MEMORY_MAX);
  std::uint64_t got = 0;
  while (got < ROWS * ROW_BYTES) {
    const auto bytes = client.receive_bytes();
    ASSERT_FALSE(bytes.empty()) << got;
    got += bytes.size();
  }
  EXPECT_LT(peak_memory() - before, MEMORY_MAX);
}

TEST_P(SlowPeers, server_that_does_not_read_a_load_of_200_mb_costs_no_memory) {
  constexpr std::uint64_t LINES = 200;
  server.connect().must("CREATE TABLE loaded (length INT)");
  const auto before = peak_memory();
  auto client = connect(protocol::capability::LOCAL_FILES);
  client.query("LOAD DATA LOCAL INFILE 'whatever' INTO TABLE loaded (@line) SET length = LENGTH(@line)");
  ASSERT_EQ(client.receive().at(0), 0xFB);
  server.pause();
  std::atomic<std::uint64_t> sent{0};
  auto sending = std::async(std::launch::async, [&] {
    RawClient::Payload line(MIB, 'x');
    line.back() = '\n';
    for (; sent < LINES; ++sent) client.send(line);
    client.send({});
  });
  EXPECT_TRUE(holds_on([&, seen = std::uint64_t{0}]() mutable {
    const auto last = std::exchange(seen, sent.load());
    return seen == last;
  }));
  EXPECT_LT(sent, LINES / 2) << "more than sockets hold";
  EXPECT_LT(peak_memory() - before, MEMORY_MAX);
  server.resume();
  sending.get();
  EXPECT_EQ(client.receive().at(0), 0);
  EXPECT_EQ(server.connect().must("SELECT CONCAT(COUNT(*), ' ', SUM(length)) FROM loaded").value(),
            std::to_string(LINES) + " " + std::to_string(LINES * (MIB - 1)));
  EXPECT_LT(peak_memory() - before, MEMORY_MAX);
}

}  // namespace
}  // namespace sluice::proxy
