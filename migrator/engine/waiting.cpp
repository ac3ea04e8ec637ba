#include "migrator/engine/waiting.hpp"

namespace sluice::migrator {

BlockerStatus status_of(const gate::Blocker& blocker) {
  return {.connection_id = static_cast<std::uint64_t>(blocker.connection),
          .user = blocker.user,
          .host = blocker.host,
          .statement = blocker.statement,
          .since_ms = blocker.since.count()};
}

std::string describe(const BlockerStatus& blocker) {
  constexpr std::int64_t kMillisPerSecond = 1000;
  return blocker.user + "@" + blocker.host + " (connection " + std::to_string(blocker.connection_id) + ") open for " +
         std::to_string(blocker.since_ms / kMillisPerSecond) + " s";
}

std::optional<std::string> WaitJournal::tell(const WaitReason& reason, TimePoint now) {
  if (reason.key != seen_) {
    seen_ = reason.key;
    seen_since_ = now;
  }
  if (seen_.empty() || seen_ == told_ || now - seen_since_ < kTellAfter) return std::nullopt;
  told_ = seen_;
  return reason.logged.empty() ? reason.text : reason.logged;
}

}  // namespace sluice::migrator
