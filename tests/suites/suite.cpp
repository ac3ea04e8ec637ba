#include "tests/suites/suite.hpp"

#include <algorithm>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "tests/bench/output.hpp"
#include "tests/support/child.hpp"
#include "tests/support/scratch.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr auto test_limit = 30s;
constexpr auto build_limit = 300s;

// A program in a folder of its own, and what it said.
class Program {
 public:
  explicit Program(std::string_view name) : folder_(name) {}

  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
  [[nodiscard]] std::string output() const { return text_of(output_file()); }
  // The exit status; nothing: it was ended, for it took too long.
  [[nodiscard]] std::optional<int> run(std::vector<std::string> arguments,
                                       std::map<std::string, std::string> environment,
                                       std::chrono::seconds limit) const {
    std::filesystem::remove(output_file());
    return ChildProcess{{.arguments = std::move(arguments),
                         .environment = std::move(environment),
                         .output = output_file(),
                         .account = {}}}
        .wait(limit);
  }
  // Its lines; it must end well.
  [[nodiscard]] std::vector<std::string> lines(std::vector<std::string> arguments,
                                               std::map<std::string, std::string> environment) const {
    const auto what = arguments.front();
    if (run(std::move(arguments), std::move(environment), build_limit) != 0) {
      throw std::runtime_error{what + ": " + output()};
    }
    std::istringstream text{output()};
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }

 private:
  [[nodiscard]] std::filesystem::path output_file() const { return folder_.path() / "output"; }
  ScratchFolder folder_;
};

class ClientTestSuite final : public Suite {
 public:
  [[nodiscard]] std::string name() const override { return "mariadb-client-test"; }
  [[nodiscard]] std::vector<std::string> tests() const override {
    auto all = program_.lines({program, "--no-defaults", "--show-tests"}, {});
    std::erase_if(
        all, [](const std::string& line) { return line.find_first_of(" :") != std::string::npos || line.empty(); });
    return all;
  }
  [[nodiscard]] Outcome run(const std::string& test, const TestServer& server, std::uint16_t port) const override {
    server.connect().must("DROP DATABASE IF EXISTS client_test_db");
    const auto status = program_.run(
        {program, "--no-defaults", "-h127.0.0.1", "-P" + std::to_string(port), std::string{"-u"} + suite_user,
         std::string{"-p"} + suite_password, "--vardir=" + program_.folder().string(), test},
        {}, test_limit);
    if (!status) return Outcome::hung;
    return *status == 0 ? Outcome::passed : Outcome::failed;
  }
  [[nodiscard]] std::string output() const override { return program_.output(); }

 private:
  static constexpr auto program = "/usr/bin/mariadb-client-test";
  Program program_{"client-test"};
};

class GoDriverSuite final : public Suite {
 public:
  GoDriverSuite() {
    (void)program_.lines(
        {"/usr/bin/go", "test", "-c", "-o", binary(), "github.com/go-sql-driver/mysql"},
        {{"GOPATH", "/usr/share/gocode"}, {"GO111MODULE", "off"}, {"GOCACHE", (program_.folder() / "cache").string()}});
  }
  [[nodiscard]] std::string name() const override { return "go-sql-driver"; }
  [[nodiscard]] std::vector<std::string> tests() const override {
    return program_.lines({binary(), "-test.list", "^Test"}, {});
  }
  [[nodiscard]] Outcome run(const std::string& test, const TestServer& server, std::uint16_t port) const override {
    auto client = server.connect();
    client.must("DROP DATABASE IF EXISTS gotest");
    client.must("CREATE DATABASE gotest");
    const auto status = program_.run({binary(), "-test.v", "-test.run", "^" + test + "$"},
                                     {{"MYSQL_TEST_ADDR", "127.0.0.1:" + std::to_string(port)},
                                      {"MYSQL_TEST_USER", suite_user},
                                      {"MYSQL_TEST_PASS", suite_password}},
                                     test_limit);
    if (!status) return Outcome::hung;
    // It skips what it finds no server for.
    if (output().find("--- SKIP") != std::string::npos) return Outcome::skipped;
    return *status == 0 ? Outcome::passed : Outcome::failed;
  }
  [[nodiscard]] std::string output() const override { return program_.output(); }

 private:
  [[nodiscard]] std::string binary() const { return (program_.folder() / "go.test").string(); }
  Program program_{"go-driver"};
};

}  // namespace

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::failed:
      return "failed";
    case Outcome::skipped:
      return "skipped";
    case Outcome::hung:
      return "hung";
  }
  return "?";
}

std::unique_ptr<Suite> client_test_suite() {
  return std::make_unique<ClientTestSuite>();
}
std::unique_ptr<Suite> go_driver_suite() {
  return std::make_unique<GoDriverSuite>();
}

}  // namespace sluice::test
