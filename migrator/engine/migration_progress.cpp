// How far a migration is, told in the status.
#include <algorithm>
#include <cstdlib>

#include "migrator/engine/migration.hpp"
#include "migrator/rows/row_sql.hpp"
#include "migrator/sql/quoting.hpp"
#include "migrator/table/column_kind.hpp"

namespace sluice::migrator {
namespace {

// The optimizer's guess of how many rows of the source lie in the slice, from a few dives into the index.
SqlResult<double> rows_in(Connection& connection, const RowSql& sql, const KeySpread::Slice& slice) {
  const KeyRange range{.above = as_key(slice.above), .up_to = as_key(slice.up_to)};
  // MySQL looks into no index that it is forced to use: all ranges are one row to it then.
  auto plan = connection.query("EXPLAIN FORMAT=TRADITIONAL SELECT 1 FROM " + quote(sql.plan().source) + " USE INDEX (" +
                               quote_identifier(sql.plan().key.source_index) + ") WHERE " +
                               sql.where_range(Side::source, range));
  if (plan.has_error()) return plan.error();
  const auto column = std::ranges::find(plan->columns, "rows");
  if (column == plan->columns.end() || plan->rows.empty()) return 0.0;
  const Value& rows = plan->rows[0].at(static_cast<std::size_t>(column - plan->columns.begin()));
  return {boost::system::in_place_value, rows ? std::strtod(rows->c_str(), nullptr) : 0.0};
}

}  // namespace

void Migration::look_at_spread() {
  spread_.reset();
  const SharedKey& key = plan_->key;
  if (key.columns.size() != 1 || kind_of(key.columns[0].source) != ColumnKind::integer) return;
  const std::string column = quote_identifier(key.columns[0].source.name);
  auto ends = connection_->query("SELECT MIN(" + column + "), MAX(" + column + ") FROM " + quote(plan_->source));
  if (ends.has_error() || !ends->rows.at(0).at(0) || !ends->rows[0].at(1)) return;
  auto spread = KeySpread::between({*ends->rows[0][0]}, {*ends->rows[0][1]});
  const RowSql sql(*plan_, connection_->flavor());
  const auto until = gate::Clock::now() + kSpreadWithin;
  while (spread && gate::Clock::now() < until) {
    auto halves = spread->next();
    if (!halves) break;
    for (KeySpread::Slice* half : {&halves->first, &halves->second}) {
      auto guess = rows_in(*connection_, sql, *half);
      if (guess.has_error()) return;  // then rows are counted
      half->rows = *guess;
    }
    spread->refine(halves->first, halves->second);
  }
  spread_ = std::move(spread);
}

void Migration::tell_progress() {
  const Verify verify = options_.verify;
  const double copied =
      share_of({.done = checkpoint_.copied, .up_to = checkpoint_.copied_to, .rows = checkpoint_.rows_copied}, spread_,
               checkpoint_.rows_estimated);
  const double compared =
      share_of({.done = checkpoint_.verified, .up_to = checkpoint_.verified_to, .rows = checkpoint_.verified_rows},
               spread_, std::max(checkpoint_.rows_estimated, checkpoint_.copied ? checkpoint_.rows_copied : 0));
  const double done = share_of_both(copied, compared, verify);
  const auto now = gate::Clock::now();
  eta_.note(done, now);
  constexpr double kBeforeTheSwap = 0.999;
  status_.progress = std::min(kBeforeTheSwap, done);
  const auto left = eta_.left(now);
  status_.eta_seconds = left && !fsm_.ended() ? left->count() : -1;
}

}  // namespace sluice::migrator
