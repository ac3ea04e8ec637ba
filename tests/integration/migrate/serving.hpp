// What tests of the process ask for again and again: Sluice's own binary with other arguments, and what it says.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {

struct Ended {
  int status = -1;
  std::string output;
};

class Serving : public BehindSluice {
 protected:
  // Sluice's own binary with other arguments.
  [[nodiscard]] ChildProcess start(std::vector<std::string> arguments,
                                   const std::string& password = std::string{SluiceProcess::password}) {
    arguments.insert(arguments.begin(),
                     std::filesystem::read_symlink("/proc/" + std::to_string(sluice().pid()) + "/exe"));
    std::ofstream{output_}.flush();
    return ChildProcess{{.arguments = std::move(arguments),
                         .environment = {{"SLUICE_PASSWORD", password}},
                         .output = output_,
                         .account = {}}};
  }
  [[nodiscard]] std::string output() const {
    std::ifstream in{output_};
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  Ended run(std::vector<std::string> arguments, const std::string& password = std::string{SluiceProcess::password}) {
    auto child = start(std::move(arguments), password);
    const auto status = child.wait(std::chrono::seconds{60});
    EXPECT_TRUE(status) << "still running: " << output();
    return {status.value_or(-1), output()};
  }
  static bool gets_ready(const Port& http_port) {
    return wait_until(
        [&] {
          try {
            return request("GET", http_port.number(), "/readyz").status == 200;
          } catch (const std::runtime_error&) {
            return false;  // it does not listen yet
          }
        },
        std::chrono::seconds{60});
  }
  [[nodiscard]] std::string http() { return "127.0.0.1:" + std::to_string(sluice().http_port()); }
  [[nodiscard]] std::vector<std::string> migrate_command(const std::string& alter) {
    return {"migrate", "--http", http(), "--database", "test", "--table", "orders", "--alter", alter};
  }
  [[nodiscard]] std::vector<std::string> serve_command(const std::string& user, std::uint16_t primary,
                                                       const Port& listen, const Port& http_port) {
    const auto at = [](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
    return {"serve",  "--listen", at(listen.number()), "--primary", at(primary), "--http", at(http_port.number()),
            "--user", user};
  }

 private:
  ScratchFolder folder_{"serve"};
  std::filesystem::path output_ = folder_.path() / "output";
};

}  // namespace sluice::test
