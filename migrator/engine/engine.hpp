// The engine: all migrations of one primary. Made by make_engine in main, lives until the process ends.
#pragma once

#include <memory>
#include <optional>

#include "migrator/api.hpp"
#include "migrator/backup/backup_config.hpp"
#include "migrator/engine/client_latency.hpp"
#include "migrator/engine/observer.hpp"
#include "migrator/notify/notifier.hpp"
#include "migrator/sql/server_address.hpp"
#include "proxy/gate/gate.hpp"

namespace sluice::migrator {

struct EngineConfig {
  ServerAddress primary;
  std::size_t migrations_max = 8;  // that run at the same time
  WatchLatency watch_latency;      // of the clients; must outlive the engine
  GuardActions guard_actions;      // what the severities of guards lead to
  NotifierConfig notifier;
  BackupConfig backup;
};

class Engine : public Migrations {
 public:
  // Takes up what was unfinished, from schema _sluice, which is created on first use. To be called once, before clients
  // are let in: a table whose cut-over was under way is armed and closed before this returns. Blocks for queries.
  [[nodiscard]] virtual std::optional<Problem> recover() = 0;
  // Writes each migration's checkpoint and ends its thread; they go on at the next start. Blocks for the batch at hand.
  virtual void shut_down() = 0;
};

// `gate` and `observer` must outlive the engine.
[[nodiscard]] std::unique_ptr<Engine> make_engine(EngineConfig config, gate::TableGate& gate,
                                                  MigrationObserver& observer);

}  // namespace sluice::migrator
