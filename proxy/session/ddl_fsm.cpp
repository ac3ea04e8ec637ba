#include "proxy/session/ddl_fsm.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/wire/single_row.hpp"
#include "proxy/session/ddl_settings.hpp"

namespace sluice::proxy {
namespace {

using protocol::TableChange;

// What the server says where it would have done it.
constexpr std::uint16_t ER_DUP_FIELDNAME = 1060;
constexpr std::uint16_t ER_KEY_COLUMN_DOES_NOT_EXITS = 1072;
constexpr std::uint16_t ER_CANT_DROP_FIELD_OR_KEY = 1091;
constexpr std::uint16_t ER_NO_SUCH_TABLE = 1146;
constexpr std::uint16_t ER_QUERY_INTERRUPTED = 1317;

constexpr std::string_view PROBE_NAME = "`_sluice_may_i`";
constexpr std::string_view TEMPORARY = "CREATE TEMPORARY TABLE";

// For how long the server is made to wait, in seconds: short at first, for a table that is small.
constexpr std::array<std::string_view, 6> PATIENCE{"0.02", "0.05", "0.1", "0.2", "0.5", "1"};

// How often one that is to stop is looked at: for some ten seconds.
constexpr std::size_t STOPPING_LOOKS_MAX = 15;

DdlFailure interruption() {
  return {ER_QUERY_INTERRUPTED, "70100", "Query execution was interrupted"};
}

DdlFailure impossible(const std::string& why) {
  return {1846, "0A000",
          "An online schema change is not supported. Reason: " + why + ". Try /* sluice: direct */ in front of it."};
}

// A literal in every sql_mode: what it is given has no quote and no backslash in it.
std::string literal(const std::string& text) {
  return "'" + text + "'";
}

}  // namespace

DdlFsm::DdlFsm(const TableChange& change, protocol::DdlComment comment, DdlFacts facts)
    : change_(change),
      statement_(change.statement),
      rest_(change.rest),
      comment_(std::move(comment)),
      facts_(std::move(facts)) {}

bool DdlFsm::asks_nobody() const noexcept {
  if (comment_.mode) return comment_.mode == DdlMode::direct;
  return facts_.mode == DdlMode::direct && !facts_.may_have_said && comment_.problem.empty();
}

DdlAction DdlFsm::begin() {
  if (asks_nobody()) return PassOn{};
  return ask(Asked::settings);
}

DdlAction DdlFsm::ask(Asked what) {
  asked_ = what;
  return AskServer{what == Asked::syntax ? AskServer::How::prepare : AskServer::How::query, question(what)};
}

std::string DdlFsm::question(Asked what) const {
  switch (what) {
    case Asked::settings:
      return std::string{ddl_settings_query()};
    case Asked::syntax:
      return statement_;
    case Asked::definition:
      return "SHOW CREATE TABLE " + change_.table_text;
    case Asked::commit:
      return "COMMIT AND NO CHAIN NO RELEASE";
    case Asked::privileges:
      return probe();
    case Asked::patience:
      break;
  }
  // In the way of no time limit of the session's, and to be seen in the process list.
  const std::string sleep = "SLEEP(" + std::string{PATIENCE.at(std::min(patience_, PATIENCE.size() - 1))} + ")";
  const std::string note = id_.empty() ? "" : " /* sluice: waits for migration " + id_ + " */";
  return facts_.server == protocol::ServerKind::mariadb
             ? "SET STATEMENT max_statement_time = 0 FOR SELECT " + sleep + note
             : "SELECT /*+ MAX_EXECUTION_TIME(600000) */ " + sleep + note;
}

std::string DdlFsm::probe() const {
  const std::string name{PROBE_NAME};
  switch (change_.verb) {
    case TableChange::Verb::alter_table: {
      const std::string column = "ADD COLUMN " + name + " INT";
      const std::string behind = change_.begins_with_partitioning ? " " : ", ";
      return "ALTER TABLE " + change_.table_text + " " + column + ", " + column + behind + change_.alter;
    }
    case TableChange::Verb::create_index:
      return "CREATE INDEX " + name + " ON " + change_.table_text + " (" + name + ")";
    case TableChange::Verb::drop_index:
      break;
  }
  return "DROP INDEX " + name + " ON " + change_.table_text;
}

DdlAction DdlFsm::answered(const ServerSaid& said) {
  switch (asked_) {
    case Asked::settings:
      return said.error != 0 ? DdlAction{PassError{}} : on_settings(said.answer);
    case Asked::syntax:
      return said.error != 0 ? DdlAction{PassError{}} : ask(Asked::definition);
    case Asked::definition:
      return on_definition(said);
    case Asked::commit:
      return said.error != 0 ? DdlAction{PassError{}} : ask(Asked::privileges);
    case Asked::privileges:
      return on_privileges(said);
    case Asked::patience:
      break;
  }
  return on_patience(said);
}

DdlAction DdlFsm::on_settings(protocol::Bytes answer) {
  const auto settings = read_ddl_settings(answer);
  if (!settings) {
    return Refuse{impossible("the session's settings can't be read (sql_select_limit, character_set_results)")};
  }
  const auto said = settings->mode ? protocol::ddl_mode_from(*settings->mode) : std::nullopt;
  if (!comment_.mode && settings->mode && !said) {
    return Refuse{{1231, "42000", "Variable 'sluice_ddl' can't be set to the value of '" + *settings->mode + "'"}};
  }
  mode_ = comment_.mode.value_or(said.value_or(facts_.mode));
  if (mode_ == DdlMode::direct) return PassOn{};
  if (!comment_.problem.empty()) {
    return Refuse{{1064, "42000", "You have an error in the comment for Sluice near '" + comment_.problem + "'"}};
  }
  if (facts_.options_problem) return Refuse{*facts_.options_problem};
  if (change_.way == TableChange::Way::server) return PassOn{};
  settings_.database = change_.database ? change_.database : settings->database;
  if (allows_zero_dates(*settings)) settings_.zero_dates = DdlRequest::ZeroDates::allowed;
  refusal_ = refusal_for(*settings);
  if (statement_.empty()) return Refuse{refusal_.value_or(impossible(change_.why))};
  // Whether it is a statement at all is for the server to say.
  return ask(Asked::syntax);
}

std::optional<DdlFailure> DdlFsm::refusal_for(const DdlSettings& settings) const {
  if (change_.way == TableChange::Way::impossible) return impossible(change_.why);
  if (facts_.holds_locks) {
    return DdlFailure{1192, "HY000",
                      "Can't execute the given command because you have active locked tables or an active transaction"};
  }
  const auto why = reason_against(settings, {.statement = statement_,
                                             .tells_times = change_.tells_times,
                                             .tells_foreign_keys = change_.tells_foreign_keys,
                                             .spaces_calls = change_.spaces_calls});
  if (!why.empty()) return impossible(why);
  // The names of a prepared statement are of the database that it was prepared in.
  if (facts_.prepared_in && !change_.database && facts_.prepared_in != settings.database) {
    return impossible("the default database is another than when the statement was prepared");
  }
  return std::nullopt;
}

// Of a table that is not there, or not to be seen, the server says more when it is asked for privileges.
DdlAction DdlFsm::on_definition(const ServerSaid& said) {
  if (said.error == ER_NO_SUCH_TABLE && change_.may_be_missing) return PassOn{};
  const auto row = said.error == 0 ? protocol::single_row(said.answer) : std::nullopt;
  const bool is_temporary = row && row->size() > 1 && (*row)[1] && (*row)[1]->starts_with(TEMPORARY);
  if (is_temporary) return PassOn{};  // nobody else's business
  if (refusal_) return Refuse{*refusal_};
  if (said.error == 0 && !row) return Refuse{impossible("the table's definition can't be read")};
  return ask(Asked::commit);
}

DdlAction DdlFsm::on_privileges(const ServerSaid& said) {
  const std::uint16_t expected = change_.verb == TableChange::Verb::alter_table    ? ER_DUP_FIELDNAME
                                 : change_.verb == TableChange::Verb::create_index ? ER_KEY_COLUMN_DOES_NOT_EXITS
                                                                                   : ER_CANT_DROP_FIELD_OR_KEY;
  if (said.error == 0) return Refuse{impossible("the server does not tell whether you may do it")};
  const auto error = protocol::parse_error(protocol::first_payload(said.answer));
  const std::string_view name = PROBE_NAME.substr(1, PROBE_NAME.size() - 2);
  if (said.error != expected || !error || error->text.find(name) == std::string::npos) return PassError{};
  if (!settings_.database) return Refuse{{1046, "3D000", "No database selected"}};
  return BeginMigration{{.database = *settings_.database,
                         .table = change_.table,
                         .alter = change_.alter,
                         .options = comment_.options,
                         .zero_dates = settings_.zero_dates,
                         .user = facts_.user,
                         .host = facts_.host}};
}

// The row is 1 where KILL QUERY ended the sleep, on MySQL.
DdlAction DdlFsm::on_patience(const ServerSaid& said) {
  const auto row = said.error == 0 ? protocol::single_row(said.answer) : std::nullopt;
  if (row && row->size() == 1 && (*row)[0] == "0") return LookAtMigration{};
  if (said.error == 0 || said.error == ER_QUERY_INTERRUPTED) return interrupted();
  outcome_ = DdlOutcome::stopped;
  return PassError{PassError::Migration::stop};
}

// It may have swapped already, or do so while it is told to stop: what the client hears is what became of it.
DdlAction DdlFsm::interrupted() {
  if (std::exchange(is_interrupted_, true)) return LookAtMigration{};
  patience_ = 0;
  if (has_begun_) return StopMigration{};
  outcome_ = DdlOutcome::stopped;
  return Refuse{interruption()};
}

DdlAction DdlFsm::looked(const DdlProgress& progress, Proxy proxy) {
  has_begun_ = true;
  if (const auto* failure = std::get_if<DdlFailure>(&progress)) {
    const bool is_stopped = is_interrupted_ && failure->code == ER_QUERY_INTERRUPTED;
    outcome_ = is_stopped ? DdlOutcome::stopped : DdlOutcome::failed;
    return Refuse{is_stopped ? interruption() : *failure};
  }
  if (const auto* completed = std::get_if<DdlCompleted>(&progress)) {
    id_ = completed->id;
    return answer_with("completed", DdlOutcome::completed);
  }
  if (const auto* running = std::get_if<DdlRunning>(&progress)) {
    id_ = running->id;
    if (mode_ == DdlMode::detached && !is_interrupted_) return answer_with("started", DdlOutcome::detached);
  }
  if (is_interrupted_ && (proxy == Proxy::draining || patience_ == STOPPING_LOOKS_MAX)) {
    outcome_ = DdlOutcome::stopped;
    return Refuse{interruption()};
  }
  if (proxy == Proxy::draining && !id_.empty()) {
    outcome_ = DdlOutcome::left;
    return Refuse{
        {1053, "08S01",
         "Server shutdown in progress: Sluice stops, and goes on with migration " + id_ + " at its next start"}};
  }
  auto action = ask(Asked::patience);
  ++patience_;
  return action;
}

// The server makes the OK, with the warning that SHOW WARNINGS and @@warning_count tell of, and does what stands
// behind.
DdlAction DdlFsm::answer_with(const std::string& note, DdlOutcome outcome) {
  outcome_ = outcome;
  return AnswerBy{"SIGNAL SQLSTATE '01000' SET MYSQL_ERRNO = 1105, MESSAGE_TEXT = " +
                  literal("Sluice migration " + id_ + ": " + note) + (rest_.empty() ? "" : ";" + rest_)};
}

}  // namespace sluice::proxy
