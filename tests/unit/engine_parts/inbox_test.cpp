#include "migrator/engine/inbox.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/wait.hpp"
#include "tests/unit/engine_parts/no_observer.hpp"

namespace sluice::migrator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Position at(std::uint64_t offset) {
  return {"binlog.000001", offset};
}
Place place(std::uint64_t start, std::uint64_t connection = 0) {
  return {
      .transaction_start = at(start), .before = at(start + 10), .after = at(start + 50), .connection_id = connection};
}
auto soon() {
  return std::chrono::steady_clock::now() + seconds(10);
}
auto now() {
  return std::chrono::steady_clock::now();
}

class InboxTest : public testing::Test {
 protected:
  void change(const std::string& key, std::uint64_t start, std::uint64_t connection = 0) {
    inbox.on_rows({.table = {}, .keys = {RowKey{{key}}}, .place = place(start, connection)}, {});
  }
  void define(const std::string& text, std::uint64_t start) {
    inbox.on_definition({.database = "shop", .text = text, .place = place(start)}, {});
  }
  NoObserver observer;
  Inbox inbox{at(4), {"shop", "orders"}, [](gate::ConnectionId id) { return id == gate::ConnectionId{7}; }, observer};
};

TEST_F(InboxTest, HasAppliedAllBeforeTheOldestPendingKey) {
  change("1", 100);
  change("2", 200);
  inbox.on_advanced({.after = at(250), .timestamp_s = 1}, {});
  EXPECT_EQ(inbox.progress().reached, at(250));
  EXPECT_EQ(inbox.progress().applied, at(100));
  inbox.done(inbox.take(1));
  EXPECT_EQ(inbox.progress().applied, at(200));
  inbox.done(inbox.take(1));
  EXPECT_EQ(inbox.progress().applied, at(250));
}

TEST_F(InboxTest, WaitsUntilTheStreamHasReadUpToAPosition) {
  EXPECT_FALSE(inbox.wait_until_reached(at(100), now()));
  std::jthread stream([&] { inbox.on_advanced({.after = at(100)}, {}); });
  EXPECT_TRUE(inbox.wait_until_reached(at(100), soon()));
}

TEST_F(InboxTest, TellsTransactionsThatDidNotComeThroughTheProxy) {
  change("1", 100, 7);
  change("2", 200, 99);
  change("3", 200, 99);
  change("4", 300, 99);
  ASSERT_EQ(inbox.bypass_writers().size(), 1U);
  EXPECT_EQ(inbox.bypass_writers()[0].connection_id, 99U);
  EXPECT_EQ(inbox.bypass_writers()[0].transactions, 2U);
  EXPECT_EQ(observer.bypassed, 2);
}

TEST_F(InboxTest, RowsThatOthersChangeInTheShadowArePending) {
  const WatchedIndex shadow{.list = 0, .table = 1};
  inbox.on_rows({.table = shadow, .keys = {RowKey{{"1"}}, RowKey{{"2"}}}, .place = place(100, 99)}, {});
  EXPECT_EQ(inbox.progress().pending, 2U);
  EXPECT_EQ(inbox.progress().applied, at(100));
  EXPECT_EQ(inbox.progress().changed_in_shadow, 2U);
  EXPECT_TRUE(inbox.bypass_writers().empty()) << "they are counted for the source only";
}

TEST_F(InboxTest, IsInTroubleWhenSomebodyChangesTheTable) {
  define("CREATE TABLE other (id INT)", 100);
  EXPECT_FALSE(inbox.progress().trouble.has_value());
  define("ALTER TABLE orders ADD COLUMN x INT", 200);
  ASSERT_TRUE(inbox.progress().trouble.has_value());
  EXPECT_EQ(inbox.progress().trouble->code, "table_changed");
  EXPECT_FALSE(inbox.wait_until_reached(at(300), soon()));
}

TEST_F(InboxTest, IsInTroubleWhenTheTableIsEmptied) {
  define("TRUNCATE TABLE shop.orders", 100);
  EXPECT_TRUE(inbox.progress().trouble.has_value());
}

TEST_F(InboxTest, KnowsTheRenameByItsTagAndWhatCameAfterIt) {
  inbox.expect_rename("sluice:m1:rename");
  change("1", 100);
  EXPECT_FALSE(inbox.wait_for_rename(now()));
  define("RENAME TABLE shop.orders TO shop._orders_del, shop._orders_gho TO shop.orders /* sluice:m1:rename */", 200);
  EXPECT_TRUE(inbox.wait_for_rename(soon()));
  EXPECT_FALSE(inbox.progress().trouble.has_value());
  EXPECT_EQ(inbox.progress().renamed, at(250));
  change("2", 300);
  EXPECT_EQ(inbox.progress().pending, 1U) << "the straggler, not the new table's row";
  EXPECT_FALSE(inbox.changed_since_rename({"1"}));
  EXPECT_TRUE(inbox.changed_since_rename({"2"}));
}

TEST_F(InboxTest, KnowsWhatWasWrongBeforeTheRename) {
  inbox.expect_rename("sluice:m1:rename");
  define("ALTER TABLE orders ADD COLUMN x INT", 100);
  define("RENAME TABLE orders TO _orders_del, _orders_gho TO orders /* sluice:m1:rename */", 200);
  EXPECT_TRUE(inbox.wait_for_rename(soon()));
  ASSERT_TRUE(inbox.trouble_before_rename().has_value());
  EXPECT_EQ(inbox.trouble_before_rename()->code, "table_changed");
}

TEST_F(InboxTest, HasAppliedNothingThatIsBehindTrouble) {
  change("1", 50);
  inbox.done(inbox.take(1));
  define("TRUNCATE TABLE shop.orders", 100);
  inbox.on_advanced({.after = at(300)}, {});
  EXPECT_EQ(inbox.progress().reached, at(300));
  EXPECT_EQ(inbox.progress().applied, at(100)) << "whoever starts there meets it again";
}

TEST_F(InboxTest, IsNotInTroubleForWhatFollowsTheRename) {
  inbox.expect_rename("sluice:m1:rename");
  define("RENAME TABLE orders TO _orders_del, _orders_gho TO orders /* sluice:m1:rename */", 100);
  define("ALTER TABLE orders ADD COLUMN x INT", 200);
  EXPECT_TRUE(inbox.wait_for_rename(soon()));
  EXPECT_FALSE(inbox.trouble_before_rename().has_value());
}

TEST_F(InboxTest, RemembersSoManyStragglersAndNoMore) {
  inbox.expect_rename("sluice:m1:rename");
  EXPECT_FALSE(inbox.wait_for_rename(now()));
  const std::string large(Inbox::kPendingBytesMax / 4, 'x');
  for (char c = 'a'; c < 'k'; ++c) change(c + large, 100);
  EXPECT_EQ(inbox.progress().pending, 4U);
  define("RENAME TABLE orders TO _orders_del, _orders_gho TO orders /* sluice:m1:rename */", 200);
  EXPECT_TRUE(inbox.wait_for_rename(soon())) << "the stream comes as far as it";
  ASSERT_TRUE(inbox.trouble_before_rename().has_value());
  EXPECT_EQ(inbox.trouble_before_rename()->code, "too_many_changes");
}

TEST_F(InboxTest, TakesEveryKeyForWrittenWhereItCanNotRememberThemAll) {
  inbox.expect_rename("sluice:m1:rename");
  define("RENAME TABLE orders TO _orders_del, _orders_gho TO orders /* sluice:m1:rename */", 100);
  const std::string large(Inbox::kChangedSinceBytesMax / 4, 'x');
  change("a" + large, 200);
  EXPECT_FALSE(inbox.changed_since_rename({"other"}));
  for (char c = 'b'; c < 'k'; ++c) change(c + large, 200);
  EXPECT_TRUE(inbox.changed_since_rename({"other"}));
}

TEST_F(InboxTest, HoldsTheStreamBackWhenTooMuchIsPendingAndLetsItStop) {
  const std::string large(Inbox::kPendingBytesMax, 'x');
  change(large, 100);
  std::atomic<bool> went_on = false;
  std::jthread stream([&](const std::stop_token& stop) {
    inbox.on_rows({.table = {}, .keys = {RowKey{{"2"}}}, .place = place(200)}, stop);
    went_on = true;
  });
  EXPECT_FALSE(sluice::test::wait_until([&] { return went_on.load(); }, std::chrono::milliseconds{100}));
  EXPECT_EQ(inbox.progress().pending, 1U);
  inbox.done(inbox.take(1));
  stream.join();
  EXPECT_TRUE(went_on);
  EXPECT_EQ(inbox.progress().pending, 1U);

  change(large, 300);
  std::jthread stuck([&](const std::stop_token& stop) {
    inbox.on_rows({.table = {}, .keys = {RowKey{{"3"}}}, .place = place(400)}, stop);
  });
  stuck.request_stop();
  stuck.join();
}

}  // namespace
}  // namespace sluice::migrator
