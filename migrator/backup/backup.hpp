// A table as a file: written by mysqldump or mariadb-dump as a child process, and read back to see that it is whole.
// Belongs to one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "migrator/api.hpp"
#include "migrator/backup/backup_config.hpp"
#include "migrator/backup/backup_status.hpp"
#include "migrator/backup/dump_reader.hpp"
#include "migrator/backup/long_count.hpp"
#include "migrator/process/child_process.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

// What keeps a backup of that kind from being written now; nothing: nothing that can be known before.
[[nodiscard]] std::optional<Problem> problem_of(const BackupConfig& config, BackupKind kind);

// "m7-shop.orders-20260131T120000Z.sql"; what is no letter, digit, '_' or '-' of the names is written %2F.
[[nodiscard]] std::string backup_file_name(const MigrationId& id, const TableRef& table, const std::string& now);

// The login as an option file for the program, which reads it from kSecretDescriptor.
[[nodiscard]] std::string option_file_of(const ServerAddress& primary);

class Backup {
 public:
  static constexpr std::size_t kReadAtOnce = 4U << 20U;  // bytes of the file, in one look
  static constexpr std::size_t kComplaintMax = 500;      // bytes of what the program says on its standard error

  Backup(ServerAddress primary, BackupConfig config, BackupKind kind, MigrationId id, TableRef table);
  // Ends the program and deletes the file, where it is not whole. Blocks for that.
  ~Backup();
  Backup(const Backup&) = delete;
  Backup& operator=(const Backup&) = delete;

  // Begins, then looks, as often as it is called: until state() is another than running. Blocks for a query or for some
  // MiB of the file. A lost connection is an error; nothing is lost by it.
  [[nodiscard]] SqlResult<void> advance(Connection& connection);
  [[nodiscard]] bool is_over() const noexcept { return status_.state != BackupStatus::State::running; }
  // Without a look at the file, so never of another thread.
  [[nodiscard]] const BackupStatus& status() const noexcept { return status_; }

 private:
  [[nodiscard]] SqlResult<void> begin(Connection& connection);
  void delete_leftovers();  // of a process that was killed
  [[nodiscard]] bool open_file();
  void run(const ServerFlavor& server);
  [[nodiscard]] bool read_more();  // false: there is nothing more now
  // The rows that the table has; begins to count them. Nothing: that is not known yet.
  [[nodiscard]] SqlResult<std::optional<std::uint64_t>> counted();
  [[nodiscard]] SqlResult<void> judge(const ServerFlavor& server);
  void keep();
  void fail(std::string why);
  [[nodiscard]] std::string complaint() const;

  struct File {
    int descriptor = -1;
    ~File();
  };

  ServerAddress primary_;
  BackupConfig config_;
  BackupKind kind_;
  MigrationId id_;
  TableRef table_;
  BackupStatus status_;
  bool began_ = false;
  std::filesystem::path unfinished_;
  File file_, complaints_;
  ChildProcess program_;
  std::optional<std::string> outcome_;
  DumpReader reader_;
  std::unique_ptr<LongCount> count_;
  bool is_counted_ = false;
  bool counted_again_ = false;
  std::chrono::steady_clock::time_point wrote_at_;  // the program: or began
};

}  // namespace sluice::migrator
