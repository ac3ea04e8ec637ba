#include "migrator/backup/backup.hpp"

#include <gmock/gmock.h>

namespace sluice::migrator {
namespace {

using testing::HasSubstr;

TEST(BackupFile, IsNamedAfterMigrationTableAndTime) {
  EXPECT_EQ(backup_file_name("m7", {"shop", "_orders_gho"}, "2026-01-31T12:00:00.123Z"),
            "m7-shop._orders_gho-20260131T120000Z.sql");
}

TEST(BackupFile, NeverLeavesItsFolder) {
  const auto name = backup_file_name("m7", {"..", "../etc/pass wd\n"}, "2026-01-31T12:00:00.123Z");
  EXPECT_EQ(name.find('/'), std::string::npos) << name;
  EXPECT_EQ(name, "m7-%2E%2E.%2E%2E%2Fetc%2Fpass%20wd%0A-20260131T120000Z.sql");
}

TEST(BackupLogin, KeepsEachByteOfThePassword) {
  const auto file = option_file_of({.host = "db", .port = 3307, .user = "u", .password = "a\"b\\c#d\n"});
  EXPECT_THAT(file, HasSubstr("[client]\nuser=\"u\"\npassword=\"a\\\"b\\\\c#d\\n\"\nhost=\"db\"\nport=3307\n"));
  EXPECT_THAT(file, HasSubstr("loose-ssl-mode=DISABLED"));
}

TEST(BackupLogin, TakesTheWayThatTheEngineTakes) {
  EXPECT_THAT(option_file_of({.host = "/run/mysqld.sock"}), HasSubstr("socket=\"/run/mysqld.sock\"\n"));
  const auto file = option_file_of({.tls = TlsPolicy::verify_identity, .tls_ca_file = "/ca.pem"});
  EXPECT_THAT(file, HasSubstr("loose-ssl-mode=VERIFY_IDENTITY\nssl-ca=\"/ca.pem\"\n"));
  EXPECT_THAT(option_file_of({.tls = TlsPolicy::verify_ca}), HasSubstr("ssl-capath="));
}

TEST(Backup, NeedsAFolderAndAProgram) {
  EXPECT_EQ(problem_of({}, BackupKind::none), std::nullopt);
  EXPECT_THAT(problem_of({}, BackupKind::data)->message, HasSubstr("--backup-path"));
  EXPECT_THAT(problem_of({.folder = "/nowhere"}, BackupKind::data)->message, HasSubstr("can't write"));
  EXPECT_THAT(problem_of({.folder = "/tmp", .program = "/nowhere/mysqldump"}, BackupKind::definition)->message,
              HasSubstr("--backup-program"));
  EXPECT_EQ(problem_of({.folder = "/tmp", .program = "/bin/sh"}, BackupKind::definition), std::nullopt);
}

}  // namespace
}  // namespace sluice::migrator
