// A backup on its own, where what it waits for does not come.
#include "migrator/backup/backup.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/engine/fixture.hpp"
#include "tests/support/scratch.hpp"
#include "tests/support/wait.hpp"

namespace sluice::migrator::test {
namespace {

using namespace std::chrono_literals;
using sluice::test::wait_until;
using testing::HasSubstr;

class BackingUp : public Engine {
 protected:
  void SetUp() override {
    Engine::SetUp();
    client().must("CREATE TABLE t (id INT PRIMARY KEY)");
    client().must("INSERT INTO t VALUES (1)");
  }
  // By a program that does this.
  BackupConfig by(const std::string& script) {
    const auto path = folder_.path() / "program";
    std::ofstream{path} << "#!/bin/sh\n" << script << "\n";
    ::chmod(path.c_str(), 0755);
    return {.folder = folder_.path().string(), .program = path.string()};
  }
  Backup of_t(BackupConfig config, BackupKind kind) {
    return {address_of(server()), std::move(config), kind, "m1", {.database = "test", .table = "t"}};
  }
  [[nodiscard]] std::size_t files() const {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      found += entry.path().filename().string().find(".sql") == std::string::npos ? 0 : 1;
    }
    return found;
  }

 private:
  sluice::test::ScratchFolder folder_{"backups"};
};
SLUICE_ON_BOTH_SERVERS(BackingUp);

TEST_P(BackingUp, is_given_up_where_the_program_writes_nothing_any_more) {
  auto config = by("echo 'CREATE TABLE t (id INT);'; exec sleep 1000");
  config.writes_within = 300ms;
  auto connection = connect();
  {
    auto backup = of_t(config, BackupKind::definition);
    EXPECT_TRUE(wait_until([&] { return !backup.advance(connection) || backup.is_over(); }, 30s));
    EXPECT_EQ(backup.status().state, BackupStatus::State::failed);
    EXPECT_THAT(backup.status().problem, HasSubstr("has written nothing for too long"));
    EXPECT_GT(backup.status().bytes, 0U) << "it had begun";
  }
  EXPECT_EQ(files(), 0U);
}

TEST_P(BackingUp, of_no_rows_is_not_called_whole_before_the_rows_were_counted) {
  auto connection = connect();
  auto backup = of_t(by("printf 'CREATE TABLE t (id INT);\\n-- Dump completed\\n'"), BackupKind::data);
  auto somebody = server().connect("test");
  somebody.must("LOCK TABLES t WRITE");
  ASSERT_TRUE(backup.advance(connection)) << "the count waits for the lock";
  const std::string counting = "FROM information_schema.processlist WHERE info LIKE 'SELECT COUNT(*) FROM `test`.`t`%'";
  ASSERT_TRUE(wait_until([&] { return client().must("SELECT COUNT(*) " + counting).value() == "1"; }));
  client().must("KILL " + client().must("SELECT id " + counting).value());
  EXPECT_TRUE(wait_until([&] { return !backup.advance(connection); }, 30s)) << "its connection is lost";
  somebody.must("UNLOCK TABLES");
  EXPECT_TRUE(wait_until([&] { return !backup.advance(connection) || backup.is_over(); }, 30s));
  EXPECT_EQ(backup.status().state, BackupStatus::State::failed);
  EXPECT_THAT(backup.status().problem, HasSubstr("it has 0 rows, and the table 1"));
}

}  // namespace
}  // namespace sluice::migrator::test
