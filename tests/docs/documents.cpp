#include "tests/docs/documents.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/integration/proxy/programs.hpp"

namespace sluice::test {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

std::vector<fs::path> documents() {
  const fs::path project{SLUICE_SOURCE_FOLDER};
  std::vector<fs::path> found{project / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator{project / "docs"}) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::vector<Block> blocks_of(const fs::path& document, const std::string& language) {
  std::vector<Block> blocks;
  std::istringstream lines{text_of(document)};
  bool inside = false;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line == "```" + language) {
      inside = true;
      blocks.push_back({document.lexically_relative(SLUICE_SOURCE_FOLDER).string(), number + 1, ""});
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back().commands += line + "\n";
    }
  }
  return blocks;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

fs::path sluice_binary() {
  const char* set = std::getenv("SLUICE_BINARY");
  return set != nullptr ? set : SLUICE_BUILT_BINARY;
}

Ran run_commands(const std::string& commands, const fs::path& folder) {
  fs::create_directories(folder / "bin");
  if (!fs::exists(folder / "bin/sluice")) fs::create_symlink(sluice_binary(), folder / "bin/sluice");
  const std::string head = "cd '" + folder.string() + "'\n" + R"(
set -euo pipefail
PATH=$PWD/bin:$PATH
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
curl() {
  local status=0 patience=20 strict=--fail-with-body
  case "$*" in */events*) patience=1 ;; esac
  case "$1" in -sf) strict= ;; esac
  command curl -sS $strict --max-time $patience "$@" || status=$?
  [ $status = 0 ] || { [ $status = 28 ] && [ $patience = 1 ]; } || return $status
}
)";
  std::ofstream{folder / "commands"} << head << commands;
  const auto ran = proxy::run_program(
      {"/usr/bin/timeout", "--kill-after=5", "50", "/bin/bash", (folder / "commands").string()}, folder);
  return {ran.status, ran.output};
}

}  // namespace sluice::test
