// The keys that the change stream named and that are not resynced yet, oldest first, each once. Pure; no threads.
// From it follows the applied position: nothing before it is missing in the shadow, but for rows that the copy will
// still come to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "migrator/rows/key_literals.hpp"
#include "migrator/stream/change_consumer.hpp"

namespace sluice::migrator {

// What a key costs, by a generous estimate, in a container of them.
[[nodiscard]] std::size_t bytes_of(const KeyLiterals& key);

class PendingKeys {
 public:
  struct Entry {
    KeyLiterals key;
    // The start of the transaction that named it; nullopt: not from the stream, but found by copy or comparison.
    std::optional<Position> since;
    unsigned attempts = 0;  // that ended in a conflict or a mismatch
  };

  // A key that waits already keeps its place and its older position.
  void add(KeyLiterals key, std::optional<Position> since);

  // Up to `count` of the oldest, for work: they no longer wait, but still count for oldest().
  [[nodiscard]] std::vector<Entry> take(std::size_t count);
  void done(const std::vector<Entry>& entries);
  // Back to the end of the queue, positions kept.
  void again(std::vector<Entry> entries);

  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size() + working_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }  // of what waits
  // The oldest position of all, in work included; nullopt: none has one.
  [[nodiscard]] std::optional<Position> oldest() const;
  // Whether keys that the stream did not name are among them: after a crash nobody would name them again.
  [[nodiscard]] bool has_found_keys() const noexcept { return found_ > 0; }

 private:
  void count(const std::optional<Position>& since);
  void uncount(const std::optional<Position>& since);

  std::map<std::uint64_t, Entry> waiting_;  // by arrival
  std::unordered_map<std::string, std::uint64_t> arrivals_;
  std::multiset<Position> positions_;
  std::size_t found_ = 0;
  std::size_t working_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t next_arrival_ = 0;
};

}  // namespace sluice::migrator
