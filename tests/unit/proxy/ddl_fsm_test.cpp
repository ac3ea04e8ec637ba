// A client's ALTER TABLE and what becomes of it, as a dialogue with its server and its migration.
#include "proxy/session/ddl_fsm.hpp"

#include <gmock/gmock.h>

#include "protocol/wire/packet.hpp"
#include "tests/unit/proxy/answers.hpp"

namespace sluice::proxy {
namespace {

using protocol::MultiStatements;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view SETTINGS = "SELECT 'sluice'";

class Ddl : public testing::Test {
 protected:
  void send(std::string_view sql, DdlFacts facts = {.mode = DdlMode::online}) {
    sql_ = sql;
    fsm_.emplace(*protocol::read_table_change(sql_, MultiStatements::yes), protocol::read_ddl_comment(sql_),
                 std::move(facts));
    action_ = fsm_->begin();
  }
  // What the server is asked; empty: it is not.
  [[nodiscard]] std::string asked() const {
    const auto* question = std::get_if<AskServer>(&action_);
    return question == nullptr ? "" : question->sql;
  }
  [[nodiscard]] bool prepares() const {
    const auto* question = std::get_if<AskServer>(&action_);
    return question != nullptr && question->how == AskServer::How::prepare;
  }
  void row(const std::vector<std::optional<std::string>>& cells) {
    last_ = answer_of_row(cells);
    action_ = fsm_->answered({.error = 0, .answer = last_});
  }
  void ok() {
    last_ = {};
    action_ = fsm_->answered({.error = 0, .answer = last_});
  }
  void error(std::uint16_t code, const std::string& text = "no") {
    last_ = answer_of_error(code, text);
    action_ = fsm_->answered({.error = code, .answer = last_});
  }
  void settings(const SettingsRow& settings = {}) { row(settings.cells()); }
  void looks(const DdlProgress& progress, DdlFsm::Proxy proxy = DdlFsm::Proxy::serving) {
    action_ = fsm_->looked(progress, proxy);
  }
  // Up to the moment when the migration begins.
  void may() {
    settings();
    ok();                                            // the syntax
    row({"t", "CREATE TABLE `t` (\n  `a` int\n)"});  // the definition
    ok();                                            // COMMIT
    error(1060, "Duplicate column name '_sluice_may_i'");
  }
  [[nodiscard]] DdlRequest begun() const {
    const auto* begin = std::get_if<BeginMigration>(&action_);
    return begin == nullptr ? DdlRequest{} : begin->request;
  }
  [[nodiscard]] std::string refused() const {
    const auto* refusal = std::get_if<Refuse>(&action_);
    return refusal == nullptr ? "" : std::to_string(refusal->failure.code) + " " + refusal->failure.text;
  }
  [[nodiscard]] std::string answered_by() const {
    const auto* answer = std::get_if<AnswerBy>(&action_);
    return answer == nullptr ? "" : answer->sql;
  }
  template <class Action>
  [[nodiscard]] bool is() const {
    return std::holds_alternative<Action>(action_);
  }

  std::string sql_;
  std::optional<DdlFsm> fsm_;
  DdlAction action_;
  std::vector<std::uint8_t> last_;
};

TEST_F(Ddl, IsAskedForThenBegunAndAwaited) {
  send("ALTER TABLE t ADD a INT");
  EXPECT_THAT(asked(), StartsWith(SETTINGS));
  settings({.database = "73686F70"});  // shop
  EXPECT_TRUE(prepares());
  EXPECT_EQ(asked(), "ALTER TABLE t ADD a INT");
  ok();
  EXPECT_EQ(asked(), "SHOW CREATE TABLE `t`");
  row({"t", "CREATE TABLE `t` (\n  `a` int\n)"});
  EXPECT_EQ(asked(), "COMMIT AND NO CHAIN NO RELEASE");
  ok();
  EXPECT_EQ(asked(), "ALTER TABLE `t` ADD COLUMN `_sluice_may_i` INT, ADD COLUMN `_sluice_may_i` INT, ADD a INT");
  error(1060, "Duplicate column name '_sluice_may_i'");
  EXPECT_EQ(begun().database, "shop");
  EXPECT_EQ(begun().table, "t");
  EXPECT_EQ(begun().alter, "ADD a INT");
  looks(DdlStarting{});
  EXPECT_THAT(asked(), HasSubstr("SLEEP"));
  row({"0"});
  EXPECT_TRUE(is<LookAtMigration>());
  looks(DdlRunning{"m7"});
  EXPECT_THAT(asked(), HasSubstr("waits for migration m7"));
  row({"0"});
  looks(DdlCompleted{"m7"});
  EXPECT_THAT(answered_by(),
              AllOf(StartsWith("SIGNAL SQLSTATE '01000'"), HasSubstr("'Sluice migration m7: completed'")));
  EXPECT_EQ(fsm_->outcome(), DdlOutcome::completed);
}

TEST_F(Ddl, GoesToTheServerWhereNobodyAskedForMore) {
  send("ALTER TABLE t ADD a INT", {.mode = DdlMode::direct});
  EXPECT_TRUE(is<PassOn>());
  send("/* sluice: direct */ ALTER TABLE t ADD a INT");
  EXPECT_TRUE(is<PassOn>());
}

TEST_F(Ddl, SessionsVariableCounts) {
  const DdlFacts may_have_said{.mode = DdlMode::direct, .may_have_said = true};
  send("ALTER TABLE t ADD a INT", may_have_said);
  settings({.mode = std::nullopt});
  EXPECT_TRUE(is<PassOn>());
  send("ALTER TABLE t ADD a INT", may_have_said);
  settings({.mode = "online"});
  EXPECT_TRUE(prepares());
  send("ALTER TABLE t ADD a INT");
  settings({.mode = "off"});
  EXPECT_TRUE(is<PassOn>());
  send("ALTER TABLE t ADD a INT");
  settings({.mode = "sometimes"});
  EXPECT_THAT(refused(), StartsWith("1231 "));
}

TEST_F(Ddl, CommentGoesBeforeTheVariable) {
  send("/* sluice: online */ ALTER TABLE t ADD a INT", {.mode = DdlMode::direct, .may_have_said = true});
  settings({.mode = "off"});
  EXPECT_TRUE(prepares());
}

TEST_F(Ddl, DetachedIsAnsweredAsItBegins) {
  send("/* sluice: detached */ ALTER TABLE t ADD a INT");
  may();
  looks(DdlStarting{});
  EXPECT_THAT(asked(), HasSubstr("SLEEP"));
  row({"0"});
  looks(DdlRunning{"m7"});
  EXPECT_THAT(answered_by(), HasSubstr("'Sluice migration m7: started'"));
  EXPECT_EQ(fsm_->outcome(), DdlOutcome::detached);
}

TEST_F(Ddl, WhatTheServerSaysNoToIsTheAnswer) {
  send("ALTER TABLE t ADD a INT");
  settings();
  error(1064);
  EXPECT_TRUE(is<PassError>());

  send("ALTER TABLE t ADD a INT");
  settings();
  ok();
  error(1142);  // SHOW
  EXPECT_THAT(asked(), StartsWith("COMMIT"));
  ok();
  error(1142, "ALTER command denied to user");
  EXPECT_TRUE(is<PassError>());
  EXPECT_EQ(fsm_->outcome(), DdlOutcome::refused);
}

TEST_F(Ddl, OnlyTheProbesOwnErrorIsAYes) {
  const auto probed = [this](std::uint16_t code, const std::string& text) {
    send("ALTER TABLE t ADD a INT");
    settings();
    ok();
    row({"t", "CREATE TABLE `t`"});
    ok();
    error(code, text);
  };
  probed(1060, "Duplicate column name 'a'");  // of the client's own
  EXPECT_TRUE(is<PassError>());
  probed(1146, "Table 'd.t' doesn't exist");
  EXPECT_TRUE(is<PassError>());
  send("ALTER TABLE t ADD a INT");
  settings();
  ok();
  row({"t", "CREATE TABLE `t`"});
  ok();
  ok();  // the probe
  EXPECT_THAT(refused(), HasSubstr("does not tell"));
}

TEST_F(Ddl, IndexesAreAskedForAsIndexes) {
  send("CREATE INDEX i ON shop.t (a)");
  settings({.database = std::nullopt});
  ok();
  row({"t", "CREATE TABLE `t`"});
  ok();
  EXPECT_EQ(asked(), "CREATE INDEX `_sluice_may_i` ON `shop`.`t` (`_sluice_may_i`)");
  error(1072, "Key column '_sluice_may_i' doesn't exist in table");
  EXPECT_EQ(begun().database, "shop");
  EXPECT_EQ(begun().alter, "ADD INDEX i (a)");

  send("DROP INDEX i ON t");
  settings();
  ok();
  row({"t", "CREATE TABLE `t`"});
  ok();
  EXPECT_EQ(asked(), "DROP INDEX `_sluice_may_i` ON `t`");
}

TEST_F(Ddl, TemporaryAndMissingTablesAreTheServers) {
  send("ALTER TABLE t ADD a INT");
  settings();
  ok();
  row({"t", "CREATE TEMPORARY TABLE `t`"});
  EXPECT_TRUE(is<PassOn>());
  send("ALTER TABLE IF EXISTS t ADD a INT");
  settings();
  ok();
  error(1146);
  EXPECT_TRUE(is<PassOn>());
}

TEST_F(Ddl, LockedTablesAndImpossibleChangesAreRefused) {
  send("ALTER TABLE t ADD a INT", {.mode = DdlMode::online, .holds_locks = true});
  settings();
  ok();         // the syntax
  error(1100);  // SHOW: the table is not among those that are locked
  EXPECT_THAT(refused(), StartsWith("1192 "));
  send("ALTER TABLE t RENAME u, ADD a INT");
  settings();
  ok();
  row({"t", "CREATE TABLE `t`"});
  EXPECT_THAT(refused(), AllOf(StartsWith("1846 "), HasSubstr("another name"), HasSubstr("sluice: direct")));
  send("/* sluice: online, nonsense */ ALTER TABLE t ADD a INT");
  settings();
  EXPECT_THAT(refused(), AllOf(StartsWith("1064 "), HasSubstr("nonsense")));
  send("ALTER TABLE t ADD a INT", {.mode = DdlMode::online, .options_problem = DdlFailure{1064, "42000", "option"}});
  settings();
  EXPECT_EQ(refused(), "1064 option");
}

TEST_F(Ddl, SettingsThatChangeTheMeaningAreRefused) {
  const auto with = [this](const SettingsRow& row, std::string_view sql = "ALTER TABLE t ADD a INT") {
    send(sql);
    settings(row);
    ok();
    this->row({"t", "CREATE TABLE `t`"});
    return refused();
  };
  EXPECT_THAT(with({.sql_mode = "ANSI_QUOTES"}), HasSubstr("ANSI_QUOTES"));
  EXPECT_THAT(with({.sql_mode = "STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES"}), HasSubstr("NO_BACKSLASH_ESCAPES"));
  EXPECT_EQ(with({.sql_mode = "IGNORE_SPACE,STRICT_TRANS_TABLES"}), "");
  EXPECT_THAT(with({.sql_mode = "IGNORE_SPACE"}, "ALTER TABLE t ADD a DATETIME DEFAULT NOW ()"),
              HasSubstr("IGNORE_SPACE"));
  EXPECT_THAT(with({.sql_mode = "ALLOW_INVALID_DATES"}), HasSubstr("ALLOW_INVALID_DATES"));
  EXPECT_THAT(with({.logs = "0"}), HasSubstr("sql_log_bin"));
  EXPECT_THAT(with({.global_defaults = "0"}), HasSubstr("innodb_strict_mode"));
  EXPECT_THAT(with({.charset = "latin1"}, "ALTER TABLE t COMMENT '\xE9'"), HasSubstr("latin1"));
  EXPECT_EQ(with({.charset = "latin1"}), "");
  EXPECT_THAT(with({.time_zone = "0"}, "ALTER TABLE t ADD a TIMESTAMP"), HasSubstr("time_zone"));
  EXPECT_EQ(with({.time_zone = "0"}), "");
  EXPECT_THAT(with({.foreign_key_checks = "0"}, "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (a)"),
              HasSubstr("foreign_key_checks"));
  EXPECT_EQ(with({.foreign_key_checks = "0"}), "");
  EXPECT_EQ(with({.sql_mode = "NO_ZERO_DATE", .global_sql_mode = "NO_ZERO_DATE,NO_ZERO_IN_DATE"}), "");
  send("ALTER TABLE t ADD a INT");
  row({"x"});
  EXPECT_THAT(refused(), HasSubstr("can't be read"));
}

TEST_F(Ddl, ZeroDatesThatOnlyTheServerForbidsAreAllowed) {
  send("ALTER TABLE t ADD a INT");
  settings({.sql_mode = "STRICT_TRANS_TABLES", .global_sql_mode = "STRICT_TRANS_TABLES,NO_ZERO_DATE"});
  ok();
  row({"t", "CREATE TABLE `t`"});
  ok();
  error(1060, "Duplicate column name '_sluice_may_i'");
  EXPECT_EQ(begun().zero_dates, DdlRequest::ZeroDates::allowed);
}

TEST_F(Ddl, KillQueryStopsTheMigration) {
  send("ALTER TABLE t ADD a INT", {.server = protocol::ServerKind::mysql, .mode = DdlMode::online});
  may();
  looks(DdlRunning{"m7"});
  EXPECT_THAT(asked(), HasSubstr("MAX_EXECUTION_TIME"));
  row({"1"});
  EXPECT_TRUE(is<StopMigration>());
  looks(DdlRunning{"m7"});
  EXPECT_THAT(asked(), HasSubstr("SLEEP(0.02)"));
  row({"1"});  // killed again
  EXPECT_TRUE(is<LookAtMigration>());
  looks(DdlFailure{1317, "70100", "Query execution was interrupted: Sluice migration m7 was stopped"});
  EXPECT_EQ(refused(), "1317 Query execution was interrupted");
  EXPECT_EQ(fsm_->outcome(), DdlOutcome::stopped);

  send("ALTER TABLE t ADD a INT", {.server = protocol::ServerKind::mariadb, .mode = DdlMode::online});
  may();
  looks(DdlRunning{"m7"});
  EXPECT_THAT(asked(), HasSubstr("max_statement_time"));
  error(1317);
  EXPECT_TRUE(is<StopMigration>());

  send("ALTER TABLE t ADD a INT");
  may();
  looks(DdlRunning{"m7"});
  error(1053, "Server shutdown in progress");
  EXPECT_EQ(std::get<PassError>(action_).migration, PassError::Migration::stop);
}

TEST_F(Ddl, KillQueryThatComesTooLateTellsWhatBecameOfTheTable) {
  send("ALTER TABLE t ADD a INT");
  may();
  looks(DdlRunning{"m7"});
  error(1317);
  looks(DdlCompleted{"m7"});
  EXPECT_THAT(answered_by(), HasSubstr("completed"));
  EXPECT_EQ(fsm_->outcome(), DdlOutcome::completed);

  send("ALTER TABLE t ADD UNIQUE (a)");
  may();
  looks(DdlRunning{"m7"});
  error(1317);
  looks(DdlFailure{1062, "23000", "Duplicate entry '1' for key 't.a'"});
  EXPECT_THAT(refused(), StartsWith("1062 "));
  EXPECT_EQ(fsm_->outcome(), DdlOutcome::failed);
}

TEST_F(Ddl, KillQueryIsAnsweredThoughTheMigrationDoesNotStop) {
  send("ALTER TABLE t ADD a INT");
  may();
  looks(DdlRunning{"m7"});
  error(1317);
  int sleeps = 0;
  for (looks(DdlRunning{"m7"}); !asked().empty() && sleeps < 100; ++sleeps) {
    row({"0"});
    looks(DdlRunning{"m7"});
  }
  EXPECT_THAT(refused(), StartsWith("1317 "));
  EXPECT_THAT(sleeps, testing::AllOf(testing::Gt(5), testing::Lt(20)));

  send("ALTER TABLE t ADD a INT");
  may();
  looks(DdlRunning{"m7"});
  error(1317);
  looks(DdlRunning{"m7"}, DdlFsm::Proxy::draining);
  EXPECT_THAT(refused(), StartsWith("1317 "));
}

TEST_F(Ddl, KillQueryThatTheServerDidNotHearCountsAsWell) {
  send("ALTER TABLE t ADD a INT");
  settings();
  action_ = fsm_->interrupted();
  EXPECT_THAT(refused(), StartsWith("1317 "));
  EXPECT_EQ(fsm_->outcome(), DdlOutcome::stopped);

  send("/* sluice: detached */ ALTER TABLE t ADD a INT");
  may();
  looks(DdlStarting{});
  action_ = fsm_->interrupted();
  EXPECT_TRUE(is<StopMigration>());
  EXPECT_TRUE(fsm_->is_interrupted());
  looks(DdlRunning{"m7"});
  EXPECT_THAT(asked(), HasSubstr("SLEEP")) << "it is not answered as one that goes on";
}

TEST_F(Ddl, FailureIsTheAnswer) {
  send("ALTER TABLE t ADD UNIQUE (a)");
  may();
  looks(DdlRunning{"m7"});
  row({"0"});
  looks(DdlFailure{1062, "23000", "Duplicate entry '1' for key 't.a'"});
  EXPECT_EQ(refused(), "1062 Duplicate entry '1' for key 't.a'");
  EXPECT_EQ(fsm_->outcome(), DdlOutcome::failed);
}

TEST_F(Ddl, ProxysEndNamesWhatGoesOn) {
  send("ALTER TABLE t ADD a INT");
  may();
  looks(DdlStarting{}, DdlFsm::Proxy::draining);
  EXPECT_THAT(asked(), HasSubstr("SLEEP"));  // until the id is known
  row({"0"});
  looks(DdlRunning{"m7"}, DdlFsm::Proxy::draining);
  EXPECT_THAT(refused(), AllOf(StartsWith("1053 "), HasSubstr("m7")));
  EXPECT_EQ(fsm_->outcome(), DdlOutcome::left);
}

TEST_F(Ddl, WhatStandsBehindFollowsTheNote) {
  send("ALTER TABLE t ADD a INT; SELECT 1");
  settings();
  EXPECT_EQ(asked(), "ALTER TABLE t ADD a INT");
  ok();
  row({"t", "CREATE TABLE `t`"});
  ok();
  error(1060, "Duplicate column name '_sluice_may_i'");
  looks(DdlCompleted{"m7"});
  EXPECT_THAT(answered_by(), testing::EndsWith("completed'; SELECT 1"));
}

}  // namespace
}  // namespace sluice::proxy
