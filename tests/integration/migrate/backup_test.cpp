// Tables written to a file before they are dropped: by a rollback, a cleanup, the end of the retention, or a new
// migration. What can't be backed up is not dropped.
#include <sys/stat.h>

#include <algorithm>
#include <future>
#include <sstream>

#include "tests/integration/migrate/rolling_back.hpp"
#include "tests/support/child.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr unsigned accepted = 202;
constexpr unsigned refused = 422;

class BackedUp : public RollingBack {
 protected:
  SluiceOptions sluice_options() override { return {.arguments = {"--backup-path", folder_.path().string()}}; }

  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (const auto name = entry.path().filename().string(); name.find(".sql") != std::string::npos)
        names.push_back(name);
    }
    return names;
  }
  static std::string text_of(const std::filesystem::path& file) {
    std::ifstream in{file};
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  // A program for --backup-program.
  std::string program(const std::string& script) const {
    const auto path = folder_.path() / "program";
    std::ofstream{path} << "#!/bin/sh\n" << script << "\n";
    ::chmod(path.c_str(), 0755);
    return path;
  }
  // How many rows the file gives when it is read into an empty database.
  std::string rows_restored(const std::string& file, const std::string& table) {
    direct().must("DROP DATABASE IF EXISTS restored");
    direct().must("CREATE DATABASE restored");
    ChildProcess client{{.arguments = {"/bin/sh", "-c",
                                       "mariadb -h 127.0.0.1 -P " + std::to_string(server().port()) +
                                           " -u root restored < " + (folder() / file).string()},
                         .environment = {},
                         .output = folder() / "restore.log",
                         .account = {}}};
    EXPECT_EQ(client.wait(60s), 0) << text_of(folder() / "restore.log");
    const auto rows = direct().must("SELECT COUNT(*) FROM restored." + table).value();
    direct().must("DROP DATABASE restored");
    return rows;
  }

 private:
  ScratchFolder folder_{"backups"};
};
SLUICE_ON_BOTH_SERVERS(BackedUp);

TEST_P(BackedUp, by_a_rollback_the_shadow_with_all_its_rows) {
  const auto id = postponed();
  roll_back(id, R"({"backup": "data"})");
  const auto over = await_over(id);
  EXPECT_EQ(json_at(over, "/phase"), "completed") << over;
  ASSERT_THAT(files(), SizeIs(1));
  const auto file = files().front();
  EXPECT_THAT(file, AllOf(StartsWith(id + "-test._orders_gho-"), testing::EndsWith("Z.sql")));
  EXPECT_EQ(json_at(over, "/backup/file"), folder() / file);
  EXPECT_EQ(json_at(over, "/backup/complete"), "true");
  EXPECT_EQ(json_at(over, "/backup/rows"), json_at(over, "/record/shadow/rows"));
  EXPECT_EQ(rows_restored(file, "_orders_gho"), json_at(over, "/backup/rows"));
  EXPECT_EQ(shown(id, "/backup/state"), "complete");
  EXPECT_EQ(shown(id, "/backup/rows"), json_at(over, "/backup/rows"));
  struct stat found{};
  ASSERT_EQ(::stat((folder() / file).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U) << "for nobody else";
  EXPECT_THAT(sluice().get("/metrics").body, HasSubstr("sluice_backups_total{result=\"complete\"} 1\n"));
  EXPECT_THAT(events(id), Contains("rollback.backup"));
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(BackedUp, as_the_option_says_its_definition_alone) {
  const auto id = copying(R"(, "backup": "definition")");
  roll_back(id, "");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "completed") << report(id);
  ASSERT_THAT(files(), SizeIs(1));
  const auto text = text_of(folder() / files().front());
  EXPECT_THAT(text, AllOf(HasSubstr("CREATE TABLE `_orders_gho`"), HasSubstr("-- Dump completed")));
  EXPECT_THAT(text, Not(HasSubstr("INSERT INTO")));
}

TEST_P(BackedUp, not_where_the_request_says_none) {
  const auto id = copying(R"(, "backup": "data")");
  roll_back(id, R"({"backup": "none"})");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "completed") << report(id);
  EXPECT_THAT(files(), IsEmpty());
}

TEST_P(BackedUp, by_a_cleanup_the_old_table) {
  const auto id =
      sluice().migrate({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"backup": "data"})"});
  expect_completed(sluice().await_audited(id, 60s));
  act(id, "cleanup");
  EXPECT_TRUE(wait_until([&] { return leftovers(direct()).empty(); }, 60s));
  EXPECT_TRUE(wait_until([&] { return std::ranges::count(events(id), "cleanup.completed") == 1; }, 30s));
  ASSERT_THAT(files(), ElementsAre(StartsWith(id + "-test._orders_del-")));
  EXPECT_EQ(rows_restored(files().front(), "_orders_del"), shown(id, "/backup/rows"));
  complete({.table = "orders", .alter = "ADD COLUMN more INT"});
}

TEST_P(BackedUp, at_the_end_of_the_retention_the_old_table) {
  const auto id =
      sluice().migrate({.table = "orders",
                        .alter = "ADD COLUMN note INT",
                        .options = R"({"backup": "data", "ok_to_drop_table": true, "old_table_retention": "1s"})"});
  EXPECT_TRUE(wait_until([&] { return std::ranges::count(events(id), "old_table.dropped") == 1; }, 60s));
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  EXPECT_THAT(files(), ElementsAre(StartsWith(id + "-test._orders_del-")));
  EXPECT_THAT(events(id), Contains("backup.complete"));
}

TEST_P(BackedUp, by_a_new_migration_the_old_table_that_it_drops) {
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "ADD COLUMN more INT",
                                    .options = R"({"backup": "data", "initially_drop_old_table": true})"});
  expect_completed(sluice().await_audited(id, 60s));
  ASSERT_THAT(files(), ElementsAre(StartsWith("before-test._orders_del-")));
  EXPECT_NE(rows_restored(files().front(), "_orders_del"), "0");
}

class BackedUpBy : public BackedUp {
 protected:
  // Takes its time, and notes what anybody may see of it.
  SluiceOptions sluice_options() override {
    auto options = BackedUp::sluice_options();
    const std::string watched = folder().string();
    options.arguments.insert(options.arguments.end(),
                             {"--backup-program", program("tr '\\0' '\\n' < /proc/$$/cmdline > " + watched +
                                                          "/cmdline\nenv > " + watched + "/env\nwhile [ -e " + watched +
                                                          "/slow ]; do sleep 0.1; done\nexec mariadb-dump "
                                                          "\"$@\"")});
    return options;
  }
};
SLUICE_ON_BOTH_SERVERS(BackedUpBy);

TEST_P(BackedUpBy, a_program_that_is_not_shown_the_password) {
  touch(folder() / "slow");
  const auto id = postponed();
  roll_back(id, R"({"backup": "data"})");
  EXPECT_TRUE(wait_until([&] { return !text_of(folder() / "env").empty(); }, 30s));
  EXPECT_EQ(shown(id, "/rollback/step"), "backup");
  EXPECT_EQ(shown(id, "/backup/state"), "running");
  EXPECT_TRUE(wait_until([&] { return shown(id, "/backup/rows_expected") != "0"; }, 30s));
  std::filesystem::remove(folder() / "slow");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "completed") << report(id);
  for (const auto& seen : {text_of(folder() / "cmdline"), text_of(folder() / "env"), sluice().log(), report(id)}) {
    EXPECT_THAT(seen, Not(HasSubstr(std::string{SluiceProcess::password})));
  }
  EXPECT_THAT(text_of(folder() / "env"), Not(HasSubstr("SLUICE")));
}

TEST_P(BackedUpBy, a_program_again_after_a_crash) {
  touch(folder() / "slow");
  const auto id = postponed();
  roll_back(id, R"({"backup": "data"})");
  EXPECT_TRUE(wait_until([&] { return !text_of(folder() / "env").empty(); }, 30s)) << report(id);
  kill_sluice();
  std::filesystem::remove(folder() / "slow");
  sluice().restart();
  const auto over = await_over(id);
  EXPECT_EQ(json_at(over, "/phase"), "completed") << over;
  ASSERT_THAT(files(), SizeIs(1)) << "and nothing unfinished is left";
  EXPECT_EQ(rows_restored(files().front(), "_orders_gho"), json_at(over, "/backup/rows"));
}

TEST_P(BackedUpBy, a_program_so_slow_that_the_old_table_is_that_of_the_next_one_by_then) {
  touch(folder() / "slow");
  const auto id =
      sluice().migrate({.table = "orders",
                        .alter = "ADD COLUMN note INT",
                        .options = R"({"backup": "data", "ok_to_drop_table": true, "old_table_retention": "1s"})"});
  EXPECT_TRUE(wait_until([&] { return !text_of(folder() / "env").empty(); }, 60s));
  const auto next = sluice().migrate(
      {.table = "orders", .alter = "ADD COLUMN more INT", .options = R"({"initially_drop_old_table": true})"});
  expect_completed(sluice().await_audited(next, 60s));
  std::filesystem::remove(folder() / "slow");
  EXPECT_TRUE(wait_until([&] { return std::ranges::count(events(id), "old_table.kept") == 1; }, 30s));
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_del"));
  EXPECT_EQ(sluice().post("/migrate/" + next + "/revert").status, accepted) << "it is still there to go back to";
  EXPECT_TRUE(wait_until([&] { return shown(next, "/state") == "reverted"; }, 60s));
}

TEST_P(BackedUpBy, a_program_for_a_cleanup_that_goes_on_after_a_crash) {
  const auto id =
      sluice().migrate({.table = "orders", .alter = "ADD COLUMN note INT", .options = R"({"backup": "data"})"});
  expect_completed(sluice().await_audited(id, 60s));
  touch(folder() / "slow");
  act(id, "cleanup");
  EXPECT_TRUE(wait_until([&] { return !text_of(folder() / "env").empty(); }, 30s));
  kill_sluice();
  std::filesystem::remove(folder() / "slow");
  sluice().restart();
  EXPECT_TRUE(wait_until([&] { return std::ranges::count(events(id), "cleanup.completed") == 1; }, 60s))
      << "without being asked for again";
  EXPECT_THAT(leftovers(direct()), IsEmpty());
  ASSERT_THAT(files(), ElementsAre(StartsWith(id + "-test._orders_del-")));
  EXPECT_EQ(rows_restored(files().front(), "_orders_del"), shown(id, "/backup/rows"));
}

TEST_P(BackedUpBy, a_program_that_keeps_nobody_else_waiting) {
  complete({.table = "orders", .alter = "ADD COLUMN note INT"});
  direct().must("CREATE TABLE items (id INT PRIMARY KEY)");
  const auto other =
      sluice().migrate({.table = "items", .alter = "ADD COLUMN note INT", .options = R"({"postpone_cut_over": true})"});
  touch(folder() / "slow");
  const Migration next{.table = "orders",
                       .alter = "ADD COLUMN more INT",
                       .options = R"({"backup": "data", "initially_drop_old_table": true})"};
  auto started = std::async(std::launch::async, [&, &behind = sluice()] { return behind.migrate(next); });
  EXPECT_TRUE(wait_until([&] { return !text_of(folder() / "env").empty(); }, 30s));

  roll_back(other, R"({"strategy": "immediate"})");
  EXPECT_EQ(json_at(await_over(other), "/phase"), "completed");
  const auto refusal = sluice().post("/migrate", body_of({.table = "orders", .alter = "ADD COLUMN x INT"}));
  EXPECT_EQ(refusal.status, 409U) << refusal.body;
  EXPECT_THAT(refusal.body, HasSubstr("is being backed up for a new one"));
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_del"));
  std::filesystem::remove(folder() / "slow");
  const auto id = started.get();
  expect_completed(sluice().await_audited(id, 60s));
  ASSERT_THAT(files(), ElementsAre(StartsWith("before-test._orders_del-")));
}

// What goes wrong leaves the table there.
class BadlyBackedUp : public BackedUp {
 protected:
  SluiceOptions sluice_options() override { return {.arguments = arguments_}; }
  void SetUp() override {}  // Sluice is started by begin()
  void begin(std::vector<std::string> arguments) {
    arguments_ = std::move(arguments);
    BackedUp::SetUp();
  }
  void expect_kept(const std::string& why) {
    const auto id = postponed();
    roll_back(id, R"({"backup": "data"})");
    const auto over = await_over(id);
    EXPECT_EQ(json_at(over, "/phase"), "failed") << over;
    EXPECT_THAT(json_at(over, "/problem"), AllOf(StartsWith("backup: nothing is dropped: "), HasSubstr(why)));
    EXPECT_EQ(await_end(id).state, "failed");
    EXPECT_THAT(shown(id, "/error/code"), "rollback_failed");
    EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
    EXPECT_EQ(shown(id, "/backup/state"), "failed");
    EXPECT_THAT(files(), IsEmpty());
    expect_untouched();
    // Without one it goes.
    roll_back(id, R"({"backup": "none"})");
    EXPECT_EQ(json_at(await_over(id), "/phase"), "completed") << report(id);
    EXPECT_THAT(leftovers(direct()), IsEmpty());
  }

 private:
  std::vector<std::string> arguments_;
};
SLUICE_ON_BOTH_SERVERS(BadlyBackedUp);

TEST_P(BadlyBackedUp, into_a_folder_that_takes_no_files) {
  begin({"--backup-path", "/proc"});
  expect_kept("the file can't be made");
}

TEST_P(BadlyBackedUp, by_a_program_that_fails) {
  begin({"--backup-path", folder().string(), "--backup-program", program("echo no luck >&2; exit 3")});
  expect_kept("it ends with status 3 (no luck)");
}

TEST_P(BadlyBackedUp, is_not_migrated_after_all_where_the_crash_came_before_its_end_was_kept) {
  begin({"--backup-path", folder().string(), "--backup-program", program("sleep 3; exit 3")});
  const auto id = postponed();
  roll_back(id, R"({"backup": "data"})");
  EXPECT_TRUE(wait_until([&] { return shown(id, "/rollback/step") == "backup"; }, 30s));
  auto somebody = server().connect("test");
  somebody.must("LOCK TABLES _sluice.migrations WRITE");
  EXPECT_EQ(json_at(await_over(id), "/phase"), "failed") << report(id);
  kill_sluice();
  somebody.must("UNLOCK TABLES");
  EXPECT_NE(direct().must("SELECT state FROM _sluice.migrations").value(), "failed");
  sluice().restart();
  EXPECT_EQ(await_end(id).state, "failed");
  EXPECT_THAT(shown(id, "/error/code"), "rollback_failed");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  expect_untouched();
}

TEST_P(BadlyBackedUp, by_a_program_that_leaves_rows_out) {
  begin({"--backup-path", folder().string(), "--backup-program",
         program("mariadb-dump \"$@\" | sed 's/^(1,/-- (1,/; /^INSERT/,/;$/{/^(2/d}'")});
  expect_kept("the file is not whole: it has ");
}

TEST_P(BadlyBackedUp, by_a_program_that_breaks_off) {
  begin({"--backup-path", folder().string(), "--backup-program",
         program("mariadb-dump \"$@\" | grep -v '^-- Dump completed'")});
  expect_kept("its last line is missing");
}

TEST_P(BadlyBackedUp, but_slowly_is_told_as_it_goes_on) {
  const auto at = folder().string();
  touch(folder() / "slow");
  begin({"--backup-path", at, "--backup-program",
         program("mariadb-dump \"$@\" > " + at + "/all; head -c 20000 " + at + "/all; while [ -e " + at +
                 "/slow ]; do sleep 0.1; done; tail -c +20001 " + at + "/all")});
  const auto id = postponed();
  roll_back(id, R"({"backup": "data"})");
  EXPECT_TRUE(wait_until([&] { return shown(id, "/backup/bytes") == "20000"; }, 30s)) << sluice().status(id).json;
  EXPECT_EQ(shown(id, "/backup/state"), "running");
  EXPECT_GT(std::stoull(shown(id, "/backup/rows")), 0U);
  EXPECT_LT(std::stoull(shown(id, "/backup/rows")), rows);
  std::filesystem::remove(folder() / "slow");
  const auto over = await_over(id);
  EXPECT_EQ(json_at(over, "/phase"), "completed") << over;
  EXPECT_GT(std::stoull(json_at(over, "/backup/bytes")), 20000U);
}

TEST_P(BadlyBackedUp, without_a_folder_or_a_program_is_refused_at_once) {
  begin({"--backup-path", folder().string(), "--backup-program", "/nowhere/mysqldump"});
  const auto id = postponed();
  const auto response = sluice().post("/migrate/" + id + "/rollback", R"({"backup": "data"})");
  EXPECT_EQ(response.status, refused) << response.body;
  EXPECT_THAT(response.body, AllOf(HasSubstr("backup_unavailable"), HasSubstr("--backup-program")));
  EXPECT_EQ(shown(id, "/state"), "ready");
  EXPECT_EQ(
      sluice()
          .post("/migrate",
                body_of({.table = "orders", .alter = "ADD COLUMN more INT", .options = R"({"backup": "definition"})"}))
          .status,
      409U)
      << "it is busy, which is told first";
  act(id, "stop");
  EXPECT_EQ(await_end(id).state, "stopped");
  EXPECT_EQ(
      sluice()
          .post("/migrate",
                body_of({.table = "orders", .alter = "ADD COLUMN more INT", .options = R"({"backup": "definition"})"}))
          .status,
      refused);
}

// MySQL would not take back what MariaDB's program writes of generated columns; its own leaves them out.
TEST_P(BadlyBackedUp, generated_columns_need_the_servers_own_program) {
  const std::string alter = "ADD COLUMN twice BIGINT AS (qty * 2) STORED";
  if (is_mysql()) {
    begin({"--backup-path", folder().string(), "--backup-program", "mariadb-dump"});
    const auto id = postponed(alter);
    roll_back(id, R"({"backup": "data"})");
    EXPECT_THAT(json_at(await_over(id), "/problem"), HasSubstr("MySQL's own mysqldump"));
    EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
    return;
  }
  begin({"--backup-path", folder().string()});
  const auto id = postponed(alter);
  roll_back(id, R"({"backup": "data"})");
  const auto over = await_over(id);
  EXPECT_EQ(json_at(over, "/phase"), "completed") << over;
  EXPECT_EQ(rows_restored(files().front(), "_orders_gho"), json_at(over, "/backup/rows"));
}

TEST_P(BadlyBackedUp, but_by_mysqls_own_program_well) {
  const auto root = mysql_folder().string();
  begin({"--backup-path", folder().string(), "--backup-program",
         program("defaults=$1\nshift\nexec " + root + "/lib64/ld-linux-x86-64.so.2 --library-path " + root +
                 "/usr/lib/x86_64-linux-gnu " + root + "/usr/bin/mysqldump \"$defaults\" --character-sets-dir=" + root +
                 "/usr/share/mysql/charsets --plugin-dir=" + root + "/usr/lib/mysql/plugin \"$@\"")});
  const auto id = postponed(is_mysql() ? "ADD COLUMN twice BIGINT AS (qty * 2) STORED" : "ADD COLUMN note INT");
  roll_back(id, R"({"backup": "data"})");
  const auto over = await_over(id);
  EXPECT_EQ(json_at(over, "/phase"), "completed") << over;
  ASSERT_THAT(files(), SizeIs(1));
  EXPECT_EQ(rows_restored(files().front(), "_orders_gho"), json_at(over, "/backup/rows"));
}

}  // namespace
}  // namespace sluice::test
