// That the documentation names what is there.
#include <gmock/gmock.h>

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

// Every option of a migration is in its reference.
TEST(Options, are_all_in_their_reference) {
  const auto text = text_of(fs::path{SLUICE_SOURCE_FOLDER} / "docs/options.md");
  auto flags = flags_of("migrate");
  for (const char* other :
       {"--help", "--http", "--token-file", "--database", "--table", "--alter", "--dry-run", "--detach"}) {
    flags.erase(other);
  }
  EXPECT_GT(flags.size(), 30U);
  for (const auto& flag : flags) {
    EXPECT_NE(text.find("`" + replaced(flag.substr(2), "-", "_") + "`"), std::string::npos) << flag;
  }
}

}  // namespace
}  // namespace sluice::test
