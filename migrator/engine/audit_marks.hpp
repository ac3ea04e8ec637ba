// Positions of the binlog as the migration reached them, of the last minutes: where the audit after the swap begins.
// Pure; time comes in.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "migrator/stream/change_consumer.hpp"

namespace sluice::migrator {

class AuditMarks {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::minutes kAuditedBefore{2};
  static constexpr std::chrono::seconds kApart{10};  // so that there are never more than a dozen or so

  // All before `reached` has been read by now. Costs nothing more often than every kApart.
  void note(const Position& reached, TimePoint now) {
    if (!marks_.empty() && now - marks_.back().at < kApart) return;
    marks_.push_back({reached, now});
    while (marks_.size() > 1 && now - marks_[1].at >= kAuditedBefore) marks_.pop_front();
  }

  // Reached at least kAuditedBefore ago, else the first that was noted; nullopt: none was.
  [[nodiscard]] std::optional<Position> oldest() const {
    return marks_.empty() ? std::nullopt : std::optional(marks_.front().position);
  }

 private:
  struct Mark {
    Position position;
    TimePoint at;
  };
  std::deque<Mark> marks_;
};

}  // namespace sluice::migrator
