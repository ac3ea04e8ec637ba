// What the tests know of the project's documentation: its files, and the shell commands in them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sluice::test {

[[nodiscard]] std::string text_of(const std::filesystem::path& file);

// README.md and all below docs/.
[[nodiscard]] std::vector<std::filesystem::path> documents();

// A block that begins with ```sh, or with ``` and another language. Commands that are for another machine (kubectl,
// docker, systemctl) stand in blocks that begin with ```console, and are not run.
struct Block {
  std::string document;  // from the project's folder
  std::size_t line = 0;  // of its first command
  std::string commands;
};
[[nodiscard]] std::vector<Block> blocks_of(const std::filesystem::path& document, const std::string& language = "sh");

[[nodiscard]] std::string replaced(std::string text, const std::string& what, const std::string& by);

// The binary of this build, or $SLUICE_BINARY.
[[nodiscard]] std::filesystem::path sluice_binary();

struct Ran {
  int status = -1;  // 124: they did not end within 50 s
  std::string output;
};
// Runs commands as bash does, each of which must succeed; `sluice` is the binary, and `curl` takes an answer from 400
// on for a failure, and the end of its patience, while events come, for none.
[[nodiscard]] Ran run_commands(const std::string& commands, const std::filesystem::path& folder);

}  // namespace sluice::test
