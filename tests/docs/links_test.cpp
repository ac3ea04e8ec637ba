// That the documentation names what is there.
#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <regex>
#include <set>

#include "tests/docs/documents.hpp"
#include "tests/support/scratch.hpp"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex{pattern};
  return {std::sregex_token_iterator{text.begin(), text.end(), regex, 1}, std::sregex_token_iterator{}};
}

// The anchors that GitHub makes of headings.
std::set<std::string> anchors_of(const fs::path& document) {
  std::set<std::string> anchors;
  for (const auto& heading : matches("\n" + text_of(document), "\n#+ ([^\n]*)")) {
    std::string anchor;
    for (const char c : heading) {
      if (c == ' ') anchor += '-';
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') {
        anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
    }
    anchors.insert(anchor);
  }
  return anchors;
}

std::set<std::string> flags_of(const std::string& command) {
  const ScratchFolder folder{"help"};
  const auto help = run_commands("sluice " + command + " --help", folder.path());
  EXPECT_EQ(help.status, 0) << help.output;
  const auto flags = matches(help.output, "\n +(?:-[a-z],)?(--[a-z-]+)");
  return {flags.begin(), flags.end()};
}

TEST(Links, lead_somewhere) {
  for (const auto& document : documents()) {
    for (const auto& link : matches(text_of(document), "\\]\\(([^)]*)\\)")) {
      if (link.starts_with("http")) continue;
      const auto hash = link.find('#');
      const auto path = link.substr(0, hash);
      const auto target = path.empty() ? document : document.parent_path() / path;
      EXPECT_TRUE(fs::exists(target)) << document << ": " << link;
      if (hash == std::string::npos || !fs::exists(target)) continue;
      EXPECT_THAT(anchors_of(target), testing::Contains(link.substr(hash + 1))) << document << ": " << link;
    }
  }
}

// The table of what other proxies paid for: `Suite.test`, then more tests of it, or a suite as a whole.
TEST(WhatOthersPaidFor, is_tested_where_it_is_said) {
  std::set<std::string> known;
  for (const char* folder : {"tests/integration/proxy", "tests/unit"}) {
    for (const auto& file : fs::recursive_directory_iterator{fs::path{SLUICE_SOURCE_FOLDER} / folder}) {
      if (file.path().extension() != ".cpp") continue;
      for (const auto& test : matches(text_of(file.path()), "\nTEST(?:_[FP])?\\((\\w+, \\w+)\\)")) {
        known.insert(replaced(test, ", ", "."));
        known.insert(test.substr(0, test.find(',')));
      }
    }
  }
  const auto text = text_of(fs::path{SLUICE_SOURCE_FOLDER} / "docs/testing.md");
  const auto begin = text.find("| the bug |");
  const auto table = text.substr(begin, text.find("\n\n", begin) - begin);
  std::size_t bugs = 0;
  for (const auto& cell : matches(table, "\n\\|[^|\n]*\\|([^|\n]*)\\|")) {
    std::string suite;
    const auto names = matches(cell, "`([^`]+)`");
    bugs += names.empty() ? 0 : 1;
    for (const auto& name : names) {
      const bool goes_on = !suite.empty() && name.find('.') == std::string::npos && !known.contains(name);
      EXPECT_THAT(known, testing::Contains(goes_on ? suite + "." + name : name)) << cell;
      if (!goes_on) suite = name.substr(0, name.find('.'));
    }
  }
  EXPECT_EQ(bugs, 23U);
}

// The right column of the tables in from-gh-ost.md: the flags that are to be used there are Sluice's.
TEST(FromGhOst, names_flags_that_are_there) {
  auto known = flags_of("migrate");
  known.merge(flags_of("serve"));
  const auto text = text_of(fs::path{SLUICE_SOURCE_FOLDER} / "docs/from-gh-ost.md");
  std::size_t named = 0;
  for (const auto& cell : matches(text, "\n\\|[^|\n]*\\|([^|\n]*)\\|")) {
    for (const auto& flag : matches(cell, "(--[a-z-]+)")) {
      if (flag.find_first_not_of('-') == std::string::npos || cell.find("(gh-ost's") != std::string::npos) continue;
      EXPECT_THAT(known, testing::Contains(flag)) << cell;
      ++named;
    }
  }
  EXPECT_GT(named, 20U);
}

std::string project(const std::string& file) {
  return text_of(fs::path{SLUICE_SOURCE_FOLDER} / file);
}

std::string said(const std::string& command) {
  const ScratchFolder folder{"said"};
  const auto ran = run_commands(command, folder.path());
  EXPECT_EQ(ran.status, 0) << ran.output;
  return ran.output;
}

// What docs/from-gh-ost.md has in the first column under that heading.
std::set<std::string> mapped(const std::string& heading) {
  const auto text = project("docs/from-gh-ost.md");
  const auto begin = text.find("\n## " + heading);
  EXPECT_NE(begin, std::string::npos) << heading;
  std::set<std::string> flags;
  for (const auto& cell : matches(text.substr(begin, text.find("\n## ", begin + 1) - begin), "\n\\|([^|\n]*)\\|")) {
    for (const auto& flag : matches(cell, "`(--[^ =`]+)")) flags.insert(flag);
  }
  return flags;
}

// The tables of docs/options.md are what the program prints.
TEST(Options, are_all_in_their_reference) {
  const auto page = project("docs/options.md");
  std::istringstream tables{said("sluice reference options")};
  std::string table;
  std::size_t options = 0;
  const auto check = [&] {
    if (!table.empty()) EXPECT_NE(page.find("\n" + table), std::string::npos) << "docs/options.md must have\n" << table;
    table.clear();
  };
  for (std::string line; std::getline(tables, line);) {
    if (line.starts_with("|")) table += line + "\n";
    if (line.starts_with("| `")) ++options;
    if (line.starts_with("## ")) {
      check();
      EXPECT_NE(page.find("\n" + line + "\n"), std::string::npos) << line;
    }
  }
  check();
  EXPECT_GT(options, 30U);
}

// The table of calls in docs/http-api.md.
std::string calls_of(const YAML::Node& contract) {
  std::string table = "| call | | answers |\n|---|---|---|\n";
  for (const auto& path : contract["paths"]) {
    for (const auto& call : path.second) {
      const auto method = call.first.as<std::string>();
      if (method == "parameters") continue;
      std::string statuses;
      for (const auto& response : call.second["responses"]) statuses += " " + response.first.as<std::string>();
      std::string verb;
      for (const char c : method) verb += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      table += "| `" + verb + " " + path.first.as<std::string>() + "` | " + call.second["summary"].as<std::string>() +
               " |" + statuses + " |\n";
    }
  }
  return table;
}

TEST(HttpApi, has_every_call_and_every_field_of_the_contract) {
  const auto contract = YAML::LoadFile(SLUICE_SOURCE_FOLDER "/control/openapi.yaml");
  const auto page = project("docs/http-api.md");
  const auto table = calls_of(contract);
  EXPECT_NE(page.find("\n" + table), std::string::npos) << "the table in docs/http-api.md must be\n" << table;
  const auto schemas = contract["components"]["schemas"];
  for (const char* schema : {"Status", "Plan", "JournalEntry"}) {
    for (const auto& field : schemas[schema]["properties"]) {
      const auto name = field.first.as<std::string>();
      if (std::string{schema} == "Plan" && name == "dry_run") continue;  // what was asked for
      EXPECT_TRUE(page.find("`" + name + "`") != std::string::npos ||
                  page.find("`" + name + "[]`") != std::string::npos)
          << schema << ": " << name;
    }
  }
  std::set<std::string> options;
  for (const auto& option : schemas["Options"]["properties"]) options.insert(option.first.as<std::string>());
  const auto known = matches(said("sluice reference options"), "\n\\| `([a-z_]+)`");
  EXPECT_EQ(options, (std::set<std::string>{known.begin(), known.end()}));
}

TEST(FromGhOst, every_flag_that_the_program_knows_is_mapped) {
  const auto flags = mapped("gh-ost");
  auto known = flags_of("migrate");
  for (const auto& flag : matches(said("sluice reference gh-ost"), "\n\\| `(--[^`]+)`")) {
    EXPECT_TRUE(flags.contains(flag)) << flag;
    known.insert(flag);
  }
  known.insert({"--help", "--version"});
  for (const auto& flag : flags) EXPECT_TRUE(known.contains(flag)) << flag << ": `sluice migrate` would not know it";
}

TEST(FromGhOst, every_flag_that_gh_ost_has_is_mapped) {
  if (said("command -v gh-ost || true").empty()) return;  // it is in no package
  const auto flags = mapped("gh-ost");
  for (const auto& flag : matches(said("gh-ost --help 2>&1 || true"), "\n +-+([a-z][a-z-]+)")) {
    EXPECT_TRUE(flags.contains("--" + flag)) << flag;
  }
}

TEST(FromPtOnlineSchemaChange, every_option_that_it_has_is_mapped) {
  const auto flags = mapped("pt-online-schema-change");
  const auto contains = [&](const std::string& flag) {
    // "--[no]x" is said for itself and for its opposite.
    return flags.contains("--" + flag) || flags.contains("--[no]" + flag);
  };
  std::size_t options = 0;
  for (auto flag : matches(said("pt-online-schema-change --help"), "\n  --([a-z\\[][a-z\\[\\]-]+)")) {
    if (flag.starts_with("[no]")) flag.erase(0, 4);
    EXPECT_TRUE(contains(flag)) << flag;
    ++options;
  }
  EXPECT_GT(options, 50U);
}

}  // namespace
}  // namespace sluice::test
