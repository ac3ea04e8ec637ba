// How rows go from one table to the other: the key they are followed by and the columns they share. Pure.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/sql/connection.hpp"
#include "migrator/table/alter_text.hpp"
#include "migrator/table/definition.hpp"

namespace sluice::migrator {

using Problems = std::vector<Problem>;

// Aborts with a message. Boost.System's hook for reading a value that is not there: `value()`, and after 1.81 `*` too.
[[noreturn]] void throw_exception_from_error(const Problems& problems, const boost::source_location& where);

struct SharedColumn {
  Column source;
  Column shadow;
};

// A new NOT NULL column without a default gets what the server's own ALTER would give it.
struct FilledColumn {
  std::string name;
  std::string literal;
};

enum class KeyStorage : std::uint8_t {
  clustered,  // the primary key: locking a row is one lock
  secondary   // two locks a row: never wait for the second while holding the first
};

enum class KeyOrder : std::uint8_t {
  same,  // the rows of a range of the source's key are a range of the shadow's key
  other  // they are not: they are found one by one
};

struct SharedKey {
  std::string source_index;
  std::string shadow_index;
  KeyStorage storage = KeyStorage::clustered;
  KeyOrder order = KeyOrder::same;
  std::vector<SharedColumn> columns;   // in the source index's order; `source.ordinal` finds them in row images
  std::vector<Column> shadow_columns;  // the same columns in the shadow, in its index's order
};

struct CopyPlan {
  TableRef source;
  TableRef shadow;
  SharedKey key;
  std::vector<SharedColumn> columns;  // what is copied, the key's columns included
  std::vector<FilledColumn> filled_columns;
  std::vector<std::string> dropped_columns;  // only in the source
  std::vector<std::string> added_columns;    // only in the shadow, or computed there
  std::vector<Column> kept_columns;  // only in the shadow, whose rows keep what they have in them: see revert.hpp
  // For SessionSettings::time_zone of every connection that runs this plan: UTC, or the server's own where a TIMESTAMP
  // becomes another type or the reverse, or where the shadow computes with times, as its ALTER would.
  std::string time_zone;
  ZeroDates zero_dates = ZeroDates::as_server;  // of every connection, too; make_plan() leaves it
};

// The settings of a session that runs statements of the plan.
[[nodiscard]] SessionSettings settings_for(const CopyPlan& plan);

// Refusals: key.missing, key.dropped, key.converted, plan.no_columns, plan.time_zone, plan.new_column_default,
// plan.conversion.
[[nodiscard]] boost::system::result<CopyPlan, Problems> make_plan(const TableDefinition& source,
                                                                  const TableDefinition& shadow,
                                                                  const AlterText& alter);

// The way back: `source` is what the alter has made of `shadow`. A key that the alter kept is kept on the way back,
// too: what the old type can't hold is refused. Refusals as above.
[[nodiscard]] boost::system::result<CopyPlan, Problems> make_plan_back(const TableDefinition& source,
                                                                       const TableDefinition& shadow,
                                                                       const AlterText& alter);

// The same plan between two other tables of the same shapes, e.g. old -> new after the swap.
[[nodiscard]] CopyPlan with_tables(CopyPlan plan, TableRef source, TableRef shadow);

// The key of `table` that rows can be followed by, were nothing changed; nullptr: there is none. PRIMARY first, then
// the unique key with the fewest columns; never nullable, prefixed, computed or floating-point.
[[nodiscard]] const Key* best_key(const TableDefinition& table) noexcept;

// The refusal where best_key() finds none.
[[nodiscard]] Problem missing_key(const TableDefinition& table);

}  // namespace sluice::migrator
