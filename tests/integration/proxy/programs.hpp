// Programs that tests run as clients.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/child.hpp"

namespace sluice::proxy {

struct Ran {
  int status = -1;  // -1: it did not end in time
  std::string output;
};

// Runs it to its end, for at most a minute; `folder` is a scratch folder.
inline Ran run_program(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                       const std::map<std::string, std::string>& environment = {}) {
  const auto output = folder / "output";
  std::filesystem::remove(output);
  test::ChildProcess child{{.arguments = arguments, .environment = environment, .output = output}};
  Ran ran;
  ran.status = child.wait(std::chrono::seconds{60}).value_or(-1);
  std::ostringstream text;
  text << std::ifstream{output}.rdbuf();
  ran.output = text.str();
  return ran;
}

// The same program with its standard input from a file.
inline std::vector<std::string> fed_with(const std::filesystem::path& file, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"/bin/sh", "-c", "exec \"$@\" < \"$0\"", file.string()});
  return arguments;
}

// A client program of MySQL 9.7, run by its own loader: its libraries are newer than ours. Reads no option files.
inline std::vector<std::string> mysql_program(const std::string& name) {
  const char* set = std::getenv("SLUICE_MYSQL_CHROOT");
  const std::filesystem::path root = set != nullptr ? set : "/var/cache/sluice/sid";
  return {(root / "lib64/ld-linux-x86-64.so.2").string(), "--library-path",
          (root / "usr/lib/x86_64-linux-gnu").string() + ":" + (root / "lib/x86_64-linux-gnu").string(),
          (root / "usr/bin" / name).string(), "--no-defaults"};
}

}  // namespace sluice::proxy
