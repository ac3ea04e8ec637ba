// LOAD DATA LOCAL INFILE: the client's packets are data then, not commands.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

class LocalInfile : public ThroughProxy {
 protected:
  void SetUp() override {
    auto direct = server().connect();
    direct.must("SET GLOBAL local_infile = 1");
    direct.must("DROP TABLE IF EXISTS loaded");
    direct.must("CREATE TABLE loaded (line TEXT)");
  }
  std::string write_file(const std::string& name, int lines) {
    const auto path = folder.path() / name;
    std::ofstream file{path};
    // Lines that look like commands: a header of length 1, sequence 0, COM_QUIT.
    for (int i = 0; i < lines; ++i) file << "line " << i << std::string("\1\0\0\0\1", 5) << '\n';
    return path.string();
  }
  static std::string load(const std::string& path) {
    return "LOAD DATA LOCAL INFILE '" + path + "' INTO TABLE loaded FIELDS ESCAPED BY ''";
  }

  test::ScratchFolder folder{"infile"};
};
SLUICE_ON_BOTH_SERVERS(LocalInfile);

TEST_P(LocalInfile, file_of_the_client_is_loaded) {
  auto client = proxy().connect();
  client.must(load(write_file("small", 10)));
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM loaded").value(), "10");
  client.must(load(write_file("large", 100'000)));
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM loaded").value(), "100010");
}

TEST_P(LocalInfile, two_loads_in_one_text_are_loaded_both) {
  auto client = proxy().connect();
  const auto path = write_file("twice", 1000);
  client.must(load(path) + "; " + load(path) + "; SELECT 1");
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM loaded").value(), "2000");
}

TEST_P(LocalInfile, file_the_client_does_not_have_is_an_error_and_the_session_goes_on) {
  auto client = proxy().connect();
  EXPECT_FALSE(client.query(load("/nonexistent/file")).ok());
  EXPECT_EQ(client.must("SELECT COUNT(*) FROM loaded").value(), "0");
}

TEST_P(LocalInfile, table_that_is_missing_is_the_servers_error) {
  auto client = proxy().connect();
  const auto reply = client.query("LOAD DATA LOCAL INFILE '" + write_file("x", 10) + "' INTO TABLE no_such_table");
  ASSERT_TRUE(reply.error);
  EXPECT_EQ(reply.error->code, 1146U);
  EXPECT_TRUE(client.ping());
}

TEST_P(LocalInfile, file_that_fails_early_is_data_to_its_end) {
  auto direct = server().connect();
  direct.must("DROP TABLE IF EXISTS narrow");
  direct.must("CREATE TABLE narrow (line VARCHAR(20) CHECK (line = 'no such line'))");
  auto client = proxy().connect();
  const auto path = write_file("large", 300'000);
  const auto into_narrow = "LOAD DATA LOCAL INFILE '" + path + "' INTO TABLE narrow FIELDS ESCAPED BY ''";
  (void)client.query(into_narrow + "; " + load(path));
  EXPECT_TRUE(client.ping());
  EXPECT_EQ(client.must("SELECT 1").value(), "1");
}

// A client's own words, to leave off in the middle.
class LocalInfileRaw : public LocalInfile {
 protected:
  static constexpr std::uint32_t CAPABILITIES = protocol::capability::LOCAL_FILES | protocol::capability::TRANSACTIONS |
                                                protocol::capability::MULTI_STATEMENTS |
                                                protocol::capability::MULTI_RESULTS;
  static RawClient::Payload bytes(std::string_view text) { return {text.begin(), text.end()}; }
};
SLUICE_ON_BOTH_SERVERS(LocalInfileRaw);

TEST_P(LocalInfileRaw, client_that_refuses_sends_nothing_and_goes_on) {
  RawClient client{proxy().proxy.port(), CAPABILITIES};
  client.query(load("first") + "; " + load("second") + "; SELECT 1");
  for (const bool refuses : {true, false}) {
    ASSERT_EQ(client.receive().at(0), 0xFB);
    if (!refuses) client.send(bytes("a line\nanother\n"));
    client.send({});
    ASSERT_EQ(client.receive().at(0), 0x00);
  }
  for (int packets = 0; packets < 5; ++packets) ASSERT_FALSE(client.receive().empty());
  client.command({0x0E});
  EXPECT_EQ(client.receive().at(0), 0x00);
  EXPECT_EQ(server().connect().must("SELECT COUNT(*) FROM loaded").value(), "2");
}

TEST_P(LocalInfileRaw, server_that_refuses_in_the_middle_gets_the_rest_and_goes_on) {
  auto direct = server().connect();
  direct.must("DROP TABLE IF EXISTS narrow");
  direct.must("CREATE TABLE narrow (line VARCHAR(20) CHECK (line <> 'wrong'))");
  RawClient client{proxy().proxy.port(), CAPABILITIES};
  client.query("LOAD DATA LOCAL INFILE 'x' INTO TABLE narrow; SELECT 1");
  ASSERT_EQ(client.receive().at(0), 0xFB);
  client.send(bytes("right\nwrong\n" + std::string(200'000, 'x') + "\n"));
  // These look like commands: COM_QUIT, a query.
  client.send({0x01});
  client.send(RawClient::query_payload("DROP TABLE narrow"));
  client.send({});
  (void)client.receive();  // OK or ERR, as the server's sql_mode has it
  client.command({0x0E});
  EXPECT_FALSE(client.receive().empty());
  EXPECT_TRUE(direct.query("SELECT * FROM narrow").ok());
}

TEST_P(LocalInfileRaw, client_that_goes_away_in_the_middle_has_loaded_nothing) {
  {
    RawClient client{proxy().proxy.port(), CAPABILITIES};
    client.query(load("x"));
    ASSERT_EQ(client.receive().at(0), 0xFB);
    client.send(bytes("a line\nanother\n"));
  }
  EXPECT_TRUE(proxy().empties());
  EXPECT_TRUE(test::wait_until([&] { return server().connect().must("SELECT COUNT(*) FROM loaded").value() == "0"; }));
}

}  // namespace
}  // namespace sluice::proxy
