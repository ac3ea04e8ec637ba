// One blocking connection of the engine to the primary. Everything except close_now() belongs to one thread at a time.
// Never reconnects: a session's locks and settings would be gone without a word.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/sql/dialect.hpp"
#include "migrator/sql/server_address.hpp"
#include "migrator/sql/sql_error.hpp"

namespace sluice::migrator {

using Value = std::optional<std::string>;  // as text; nullopt is NULL
using Row = std::vector<Value>;

struct Rows {
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

struct Affected {
  std::uint64_t rows = 0;
  std::uint64_t warnings = 0;
};

enum class Autocommit : std::uint8_t { on, off };
enum class Isolation : std::uint8_t { read_committed, repeatable_read };

inline constexpr std::string_view utc_time_zone = "+00:00";
inline constexpr std::string_view server_time_zone = "";  // the server's global one: what its own ALTER would use

// What the session is set to. Always: utf8mb4, and the server's own sql_mode as far as it says
// what may be stored, made strict (see storing_sql_mode()).
// The right side of SET time_zone for one of these or for a name.
[[nodiscard]] std::string time_zone_value(const std::string& time_zone);

enum class ForeignKeyChecks : std::uint8_t { on, off };

struct SessionSettings {
  std::string time_zone{utc_time_zone};
  ZeroDates zero_dates = ZeroDates::as_server;
  Autocommit autocommit = Autocommit::on;
  ForeignKeyChecks foreign_key_checks = ForeignKeyChecks::on;
  Isolation isolation = Isolation::read_committed;
  std::chrono::seconds lock_wait_timeout{5};         // metadata locks
  std::chrono::seconds innodb_lock_wait_timeout{1};  // row locks, where a statement waits for them at all
  std::chrono::milliseconds select_limit{0};         // the server ends a longer SELECT; 0: none
  std::chrono::seconds connect_timeout{5};
  std::chrono::seconds reply_timeout{600};  // silence of the server after which the connection counts as lost
};

class Connection {
 public:
  // Blocks for at most connect_timeout and the session's SET statements.
  [[nodiscard]] static SqlResult<Connection> connect(const ServerAddress& address,
                                                     const SessionSettings& settings = {});

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // One statement with a result set, all of it in memory. Blocks.
  [[nodiscard]] SqlResult<Rows> query(std::string_view sql);
  // One statement without a result set. Blocks.
  [[nodiscard]] SqlResult<Affected> execute(std::string_view sql);

  // The server's number for this connection, for KILL.
  [[nodiscard]] std::uint64_t connection_id() const noexcept;
  [[nodiscard]] const ServerFlavor& flavor() const noexcept;

  // From any thread, while the object stays where it is: what blocks in it ends at once with an unknown outcome, and so
  // does every later call.
  void close_now() noexcept;

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::migrator
