// What is to be posted where, and when it is tried again, as a plain state machine: no sockets, no clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace sluice::migrator {

struct Delivery {
  std::string url;
  std::string id;  // the same at each attempt
  std::string kind;
  std::string body;
};

// In order for each URL; one that does not answer keeps no other waiting.
class DeliveryQueue {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kWaitingMax = 1000;
  static constexpr unsigned kAttemptsMax = 6;
  static constexpr std::chrono::seconds kRetryFirst{1};  // then twice as long each time
  static constexpr std::chrono::seconds kRetryMax{30};

  // False: there are too many already, and this one is left out.
  [[nodiscard]] bool push(Delivery delivery);
  // One that is due, to be tried now, after which done() or failed() is to be said of it. Until then its URL has no
  // next.
  [[nodiscard]] std::optional<Delivery> next(TimePoint now);
  // When the next one is due; nothing: none waits, but behind one that is being tried.
  [[nodiscard]] std::optional<TimePoint> due() const;
  void done(const std::string& url);
  // True: it was the last attempt, and the delivery is given up.
  [[nodiscard]] bool failed(const std::string& url, TimePoint now);
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  // To how many URLs.
  [[nodiscard]] std::size_t targets() const noexcept { return lines_.size(); }

 private:
  struct Line {
    std::deque<Delivery> waiting;
    unsigned attempts = 0;  // of the first
    TimePoint due{};
    bool under_way = false;
  };
  using Lines = std::map<std::string, Line>;  // by URL
  // The one that has been due for longest, so that none is overlooked; of those that are not under way.
  [[nodiscard]] Lines::const_iterator first() const;
  void drop_first(const std::string& url);

  Lines lines_;
  std::size_t waiting_ = 0;
};

}  // namespace sluice::migrator
