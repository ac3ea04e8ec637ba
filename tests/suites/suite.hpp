// The published test suites of connectors, each test a process of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/server.hpp"

namespace sluice::test {

inline constexpr auto suite_user = "suite";
inline constexpr auto suite_password = "its password";

enum class Outcome : std::uint8_t { passed, failed, skipped, hung };
[[nodiscard]] const char* to_string(Outcome outcome);

// Everything throws std::runtime_error, with what the program said, where the suite can't be run at all.
class Suite {
 public:
  virtual ~Suite() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::vector<std::string> tests() const = 0;
  // By the suite's own account, at this port of 127.0.0.1, on databases that `server` has made anew.
  [[nodiscard]] virtual Outcome run(const std::string& test, const TestServer& server, std::uint16_t port) const = 0;
  // What the last run said.
  [[nodiscard]] virtual std::string output() const = 0;
};

// mariadb-client-test of Debian's mariadb-test: MariaDB Connector/C.
[[nodiscard]] std::unique_ptr<Suite> client_test_suite();
// The tests that come with the source of Go's go-sql-driver/mysql, of Debian's golang-github-go-sql-driver-mysql-dev.
[[nodiscard]] std::unique_ptr<Suite> go_driver_suite();

}  // namespace sluice::test
