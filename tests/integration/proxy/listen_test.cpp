// Where clients come in: several addresses at once, unix sockets as mysqld makes them; and a primary on a unix socket.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/proxy/fixture.hpp"

namespace sluice::proxy {
namespace {

namespace fs = std::filesystem;
using test::TestClient;
using testing::HasSubstr;

class Listen : public ThroughProxy {
 protected:
  [[nodiscard]] ProxyConfig at_socket() {
    auto with = config();
    with.listen = {net::Address{socket_, 0}};
    return with;
  }
  [[nodiscard]] TestClient connect(const std::string& user = "root", const std::string& password = "") const {
    return TestClient{{.socket = socket_, .user = user, .password = password, .database = "test"}};
  }
  // Why a proxy can't start with this; empty: it can.
  static std::string refusal(const ProxyConfig& with) {
    try {
      const RunningProxy proxy{with};
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return {};
  }
  // What is left by a process that was killed: the file, and nobody behind it.
  void leave_stale_file() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.copy(address.sun_path, socket_.size());
    const int gone = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(::bind(gone, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(gone, 1), 0);
    ::close(gone);
  }

  test::ScratchFolder folder_{"listen"};
  std::string socket_ = folder_.path() / "sluice.sock";
};
SLUICE_ON_BOTH_SERVERS(Listen);

TEST_P(Listen, at_a_port_and_at_a_socket_for_everybody_at_once) {
  auto with = at_socket();
  with.listen.push_back(net::Address{"127.0.0.1", 0});
  with.listen.push_back(net::Address{"127.0.0.1", 0});
  {
    RunningProxy proxy{with};
    ASSERT_EQ(proxy.proxy.addresses().size(), 3U);
    struct stat file{};
    ASSERT_EQ(::stat(socket_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777U, 0777U);
    EXPECT_EQ(connect().must("SELECT 1").value(), "1");
    for (std::size_t i = 1; i < 3; ++i) {
      TestClient client{{.port = proxy.proxy.addresses()[i].port, .database = "test"}};
      EXPECT_EQ(client.must("SELECT 2").value(), "2");
    }
  }
  EXPECT_FALSE(fs::exists(socket_));
}

TEST_P(Listen, socket_of_a_process_that_is_gone_is_replaced) {
  leave_stale_file();
  const RunningProxy proxy{at_socket()};
  EXPECT_EQ(connect().must("SELECT 1").value(), "1");
}

TEST_P(Listen, socket_of_another_process_is_left_to_it) {
  const RunningProxy proxy{at_socket()};
  EXPECT_THAT(refusal(at_socket()), AllOf(HasSubstr(socket_), HasSubstr("somebody else listens there")));
  EXPECT_EQ(connect().must("SELECT 1").value(), "1");
}

TEST_P(Listen, file_that_is_no_socket_is_left_alone) {
  std::ofstream{socket_} << "somebody's notes";
  EXPECT_THAT(refusal(at_socket()), HasSubstr("no socket"));
  EXPECT_EQ(fs::file_size(socket_), 16U);
}

TEST_P(Listen, socket_that_was_taken_over_meanwhile_is_not_removed) {
  {
    const RunningProxy proxy{at_socket()};
    fs::remove(socket_);
    leave_stale_file();
  }
  EXPECT_TRUE(fs::exists(socket_));
}

TEST_P(Listen, path_too_long_for_a_socket_and_a_folder_that_is_not_there_are_named) {
  auto with = config();
  with.listen = {net::Address{"/tmp/" + std::string(200, 'x'), 0}};
  EXPECT_THAT(refusal(with), HasSubstr("can't listen on /tmp/xxx"));
  with.listen = {net::Address{"/no/such/folder/sluice.sock", 0}};
  EXPECT_THAT(refusal(with), HasSubstr("/no/such/folder"));
}

// The client takes its socket for secure and sends its password as it is; the server's leg is not, so it is encrypted.
TEST_P(Listen, every_plugin_through_the_socket_cold_and_warm) {
  const std::vector<std::string> plugins = is_mysql()
                                               ? std::vector<std::string>{"caching_sha2_password", "sha256_password"}
                                               : std::vector<std::string>{"mysql_native_password"};
  for (const auto& plugin : plugins) server().make_user("l_" + plugin, "pass word", "ALL ON test.*", plugin);
  for (const auto server_tls : {ServerTlsMode::as_client, ServerTlsMode::disabled, ServerTlsMode::required}) {
    if (!is_mysql() && server_tls == ServerTlsMode::required) continue;  // the tests' MariaDB has no certificate
    auto with = at_socket();
    with.server_tls = server_tls;
    const RunningProxy proxy{with};
    for (const auto& plugin : plugins) {
      SCOPED_TRACE(plugin + ", server's TLS " + std::to_string(static_cast<int>(server_tls)));
      server().connect().must("FLUSH PRIVILEGES");
      for (const char* state : {"cold", "warm"}) {
        EXPECT_NO_THROW(EXPECT_EQ(connect("l_" + plugin, "pass word").must("SELECT 1").value(), "1")) << state;
      }
    }
  }
}

TEST_P(Listen, client_at_the_socket_is_safe_enough_where_tls_is_required) {
  auto with = at_socket();
  with.client_tls = ClientTlsMode::required;
  with.server_tls = ServerTlsMode::disabled;
  const RunningProxy proxy{with};
  EXPECT_EQ(connect().must("SELECT 1").value(), "1");
}

// The other way round: it is the server that expects a password as it is.
TEST_P(Listen, primary_at_a_socket) {
  const std::vector<std::string> plugins = is_mysql()
                                               ? std::vector<std::string>{"caching_sha2_password", "sha256_password"}
                                               : std::vector<std::string>{"mysql_native_password"};
  for (const auto& plugin : plugins) server().make_user("p_" + plugin, "pass word", "ALL ON test.*", plugin);
  auto with = config();
  with.primary = {server().socket_path(), 0};
  RunningProxy proxy{with};
  for (const auto tls : {test::Tls::off, test::Tls::unverified}) {
    if (!is_mysql() && tls != test::Tls::off) continue;  // the tests' MariaDB has no certificate
    for (const auto& plugin : plugins) {
      SCOPED_TRACE(plugin + ", client's TLS " + std::to_string(static_cast<int>(tls)));
      server().connect().must("FLUSH PRIVILEGES");
      for (const char* state : {"cold", "warm"}) {
        const auto log_in = [&] {
          TestClient client{{.port = proxy.proxy.port(),
                             .user = "p_" + plugin,
                             .password = "pass word",
                             .database = "test",
                             .tls = tls}};
          EXPECT_EQ(client.must("SELECT USER()").value(), "p_" + plugin + "@localhost");
        };
        EXPECT_NO_THROW(log_in()) << state;
      }
    }
  }
}

}  // namespace
}  // namespace sluice::proxy
