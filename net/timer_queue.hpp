// What is to be called when, in order of time. Pure. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace sluice::net {

class TimerQueue {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Id = std::pair<TimePoint, std::uint64_t>;

  [[nodiscard]] Id add(TimePoint at, std::function<void()> then) {
    return waiting_.emplace(Id{at, ++added_}, std::move(then)).first->first;
  }
  // One that is not there any more is no mistake.
  void remove(const Id& id) noexcept { waiting_.erase(id); }
  [[nodiscard]] std::optional<TimePoint> earliest() const noexcept {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first.first;
  }
  // Takes out the first that is due at `now`; an empty function: there is none.
  [[nodiscard]] std::function<void()> take_due(TimePoint now) {
    if (waiting_.empty() || waiting_.begin()->first.first > now) return {};
    auto then = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    return then;
  }

 private:
  std::map<Id, std::function<void()>> waiting_;
  std::uint64_t added_ = 0;
};

}  // namespace sluice::net
