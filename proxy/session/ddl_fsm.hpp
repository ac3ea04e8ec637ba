// How a client's ALTER TABLE becomes a migration, seen from its session: what is asked of the server through the
// client's own connection, when the migration begins, and what the client is answered. Pure: answers go in, actions
// come out.
//
// Whether the client may do it is for the server to say: it is asked to do the same with a column that is added twice,
// which it refuses, touching nothing, as soon as it has found that the client may (docs/decisions/0017).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "protocol/sql/ddl_comment.hpp"
#include "protocol/sql/table_change.hpp"
#include "protocol/wire/command.hpp"
#include "proxy/online_ddl.hpp"

namespace sluice::proxy {

using protocol::DdlMode;
struct DdlSettings;

// What the session knows beforehand.
struct DdlFacts {
  protocol::ServerKind server{};
  DdlMode mode = DdlMode::direct;            // where the session says nothing
  bool may_have_said = false;                // @sluice_ddl may be set
  bool holds_locks = false;                  // that outlast their statement
  std::optional<std::string> prepared_in{};  // of a prepared statement: the default database then; empty: not known
  std::optional<DdlFailure> options_problem{};
  std::string user{};
  std::string host{};
};

// What the server answered to a question.
struct ServerSaid {
  std::uint16_t error = 0;
  protocol::Bytes answer;  // all of it, packet headers included
};

// The client's statement goes to the server as it is.
struct PassOn {};
// A query, or a statement to be prepared and closed again.
struct AskServer {
  enum class How : std::uint8_t { query, prepare } how = How::query;
  std::string sql;
};
struct BeginMigration {
  DdlRequest request;
};
// How far it has come is to be told by looked().
struct LookAtMigration {};
// It is to be stopped, and looked at then.
struct StopMigration {};
// The client gets the ERR that the server answered last.
struct PassError {
  enum class Migration : std::uint8_t { none, stop } migration = Migration::none;
};
struct Refuse {
  DdlFailure failure;
};
// This text goes to the server instead of the client's, who gets the answer.
struct AnswerBy {
  std::string sql;
};
using DdlAction =
    std::variant<PassOn, AskServer, BeginMigration, LookAtMigration, StopMigration, PassError, Refuse, AnswerBy>;

class DdlFsm {
 public:
  // `change.statement` and `change.rest` are copied.
  DdlFsm(const protocol::TableChange& change, protocol::DdlComment comment, DdlFacts facts);

  [[nodiscard]] DdlAction begin();
  // The answer to AskServer.
  [[nodiscard]] DdlAction answered(const ServerSaid& said);
  // KILL QUERY, which the server may not have heard: instead of doing the last action, unless that ends it. Once is
  // enough.
  [[nodiscard]] DdlAction interrupted();
  [[nodiscard]] bool is_interrupted() const noexcept { return is_interrupted_; }
  // Behind BeginMigration, LookAtMigration and StopMigration. `draining`: the proxy is to end.
  enum class Proxy : std::uint8_t { serving, draining };
  [[nodiscard]] DdlAction looked(const DdlProgress& progress, Proxy proxy);

  // Once the last action is PassError, Refuse or AnswerBy.
  [[nodiscard]] DdlOutcome outcome() const noexcept { return outcome_; }

 private:
  enum class Asked : std::uint8_t { settings, syntax, definition, commit, privileges, patience };
  struct Settings {
    std::optional<std::string> database;
    DdlRequest::ZeroDates zero_dates = DdlRequest::ZeroDates::as_server;
  };

  [[nodiscard]] bool asks_nobody() const noexcept;
  [[nodiscard]] DdlAction ask(Asked what);
  [[nodiscard]] std::string question(Asked what) const;
  [[nodiscard]] std::string probe() const;
  [[nodiscard]] DdlAction on_settings(protocol::Bytes answer);
  [[nodiscard]] std::optional<DdlFailure> refusal_for(const DdlSettings& settings) const;
  [[nodiscard]] DdlAction on_definition(const ServerSaid& said);
  [[nodiscard]] DdlAction on_privileges(const ServerSaid& said);
  [[nodiscard]] DdlAction on_patience(const ServerSaid& said);
  [[nodiscard]] DdlAction answer_with(const std::string& note, DdlOutcome outcome);

  protocol::TableChange change_;
  std::string statement_;
  std::string rest_;
  protocol::DdlComment comment_;
  DdlFacts facts_;
  DdlMode mode_ = DdlMode::direct;
  Settings settings_;
  std::optional<DdlFailure> refusal_;  // of what is a statement, and not about a temporary table
  Asked asked_ = Asked::settings;
  std::size_t patience_ = 0;     // how often it has been asked for; when it was interrupted: since
  bool has_begun_ = false;       // the migration, or it will
  bool is_interrupted_ = false;  // by KILL QUERY
  std::string id_;               // of the migration
  DdlOutcome outcome_ = DdlOutcome::refused;
};

}  // namespace sluice::proxy
