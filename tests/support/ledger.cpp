#include "tests/support/ledger.hpp"

namespace sluice::test {

void Ledger::acknowledged(const std::vector<Change>& changes) {
  for (const auto& [key, after] : changes) {
    accounts_[key] = {after};
    (after ? deleted_ : existing_).remove(key);
    (after ? existing_ : deleted_).add(key);
  }
}

void Ledger::unknown(const std::vector<Change>& changes) {
  for (const auto& [key, after] : changes) {
    auto& states = accounts_[key];
    if (states.empty()) states.emplace_back();
    states.push_back(after);
    existing_.remove(key);
    deleted_.remove(key);
  }
}

std::optional<Key> Ledger::existing(std::mt19937_64& random) const {
  return existing_.pick(random);
}
std::optional<Key> Ledger::deleted(std::mt19937_64& random) const {
  return deleted_.pick(random);
}
const RowState& Ledger::expected(Key key) const {
  return accounts_.at(key).front();
}

void Ledger::Bag::add(Key key) {
  if (places_.emplace(key, keys_.size()).second) keys_.push_back(key);
}

void Ledger::Bag::remove(Key key) {
  const auto found = places_.find(key);
  if (found == places_.end()) return;
  const auto place = found->second;
  places_.erase(found);
  if (place + 1 != keys_.size()) {
    keys_[place] = keys_.back();
    places_[keys_[place]] = place;
  }
  keys_.pop_back();
}

std::optional<Key> Ledger::Bag::pick(std::mt19937_64& random) const {
  if (keys_.empty()) return std::nullopt;
  return keys_[random() % keys_.size()];
}

}  // namespace sluice::test
