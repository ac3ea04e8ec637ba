// Real executables of a folder.
#include "migrator/notify/commands.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/scratch.hpp"
#include "tests/support/wait.hpp"

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class CommandHooks : public testing::Test {
 protected:
  std::filesystem::path script(const std::string& name, const std::string& text, mode_t mode = 0755) {
    const auto path = folder_.path() / name;
    std::ofstream{path} << "#!/bin/sh\n" << text << "\n";
    ::chmod(path.c_str(), mode);
    return path;
  }
  std::string file(const std::string& name) {
    std::ifstream in{folder_.path() / name};
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
  static bool never() { return false; }
  // The process whose number stands in the file "pid".
  bool comes_to_be_gone() {
    const auto child = std::stoi(file("pid"));
    return test::wait_until([&] {
      std::ifstream in{"/proc/" + std::to_string(child) + "/stat"};
      std::string text;
      std::getline(in, text);
      return !in || text.find(") Z ") != std::string::npos;
    });
  }

 private:
  test::ScratchFolder folder_{"hooks"};
};

TEST_F(CommandHooks, AreFoundByHowTheirNamesBegin) {
  const auto second = script("on-x-2", "");
  const auto first = script("on-x-1.sh", "");
  (void)script("on-y", "");
  std::filesystem::create_directory(folder() / "on-x-4");
  const auto found = commands_of(folder(), "on-x");
  EXPECT_THAT(found.executables, ElementsAre(first, second));
  EXPECT_EQ(found.problem, "");
  EXPECT_THAT(commands_of(folder(), "on-z").problem, IsEmpty()) << "nobody is to be asked";
}

TEST_F(CommandHooks, ThatCanNotBeRunAreToldOf) {
  const auto good = script("on-x-1", "");
  (void)script("on-x-2", "", 0644);
  const auto found = commands_of(folder(), "on-x");
  EXPECT_THAT(found.executables, ElementsAre(good));
  EXPECT_EQ(found.problem, "on-x-2 is no executable");
  std::filesystem::create_symlink(folder() / "nowhere", folder() / "on-y");
  EXPECT_EQ(commands_of(folder(), "on-y").problem, "on-y is no executable");
  EXPECT_THAT(commands_of(folder() / "gone", "on-x").problem, StartsWith("the folder of hooks can't be read: "));
}

TEST_F(CommandHooks, AreToldInVariablesAndNothingElseOfOurs) {
  ASSERT_EQ(::setenv("SLUICE_PASSWORD", "secret", 1), 0);
  const auto print = script("print", "env > " + (folder() / "out").string());
  EXPECT_EQ(run_command(print, {{"SLUICE_TABLE_NAME", "my 'orders'"}}, never), "");
  EXPECT_THAT(file("out"), HasSubstr("SLUICE_TABLE_NAME=my 'orders'\n"));
  EXPECT_THAT(file("out"), HasSubstr("PATH="));
  EXPECT_THAT(file("out"), Not(HasSubstr("secret")));
  ASSERT_EQ(::unsetenv("SLUICE_PASSWORD"), 0);
}

TEST_F(CommandHooks, HaveNoneOfOurConnections) {
  const auto print = script("print", "ls /proc/self/fd | wc -l > " + (folder() / "out").string());
  std::ofstream ours{folder() / "ours"};
  EXPECT_EQ(run_command(print, {}, never), "");
  EXPECT_EQ(file("out"), "4\n") << "three, and the one of ls";
}

TEST_F(CommandHooks, SayWhyTheyFailed) {
  EXPECT_EQ(run_command(script("three", "exit 3"), {}, never), "it ends with status 3");
  EXPECT_EQ(run_command(script("killed", "kill -9 $$"), {}, never), "it was killed by signal 9");
  EXPECT_THAT(run_command(folder() / "gone", {}, never), StartsWith("it can't be run: "));
}

TEST_F(CommandHooks, AreKilledWithAllTheyStartedWhenNobodyWaitsAnyMore) {
  const auto slow = script("slow", "sleep 1000 & echo $! > " + (folder() / "pid").string() + "; wait");
  const auto started = [&] { return !file("pid").empty(); };
  EXPECT_EQ(run_command(slow, {}, started), "it was not waited for");
  EXPECT_TRUE(comes_to_be_gone());
}

TEST_F(CommandHooks, LeaveNothingRunningBehindThem) {
  const auto quick = script("quick", "sleep 1000 & echo $! > " + (folder() / "pid").string());
  EXPECT_EQ(run_command(quick, {}, never), "") << "its own status counts";
  EXPECT_TRUE(comes_to_be_gone());
}

}  // namespace
}  // namespace sluice::migrator
