#include "migrator/notify/notifier.hpp"

#include <unistd.h>

#include <utility>

#include "migrator/notify/commands.hpp"

namespace sluice::migrator {

Notifier::Notifier(NotifierConfig config, Report report)
    : config_(std::move(config)),
      report_(std::move(report)),
      run_(std::to_string(std::chrono::system_clock::now().time_since_epoch().count()) + "-" +
           std::to_string(::getpid())),
      webhooks_(config_.webhook_secret, [this](NoticeOutcome outcome, const std::string& to, const std::string& why) {
        report_(NoticeChannel::webhook, outcome, to, why);
      }) {
  if (config_.hooks_path.empty()) return;
  hook_thread_ = std::jthread([this](const std::stop_token& stop) { run_hooks(stop); });
}

Notifier::~Notifier() = default;

bool Notifier::is_asked(const JournalEntry& entry, const std::vector<Webhook>& webhooks) const {
  if (!config_.hooks_path.empty() && !hooks_of(entry.event, entry.details).empty()) return true;
  return (!config_.webhooks.empty() || !webhooks.empty()) && notice_kind_of(entry.event).has_value();
}

void Notifier::tell(const Notice& notice) {
  if (const auto kind = notice_kind_of(notice.entry.event)) {
    for (const auto* list : {&std::as_const(config_.webhooks), &notice.webhooks}) {
      for (const Webhook& webhook : *list) {
        if (!wants(webhook, *kind)) continue;
        webhooks_.post({.url = webhook.url,
                        .id = run_ + "-" + std::to_string(++deliveries_),
                        .kind = std::string(to_string(*kind)),
                        .body = body_of(notice, *kind)});
      }
    }
  }
  if (config_.hooks_path.empty()) return;
  for (std::string& name : hooks_of(notice.entry.event, notice.entry.details)) {
    bool queued = false;
    {
      const std::scoped_lock lock(mutex_);
      queued = hooks_.size() < kHooksWaitingMax;
      if (queued) hooks_.push_back({name, notice});
    }
    changed_.notify_all();
    if (!queued) report_(NoticeChannel::hook, NoticeOutcome::dropped, name, "too many wait already");
  }
}

void Notifier::run_hooks(const std::stop_token& stop) {
  while (true) {
    Hook hook;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !hooks_.empty(); })) return;
      hook = std::move(hooks_.front());
      hooks_.pop_front();
    }
    if (stop.stop_requested()) return;
    run_hook(hook, stop);
  }
}

void Notifier::run_hook(const Hook& hook, const std::stop_token& stop) const {
  for (const auto& command : commands_of(config_.hooks_path, hook.name).executables) {
    const std::string why =
        run_command(command, environment_of(hook.notice, hook.name), [&] { return stop.stop_requested(); });
    report_(NoticeChannel::hook, why.empty() ? NoticeOutcome::delivered : NoticeOutcome::given_up,
            command.filename().string(), why);
  }
}

std::string Notifier::ask_before_cut_over(const Notice& notice, const std::function<bool()>& give_up) const {
  if (config_.hooks_path.empty()) return {};
  const Commands commands = commands_of(config_.hooks_path, kBeforeCutOver);
  if (!commands.problem.empty()) {
    // Whoever was to be asked has not agreed.
    report_(NoticeChannel::hook, NoticeOutcome::given_up, std::string(kBeforeCutOver), commands.problem);
    return "hook " + std::string(kBeforeCutOver) + ": " + commands.problem;
  }
  for (const auto& command : commands.executables) {
    const std::string why = run_command(command, environment_of(notice, kBeforeCutOver), give_up);
    const std::string name = command.filename().string();
    report_(NoticeChannel::hook, why.empty() ? NoticeOutcome::delivered : NoticeOutcome::given_up, name, why);
    if (!why.empty()) return "hook " + name + ": " + why;
  }
  return {};
}

}  // namespace sluice::migrator
