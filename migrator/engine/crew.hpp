// The connections over which a migration moves rows, side by side. Belongs to the migration's thread; its calls block.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "migrator/rows/row_sql.hpp"
#include "migrator/sql/connection.hpp"

namespace sluice::migrator {

class Crew {
 public:
  // One of them. Its statements are for the same plan as the others'.
  struct Hand {
    Connection connection;
    RowSql sql;
  };

  Crew(ServerAddress primary, SessionSettings settings, CopyPlan plan);

  // Connects until there are `count` hands, or lets go of those beyond. What was refused or lost leaves those that are
  // there.
  [[nodiscard]] SqlResult<void> gather(std::size_t count);
  [[nodiscard]] std::size_t size() const noexcept { return hands_.size(); }
  // `work` runs once with each of the first `count` hands, at the same time; returns when all have. At least as many
  // were gathered. `work` is called on several threads, and must not throw.
  void run(std::size_t count, const std::function<void(Hand&)>& work);
  // Closes all connections: one of them was lost.
  void dismiss() { hands_.clear(); }

 private:
  ServerAddress primary_;
  SessionSettings settings_;
  CopyPlan plan_;
  std::vector<Hand> hands_;
};

}  // namespace sluice::migrator
