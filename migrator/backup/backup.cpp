#include "migrator/backup/backup.hpp"

#include <fcntl.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "migrator/engine/clock_text.hpp"

namespace sluice::migrator {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kForUsOnly = 0600;
constexpr int kDecimal = 10;
constexpr std::string_view kUnfinished = ".unfinished";

std::string system_error() {
  return std::strerror(errno);
}

fs::path program_for(const BackupConfig& config, std::optional<ServerKind> server) {
  if (!config.program.empty()) return find_program(config.program);
  const bool mariadb = server == ServerKind::mariadb;
  const fs::path own = find_program(mariadb ? "mariadb-dump" : "mysqldump");
  return own.empty() ? find_program(mariadb ? "mysqldump" : "mariadb-dump") : own;
}

std::string as_file_name(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    text += plain ? std::string(1, c) : "%" + to_hex({&c, 1});
  }
  return text;
}

std::string option(std::string_view name, std::string_view value) {
  std::string text = std::string(name) + "=\"";
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
  return text + "\"\n";
}

// A file in memory alone, at its start.
int memory_file(const std::string& contents) {
  const int file = ::memfd_create("sluice", MFD_CLOEXEC);
  // What anybody may write to the programs don't read.
  const bool made = file >= 0 && ::fchmod(file, kForUsOnly) == 0 &&
                    ::write(file, contents.data(), contents.size()) == static_cast<ssize_t>(contents.size());
  if (made || file < 0) return file;
  ::close(file);
  return -1;
}

SqlResult<std::uint64_t> number_of(Connection& connection, const std::string& sql) {
  auto rows = connection.query(sql);
  if (rows.has_error()) return rows.error();
  const std::string text = rows->rows.empty() ? "" : rows->rows[0].at(0).value_or("");
  return std::uint64_t{std::strtoull(text.c_str(), nullptr, kDecimal)};
}

}  // namespace

std::optional<Problem> problem_of(const BackupConfig& config, BackupKind kind) {
  if (kind == BackupKind::none) return std::nullopt;
  if (config.folder.empty())
    return Problem{"backup_unavailable",
                   "sluice serve was started without --backup-path, so there is no folder for it"};
  if (::access(config.folder.c_str(), W_OK | X_OK) != 0)
    return Problem{"backup_unavailable", "Sluice can't write to its folder of backups: " + system_error()};
  if (program_for(config, std::nullopt).empty())
    return Problem{"backup_unavailable",
                   "there is no mysqldump or mariadb-dump that Sluice may run; install one, or name it by "
                   "--backup-program"};
  return std::nullopt;
}

std::string backup_file_name(const MigrationId& id, const TableRef& table, const std::string& now) {
  std::string time = now.substr(0, now.find('.'));
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return as_file_name(id) + "-" + as_file_name(table.database) + "." + as_file_name(table.table) + "-" + time + "Z.sql";
}

std::string option_file_of(const ServerAddress& primary) {
  std::string text = "[client]\n" + option("user", primary.user) + option("password", primary.password);
  if (primary.host.starts_with('/')) {
    text += option("socket", primary.host);
  } else {
    text += option("host", primary.host) + "port=" + std::to_string(primary.port) + "\nprotocol=tcp\n";
  }
  // What only one of the two programs knows the other passes over.
  switch (primary.tls) {
    case TlsPolicy::off:
      text += "loose-skip-ssl\nloose-ssl-mode=DISABLED\nloose-get-server-public-key\n";
      break;
    case TlsPolicy::required:
      text += "loose-ssl\nloose-ssl-mode=REQUIRED\n";
      break;
    case TlsPolicy::verify_ca:
      text += "loose-ssl\nloose-ssl-mode=VERIFY_CA\n";
      break;
    case TlsPolicy::verify_identity:
      text += "loose-ssl\nloose-ssl-verify-server-cert\nloose-ssl-mode=VERIFY_IDENTITY\n";
      break;
  }
  if (primary.tls == TlsPolicy::off) return text;
  // Without authorities one of the programs would check no chain, and the other would refuse.
  return text + (primary.tls_ca_file.empty() ? option("ssl-capath", X509_get_default_cert_dir())
                                             : option("ssl-ca", primary.tls_ca_file));
}

Backup::File::~File() {
  if (descriptor >= 0) ::close(descriptor);
}

Backup::Backup(ServerAddress primary, BackupConfig config, BackupKind kind, MigrationId id, TableRef table)
    : primary_(std::move(primary)),
      config_(std::move(config)),
      kind_(kind),
      id_(std::move(id)),
      table_(std::move(table)) {
  status_.kind = kind_;
  status_.table = table_.table;
}

Backup::~Backup() {
  program_.kill();
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

SqlResult<void> Backup::advance(Connection& connection) {
  if (is_over()) return {};
  if (!began_) return begin(connection);
  // Before the file is read to its end: what it has written by then is all there will be.
  if (!outcome_) outcome_ = program_.ended();
  const auto now = std::chrono::steady_clock::now();
  if (read_more()) {
    wrote_at_ = now;
    return {};
  }
  if (!outcome_ && now - wrote_at_ > config_.writes_within) {
    program_.kill();
    fail("the program that writes it has written nothing for too long" + complaint());
    return {};
  }
  auto rows = counted();
  if (rows.has_error()) return rows.error();
  if (*rows) {
    status_.rows_expected = **rows;
    is_counted_ = true;
  }
  return outcome_ ? judge(connection.flavor()) : SqlResult<void>();
}

SqlResult<std::optional<std::uint64_t>> Backup::counted() {
  if (!count_) return std::optional<std::uint64_t>{};
  auto rows = count_->result();
  if (!rows) return std::optional<std::uint64_t>{};
  count_.reset();
  if (rows->has_error()) {
    if (rows->error().outcome == Outcome::unknown) return rows->error();
    fail("the rows can't be counted: " + describe(rows->error()));
    return std::optional<std::uint64_t>{};
  }
  return std::optional<std::uint64_t>{**rows};
}

SqlResult<void> Backup::begin(Connection& connection) {
  if (auto problem = problem_of(config_, kind_)) {
    fail(problem->message);
    return {};
  }
  const std::string where = " FROM information_schema.TABLES WHERE TABLE_SCHEMA = " + quote_string(table_.database) +
                            " AND TABLE_NAME = " + quote_string(table_.table);
  auto exists = number_of(connection, "SELECT COUNT(*)" + where);
  if (exists.has_error()) return exists.error();
  if (*exists == 0) {
    status_.state = BackupStatus::State::nothing;
    return {};
  }
  if (kind_ == BackupKind::data) {
    auto bytes = number_of(connection, "SELECT COALESCE(DATA_LENGTH, 0)" + where);
    if (bytes.has_error()) return bytes.error();
    status_.bytes_estimated = *bytes;
    auto count = LongCount::begin(primary_, table_);
    if (count.has_error()) return count.error();
    count_ = std::move(*count);
  }
  began_ = true;
  delete_leftovers();
  if (open_file()) run(connection.flavor());
  return {};
}

void Backup::delete_leftovers() {
  const std::string name = backup_file_name(id_, table_, "");
  const std::string prefix = name.substr(0, name.rfind('-') + 1);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(config_.folder, ignored)) {
    const std::string other = entry.path().filename().string();
    if (other.starts_with(prefix) && other.ends_with(kUnfinished)) ::unlink(entry.path().c_str());
  }
}

bool Backup::open_file() {
  status_.file = (fs::path(config_.folder) / backup_file_name(id_, table_, now_as_text())).string();
  unfinished_ = status_.file + std::string(kUnfinished);
  // Nobody else's file is written to, and no link is followed to one.
  file_.descriptor = ::open(unfinished_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kForUsOnly);
  if (file_.descriptor >= 0) return true;
  const std::string why = system_error();
  unfinished_.clear();
  fail("the file can't be made: " + why);
  return false;
}

void Backup::run(const ServerFlavor& server) {
  const File secret{memory_file(option_file_of(primary_))};
  complaints_.descriptor = memory_file("");
  if (secret.descriptor < 0 || complaints_.descriptor < 0) return fail("there is no memory for its login");
  std::vector<std::string> arguments{
      // Which program this is for is known when it runs: what it does not know it passes over.
      "--defaults-file=/proc/self/fd/" + std::to_string(kSecretDescriptor),
      "--single-transaction",
      "--quick",
      "--skip-lock-tables",
      "--skip-add-drop-table",
      "--no-tablespaces",
      "--hex-blob",
      "--comments",
      "--default-character-set=utf8mb4",
      "--loose-set-gtid-purged=OFF",
      "--loose-column-statistics=0",
  };
  if (kind_ == BackupKind::definition) arguments.emplace_back("--no-data");
  arguments.insert(arguments.end(), {"--", table_.database, table_.table});
  auto problem = program_.start({.program = program_for(config_, server.kind),
                                 .arguments = std::move(arguments),
                                 .environment = {},
                                 .output = file_.descriptor,
                                 .error = complaints_.descriptor,
                                 .secret = secret.descriptor});
  wrote_at_ = std::chrono::steady_clock::now();
  if (!problem.empty()) fail("the program that writes it: " + problem);
}

bool Backup::read_more() {
  std::string bytes(kReadAtOnce, '\0');
  const ssize_t got = ::pread(file_.descriptor, bytes.data(), bytes.size(), static_cast<off_t>(status_.bytes));
  if (got <= 0) return false;
  bytes.resize(static_cast<std::size_t>(got));
  reader_.read(bytes);
  status_.bytes += bytes.size();
  status_.rows = reader_.rows();
  return true;
}

SqlResult<void> Backup::judge(const ServerFlavor& server) {
  if (is_over()) return {};
  if (!outcome_->empty()) {
    fail("the program that writes it: " + *outcome_ + complaint());
  } else if (!reader_.is_whole() || !reader_.has_definition()) {
    fail("the file is not whole: " + std::string(reader_.has_definition() ? "its last line" : "the definition") +
         " is missing");
  } else if (kind_ == BackupKind::data && server.kind == ServerKind::mysql && reader_.needs_mariadb()) {
    fail(
        "MariaDB's program writes the values of generated columns, which MySQL would not take back; name MySQL's own "
        "mysqldump by --backup-program");
  } else if (kind_ == BackupKind::definition) {
    keep();
  } else if (!count_ && is_counted_ && reader_.rows() == status_.rows_expected) {
    keep();
  } else if (!count_ && is_counted_ && counted_again_) {
    fail("the file is not whole: it has " + std::to_string(reader_.rows()) + " rows, and the table " +
         std::to_string(status_.rows_expected));
  } else if (!count_) {
    // Somebody may have written to the table meanwhile.
    auto count = LongCount::begin(primary_, table_);
    if (count.has_error()) return count.error();
    count_ = std::move(*count);
    counted_again_ = std::exchange(is_counted_, false);
  }
  return {};
}

void Backup::keep() {
  const int folder = ::open(config_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const File closes{folder};
  const bool kept = ::fsync(file_.descriptor) == 0 && ::rename(unfinished_.c_str(), status_.file.c_str()) == 0 &&
                    folder >= 0 && ::fsync(folder) == 0;
  if (!kept) return fail("the file can't be kept: " + system_error());
  unfinished_.clear();
  status_.state = BackupStatus::State::complete;
}

void Backup::fail(std::string why) {
  status_.state = BackupStatus::State::failed;
  status_.problem = std::move(why);
}

std::string Backup::complaint() const {
  const off_t size = ::lseek(complaints_.descriptor, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(kComplaintMax));
  std::string text(static_cast<std::size_t>(size - from), '\0');
  const ssize_t got = ::pread(complaints_.descriptor, text.data(), text.size(), from);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (text.ends_with('\n')) text.pop_back();
  // The last line is what it ended with; those before are about options that the other program knows.
  if (const auto line = text.rfind('\n'); line != std::string::npos) text.erase(0, line + 1);
  return text.empty() ? "" : " (" + text + ")";
}

}  // namespace sluice::migrator
