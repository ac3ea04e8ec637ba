// `sluice migrate` and `sluice status` as people and scripts use them: on a terminal, in a pipe, interrupted.
#include <fcntl.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr unsigned short terminal_columns = 100;

// A program at a terminal of its own.
class Terminal {
 public:
  explicit Terminal(std::vector<std::string> arguments) {
    std::vector<char*> words;
    for (auto& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    winsize size{.ws_row = 24, .ws_col = terminal_columns, .ws_xpixel = 0, .ws_ypixel = 0};
    process_ = ::forkpty(&descriptor_, nullptr, nullptr, &size);
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
    ::fcntl(descriptor_, F_SETFL, O_NONBLOCK);
  }
  ~Terminal() {
    if (!status_) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
    ::close(descriptor_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // All that was shown so far.
  const std::string& screen() {
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(descriptor_, buffer.data(), buffer.size())) > 0;) {
      screen_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return screen_;
  }
  bool comes_to_show(const std::string& text) {
    return wait_until([&] { return screen().find(text) != std::string::npos; }, 30s);
  }
  void press_ctrl_c() const { EXPECT_EQ(::write(descriptor_, "\x03", 1), 1); }
  // The exit status; -1: it does not end.
  int end() {
    const bool ended = wait_until(
        [&] {
          (void)screen();  // or it could not write any more
          int status = 0;
          if (::waitpid(process_, &status, WNOHANG) == process_)
            status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
          return status_.has_value();
        },
        60s);
    (void)screen();
    return ended ? *status_ : -1;
  }

 private:
  int descriptor_ = -1;
  pid_t process_ = -1;
  std::optional<int> status_;
  std::string screen_;
};

std::string with_lines_for_returns(std::string text) {
  std::ranges::replace(text, '\r', '\n');
  return text;
}

struct Ended {
  int status = -1;
  std::string out, err;
};

class CommandLine : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(500);
  }
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     std::filesystem::read_symlink("/proc/" + std::to_string(sluice().pid()) + "/exe"));
    arguments.insert(arguments.end(), {"--http", "127.0.0.1:" + std::to_string(sluice().http_port())});
    return arguments;
  }
  [[nodiscard]] std::vector<std::string> migrate(std::vector<std::string> more = {},
                                                 const std::string& alter = "ADD COLUMN note INT") {
    more.insert(more.begin(), {"migrate", "--database", "test", "--table", "orders", "--alter", alter});
    return command(std::move(more));
  }
  // In a pipe, to its end.
  Ended run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"/bin/sh", "-c", "\"$@\" 2>\"$0\"", file("err")});
    std::filesystem::remove(file("out"));
    ChildProcess child{{.arguments = arguments, .environment = {}, .output = file("out"), .account = {}}};
    Ended ended;
    ended.status = child.wait(60s).value_or(-1);
    ended.out = text_of(file("out"));
    ended.err = text_of(file("err"));
    return ended;
  }
  static std::vector<std::string> lines(const std::string& text) {
    std::istringstream in{text};
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  static std::string text_of(const std::string& path) {
    std::stringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.path() / name; }

 private:
  ScratchFolder folder_{"command-line"};
};
SLUICE_ON_BOTH_SERVERS(CommandLine);

TEST_P(CommandLine, shows_a_bar_on_a_terminal_until_it_is_done) {
  Terminal terminal{migrate({"--postpone-cut-over"})};
  EXPECT_TRUE(terminal.comes_to_show("waiting for postpon")) << terminal.screen();
  EXPECT_THAT(terminal.screen(), HasSubstr("\r[#############################.] ready"));
  for (const auto& line : lines(with_lines_for_returns(terminal.screen()))) {
    EXPECT_LT(line.size(), terminal_columns + std::string{"\x1b[K"}.size())
        << "it would run over into the next line: " << line;
  }
  act("m1", "cut-over");
  EXPECT_EQ(terminal.end(), 0) << terminal.screen();
  EXPECT_THAT(terminal.screen(), HasSubstr("m1 of test.orders completed: 500 rows copied, 500 compared"));
}

TEST_P(CommandLine, ctrl_c_stops_it) {
  Terminal terminal{migrate({"--postpone-cut-over"})};
  EXPECT_TRUE(terminal.comes_to_show("ready"));
  terminal.press_ctrl_c();
  EXPECT_EQ(terminal.end(), 3) << terminal.screen();
  EXPECT_THAT(terminal.screen(),
              AllOf(HasSubstr("stopping m1; Ctrl-C again panics it"), HasSubstr("m1 of test.orders stopped")));
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(CommandLine, ctrl_c_twice_panics_it) {
  Terminal terminal{migrate({"--postpone-cut-over"})};
  EXPECT_TRUE(terminal.comes_to_show("ready"));
  auto reader = server().connect("test");
  reader.must("BEGIN");
  reader.must("SELECT COUNT(*) FROM _orders_gho");  // keeps the stop from dropping it
  terminal.press_ctrl_c();
  EXPECT_TRUE(terminal.comes_to_show("stopping m1"));
  terminal.press_ctrl_c();
  EXPECT_EQ(terminal.end(), 4) << terminal.screen();
  EXPECT_THAT(terminal.screen(), HasSubstr("panic of m1"));
  reader.must("COMMIT");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
}

class SlowCommandLine : public CommandLine {
 protected:
  SluiceOptions sluice_options() override {
    const auto program = file("program");
    std::ofstream{program} << "#!/bin/sh\nwhile [ -e " << file("slow") << " ]; do sleep 0.1; done\n"
                           << "exec mariadb-dump \"$@\"\n";
    ::chmod(program.c_str(), 0755);
    return {.arguments = {"--backup-path", file(""), "--backup-program", program}};
  }
};
SLUICE_ON_BOTH_SERVERS(SlowCommandLine);

TEST_P(SlowCommandLine, waits_for_the_backup_of_what_it_is_to_drop_until_it_is_interrupted) {
  complete({.table = "orders", .alter = "ADD COLUMN first INT"});
  std::ofstream{file("slow")}.flush();
  Terminal terminal{migrate({"--initially-drop-old-table", "--backup", "data"})};
  const auto began = std::chrono::steady_clock::now();
  const auto longer_than_other_calls = [&] { return std::chrono::steady_clock::now() - began > 31s; };
  EXPECT_TRUE(wait_until(longer_than_other_calls, 60s));
  EXPECT_EQ(terminal.screen(), "");
  terminal.press_ctrl_c();
  EXPECT_EQ(terminal.end(), 1);
  EXPECT_THAT(terminal.screen(), HasSubstr("interrupted before 127.0.0.1:"));
  std::filesystem::remove(file("slow"));
  EXPECT_TRUE(wait_until([&] { return sluice().get("/migrate/m2").status == 200; }, 30s)) << "it is begun all the same";
  expect_completed(await_end("m2"));
}

TEST_P(CommandLine, writes_plain_lines_into_a_pipe) {
  const auto ended = run(migrate());
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(Not(HasSubstr("\r")), Not(HasSubstr("\x1b")), Not(HasSubstr("["))));
  EXPECT_THAT(lines(ended.out).back(), StartsWith("m1 of test.orders completed: "));
}

TEST_P(CommandLine, writes_the_status_as_json) {
  const auto ended = run(migrate({"--json"}));
  EXPECT_EQ(ended.status, 0) << ended.err;
  const auto all = lines(ended.out);
  for (const auto& line : all) EXPECT_EQ(json_at(line, "/id"), "m1") << line;
  EXPECT_EQ(json_at(all.back(), "/state"), "completed");
  const auto refused = run(migrate({"--json"}, "ADD COLUMN note INT"));
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(json_at(lines(refused.out).back(), "/error/code"), "");
  const auto detached = run(migrate({"--json", "--detach", "--initially-drop-old-table"}, "ADD COLUMN more INT"));
  EXPECT_EQ(json_at(detached.out, "/id"), "m2");
  expect_completed(await_end("m2"));
}

TEST_P(CommandLine, ends_with_what_became_of_it) {
  direct().must("UPDATE orders SET name = 'same'");
  EXPECT_EQ(run(migrate({}, "ADD UNIQUE KEY (name)")).status, 5);
  EXPECT_EQ(run(migrate({"--chunk-size", "many"})).status, 2);
  auto nowhere = migrate();
  nowhere.back() = "127.0.0.1:1";
  EXPECT_EQ(run(nowhere).status, 1);
}

// That of gh-ost's own README, but for --user, --password and --host.
TEST_P(CommandLine, takes_a_command_line_of_gh_ost) {
  const auto ended = run(command({"migrate",
                                  "--max-load=Threads_running=2500",
                                  "--critical-load=Threads_running=10000",
                                  "--chunk-size=1000",
                                  "--max-lag-millis=1500",
                                  "--allow-master-master",
                                  "--cut-over=default",
                                  "--exact-rowcount",
                                  "--concurrent-rowcount",
                                  "--default-retries=120",
                                  "--panic-flag-file=" + file("ghost.panic.flag"),
                                  "--postpone-cut-over-flag-file=" + file("ghost.postpone.flag"),
                                  "--database=test",
                                  "--table=orders",
                                  "--verbose",
                                  "--alter=engine=innodb",
                                  "--assume-rbr",
                                  "--switch-to-rbr",
                                  "--initially-drop-ghost-table",
                                  "--initially-drop-old-table",
                                  "--serve-socket-file=" + file("socket"),
                                  "--hooks-hint=x",
                                  "--execute"}));
  EXPECT_EQ(ended.status, 0) << ended.err << ended.out;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("sluice: --exact-rowcount changes nothing here: progress is told by"),
                               HasSubstr("--verbose changes nothing here"), Not(HasSubstr("--execute"))));
  const auto lost = run(migrate({"--host=db1", "--password=hush"}));
  EXPECT_EQ(lost.status, 2);
  EXPECT_THAT(lost.err, AllOf(HasSubstr("--host is gh-ost's"), Not(HasSubstr("hush"))));
}

TEST_P(CommandLine, status_is_a_table_that_can_be_watched) {
  EXPECT_EQ(run(command({"status"})).out, "no migrations\n");
  (void)postponed();
  const auto table = lines(run(command({"status"})).out);
  ASSERT_EQ(table.size(), 2U);
  EXPECT_THAT(table[0], StartsWith("ID  TABLE        STATE  DONE"));
  EXPECT_THAT(table[1], AllOf(StartsWith("m1  test.orders  ready  "), HasSubstr("waiting for postpone_cut_over")));
  Terminal terminal{command({"status", "--watch", "1"})};
  EXPECT_TRUE(terminal.comes_to_show("postpone_cut_over"));
  act("m1", "cut-over");
  EXPECT_TRUE(terminal.comes_to_show("completed")) << "it is looked at again";
  EXPECT_THAT(terminal.screen(), StartsWith("\x1b[H\x1b[2J"));
  terminal.press_ctrl_c();
  EXPECT_EQ(terminal.end(), 0);
}

}  // namespace
}  // namespace sluice::test
