// Whether a guard fires, as a plain state machine: readings and `now` come in, what changed comes out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace sluice::migrator {

struct NotApplicable {};  // there is nothing to read: no replica, or too early. As good as a low reading
struct Unevaluable {
  std::string why;
};
using Reading = std::variant<NotApplicable, double, Unevaluable>;

class GuardFsm {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  enum class State : std::uint8_t { calm, firing };
  enum class Event : std::uint8_t {
    fired,        // the reading has been at least the threshold for as long as it takes
    calmed,       // and below it for as long, so that it may fire again
    unevaluable,  // nobody could tell for as long
    evaluable,    // and now somebody can again
  };

  GuardFsm(double threshold, std::chrono::seconds lasts) noexcept : threshold_(threshold), lasts_(lasts) {}

  // While it can't be evaluated it stays what it was. Readings may come as often or as seldom as it suits.
  [[nodiscard]] std::optional<Event> observe(const Reading& reading, TimePoint now);

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool is_unevaluable() const noexcept { return told_unevaluable_; }

 private:
  [[nodiscard]] std::optional<Event> observe_unknown(TimePoint now);

  double threshold_;
  std::chrono::seconds lasts_;
  State state_ = State::calm;
  bool told_unevaluable_ = false;
  std::optional<TimePoint> other_since_;    // since when readings speak for the other state
  std::optional<TimePoint> unknown_since_;  // since when there is none
};

}  // namespace sluice::migrator
