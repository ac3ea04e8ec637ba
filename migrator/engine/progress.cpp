#include "migrator/engine/progress.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace sluice::migrator {
namespace {

constexpr double kAlmost = 0.999;  // of a pass that is not over

template <class Integer>
std::optional<KeySpread::Position> integer_from(const std::string& text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return static_cast<KeySpread::Position>(value);
}

std::optional<KeySpread::Position> position_of(const KeyLiterals& key) {
  if (key.size() != 1) return std::nullopt;
  const auto position = integer_from<std::int64_t>(key[0]);
  return position ? position : integer_from<std::uint64_t>(key[0]);
}

}  // namespace

KeyLiterals as_key(KeySpread::Position position) {
  return {position < 0 ? std::to_string(static_cast<std::int64_t>(position))
                       : std::to_string(static_cast<std::uint64_t>(position))};
}

std::optional<KeySpread> KeySpread::between(const KeyLiterals& first, const KeyLiterals& last) {
  const auto from = position_of(first);
  const auto to = position_of(last);
  if (!from || !to || *to < *from) return std::nullopt;
  KeySpread spread;
  spread.slices_.push_back({.above = *from - 1, .up_to = *to, .rows = 1});
  return spread;
}

std::optional<std::pair<KeySpread::Slice, KeySpread::Slice>> KeySpread::next() const {
  if (slices_.size() >= kSlicesMax) return std::nullopt;
  // Of equally heavy ones the widest, so that the slices are even wherever this ends.
  const Slice& heaviest = *std::ranges::max_element(
      slices_, {}, [](const Slice& slice) { return std::pair(slice.rows, slice.up_to - slice.above); });
  const Position middle = std::floor((heaviest.above + heaviest.up_to) / 2);
  if (middle <= heaviest.above || middle >= heaviest.up_to) return std::nullopt;
  return std::pair{Slice{.above = heaviest.above, .up_to = middle}, Slice{.above = middle, .up_to = heaviest.up_to}};
}

void KeySpread::refine(const Slice& lower, const Slice& upper) {
  const auto whole = std::ranges::find(slices_, lower.above, &Slice::above);
  if (whole == slices_.end() || whole->up_to != upper.up_to) return;
  *whole = lower;
  slices_.insert(whole + 1, upper);
}

double KeySpread::share_up_to(const KeyLiterals& key) const {
  const auto position = position_of(key);
  if (!position) return 0;
  const auto part_of = [&](Position above, Position up_to) {
    return static_cast<double>(std::clamp<Position>((*position - above) / (up_to - above), 0, 1));
  };
  double all = 0;
  double below = 0;
  for (const Slice& slice : slices_) {
    below += slice.rows * part_of(slice.above, slice.up_to);
    all += slice.rows;
  }
  return all > 0 ? below / all : part_of(slices_.front().above, slices_.back().up_to);
}

double share_of(const Pass& pass, const std::optional<KeySpread>& spread, std::uint64_t rows_estimated) {
  if (pass.done) return 1;
  if (!pass.up_to) return 0;
  if (spread) return std::min(kAlmost, spread->share_up_to(*pass.up_to));
  // More than were expected: nobody knows how many are to come.
  const auto all = static_cast<double>(std::max<std::uint64_t>({rows_estimated, pass.rows, 1}));
  return std::min(kAlmost, static_cast<double>(pass.rows) / all);
}

double share_of_both(double copied, double compared, Verify verify) {
  constexpr double kCopyShare = 0.75;
  return verify == Verify::off ? copied : kCopyShare * copied + (1 - kCopyShare) * compared;
}

void Eta::note(double done, TimePoint now) {
  if (!seen_.empty() && now - seen_.back().at < kStep) return;
  const std::size_t count = seen_.size();
  if (count > 1 && seen_[count - 1].done == done && seen_[count - 2].done == done) {
    seen_.back().at = now;
  } else {
    seen_.push_back({done, now});
  }
  // What stood still tells no rate: the window then reaches back to where it moved.
  while (seen_.size() > 2 && now - seen_[1].at >= kLately && done > seen_[1].done) seen_.pop_front();
}

std::optional<std::chrono::seconds> Eta::left(TimePoint now) const {
  if (seen_.empty()) return std::nullopt;
  const double done = seen_.back().done;
  if (done >= 1) return std::chrono::seconds{0};
  const std::chrono::duration<double> took = now - seen_.front().at;
  const double moved = done - seen_.front().done;
  if (moved <= 0 || took.count() <= 0) return std::nullopt;
  constexpr double kLongest = 365.0 * 24 * 3600;
  return std::chrono::seconds{static_cast<std::int64_t>(std::min(kLongest, (1 - done) * took.count() / moved))};
}

}  // namespace sluice::migrator
