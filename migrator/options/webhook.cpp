#include "migrator/options/webhook.hpp"

#include <algorithm>

namespace sluice::migrator {
namespace {

constexpr std::array<std::string_view, kNoticeKinds> kKinds{"start",   "ready", "cut_over", "completion",
                                                            "failure", "guard", "rollback"};

}  // namespace

std::string_view to_string(NoticeKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<NoticeKind> notice_kind_from(std::string_view word) noexcept {
  const auto found = std::ranges::find(kKinds, word);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<NoticeKind>(found - kKinds.begin());
}

bool wants(const Webhook& webhook, NoticeKind kind) noexcept {
  return webhook.events.empty() || std::ranges::find(webhook.events, kind) != webhook.events.end();
}

}  // namespace sluice::migrator
