#include "migrator/guards/guard_fsm.hpp"

namespace sluice::migrator {

std::optional<GuardFsm::Event> GuardFsm::observe_unknown(TimePoint now) {
  other_since_.reset();  // nobody knows what the reading was meanwhile
  if (!unknown_since_) unknown_since_ = now;
  if (told_unevaluable_ || now - *unknown_since_ < lasts_) return std::nullopt;
  told_unevaluable_ = true;
  return Event::unevaluable;
}

std::optional<GuardFsm::Event> GuardFsm::observe(const Reading& reading, TimePoint now) {
  if (std::holds_alternative<Unevaluable>(reading)) return observe_unknown(now);
  unknown_since_.reset();
  if (told_unevaluable_) {
    // What the reading says is heard at the next one.
    told_unevaluable_ = false;
    return Event::evaluable;
  }
  const auto* value = std::get_if<double>(&reading);
  const State says = value != nullptr && *value >= threshold_ ? State::firing : State::calm;
  if (says == state_) {
    other_since_.reset();
    return std::nullopt;
  }
  if (!other_since_) other_since_ = now;
  if (now - *other_since_ < lasts_) return std::nullopt;
  other_since_.reset();
  state_ = says;
  return state_ == State::firing ? Event::fired : Event::calmed;
}

}  // namespace sluice::migrator
