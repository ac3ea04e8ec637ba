// Migrations that answer what a test tells them to.
#pragma once

#include <condition_variable>
#include <mutex>

#include "migrator/api.hpp"

namespace sluice::control {

inline migrator::Status a_status(migrator::MigrationId id, migrator::State state = migrator::State::copying) {
  migrator::Status status;
  status.id = std::move(id);
  status.database = "shop";
  status.table = "orders";
  status.alter = "ADD COLUMN note TEXT";
  status.state = state;
  return status;
}

class FakeMigrations : public migrator::Migrations {
 public:
  migrator::Created create(std::vector<migrator::Specification> tables, Run run) override {
    std::unique_lock lock{mutex_};
    ++creating_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !blocked_; });
    last_tables = std::move(tables);
    last_run = run;
    return created;
  }
  std::vector<migrator::Status> list() const override {
    std::lock_guard lock{mutex_};
    return statuses_;
  }
  std::optional<migrator::Status> status(const migrator::MigrationId& id) const override {
    std::lock_guard lock{mutex_};
    for (const auto& status : statuses_) {
      if (status.id == id) return status;
    }
    return std::nullopt;
  }
  migrator::Acted act(const migrator::MigrationId& id, migrator::Action action) override {
    last_action = action;
    if (auto known = status(id)) return acted.value_or(migrator::Acted{*known});
    return migrator::NotFound{};
  }
  migrator::RolledBack roll_back(const migrator::MigrationId& id, const migrator::RollbackRequest& request) override {
    last_rollback = request;
    if (!status(id)) return migrator::NotFound{};
    return rolled_back;
  }
  migrator::RolledBack rollback_report(const migrator::MigrationId& id) override {
    if (!status(id)) return migrator::NotFound{};
    return rolled_back;
  }
  migrator::Reverted revert(const migrator::MigrationId& id) override {
    if (auto known = status(id)) return reverted.value_or(migrator::Reverted{*known});
    return migrator::NotFound{};
  }
  migrator::Acted change(const migrator::MigrationId& id,
                         const std::function<std::optional<migrator::Problem>(migrator::Options&)>& edit) override {
    auto known = status(id);
    if (!known) return migrator::NotFound{};
    if (auto problem = edit(options)) return migrator::Invalid{*problem};
    return *known;
  }
  std::vector<migrator::JournalEntry> journal(const migrator::MigrationId&, std::uint64_t after) const override {
    std::lock_guard lock{mutex_};
    std::vector<migrator::JournalEntry> entries;
    for (const auto& entry : journal_) {
      if (entry.number > after) entries.push_back(entry);
    }
    return entries;
  }
  bool ready() const override { return true; }

  void put(migrator::Status status) {
    std::lock_guard lock{mutex_};
    std::erase_if(statuses_, [&](const auto& known) { return known.id == status.id; });
    statuses_.push_back(std::move(status));
  }
  void write(migrator::JournalEntry entry) {
    std::lock_guard lock{mutex_};
    journal_.push_back(std::move(entry));
  }
  // create() waits from block() to unblock().
  void block() {
    std::lock_guard lock{mutex_};
    blocked_ = true;
  }
  void unblock() {
    std::lock_guard lock{mutex_};
    blocked_ = false;
    changed_.notify_all();
  }
  void await_create() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return creating_ > 0; });
  }

  migrator::Created created = a_status("m1");
  std::optional<migrator::Acted> acted;        // none: the status
  std::optional<migrator::Reverted> reverted;  // likewise
  migrator::Options options;
  std::vector<migrator::Specification> last_tables;
  Run last_run = Run::start;
  std::optional<migrator::Action> last_action;
  migrator::RolledBack rolled_back = migrator::RollbackReport{.migration = "m1"};
  std::optional<migrator::RollbackRequest> last_rollback;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int creating_ = 0;
  bool blocked_ = false;
  std::vector<migrator::Status> statuses_;
  std::vector<migrator::JournalEntry> journal_;
};

}  // namespace sluice::control
