// Lines of JSON, whole ones, in whatever file has the name; and nobody waits for whoever does not read them.
#include "app/access_log_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/support/scratch.hpp"
#include "tests/support/wait.hpp"

namespace sluice::app {
namespace {

using test::wait_until;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

proxy::AccessEntry entry(std::string user = "app") {
  return {.statement = {.command = proxy::CommandKind::query,
                        .touch = proxy::TableTouch::write,
                        .outcome = proxy::Outcome::error,
                        .latency = 1500us,
                        .held = 250us},
          .connection = gate::ConnectionId{17},
          .user = std::move(user),
          .client = "10.0.0.7",
          .answer_bytes = 42,
          .error = 1062,
          .tables = {{"shop", "orders"}, {"shop", "items"}}};
}

struct AccessLogFileTest : testing::Test {
  [[nodiscard]] static std::string text_of(const std::filesystem::path& file) {
    std::stringstream all;
    all << std::ifstream{file}.rdbuf();
    return all.str();
  }
  [[nodiscard]] std::size_t entries(const std::string& result) const {
    const auto name = "sluice_access_log_entries_total{result=\"" + result + "\"} ";
    const auto text = metrics.text({}, gate);
    return std::stoul(text.substr(text.find(name) + name.size()));
  }
  [[nodiscard]] bool are_written(std::size_t count) const {
    return wait_until([&] { return entries("written") == count; });
  }

  test::ScratchFolder folder{"access"};
  std::filesystem::path path = folder.path() / "access.json";
  gate::Gate gate;
  metrics::Metrics metrics;
  Log log{LogFormat::json};
};

TEST_F(AccessLogFileTest, a_line_says_who_did_what_and_how_it_ended) {
  const auto at = std::chrono::sys_days{std::chrono::year{2024} / 2 / 29} + 12h + 34min + 56s + 789ms;
  EXPECT_EQ(access_line(at, entry()),
            R"({"at":"2024-02-29T12:34:56.789Z","client":"10.0.0.7","user":"app","connection":17,"command":"query",)"
            R"("touch":"write","outcome":"error","duration_us":1500,"held_us":250,"answer_bytes":42,"error":1062,)"
            R"("tables":["shop.orders","shop.items"]})"
            "\n");
}

TEST_F(AccessLogFileTest, a_name_that_is_no_utf_8_is_still_a_line_of_json) {
  EXPECT_THAT(access_line({}, entry("J\xF6rg \"x\"\n")), HasSubstr(R"("user":"J?rg \"x\"\n")"));
  EXPECT_THAT(access_line({}, entry("J\xC3\xB6rg")), HasSubstr("\"user\":\"J\xC3\xB6rg\""));
}

TEST_F(AccessLogFileTest, what_was_moved_away_is_written_on_until_it_is_opened_again) {
  AccessLogFile file{path, metrics, log};
  file.open();
  file.write(entry("first"));
  ASSERT_TRUE(are_written(1));
  std::filesystem::rename(path, folder.path() / "moved");
  file.write(entry("second"));
  ASSERT_TRUE(are_written(2));
  file.open();
  file.write(entry("third"));
  ASSERT_TRUE(are_written(3));
  EXPECT_THAT(text_of(folder.path() / "moved"), testing::AllOf(HasSubstr("first"), HasSubstr("second")));
  EXPECT_THAT(text_of(path), testing::AllOf(HasSubstr("third"), Not(HasSubstr("second"))));
}

TEST_F(AccessLogFileTest, what_was_there_is_kept) {
  std::ofstream{path} << "kept\n";
  {
    AccessLogFile file{path, metrics, log};
    file.open();
    file.write(entry());
  }
  EXPECT_EQ(text_of(path).find("kept\n{"), 0U) << "the entry that waited was not written at the end";
}

TEST_F(AccessLogFileTest, a_file_that_can_not_be_opened_is_named_and_the_old_one_written_on) {
  AccessLogFile file{path, metrics, log};
  file.open();
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_THROW(file.open(), std::runtime_error);
  file.write(entry());
  EXPECT_TRUE(are_written(1));
}

TEST_F(AccessLogFileTest, a_pipe_without_a_reader_is_refused_at_once) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  AccessLogFile file{path, metrics, log};
  EXPECT_THROW(file.open(), std::runtime_error);
}

TEST_F(AccessLogFileTest, what_nobody_reads_is_dropped_and_counted_and_keeps_nobody_waiting) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int silent = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(silent, 0);
  constexpr std::size_t ENTRIES = 3 * AccessLogFile::WAITING_MAX;
  const auto began = std::chrono::steady_clock::now();
  {
    AccessLogFile file{path, metrics, log};
    file.open();
    for (std::size_t n = 0; n < ENTRIES; ++n) file.write(entry());
    EXPECT_GT(entries("dropped"), 0U);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
  ::close(silent);
  EXPECT_EQ(entries("written") + entries("dropped"), ENTRIES);
  EXPECT_LT(entries("written"), AccessLogFile::WAITING_MAX);
}

TEST_F(AccessLogFileTest, a_pipe_that_takes_nothing_is_left_when_it_is_opened_again) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int silent = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(silent, 0);
  AccessLogFile file{path, metrics, log};
  file.open();
  for (std::size_t n = 0; n < AccessLogFile::WAITING_MAX; ++n) file.write(entry("stuck"));
  std::filesystem::remove(path);
  file.open();
  EXPECT_TRUE(wait_until([&] {
    file.write(entry("goes on"));
    return std::filesystem::exists(path) && text_of(path).find("goes on") != std::string::npos;
  }));
  ::close(silent);
}

TEST_F(AccessLogFileTest, a_full_disk_drops_entries_and_the_next_line_is_whole_again) {
  std::filesystem::create_symlink("/dev/full", path);
  AccessLogFile file{path, metrics, log};
  file.open();
  file.write(entry("lost"));
  ASSERT_TRUE(wait_until([&] { return entries("dropped") == 1; }));
  std::filesystem::remove(path);
  file.open();
  file.write(entry("kept"));
  ASSERT_TRUE(are_written(1));
  EXPECT_THAT(text_of(path), HasSubstr("\n{\"at\""));
  EXPECT_THAT(text_of(path), HasSubstr("\"kept\""));
}

}  // namespace
}  // namespace sluice::app
