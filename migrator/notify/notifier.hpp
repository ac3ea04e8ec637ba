// Tells those outside what happens to migrations: webhooks and command hooks, on threads of their own, so that
// nothing waits for them. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "migrator/notify/notice.hpp"
#include "migrator/notify/webhooks.hpp"

namespace sluice::migrator {

struct NotifierConfig {
  std::vector<Webhook> webhooks;  // of all migrations
  std::string webhook_secret;     // empty: nothing is signed
  std::string hooks_path;         // the folder of command hooks; empty: there are none
};

class Notifier {
 public:
  static constexpr std::size_t kHooksWaitingMax = 1000;
  static constexpr std::string_view kBeforeCutOver = "gh-ost-on-before-cut-over";

  // `to`: a URL's host, or a file's name. Called on any thread; must not block.
  using Report =
      std::function<void(NoticeChannel channel, NoticeOutcome outcome, const std::string& to, const std::string& why)>;

  Notifier(NotifierConfig config, Report report);
  // Gives up what has not been told. Blocks for at most Webhooks::kAnswersWithin.
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Whether anybody is to be told of such an entry.
  [[nodiscard]] bool is_asked(const JournalEntry& entry, const std::vector<Webhook>& webhooks) const;
  // Never blocks.
  void tell(const Notice& notice);

  // The hooks that may put a cut-over off: run here and now. Why one failed, in words; empty: all ended with 0, or
  // there are none. Blocks until then, or until `give_up`.
  [[nodiscard]] std::string ask_before_cut_over(const Notice& notice, const std::function<bool()>& give_up) const;

 private:
  struct Hook {
    std::string name;
    Notice notice;
  };
  void run_hooks(const std::stop_token& stop);
  void run_hook(const Hook& hook, const std::stop_token& stop) const;

  NotifierConfig config_;
  Report report_;
  std::string run_;  // of this process, so that deliveries have ids of their own
  std::atomic<std::uint64_t> deliveries_{0};
  std::mutex mutex_;  // guards hooks_
  std::condition_variable_any changed_;
  std::deque<Hook> hooks_;
  Webhooks webhooks_;
  std::jthread hook_thread_;
};

}  // namespace sluice::migrator
