// The command line of the contract, read into what is to be done.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "app/commands.hpp"
#include "app/serve_config.hpp"

namespace sluice::app {

// Help, the version, or what was wrong with the arguments.
struct Message {
  std::string text;
  int exit_code = 0;
};

using Command = std::variant<Message, ServeConfig, MigrateCommand, StatusCommand, ActionCommand, RollbackCommand>;

// `arguments` begin with the program's name. Reads the files that they name: configuration, password, token.
[[nodiscard]] Command read_command_line(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace sluice::app
