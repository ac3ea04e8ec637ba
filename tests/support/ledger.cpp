#include "tests/support/ledger.hpp"

#include <algorithm>

namespace sluice::test {
namespace {

std::string described(const RowState& state) {
  return state ? std::to_string(state->qty) + " '" + state->name + "'" : "no row";
}

}  // namespace

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

Contents contents_of(TestClient& client, const std::string& table) {
  const auto reply = client.must("SELECT id, qty, name FROM " + table);
  Contents contents;
  contents.reserve(reply.rows().size());
  for (const auto& row : reply.rows()) {
    contents.emplace(row.at(0).value(), Content{std::stoll(row.at(1).value()), row.at(2).value()});
  }
  return contents;
}

std::vector<std::string> discrepancies(const Ledger& ledger, Contents& table,
                                       const std::function<std::string(Key)>& id) {
  std::vector<std::string> wrong;
  for (const auto& [key, right] : ledger.accounts()) {
    const auto found = table.extract(id(key));
    const auto actual = found.empty() ? RowState{} : RowState{found.mapped()};
    if (std::ranges::find(right, actual) != right.end()) continue;
    wrong.push_back("row " + id(key) + ": acknowledged " + described(right.front()) + ", found " + described(actual));
  }
  return wrong;
}

}  // namespace sluice::test
