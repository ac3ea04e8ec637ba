// The engine as it is: which migrations there are, and who may begin, revert or clean up what. Its calls come from
// several threads; those that create or revert wait for each other, and block for queries.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "migrator/engine/engine.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/engine/revert_chain.hpp"
#include "migrator/engine/rollback_desk.hpp"
#include "migrator/engine/store.hpp"

namespace sluice::migrator {

// Ids are "m" and digits: the longer, the later.
[[nodiscard]] inline std::pair<std::size_t, MigrationId> order_of(const MigrationId& id) {
  return {id.size(), id};
}

// The swap groups of what is stored, by their names, in the state in which the last process left them.
[[nodiscard]] std::map<std::string, std::shared_ptr<SwapGroup>> groups_of(const std::vector<StoredMigration>& stored);

class Migrator final : public Engine {
 public:
  // `gate` and `observer` must outlive it.
  Migrator(EngineConfig config, gate::TableGate& gate, MigrationObserver& observer);

  ~Migrator() override { ask_all_to_end(); }

  std::optional<Problem> recover() override;
  void shut_down() override;

  Created create(std::vector<Specification> tables, Run run) override;
  std::vector<Status> list() const override;
  std::optional<Status> status(const MigrationId& id) const override;
  Acted act(const MigrationId& id, Action action) override;
  RolledBack roll_back(const MigrationId& id, const RollbackRequest& request) override;
  RolledBack rollback_report(const MigrationId& id) override;
  Reverted revert(const MigrationId& id) override;
  Acted change(const MigrationId& id, const std::function<std::optional<Problem>(Options&)>& edit) override;
  std::vector<JournalEntry> journal(const MigrationId& id, std::uint64_t after) const override;
  bool ready() const override;

 private:
  using Handle = std::shared_ptr<Migration>;
  // How long the end of a migration may be waited for by a call that needs its table.
  static constexpr Millis kLetsGoWithin{2000};
  // Clients queue up behind an ALTER that waits for them.
  static constexpr std::chrono::seconds kTriesLocksFor{1};

  [[nodiscard]] Handle find(const MigrationId& id) const;
  [[nodiscard]] std::vector<Handle> handles() const;
  void ask_all_to_end();
  // Backs up what the new ones are to drop, for up to kLeftoversBackedUpWithin and without keeping others from their
  // calls meanwhile. Why the tables must not be dropped, or migrated at all.
  [[nodiscard]] std::optional<Created> back_up(const std::vector<Specification>& tables);
  // Why no migration of them may begin now, as far as others are concerned.
  [[nodiscard]] std::optional<Created> not_now(const std::vector<Specification>& tables) const;
  [[nodiscard]] SqlResult<Connection> connect_for(const Specification& specification) const;
  // Why no migration of the table may begin, or `more` of them in all.
  [[nodiscard]] std::optional<Problem> busy(const TableRef& table, std::size_t more) const;
  [[nodiscard]] std::optional<Problem> drop_leftovers(Migration& migration);
  // The others that swap together with it, and itself.
  [[nodiscard]] std::vector<Handle> group_of(const Migration& migration) const;
  [[nodiscard]] bool is_flag_of_others(const MigrationId& but, const std::string& file) const;
  [[nodiscard]] std::optional<Created> refuse(Connection& connection, const std::vector<Specification>& tables) const;
  [[nodiscard]] SqlResult<Status> start(const std::vector<Store::Added>& tables, std::vector<Shadow> shadows);
  [[nodiscard]] std::vector<RevertLink> reverts() const;
  [[nodiscard]] Status status_of(const Handle& migration, const std::vector<RevertLink>& reverts) const;
  // Why not now; else with what it begins.
  using WayBack = std::variant<Migration::WayBack, Problem>;
  [[nodiscard]] WayBack way_back(const Migration& migration) const;

  EngineConfig config_;
  Notifier notifier_;
  Migration::Parts parts_;

  mutable std::mutex mutex_;                                          // of the map
  std::map<std::pair<std::size_t, MigrationId>, Handle> migrations_;  // in the order of their numbers
  bool recovered_ = false;
  std::atomic<bool> shutting_down_{false};

  std::mutex creating_;  // one preflight at a time; guards the stores, and
  std::vector<TableRef> being_backed_up_;
  Store store_;
  RollbackDesk rollbacks_;
};

}  // namespace sluice::migrator
