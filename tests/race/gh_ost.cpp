#include "tests/race/gh_ost.hpp"

#include <future>
#include <stdexcept>
#include <string>
#include <unordered_set>

#include "tests/support/wait.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto rename_seen_limit = 10s;

std::string session_lock(const TestClient& session) {
  return "'gh-ost." + std::to_string(session.connection_id()) + ".lock'";
}

}  // namespace

// The time-outs are those of gh-ost's --cut-over-lock-timeout-seconds=3.
GhOst::GhOst(const TestServer& server)
    : applier_{server.connect()}, locking_{server.connect()}, renaming_{server.connect()} {
  locking_.must("SELECT GET_LOCK(" + session_lock(locking_) + ", 0)");
  locking_.must("SET SESSION lock_wait_timeout = 6");
  renaming_.must("SET SESSION lock_wait_timeout = 3");
}

std::chrono::duration<double, std::milli> GhOst::migrate() {
  copy_rows();
  const auto began = Clock::now();
  lock_original();
  apply_events_up_to_lock();
  auto renamed = std::async(
      std::launch::async, [this] { return renaming_.query("rename /* gh-ost */ table tb to _tb_del, _tb_gho to tb"); });
  expect_rename_waiting(renaming_.connection_id());
  expect_lock_held();
  drop_sentry_and_unlock();
  if (const auto reply = renamed.get(); !reply.ok()) throw std::runtime_error{"the rename: " + reply.error->text};
  return Clock::now() - began;
}

void GhOst::copy_rows() {
  applier_.must("DROP TABLE IF EXISTS _tb_gho, _tb_del");
  applier_.must("CREATE TABLE _tb_gho LIKE tb");
  const auto has_note = applier_.must("SHOW COLUMNS FROM _tb_gho LIKE 'note'").rows().size() == 1;
  applier_.must(std::string{"ALTER TABLE _tb_gho "} + (has_note ? "DROP COLUMN note" : "ADD COLUMN note INT"));
  applier_.must("INSERT IGNORE INTO _tb_gho (id, name) SELECT id, name FROM tb LOCK IN SHARE MODE");
}

void GhOst::lock_original() {
  applier_.must("CREATE TABLE _tb_del (id INT AUTO_INCREMENT PRIMARY KEY) COMMENT 'ghost-cut-over-sentry'");
  locking_.must("LOCK /* gh-ost */ TABLES tb WRITE, _tb_del WRITE");
}

// gh-ost reads them from the binlog. With the table locked, the table itself says the same: no change comes any more.
void GhOst::apply_events_up_to_lock() {
  std::unordered_set<std::string> applied;
  const auto ghost = applier_.must("SELECT id FROM _tb_gho");
  for (const auto& row : ghost.rows()) applied.insert(row.at(0).value());
  std::string late;
  const auto original = locking_.must("SELECT id, name FROM tb");
  for (const auto& row : original.rows()) {
    if (applied.contains(row.at(0).value())) continue;
    late += (late.empty() ? "(" : ",(") + row.at(0).value() + ",'" + row.at(1).value() + "')";
  }
  if (!late.empty()) applier_.must("REPLACE /* gh-ost */ INTO _tb_gho (id, name) VALUES " + late);
}

void GhOst::expect_rename_waiting(std::uint64_t session) {
  const auto waits = [&] {
    return !applier_
                .must("SELECT id FROM information_schema.processlist WHERE id = " + std::to_string(session) +
                      " AND state LIKE '%metadata lock%' AND info LIKE '%rename%'")
                .rows()
                .empty();
  };
  if (!wait_until(waits, rename_seen_limit)) throw std::runtime_error{"the rename is not seen to wait"};
}

void GhOst::expect_lock_held() {
  if (applier_.must("SELECT IS_USED_LOCK(" + session_lock(locking_) + ")").value() !=
      std::to_string(locking_.connection_id())) {
    throw std::runtime_error{"the session that locked the table is gone"};
  }
}

void GhOst::drop_sentry_and_unlock() {
  locking_.must("DROP /* gh-ost */ TABLE IF EXISTS _tb_del");
  locking_.must("UNLOCK /* gh-ost */ TABLES");
}

}  // namespace sluice::test
