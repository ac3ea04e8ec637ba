// Whether the application's statements work with the new table: planned, and run in a transaction that is rolled back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "migrator/options/compatibility_query.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/table/plan.hpp"
#include "protocol/sql/table_rename.hpp"

namespace sluice::migrator {

// How many rows the server expects to read for a statement: of each SELECT in it the product over its tables, as
// EXPLAIN has them. nullopt: an answer of another form.
[[nodiscard]] std::optional<double> planned_rows(const Rows& explained);

// What does not work with the new table; empty: nothing.
struct Objection {
  std::string text;
  std::string logged{};  // for the journal, where `text` may repeat values; empty: it does not
  [[nodiscard]] bool empty() const noexcept { return text.empty(); }
};

class Compatibility {
 public:
  static constexpr std::chrono::seconds kAnswersWithin{5};  // each statement
  // What reads more is planned, but not run.
  static constexpr double kRowsRunMax = 100'000;
  static constexpr unsigned kRowsFetchedMax = 1000;  // of a SELECT's result

  struct Verdict {
    Objection problem;
    std::optional<double> rows;  // that the server expects to read with the old table, where it works there
  };
  enum class How : std::uint8_t { plan, run };

  // A connection of its own, with the server's own sql_mode, as the application's are. Blocks.
  [[nodiscard]] static SqlResult<Compatibility> connect(const ServerAddress& primary, const CopyPlan& plan);

  // One statement. `plan`: names and types are resolved, nothing is read. `run`: its plan is held against its limits as
  // well, and it is run. An error is the connection's; the server's refusals are verdicts. Blocks.
  [[nodiscard]] SqlResult<Verdict> judge(const CompatibilityQuery& query, How how);

  using GiveUp = std::function<bool()>;

  // All of them, run; `give_up` is asked before each, and is a problem as well. The first problem in words with the
  // statement's number, empty where there is none. The new table's AUTO_INCREMENT is then what it was: a ROLLBACK alone
  // does not see to that. Blocks.
  [[nodiscard]] SqlResult<Objection> problem_of(const std::vector<CompatibilityQuery>& queries, const GiveUp& give_up);

 private:
  Compatibility(Connection connection, Connection side, const CopyPlan& plan)
      : connection_(std::move(connection)), side_(std::move(side)), plan_(plan) {}
  [[nodiscard]] SqlResult<void> read_settings();
  [[nodiscard]] SqlResult<Objection> first_problem_of(const std::vector<CompatibilityQuery>& queries,
                                                      const GiveUp& give_up);
  [[nodiscard]] std::string about(const TableRef& table, const std::string& sql) const;
  // Within kAnswersWithin, or the server refuses it; in a transaction of its own, which is rolled back: planning may
  // run functions, too.
  [[nodiscard]] SqlResult<Rows> ask(const std::string& sql);

  Connection connection_;
  Connection side_;  // kills; never in a transaction
  CopyPlan plan_;
  protocol::sql::Reading reading_;
  protocol::sql::TableRename::Case names_ = protocol::sql::TableRename::Case::matters;
  bool analyzed_ = false;  // the shadow's statistics are of now
};

}  // namespace sluice::migrator
