// Clients that write in every way there is, while their table changes several times in a row: what was acknowledged is
// there, and nobody saw an error or hung.
//
// Left out: cascades of foreign keys, as a table that has one is refused (bad_input_test.cpp).
#include "tests/integration/migrate/fixture.hpp"
#include "tests/integration/migrate/ways_of_writing.hpp"

namespace sluice::test {
namespace {

using testing::IsEmpty;

class WritersOfEveryKind : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(0);
    direct().must("DROP DATABASE IF EXISTS elsewhere");
    direct().must("CREATE DATABASE elsewhere");
    direct().must("CREATE TABLE elsewhere.orders (n INT)");
    direct().must("DROP USER IF EXISTS somebody");
    server().make_user("somebody", "secret", "ALL ON elsewhere.*");
    make_ways_in(direct());
  }
  void TearDown() override {
    direct().must("SET GLOBAL event_scheduler = OFF");
    BehindSluice::TearDown();
  }

  void go_through(const Ways& ways) {
    Writers writers{{.port = sluice().port(), .database = "test"}, "orders", ways};
    writers.start();
    std::uint64_t held = 0;
    for (const auto* alter : {"ADD COLUMN note INT", "MODIFY qty BIGINT NOT NULL", "DROP COLUMN note"}) {
      SCOPED_TRACE(alter);
      ASSERT_TRUE(writers.all_write()) << testing::PrintToString(writers.complaints());
      const auto status =
          complete({.table = "orders", .alter = alter, .options = R"({"initially_drop_old_table": true})"});
      if (HasFailure()) break;
      held += status.held_statements;
    }
    EXPECT_TRUE(writers.all_write());
    writers.stop();
    EXPECT_THAT(writers.complaints(), IsEmpty());
    EXPECT_THAT(writers.compare(direct()), IsEmpty());
    EXPECT_GT(held, 0U);
  }

  ScratchFolder folder_{"writers"};
};
SLUICE_ON_BOTH_SERVERS(WritersOfEveryKind);

TEST_P(WritersOfEveryKind, with_statements) {
  go_through(with_statements(GetParam()));
}

TEST_P(WritersOfEveryKind, with_transactions) {
  go_through(with_transactions());
}

TEST_P(WritersOfEveryKind, with_prepared_statements) {
  go_through(with_prepared_statements(GetParam()));
}

TEST_P(WritersOfEveryKind, by_other_names) {
  go_through(by_other_names(GetParam()));
}

TEST_P(WritersOfEveryKind, with_changed_sessions) {
  go_through(with_changed_sessions(folder_.path()));
}

TEST_P(WritersOfEveryKind, with_locks) {
  go_through(with_locks());
}

TEST_P(WritersOfEveryKind, in_every_spelling) {
  go_through(in_every_spelling(GetParam()));
}

}  // namespace
}  // namespace sluice::test
