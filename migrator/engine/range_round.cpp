#include "migrator/engine/range_round.hpp"

#include <iterator>
#include <mutex>
#include <utility>

#include "migrator/engine/chunk_size.hpp"
#include "migrator/rows/chunk_copier.hpp"

namespace sluice::migrator {
namespace {

// What the hands share.
class Round {
 public:
  Round(const RangeTurn& turn, const RangeWork& work)
      : turn_(turn), work_(work), above_(turn.above), chunk_rows_(turn.chunk_rows) {}

  void take_part(Crew::Hand& hand) {
    while (const auto place = take(hand)) {
      const KeyRange range = range_of(*place);
      const auto began = std::chrono::steady_clock::now();
      RangeResult result = work_(hand, range);
      put(*place, std::move(result), std::chrono::steady_clock::now() - began);
    }
  }

  [[nodiscard]] RangeOutcome outcome() && {
    RangeOutcome outcome{.done_to = turn_.above, .chunk_rows = chunk_rows_, .unreadable = unreadable_};
    for (Part& part : parts_) {
      std::ranges::move(part.result.unequal, std::back_inserter(outcome.unequal));
      if (outcome.gap) continue;
      if (part.result.status != ResyncStatus::done) {
        outcome.gap = {part.range, std::move(part.result)};
        continue;
      }
      outcome.rows += part.result.rows;
      outcome.complete = !part.range.up_to;
      if (part.range.up_to) outcome.done_to = part.range.up_to;
    }
    return outcome;
  }

 private:
  struct Part {
    KeyRange range;
    RangeResult result;
  };

  // The next range's place in parts_. Whoever looks for it lets the others wait, which takes them a few percent of the
  // time that a range does.
  std::optional<std::size_t> take(Crew::Hand& hand) {
    const std::scoped_lock lock(mutex_);
    if (over_ || (!parts_.empty() && turn_.is_over())) return std::nullopt;
    auto range = next_range(hand.connection, hand.sql, above_, chunk_rows_);
    if (range.has_error()) {
      over_ = true;
      unreadable_ = range.error();
      return std::nullopt;
    }
    above_ = range->up_to;
    over_ = !range->up_to;
    parts_.push_back({std::move(*range), {}});
    return parts_.size() - 1;
  }

  KeyRange range_of(std::size_t place) {
    const std::scoped_lock lock(mutex_);
    return parts_[place].range;
  }

  void put(std::size_t place, RangeResult result, std::chrono::nanoseconds took) {
    const std::scoped_lock lock(mutex_);
    if (result.status == ResyncStatus::done) {
      chunk_rows_ = next_chunk_rows(chunk_rows_, took, turn_.chunk_time);
    } else {
      over_ = true;
    }
    parts_[place].result = std::move(result);
  }

  const RangeTurn& turn_;
  const RangeWork& work_;
  std::mutex mutex_;
  std::vector<Part> parts_;
  std::optional<KeyLiterals> above_;
  std::uint64_t chunk_rows_;
  bool over_ = false;
  std::optional<SqlError> unreadable_;
};

}  // namespace

RangeOutcome run_ranges(Crew& crew, std::size_t hands, const RangeTurn& turn, const RangeWork& work) {
  Round round(turn, work);
  crew.run(hands, [&round](Crew::Hand& hand) { round.take_part(hand); });
  return std::move(round).outcome();
}

}  // namespace sluice::migrator
