// Ends what may block while it ends (a connection that is being made, a name that is being looked up), each on a thread
// of its own. Belongs to one thread.
#pragma once

#include <future>
#include <memory>
#include <vector>

namespace sluice::migrator {

class Retired {
 public:
  // Destroys it soon. Never blocks. Nothing that it uses may be gone before this object is.
  void take(std::shared_ptr<void> ended) {
    std::erase_if(ending_, [](const auto& each) { return each.wait_for(std::chrono::seconds{0}) == kEnded; });
    if (ended == nullptr) return;
    ending_.push_back(std::async(std::launch::async, [ended = std::move(ended)]() mutable { ended.reset(); }));
  }

 private:
  static constexpr auto kEnded = std::future_status::ready;
  std::vector<std::future<void>> ending_;  // whose destructors wait
};

}  // namespace sluice::migrator
