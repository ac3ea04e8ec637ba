#include "tests/bench/hops.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "tests/bench/output.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/wait.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 20s;

bool answers(std::uint16_t port) {
  try {
    return TestClient({.port = port}).ping();
  } catch (const ConnectFailure&) {
    return false;
  }
}

// A program of somebody else's, with a configuration file in a folder of its own.
class ProgramHop final : public Hop {
 public:
  explicit ProgramHop(std::string name) : name_(std::move(name)) {}

  void write(const std::string& configuration) const { std::ofstream{file()} << configuration; }
  [[nodiscard]] std::string file() const { return (folder_.path() / "configuration").string(); }
  [[nodiscard]] std::string folder() const { return folder_.path().string(); }

  void start(std::vector<std::string> arguments) {
    const auto output = folder_.path() / "output";
    process_.emplace(Command{.arguments = std::move(arguments), .environment = {}, .output = output, .account = {}});
    if (!wait_until([this] { return answers(port()); }, start_limit)) {
      throw std::runtime_error{name_ + " does not carry clients: " + text_of(output)};
    }
  }

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::uint16_t port() const override { return port_.number(); }
  [[nodiscard]] std::optional<pid_t> pid() const override { return process_->pid(); }

 private:
  std::string name_;
  Port port_;
  ScratchFolder folder_{"hop"};
  std::optional<ChildProcess> process_;
};

class DirectHop final : public Hop {
 public:
  explicit DirectHop(std::uint16_t port) : port_(port) {}
  [[nodiscard]] std::string name() const override { return "direct"; }
  [[nodiscard]] std::uint16_t port() const override { return port_; }
  [[nodiscard]] std::optional<pid_t> pid() const override { return std::nullopt; }

 private:
  std::uint16_t port_;
};

class SluiceHop final : public Hop {
 public:
  explicit SluiceHop(SluiceProcess process) : process_(std::move(process)) {}
  [[nodiscard]] std::string name() const override { return "Sluice"; }
  [[nodiscard]] std::uint16_t port() const override { return process_.port(); }
  [[nodiscard]] std::optional<pid_t> pid() const override { return process_.pid(); }

 private:
  SluiceProcess process_;
};

// Each with what follows the port.
std::string haproxy_configuration(const std::string& bind, const std::string& target) {
  return "global\n  maxconn 5000\ndefaults\n  mode tcp\n  timeout connect 10s\n  timeout client 1h\n  timeout server "
         "1h\n"
         "listen mysql\n  bind 127.0.0.1:" +
         bind + "\n  server primary 127.0.0.1:" + target + "\n";
}

class TlsHaproxyHop final : public Hop {
 public:
  explicit TlsHaproxyHop(const TestServer& server) {
    const auto made = make_certificate(folder_.path(), "bench", "IP:127.0.0.1");
    const auto both = (folder_.path() / "both.pem").string();
    std::ofstream{both} << text_of(made.certificate_file) << text_of(made.key_file);
    const auto configuration = (folder_.path() / "haproxy.cfg").string();
    const auto number = [](const Port& port) { return std::to_string(port.number()); };
    std::ofstream{configuration} << haproxy_configuration(number(haproxy_port_) + " ssl crt " + both,
                                                          number(behind_port_) + " ssl verify none");
    behind_.emplace(command(
        {"/usr/bin/socat",
         "OPENSSL-LISTEN:" + number(behind_port_) + ",bind=127.0.0.1,fork,reuseaddr,nodelay,verify=0,cert=" + both,
         "TCP:127.0.0.1:" + std::to_string(server.port()) + ",nodelay"}));
    haproxy_.emplace(command({"/usr/sbin/haproxy", "-db", "-f", configuration}));
    before_.emplace(command({"/usr/bin/socat", "TCP-LISTEN:" + number(port_) + ",bind=127.0.0.1,fork,reuseaddr,nodelay",
                             "OPENSSL:127.0.0.1:" + number(haproxy_port_) + ",verify=0,nodelay"}));
    if (!wait_until([this] { return answers(port()); }, start_limit)) {
      throw std::runtime_error{"HAProxy with TLS does not carry clients: " + text_of(folder_.path() / "output")};
    }
  }

  [[nodiscard]] std::string name() const override { return "HAProxy"; }
  [[nodiscard]] std::uint16_t port() const override { return port_.number(); }
  [[nodiscard]] std::optional<pid_t> pid() const override { return haproxy_->pid(); }

 private:
  [[nodiscard]] Command command(std::vector<std::string> arguments) const {
    return {.arguments = std::move(arguments), .environment = {}, .output = folder_.path() / "output", .account = {}};
  }

  ScratchFolder folder_{"tls"};
  Port port_, haproxy_port_, behind_port_;
  std::optional<ChildProcess> behind_, haproxy_, before_;
};

}  // namespace

std::unique_ptr<Hop> direct_hop(const TestServer& server) {
  return std::make_unique<DirectHop>(server.port());
}

std::unique_ptr<Hop> copy_loop_hop(const TestServer& server) {
  auto hop = std::make_unique<ProgramHop>("copy loop");
  hop->start({"/proc/self/exe", "--copy-loop", std::to_string(hop->port()), std::to_string(server.port())});
  return hop;
}

std::unique_ptr<Hop> haproxy_hop(const TestServer& server) {
  auto hop = std::make_unique<ProgramHop>("HAProxy");
  hop->write(haproxy_configuration(std::to_string(hop->port()), std::to_string(server.port())));
  hop->start({"/usr/sbin/haproxy", "-db", "-f", hop->file()});
  return hop;
}

std::unique_ptr<Hop> tls_haproxy_hop(const TestServer& server) {
  return std::make_unique<TlsHaproxyHop>(server);
}

std::unique_ptr<Hop> router_hop(const TestServer& server) {
  const auto root = mysql_folder().string();
  if (!std::filesystem::exists(root + "/usr/bin/mysqlrouter")) return nullptr;
  auto hop = std::make_unique<ProgramHop>("MySQL Router");
  hop->write("[DEFAULT]\nplugin_folder=" + root + "/usr/lib/mysqlrouter/plugin\nruntime_folder=" + hop->folder() +
             "\ndata_folder=" + hop->folder() + "\nlogging_folder=" + hop->folder() +
             "\n[routing:classic]\nbind_address=127.0.0.1\nbind_port=" + std::to_string(hop->port()) +
             "\ndestinations=127.0.0.1:" + std::to_string(server.port()) +
             "\nrouting_strategy=first-available\nprotocol=classic\nmax_connections=5000\n"
             "client_ssl_mode=DISABLED\nserver_ssl_mode=DISABLED\n");
  hop->start({root + "/lib64/ld-linux-x86-64.so.2", "--library-path",
              root + "/usr/lib/x86_64-linux-gnu:" + root + "/usr/lib/mysql-router", root + "/usr/bin/mysqlrouter", "-c",
              hop->file()});
  return hop;
}

std::unique_ptr<Hop> sluice_hop(const TestServer& server, const std::vector<std::string>& arguments) {
  return std::make_unique<SluiceHop>(SluiceProcess::start(server, {.arguments = arguments}));
}

std::chrono::nanoseconds cpu_time(pid_t process) {
  std::int64_t sum_ns = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    std::int64_t ran_ns = 0;
    std::ifstream{task.path() / "schedstat"} >> ran_ns;
    sum_ns += ran_ns;
  }
  return std::chrono::nanoseconds{sum_ns};
}

std::uint64_t memory_bytes(pid_t process) {
  std::ifstream status{"/proc/" + std::to_string(process) + "/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

}  // namespace sluice::test
