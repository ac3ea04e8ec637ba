#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/serve.hpp"

namespace {

using namespace sluice::app;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

struct Run {
  std::vector<std::string> arguments;
  Environment environment;

  [[nodiscard]] Reasoned<ServeConfig> read_config() const {
    auto command = read_command_line(arguments, environment);
    if (auto* config = std::get_if<ServeConfig>(&command)) return std::move(*config);
    return Reason{std::get<Message>(command).text};
  }
  int operator()(const Message& message) const {
    (message.exit_code == exit_code::ok ? std::cout : std::cerr) << message.text;
    return message.exit_code;
  }
  int operator()(const ServeConfig& config) const {
    return serve(config, [this] { return read_config(); });
  }
  int operator()(const auto& command) const { return run(command); }
};

}  // namespace

int main(int argc, char** argv) {
  const Environment environment{.password = variable("SLUICE_PASSWORD"), .token = variable("SLUICE_TOKEN")};
  const std::vector<std::string> arguments{argv, argv + argc};
  return std::visit(Run{arguments, environment}, read_command_line(arguments, environment));
}
