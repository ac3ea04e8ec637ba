// Who is told of a migration by HTTP, and of what. Values and their words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::migrator {

enum class NoticeKind : std::uint8_t { start, ready, cut_over, completion, failure, guard, rollback };
inline constexpr std::size_t kNoticeKinds = 7;
[[nodiscard]] std::string_view to_string(NoticeKind kind) noexcept;
[[nodiscard]] std::optional<NoticeKind> notice_kind_from(std::string_view word) noexcept;

struct Webhook {
  std::string url;
  std::vector<NoticeKind> events;  // empty: all
  bool operator==(const Webhook&) const = default;
};

inline constexpr std::size_t kWebhooksMax = 16;

[[nodiscard]] bool wants(const Webhook& webhook, NoticeKind kind) noexcept;

}  // namespace sluice::migrator
