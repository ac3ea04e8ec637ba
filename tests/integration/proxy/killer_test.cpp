// The kill of what a client has left behind: that connection, and nobody else's.
#include "app/killer.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <optional>

#include "tests/support/both_servers.hpp"
#include "tests/support/wait.hpp"

namespace sluice::app {
namespace {

using test::TestClient;
using namespace std::chrono_literals;

class Killing : public test::OnBothServers {
 protected:
  // What the proxy would say of this client's connection.
  proxy::Abandoned connection_of(const TestClient& client) {
    const auto id = client.connection_id();
    const auto host = server()
                          .connect()
                          .must("SELECT host FROM information_schema.processlist WHERE id = " + std::to_string(id))
                          .value();
    return {.connection = gate::ConnectionId{id},
            .user = "root",
            .port = static_cast<std::uint16_t>(std::stoi(host.substr(host.rfind(':') + 1))),
            .since = std::chrono::steady_clock::now()};
  }
  static proxy::Abandoned at_another_port(proxy::Abandoned abandoned) {
    abandoned.port = static_cast<std::uint16_t>(*abandoned.port ^ 1U);
    return abandoned;
  }
  // How often it was told that there is no such connection, once all is done.
  int kill(const proxy::Abandoned& abandoned, const std::string& as = "root") {
    std::atomic<int> told{0};
    Log log{LogFormat::text};
    {
      Killer killer{{.host = "127.0.0.1", .port = server().port(), .user = as, .password = ""}, log};
      killer.kill(abandoned, [&] { ++told; });
    }
    return told;
  }
};
SLUICE_ON_BOTH_SERVERS(Killing);

TEST_P(Killing, ends_the_connection) {
  auto client = server().connect();
  EXPECT_EQ(kill(connection_of(client)), 0);
  EXPECT_FALSE(client.ping());
}

// Something between Sluice and the primary may have changed it.
TEST_P(Killing, ends_the_connection_that_comes_from_another_port) {
  auto client = server().connect();
  EXPECT_EQ(kill(at_another_port(connection_of(client))), 0);
  EXPECT_FALSE(client.ping());
}

TEST_P(Killing, ends_no_other_that_has_its_number_since_the_server_began_anew) {
  auto client = server().connect();
  auto another = at_another_port(connection_of(client));
  another.since -= 24h;
  EXPECT_EQ(kill(another), 1);
  EXPECT_TRUE(client.ping());
}

TEST_P(Killing, ends_nobody_who_is_another_user) {
  auto client = server().connect();
  auto another = at_another_port(connection_of(client));
  another.user = "somebody_else";
  EXPECT_EQ(kill(another), 0);
  EXPECT_TRUE(client.ping());
}

TEST_P(Killing, tells_that_it_has_ended_by_itself) {
  std::optional<TestClient> client{server().connect()};
  const auto ended = connection_of(*client);
  client.reset();
  ASSERT_TRUE(test::wait_until([&] { return kill(ended) == 1; }));
}

TEST_P(Killing, knows_nothing_and_does_nothing_where_it_may_not_look) {
  const std::string may_kill = GetParam() == test::Kind::mysql ? "CONNECTION_ADMIN ON *.*" : "CONNECTION ADMIN ON *.*";
  server().make_user("killer", "", may_kill);
  server().connect().must("GRANT SELECT ON mysql.* TO killer");  // sees that others have PROCESS
  auto client = server().connect();
  EXPECT_EQ(kill(connection_of(client), "killer"), 0);
  EXPECT_TRUE(client.ping());
}

TEST_P(Killing, may_look_by_a_role) {
  auto direct = server().connect();
  direct.must("CREATE ROLE IF NOT EXISTS looks");
  direct.must("GRANT PROCESS ON *.* TO looks");
  server().make_user("looking", "", "looks");
  direct.must(GetParam() == test::Kind::mysql ? "SET DEFAULT ROLE looks TO looking"
                                              : "SET DEFAULT ROLE looks FOR looking");
  std::optional<TestClient> client{server().connect()};
  const auto ended = connection_of(*client);
  client.reset();
  ASSERT_TRUE(test::wait_until([&] { return kill(ended, "looking") == 1; }));
}

}  // namespace
}  // namespace sluice::app
