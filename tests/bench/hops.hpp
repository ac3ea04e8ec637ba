// What stands between clients and a server: nothing, a bare copy loop, HAProxy, MySQL Router, or Sluice.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/scratch.hpp"
#include "tests/support/server.hpp"
#include "tests/support/sluice_process.hpp"

namespace sluice::test {

// One way to the server. Stops its process when it goes. Throws std::runtime_error if it does not listen in time.
class Hop {
 public:
  virtual ~Hop() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  [[nodiscard]] virtual std::optional<pid_t> pid() const = 0;  // nothing: there is no process in between
};

[[nodiscard]] std::unique_ptr<Hop> direct_hop(const TestServer& server);
[[nodiscard]] std::unique_ptr<Hop> copy_loop_hop(const TestServer& server);
[[nodiscard]] std::unique_ptr<Hop> haproxy_hop(const TestServer& server);
// HAProxy between two hops that speak TLS with it, and plain TCP with the client and the server: TLS in front of
// MySQL's own greeting is all that it knows.
[[nodiscard]] std::unique_ptr<Hop> tls_haproxy_hop(const TestServer& server);
// Nothing where it is not installed: `./run deps bench` does that.
[[nodiscard]] std::unique_ptr<Hop> router_hop(const TestServer& server);
[[nodiscard]] std::unique_ptr<Hop> sluice_hop(const TestServer& server, const std::vector<std::string>& arguments = {});

// The processor time that all threads of a process have used.
[[nodiscard]] std::chrono::nanoseconds cpu_time(pid_t process);
// What the process holds in memory now.
[[nodiscard]] std::uint64_t memory_bytes(pid_t process);

}  // namespace sluice::test
