// The swap itself: one RENAME, or the instant alter.
#include <future>
#include <optional>
#include <thread>

#include "migrator/engine/cut_over.hpp"
#include "migrator/engine/watchdog.hpp"

namespace sluice::migrator {

using Clock = gate::Clock;

CutOver::Outcome CutOver::alter_instantly() {
  const Watchdog watchdog(*side_, main_->connection_id(), kRenameMax);
  const auto altered = main_->execute(parts_.instant->alter + " /* " + parts_.tag + " */");
  if (altered.has_value()) return Outcome::ok;
  note("instant_alter", altered.error());
  if (altered.error().outcome == migrator::Outcome::unknown) return Outcome::unknown;
  // DDL is atomic: refused means that nothing was altered.
  instant_refused_ = !is_lock_conflict(altered.error()) && altered.error().code != server_error::query_interrupted;
  return Outcome::failed;
}

std::optional<std::string> CutOver::let_pass(const std::function<bool()>& has_ended, TimePoint until) {
  while (!pins_.empty()) {
    for (const auto& pin : pins_) {
      auto is_next = pin->is_waited_for();
      if (is_next.has_error()) return describe_without_values(is_next.error());
      if (!*is_next) continue;
      auto other = definition_changed_by(*side_, main_->connection_id(), pin->table());
      if (other.has_error()) return describe_without_values(other.error());
      if (*other) return "DDL of " + **other + " on " + pin->table().table + " would come first";
      pin->release();
      std::erase(pins_, pin);
      break;
    }
    if (has_ended()) return std::nullopt;
    if (Clock::now() >= until) return "somebody reads one of the tables, or the new one";
    std::this_thread::sleep_for(kLookAgain);
  }
  return std::nullopt;
}

CutOver::Outcome CutOver::rename() {
  if (parts_.instant) return alter_instantly();
  std::string names;
  for (const Table& table : parts_.tables) {
    names += (names.empty() ? "" : ", ") + quote(table.plan.source) + " TO " + quote(table.old_table) + ", " +
             quote(table.plan.shadow) + " TO " + quote(table.plan.source);
  }
  const TimePoint until = Clock::now() + kRenameMax;
  auto answer =
      std::async(std::launch::async, [main = main_.get(), statement = "RENAME TABLE " + names + " /* " + parts_.tag +
                                                                      " */"] { return main->execute(statement); });
  const auto has_ended = [&] { return answer.wait_for(std::chrono::seconds{0}) == std::future_status::ready; };
  const auto in_its_way = let_pass(has_ended, until);
  if (in_its_way || answer.wait_until(until) != std::future_status::ready) {
    (void)side_->execute("KILL QUERY " + std::to_string(main_->connection_id()));
  }
  const auto renamed = answer.get();
  pins_.clear();  // not before: what is pinned is not renamed
  if (renamed.has_value()) return Outcome::ok;
  note("rename", in_its_way ? *in_its_way : describe_without_values(renamed.error()));
  // Only what still waited is sure to have renamed nothing; after anything else the names are looked at.
  const bool waited = renamed.error().code == server_error::lock_wait_timeout ||
                      (in_its_way && renamed.error().code == server_error::query_interrupted);
  return waited ? Outcome::failed : Outcome::unknown;
}

}  // namespace sluice::migrator
