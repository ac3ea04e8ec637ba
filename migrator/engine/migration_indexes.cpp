// Indexes that are built once the rows are there.
#include <utility>

#include "migrator/engine/details.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/table/deferred_indexes.hpp"
#include "migrator/table/names.hpp"
#include "migrator/table/read_table.hpp"
#include "migrator/table/shadow.hpp"

namespace sluice::migrator {

bool Migration::put_indexes_off() {
  if (!options().defer_secondary_indexes) return true;
  const TableRef shadow = shadow_table(source());
  if (checkpoint_.deferred_indexes.empty()) {
    auto definition = show_create(*connection_, shadow);
    if (definition.has_error()) return connection_lost(definition.error()), false;
    checkpoint_.deferred_indexes = deferrable_indexes(*definition, *shadow_definition_);
    if (checkpoint_.deferred_indexes.empty()) return true;
    // Written down before they are gone: nobody else knows them then.
    if (auto saved = save(); saved.has_error()) {
      checkpoint_.deferred_indexes.clear();
      return connection_lost(saved.error()), false;
    }
  }
  auto dropped = connection_->execute(as_own(drop_indexes(shadow, checkpoint_.deferred_indexes)));
  if (dropped.has_value() || dropped.error().code == server_error::cant_drop_key) return true;  // gone before a crash
  if (dropped.error().outcome == Outcome::unknown) return connection_lost(dropped.error()), false;
  // A foreign key may need one of them.
  note("indexes.not_deferred", Details().add("why", describe(dropped.error())).text());
  checkpoint_.deferred_indexes.clear();
  return true;
}

void Migration::index() {
  if (!index_build_) {
    auto shadow = read_table(*connection_, shadow_table(source()));
    if (shadow.has_error()) return connection_lost(shadow.error());
    if (!*shadow) return fail({"tables_missing", "the shadow table is gone: " + shadow_table(source()).table});
    std::string add = add_missing_indexes(**shadow, checkpoint_.deferred_indexes);
    if (add.empty()) {
      checkpoint_.deferred_indexes.clear();
      return note("indexes.built", "{}");
    }
    auto begun = LongStatement::begin(parts_.primary, row_settings(), as_own(std::move(add)));
    if (begun.has_error()) return connection_lost(begun.error());
    index_build_ = std::move(*begun);
  }
  // The server builds an index by one thread: there is time to compare rows meanwhile.
  const bool compares = !index_alone_ && !checkpoint_.verified && options().verify == Verify::full;
  const bool changes_wait = inbox_->progress().pending > 0 && !index_alone_;
  const auto built = index_build_->result(changes_wait || compares ? Millis{0} : kIdle);
  if (!built) return compares ? verify() : void();
  index_build_.reset();
  if (built->has_value()) return;  // which is looked at once more
  const SqlError& error = built->error();
  if (error.outcome == Outcome::unknown) return connection_lost(error);
  // One that a crash, or a lost connection, left at the server has built it, or is about to.
  const bool by_another = error.code == server_error::duplicate_key_name;
  if (by_another || is_lock_conflict(error) || error.code == server_error::query_interrupted)
    return rest(kReconnectAfter);
  if (error.code == server_error::online_log_too_big && !index_alone_) {
    note("indexes.built_alone", Details().add("why", describe(error)).text());
    index_alone_ = true;
    return;
  }
  fail({"index_refused", "an index of the new table can't be built: " + describe(error)});
}

}  // namespace sluice::migrator
