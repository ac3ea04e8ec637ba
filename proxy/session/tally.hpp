// How many sessions each name (a user's, an address's) has now. Thread-safe: one short mutex, taken once as a session
// comes and once as it goes.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace sluice::proxy {

class Tally {
 public:
  // One of a name's sessions, as long as it lives. Must not outlive the tally.
  class Seat {
   public:
    Seat(Tally& tally, std::string name) noexcept : tally_(&tally), name_(std::move(name)) {}
    Seat(Seat&& other) noexcept : tally_(std::exchange(other.tally_, nullptr)), name_(std::move(other.name_)) {}
    Seat& operator=(Seat&& other) noexcept {
      std::swap(tally_, other.tally_);
      std::swap(name_, other.name_);
      return *this;
    }
    ~Seat() {
      if (tally_ != nullptr) tally_->leave(name_);
    }

   private:
    Tally* tally_;
    std::string name_;
  };

  // Nothing: the name has `limit` already; 0: there is none.
  [[nodiscard]] std::optional<Seat> take(const std::string& name, std::size_t limit);

 private:
  void leave(const std::string& name) noexcept;

  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> taken_;  // under mutex_
};

}  // namespace sluice::proxy
