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
            .port = static_cast<std::uint16_t>(std::stoi(host.substr(host.rfind(':') + 1)))};
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

TEST_P(Killing, ends_no_other_that_has_its_number_now) {
  auto client = server().connect();
  auto another = connection_of(client);
  another.port = static_cast<std::uint16_t>(*another.port ^ 1U);
  EXPECT_EQ(kill(another), 1);
  EXPECT_TRUE(client.ping());
}

TEST_P(Killing, tells_that_it_has_ended_by_itself) {
  std::optional<TestClient> client{server().connect()};
  const auto ended = connection_of(*client);
  client.reset();
  ASSERT_TRUE(test::wait_until([&] { return kill(ended) == 1; }));
}

TEST_P(Killing, knows_nothing_and_does_nothing_where_it_may_not_look) {
  server().make_user("killer", "",
                     GetParam() == test::Kind::mysql ? "CONNECTION_ADMIN ON *.*" : "CONNECTION ADMIN ON *.*");
  auto client = server().connect();
  EXPECT_EQ(kill(connection_of(client), "killer"), 0);
  EXPECT_TRUE(client.ping());
}

}  // namespace
}  // namespace sluice::app
