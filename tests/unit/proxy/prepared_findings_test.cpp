#include "proxy/session/prepared_findings.hpp"

#include <gtest/gtest.h>

#include "protocol/sql/scan.hpp"

namespace sluice::proxy {
namespace {

class KeptFindings : public testing::Test {
 protected:
  KeptFindings() { memory.apply(LoggedIn{.database = "shop", .collation = 45}, 0); }

  void prepare(StatementId id, const std::string& text) { memory.apply(Prepared{text}, id); }
  Finding execute(StatementId id) {
    const std::string body{static_cast<char>(id), 0, 0, 0, 0};
    return kept.examine({.code = Code::execute, .body = protocol::as_bytes(body)}, Attributes::no, memory, index);
  }
  [[nodiscard]] static TableTouch touch(const Finding& finding) { return touch_of(finding); }

  protocol::TargetIndex index{{{{"shop", "orders", protocol::ScanTarget::Kind::table}}}};
  SessionMemory memory;
  PreparedFindings kept;
};

TEST_F(KeptFindings, are_the_same_the_second_time) {
  prepare(1, "SELECT * FROM orders WHERE id = ?");
  prepare(2, "UPDATE orders SET a = ?");
  prepare(3, "SELECT 1");
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(touch(execute(1)), TableTouch::read);
    EXPECT_EQ(touch(execute(2)), TableTouch::write);
    EXPECT_EQ(touch(execute(3)), TableTouch::none);
    EXPECT_EQ(execute(2).statement, "UPDATE orders SET a = ?");
  }
  EXPECT_EQ(kept.size(), 3U);
}

TEST_F(KeptFindings, hold_for_the_database_in_which_the_statement_was_prepared) {
  const std::string text = "DELETE FROM orders";
  prepare(1, text);
  memory.apply(Said{protocol::UseDatabase{"elsewhere"}}, 0);
  prepare(2, text);
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(touch(execute(1)), TableTouch::write);
    EXPECT_EQ(touch(execute(2)), TableTouch::none);
  }
}

TEST_F(KeptFindings, are_of_the_text_that_has_the_number_now) {
  prepare(1, "SELECT 1");
  EXPECT_EQ(touch(execute(1)), TableTouch::none);
  prepare(1, "DELETE FROM orders");
  EXPECT_EQ(touch(execute(1)), TableTouch::write);
  memory.apply(Closed{1}, 0);
  EXPECT_EQ(touch(execute(1)), TableTouch::write);  // of no known text
}

TEST_F(KeptFindings, are_bounded) {
  prepare(1, "SELECT '" + std::string(PreparedFindings::TEXT_BYTES_MAX, 'x') + "' FROM orders");
  EXPECT_EQ(touch(execute(1)), TableTouch::read);
  EXPECT_EQ(kept.size(), 0U);
  for (std::size_t i = 0; i < 2 * PreparedFindings::TEXTS_MAX; ++i) {
    prepare(1, "SELECT " + std::to_string(i) + " FROM orders");
    EXPECT_EQ(touch(execute(1)), TableTouch::read);
  }
  EXPECT_LE(kept.size(), PreparedFindings::TEXTS_MAX);
}

}  // namespace
}  // namespace sluice::proxy
