// A proxy in this process in front of a real server, with a gate of its own.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "proxy/gate/gate.hpp"
#include "proxy/proxy.hpp"
#include "tests/support/both_servers.hpp"
#include "tests/support/wait.hpp"

namespace sluice::proxy {

struct CountingObserver final : ProxyObserver {
  std::atomic<int> connections{0};
  std::atomic<int> refused_connections{0};
  std::array<std::atomic<int>, REFUSALS.size()> refusals{};
  std::atomic<int> idled_out{0};
  std::atomic<int> abandoned{0};
  std::atomic<int> failed_logins{0};
  std::atomic<int> unreachable{0};
  std::atomic<std::uint64_t> statements{0};
  std::array<std::array<std::atomic<std::uint64_t>, TABLE_TOUCHES.size()>, COMMAND_KINDS.size()> by_kind{};
  std::atomic<std::uint64_t> held{0};

  void connection_opened() noexcept override { ++connections; }
  void connection_closed() noexcept override { --connections; }
  void connection_refused(Refusal reason, std::string_view) noexcept override {
    ++refused_connections;
    ++refusals[static_cast<std::size_t>(reason)];
  }
  void connection_idled_out() noexcept override { ++idled_out; }
  void server_query_abandoned() noexcept override { ++abandoned; }
  [[nodiscard]] int refused(Refusal reason) const { return refusals[static_cast<std::size_t>(reason)]; }
  void login_finished(Outcome outcome) noexcept override { failed_logins += outcome == Outcome::ok ? 0 : 1; }
  void server_unreachable(std::string_view) noexcept override { ++unreachable; }
  void statement_finished(const Statement& statement) noexcept override {
    ++statements;
    ++by_kind[static_cast<std::size_t>(statement.command)][static_cast<std::size_t>(statement.touch)];
  }
  [[nodiscard]] std::uint64_t finished(CommandKind command, TableTouch touch) const {
    return by_kind[static_cast<std::size_t>(command)][static_cast<std::size_t>(touch)];
  }
  std::array<std::atomic<int>, DDL_OUTCOMES.size()> ddl{};
  void ddl_finished(DdlOutcome outcome) noexcept override { ++ddl[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] int finished(DdlOutcome outcome) const { return ddl[static_cast<std::size_t>(outcome)]; }
  void statement_held(Duration) noexcept override { ++held; }
};

// A running proxy; what it needs, in the order in which it is to go.
class RunningProxy {
 public:
  explicit RunningProxy(ProxyConfig config, Killer killer = {}, AccessLog* access_log = nullptr,
                        OnlineDdl* online_ddl = nullptr)
      : proxy(at_any_port(std::move(config)), gate, observer, std::move(killer), access_log, online_ddl) {
    proxy.start();
  }

  [[nodiscard]] test::TestClient connect(const std::string& database = "test", test::Tls tls = test::Tls::off) const {
    return test::TestClient{{.port = proxy.port(), .database = database, .tls = tls}};
  }
  // Whether every client's session, and with it its server connection, is gone.
  [[nodiscard]] bool empties() const {
    return test::wait_until([this] { return observer.connections == 0; });
  }

  gate::Gate gate;
  CountingObserver observer;
  Proxy proxy;

 private:
  static ProxyConfig at_any_port(ProxyConfig config) {
    if (config.listen == ProxyConfig{}.listen) config.listen = {net::Address{"127.0.0.1", 0}};
    if (config.threads == 0) config.threads = 2;
    // All is tested on either, by two runs of the same tests.
    const char* const wanted = std::getenv("SLUICE_TEST_EVENT_LOOP");
    if (wanted != nullptr && wanted == std::string_view{"epoll"}) config.event_loop = EventLoop::epoll;
    return config;
  }
};

class ThroughProxy : public test::OnBothServers {
 protected:
  [[nodiscard]] ProxyConfig config() {
    ProxyConfig config;
    config.primary = {"127.0.0.1", server().port()};
    return config;
  }
  // The plain case, started when it is first asked for, by whichever of the test's threads.
  [[nodiscard]] RunningProxy& proxy() {
    std::call_once(once_, [this] { proxy_ = std::make_unique<RunningProxy>(config()); });
    return *proxy_;
  }
  // How many statements like this the server runs.
  [[nodiscard]] std::string running(const std::string& like) {
    return server()
        .connect()
        .must("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '" + like +
              "' AND info NOT LIKE '%processlist%'")
        .value();
  }
  [[nodiscard]] bool is_mysql() const { return GetParam() == test::Kind::mysql; }

 private:
  std::once_flag once_;
  std::unique_ptr<RunningProxy> proxy_;
};

}  // namespace sluice::proxy
