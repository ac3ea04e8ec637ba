#include "migrator/engine/pending_keys.hpp"

#include <cstdlib>
#include <utility>

namespace sluice::migrator {
namespace {

// What a key costs beyond its text: tree and hash nodes, strings' headers, its position.
constexpr std::size_t kEntryOverheadBytes = 320;

std::string text_of(const KeyLiterals& key) {
  std::string text;
  for (const std::string& literal : key) {
    text += literal;
    text += '\n';  // in no literal: they are hexadecimal, digits or plain temporals
  }
  return text;
}

std::size_t bytes_of(const std::string& text) {
  return kEntryOverheadBytes + 2 * text.size();
}

}  // namespace

std::size_t bytes_of(const KeyLiterals& key) {
  return bytes_of(text_of(key));
}

void PendingKeys::count(const std::optional<Position>& since) {
  if (since) {
    positions_.insert(*since);
  } else {
    ++found_;
  }
}

void PendingKeys::uncount(const std::optional<Position>& since) {
  if (!since) {
    if (found_ == 0) std::abort();
    --found_;
    return;
  }
  const auto position = positions_.find(*since);
  if (position == positions_.end()) std::abort();  // taken from somewhere else
  positions_.erase(position);
}

void PendingKeys::add(KeyLiterals key, std::optional<Position> since) {
  std::string text = text_of(key);
  const auto [arrival, is_new] = arrivals_.try_emplace(std::move(text), next_arrival_);
  if (!is_new) {
    // It will be read after this change too. Its position is the older one, but a key that was only found gets one.
    Entry& entry = waiting_.at(arrival->second);
    if (!entry.since && since) {
      count(since);
      uncount(entry.since);
      entry.since = std::move(since);
    }
    return;
  }
  bytes_ += bytes_of(arrival->first);
  count(since);
  waiting_.emplace(next_arrival_++, Entry{.key = std::move(key), .since = std::move(since)});
}

std::vector<PendingKeys::Entry> PendingKeys::take(std::size_t count) {
  std::vector<Entry> taken;
  while (!waiting_.empty() && taken.size() < count) {
    auto node = waiting_.extract(waiting_.begin());
    const std::string text = text_of(node.mapped().key);
    arrivals_.erase(text);
    bytes_ -= bytes_of(text);
    taken.push_back(std::move(node.mapped()));
  }
  working_ += taken.size();
  return taken;
}

void PendingKeys::done(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) uncount(entry.since);
  working_ -= entries.size();
}

void PendingKeys::again(std::vector<Entry> entries) {
  working_ -= entries.size();
  for (Entry& entry : entries) {
    const std::string text = text_of(entry.key);
    if (const auto arrival = arrivals_.find(text); arrival != arrivals_.end()) {
      // Changed again meanwhile: one entry with the older position is enough.
      Entry& other = waiting_.at(arrival->second);
      other.attempts = std::max(other.attempts, entry.attempts);
      if (!other.since || (entry.since && *entry.since < *other.since)) std::swap(other.since, entry.since);
      uncount(entry.since);
      continue;
    }
    arrivals_.emplace(text, next_arrival_);
    bytes_ += bytes_of(text);
    waiting_.emplace(next_arrival_++, std::move(entry));
  }
}

std::optional<Position> PendingKeys::oldest() const {
  if (positions_.empty()) return std::nullopt;
  return *positions_.begin();
}

}  // namespace sluice::migrator
