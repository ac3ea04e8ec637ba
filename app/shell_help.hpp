// What shells and `man` show of the command line, made from its own declaration. Pure.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace sluice::app {

// To be sourced by bash, or put where bash-completion looks.
[[nodiscard]] std::string bash_completion(const CLI::App& app);
// A file _sluice for a folder of zsh's $fpath.
[[nodiscard]] std::string zsh_completion(const CLI::App& app);
// A manual page, sluice(1), for the man macros.
[[nodiscard]] std::string man_page(const CLI::App& app);

}  // namespace sluice::app
