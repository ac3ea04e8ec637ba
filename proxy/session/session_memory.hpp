// What the proxy knows of the session at the server: its default database, character set, locks and prepared
// statements. A pure value: commands' effects go in as they are answered, the scanner's context comes out.
//
// Where it does not know, it says so, and the scan errs towards touching.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "protocol/sql/scan.hpp"
#include "protocol/sql/statement_context.hpp"
#include "protocol/wire/command.hpp"

namespace sluice::proxy {

using protocol::StatementId;

// MariaDB: "the statement that was prepared last" (Knowledge Base, COM_STMT_EXECUTE).
inline constexpr StatementId LAST_PREPARED = 0xFFFFFFFF;

// What a command does to the session if the server answers OK.
struct NoEffect {};
struct Said {  // a statement's text was run
  protocol::StatementContext context;
};
struct Prepared {
  std::optional<std::string> text;  // nothing: too long to be kept
};
struct Executed {
  StatementId statement = 0;
};
struct Closed {
  StatementId statement = 0;
};
struct MultiStatementsSet {
  protocol::MultiStatements value{};
};
struct ConnectionReset {};
struct LoggedIn {  // or COM_CHANGE_USER
  std::string database;
  std::uint16_t collation = 0;
};
using Effect = std::variant<NoEffect, Said, Prepared, Executed, Closed, MultiStatementsSet, ConnectionReset, LoggedIn>;

class SessionMemory {
 public:
  // A statement beyond these is not remembered, and touches every armed table when it is executed.
  static constexpr std::size_t STATEMENT_BYTES_MAX = 64 * 1024;
  static constexpr std::size_t STATEMENTS_MAX = 4096;
  static constexpr std::size_t ALL_STATEMENTS_BYTES_MAX = 4 * 1024 * 1024;

  void set_multi_statements(protocol::MultiStatements value) noexcept { multi_ = value; }
  // Does the server tell what changes (CLIENT_SESSION_TRACK)?
  enum class Tracking : std::uint8_t { no, yes };
  void set_tracking(Tracking value) noexcept { tracking_ = value; }
  [[nodiscard]] protocol::MultiStatements multi_statements() const noexcept { return multi_; }

  // The effect of running this text. `Text::cut`: only its beginning is known.
  enum class Text : std::uint8_t { whole, cut };
  [[nodiscard]] Said look_at(std::string_view sql, Text text) const;

  // The server answered OK. `statement`: the id it gave, for Prepared.
  void apply(Effect effect, StatementId statement);
  // The server answered with an error. What stood in the same text before the statement that failed has been run.
  void apply_failed(const Effect& effect);

  // What the server tells of the session by itself (CLIENT_SESSION_TRACK), which is what is so, behind the effect of
  // the same command. Nothing: not told.
  void server_says(const std::optional<std::string>& database, const std::optional<std::string>& charset);

  [[nodiscard]] const protocol::ScanContext& scan_context() const noexcept { return context_; }
  // Locks that outlast their statement, with or without a transaction.
  [[nodiscard]] bool holds_locks() const noexcept { return locks_.tables || locks_.everything || locks_.handlers > 0; }
  // Whether @sluice_ddl may be set: whoever needs it asks the server.
  [[nodiscard]] bool may_have_ddl_mode() const noexcept { return may_have_ddl_mode_; }
  // Nothing: unknown, or too long to be kept. Valid until the next apply().
  [[nodiscard]] const std::string* text_of(StatementId statement) const;
  // What the text that was run says, also where it had been prepared; nullptr: there was none, or it is not known.
  // Valid until the next apply().
  [[nodiscard]] const Said* said_by(const Effect& effect) const;
  // What held when it was prepared: the server resolves its names by that, whatever the session has moved to since.
  [[nodiscard]] const protocol::ScanContext& context_of(StatementId statement) const;

 private:
  struct Statement {
    std::string text;
    Said effect;
    protocol::ScanContext context;
  };
  struct Locks {
    bool tables = false;
    bool everything = false;
    std::size_t handlers = 0;
  };
  void run(const Said& said);
  void forget_context();
  void change_locks(protocol::LockAction action);
  void lose_sight(const protocol::SeveralStatements& several);
  void doubt(const protocol::UnknownStatement& unknown);
  void remember(Prepared prepared, StatementId statement);
  void forget(StatementId statement);
  void forget_all();

  protocol::ScanContext context_;
  protocol::MultiStatements multi_ = protocol::MultiStatements::no;
  Tracking tracking_ = Tracking::no;
  bool may_have_ddl_mode_ = false;
  Locks locks_;
  std::unordered_map<StatementId, Statement> statements_;
  std::size_t statements_bytes_ = 0;
  StatementId last_prepared_ = 0;
};

}  // namespace sluice::proxy
