// What Sluice remembers of rollbacks in the primary, schema _sluice: the last one of each migration, and how long drops
// and dumps took. Blocks; belongs to one thread at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "migrator/rollback/estimate.hpp"
#include "migrator/rollback/report.hpp"
#include "migrator/sql/steady_connection.hpp"

namespace sluice::migrator {

enum class MeasuredWork : std::uint8_t { drop, dump };

class RollbackStore {
 public:
  static constexpr unsigned kMeasuredMax = 50;  // of each work: the newest; older ones are forgotten

  explicit RollbackStore(ServerAddress address) : connection_(std::move(address)) {}

  // Creates its tables where they are missing. The schema is there.
  [[nodiscard]] SqlResult<void> prepare();
  // By migration; without what can't be read.
  [[nodiscard]] SqlResult<std::map<std::string, RollbackReport>> load();
  [[nodiscard]] SqlResult<void> save(const RollbackReport& report);
  [[nodiscard]] SqlResult<void> save(const std::vector<RollbackReport>& reports);  // all or none; not empty

  [[nodiscard]] SqlResult<void> add(MeasuredWork work, const Measured& measured);
  [[nodiscard]] SqlResult<std::vector<Measured>> measured(MeasuredWork work);

  void disconnect() { connection_.disconnect(); }

 private:
  SteadyConnection connection_;
};

}  // namespace sluice::migrator
