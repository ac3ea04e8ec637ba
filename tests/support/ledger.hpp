// What one client knows to be in a table: the account that is compared with the table in the end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/support/client.hpp"

namespace sluice::test {

using Key = std::uint64_t;  // a row's number; how it is written in the table is the workload's affair

struct Content {
  std::int64_t qty = 0;
  std::string name;
  friend bool operator==(const Content&, const Content&) = default;
};
using RowState = std::optional<Content>;  // empty: there is no such row

struct Change {
  Key key;
  RowState after;
};

class Ledger {
 public:
  // The server said that this happened.
  void acknowledged(const std::vector<Change>& changes);
  // The answer never came: each change may or may not have happened. The keys are never offered again.
  void unknown(const std::vector<Change>& changes);

  // A row that is there / a key whose row was deleted; nothing if there is none.
  [[nodiscard]] std::optional<Key> existing(std::mt19937_64& random) const;
  [[nodiscard]] std::optional<Key> deleted(std::mt19937_64& random) const;
  [[nodiscard]] const RowState& expected(Key key) const;  // of a key that existing() or deleted() gave

  // Every key with the states that are right for it: one, or several after unknown().
  [[nodiscard]] const std::unordered_map<Key, std::vector<RowState>>& accounts() const { return accounts_; }

 private:
  // Keys in any order, with a random pick and a removal in constant time.
  class Bag {
   public:
    void add(Key key);
    void remove(Key key);
    [[nodiscard]] std::optional<Key> pick(std::mt19937_64& random) const;

   private:
    std::vector<Key> keys_;
    std::unordered_map<Key, std::size_t> places_;
  };

  std::unordered_map<Key, std::vector<RowState>> accounts_;
  Bag existing_;
  Bag deleted_;
};

// The rows of a table with columns `id`, `qty` and `name`, by id as the server prints it.
using Contents = std::unordered_map<std::string, Content>;
// As it is read over `client`. Throws std::runtime_error.
[[nodiscard]] Contents contents_of(TestClient& client, const std::string& table);

// One line for each key whose row is not as the account says. The rows of the account's keys are taken out of `table`:
// what is left in the end nobody wrote. `id`: the text of the `id` of a key.
[[nodiscard]] std::vector<std::string> discrepancies(const Ledger& ledger, Contents& table,
                                                     const std::function<std::string(Key)>& id);

}  // namespace sluice::test
