#include "proxy/session/session_memory.hpp"

#include <gmock/gmock.h>

namespace sluice::proxy {
namespace {

using protocol::ClientCharset;
using protocol::MultiStatements;
using testing::Eq;
using testing::Optional;

constexpr std::uint16_t UTF8MB4_0900_AI_CI = 255;

class Memory : public testing::Test {
 protected:
  Memory() { memory.apply(LoggedIn{"shop", UTF8MB4_0900_AI_CI}, 0); }

  void ok(std::string_view sql) { memory.apply(memory.look_at(sql, SessionMemory::Text::whole), 0); }
  void fails(std::string_view sql) { memory.apply_failed(memory.look_at(sql, SessionMemory::Text::whole)); }

  SessionMemory memory;
};

TEST_F(Memory, login_tells_database_and_charset) {
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("shop")));
  EXPECT_EQ(memory.scan_context().charset, ClientCharset::utf8);
  EXPECT_FALSE(memory.holds_locks());
}

TEST_F(Memory, use_changes_the_database) {
  ok("USE stock");
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("stock")));
}

TEST_F(Memory, ordinary_statement_changes_nothing) {
  ok("INSERT INTO t VALUES (1)");
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("shop")));
  EXPECT_EQ(memory.scan_context().charset, ClientCharset::utf8);
}

TEST_F(Memory, dynamic_sql_leaves_database_and_charset_unknown_unless_the_server_tells) {
  memory.set_tracking(SessionMemory::Tracking::yes);
  ok("EXECUTE IMMEDIATE 'USE stock'");
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("shop")));
  memory.set_tracking(SessionMemory::Tracking::no);
  ok("EXECUTE IMMEDIATE 'USE stock'");
  EXPECT_EQ(memory.scan_context().database, std::nullopt);
  EXPECT_EQ(memory.scan_context().charset, ClientCharset::ambiguous);
}

TEST_F(Memory, several_statements_leave_unknown_what_one_of_them_changes) {
  memory.set_multi_statements(MultiStatements::yes);
  ok("SELECT 1; USE stock");
  EXPECT_EQ(memory.scan_context().database, std::nullopt);
  EXPECT_EQ(memory.scan_context().charset, ClientCharset::utf8);
  EXPECT_FALSE(memory.holds_locks());
  ok("USE stock");
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("stock")));
  ok("SELECT 1; SET NAMES gbk");
  EXPECT_EQ(memory.scan_context().charset, ClientCharset::ambiguous);
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("stock")));
}

TEST_F(Memory, server_that_tells_of_the_session_is_believed) {
  memory.set_multi_statements(MultiStatements::yes);
  ok("SELECT 1; USE stock");
  memory.server_says("stock", "latin1");
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("stock")));
  EXPECT_NE(memory.scan_context().charset, ClientCharset::ambiguous);
  memory.server_says(std::nullopt, std::nullopt);
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("stock")));
}

TEST_F(Memory, locks_among_several_statements_count_in_their_order) {
  memory.set_multi_statements(MultiStatements::yes);
  ok("SELECT 1; Lock Tables t WRITE");
  EXPECT_TRUE(memory.holds_locks());
  ok("SELECT 1; UNLOCK TABLES");
  EXPECT_FALSE(memory.holds_locks());
  ok("LOCK TABLES t WRITE; INSERT INTO t VALUES ('lock'); UNLOCK TABLES");
  EXPECT_FALSE(memory.holds_locks());
}

TEST_F(Memory, several_statements_that_fail_may_have_locked_but_not_unlocked) {
  memory.set_multi_statements(MultiStatements::yes);
  fails("LOCK TABLES t WRITE; INSERT INTO nowhere VALUES (1); UNLOCK TABLES");
  EXPECT_TRUE(memory.holds_locks());
  fails("USE stock; UNLOCK TABLES; SELECT nothing");
  EXPECT_TRUE(memory.holds_locks());
  EXPECT_EQ(memory.scan_context().database, std::nullopt);
}

TEST_F(Memory, statement_that_fails_has_done_nothing) {
  fails("LOCK TABLES nowhere WRITE");
  fails("USE nowhere");
  EXPECT_FALSE(memory.holds_locks());
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("shop")));
}

TEST_F(Memory, locked_tables_are_given_up_by_a_transaction) {
  for (const char* begin : {"BEGIN", "START TRANSACTION WITH CONSISTENT SNAPSHOT"}) {
    ok("LOCK TABLES t WRITE");
    EXPECT_TRUE(memory.holds_locks());
    ok(begin);
    EXPECT_FALSE(memory.holds_locks());
  }
}

TEST_F(Memory, lock_of_everything_is_given_up_by_unlock_alone) {
  ok("FLUSH TABLES WITH READ LOCK");
  ok("BEGIN");
  EXPECT_TRUE(memory.holds_locks());
  ok("UNLOCK TABLES");
  EXPECT_FALSE(memory.holds_locks());
}

TEST_F(Memory, handlers_are_held_until_each_is_closed) {
  ok("HANDLER t OPEN");
  ok("HANDLER t OPEN AS again");
  ok("BEGIN");
  ok("COMMIT");
  ok("UNLOCK TABLES");
  ok("HANDLER again CLOSE");
  EXPECT_TRUE(memory.holds_locks());
  ok("HANDLER t CLOSE");
  EXPECT_FALSE(memory.holds_locks());
}

TEST_F(Memory, cut_text_counts_by_its_first_word_where_there_can_be_one_statement_only) {
  const auto said = memory.look_at("INSERT INTO t VALUES (1), (", SessionMemory::Text::cut);
  EXPECT_TRUE(std::holds_alternative<protocol::OrdinaryStatement>(said.context));
  memory.set_multi_statements(MultiStatements::yes);
  const auto doubtful = memory.look_at("INSERT INTO t VALUES (1), (", SessionMemory::Text::cut);
  EXPECT_TRUE(std::holds_alternative<protocol::UnknownStatement>(doubtful.context));
  memory.apply(doubtful, 0);
  EXPECT_FALSE(memory.holds_locks());
}

TEST_F(Memory, prepared_statement_means_the_database_in_which_it_was_prepared) {
  ok("USE shop");
  memory.apply(Prepared{"INSERT INTO orders VALUES (?)"}, 7);
  ok("USE stock");
  EXPECT_THAT(memory.context_of(7).database, Optional(Eq("shop")));
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("stock")));
}

TEST_F(Memory, prepared_text_is_kept_until_it_is_closed) {
  memory.apply(Prepared{"SELECT * FROM t"}, 7);
  ASSERT_NE(memory.text_of(7), nullptr);
  EXPECT_EQ(*memory.text_of(7), "SELECT * FROM t");
  EXPECT_EQ(*memory.text_of(LAST_PREPARED), "SELECT * FROM t");
  memory.apply(Closed{7}, 0);
  EXPECT_EQ(memory.text_of(7), nullptr);
}

TEST_F(Memory, executing_a_prepared_lock_locks) {
  memory.apply(Prepared{"LOCK TABLES t WRITE"}, 7);
  EXPECT_FALSE(memory.holds_locks());
  memory.apply(Executed{7}, 0);
  EXPECT_TRUE(memory.holds_locks());
}

TEST_F(Memory, prepared_begin_is_known_for_what_it_is) {
  memory.apply(Prepared{"BEGIN"}, 7);
  for (const StatementId id : {StatementId{7}, LAST_PREPARED}) {
    const Said* said = memory.said_by(Executed{id});
    ASSERT_NE(said, nullptr);
    EXPECT_TRUE(std::holds_alternative<protocol::PlainBegin>(said->context));
  }
  EXPECT_EQ(memory.said_by(Executed{8}), nullptr);
  EXPECT_EQ(memory.said_by(NoEffect{}), nullptr);
}

TEST_F(Memory, too_long_or_too_many_statements_are_not_remembered) {
  memory.apply(Prepared{std::string(SessionMemory::STATEMENT_BYTES_MAX + 1, 'x')}, 1);
  EXPECT_EQ(memory.text_of(1), nullptr);
  memory.apply(Prepared{std::nullopt}, 2);
  EXPECT_EQ(memory.text_of(LAST_PREPARED), nullptr);
  for (StatementId id = 10; id < 10 + SessionMemory::STATEMENTS_MAX; ++id) memory.apply(Prepared{"SELECT 1"}, id);
  memory.apply(Prepared{"SELECT 1"}, 3);
  EXPECT_EQ(memory.text_of(3), nullptr);
  memory.apply(Closed{10}, 0);
  memory.apply(Prepared{"SELECT 1"}, 3);
  EXPECT_NE(memory.text_of(3), nullptr);
}

TEST_F(Memory, reset_forgets_statements_and_charset_but_not_the_database) {
  memory.apply(Prepared{"SELECT 1"}, 7);
  ok("LOCK TABLES t READ");
  memory.apply(ConnectionReset{}, 0);
  EXPECT_EQ(memory.text_of(7), nullptr);
  EXPECT_FALSE(memory.holds_locks());
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("shop")));
  EXPECT_EQ(memory.scan_context().charset, ClientCharset::ambiguous);
}

TEST_F(Memory, change_of_user_starts_afresh) {
  memory.apply(Prepared{"SELECT 1"}, 7);
  memory.apply(LoggedIn{"stock", UTF8MB4_0900_AI_CI}, 0);
  EXPECT_EQ(memory.text_of(7), nullptr);
  EXPECT_THAT(memory.scan_context().database, Optional(Eq("stock")));
}

}  // namespace
}  // namespace sluice::proxy
