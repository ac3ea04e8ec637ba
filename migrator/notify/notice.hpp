// Something that happened to a migration, for those outside who asked to be told. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/options/webhook.hpp"

namespace sluice::migrator {

enum class NoticeChannel : std::uint8_t { webhook, hook };
inline constexpr std::size_t kNoticeChannels = 2;
[[nodiscard]] std::string_view to_string(NoticeChannel channel) noexcept;
enum class NoticeOutcome : std::uint8_t {
  delivered,
  retried,   // it failed, and will be tried again
  given_up,  // it failed for the last time
  dropped,   // too many were waiting
};
inline constexpr std::size_t kNoticeOutcomes = 4;
[[nodiscard]] std::string_view to_string(NoticeOutcome outcome) noexcept;

struct Notice {
  Status status;                  // of the migration, at that time
  JournalEntry entry;             // what happened
  std::vector<Webhook> webhooks;  // the migration's own
};

// Of an event of the journal; nothing: nobody is told of it.
[[nodiscard]] std::optional<NoticeKind> notice_kind_of(std::string_view event) noexcept;

// The body of a webhook: a JSON object, without the alter and without any SQL.
[[nodiscard]] std::string body_of(const Notice& notice, NoticeKind kind);

// "sha256=" and the HMAC of the body, in hexadecimal.
[[nodiscard]] std::string signature_of(std::string_view body, std::string_view secret);

// The names that files of command hooks begin with, in the order in which they are run; mostly gh-ost's. `details` is
// the entry's.
[[nodiscard]] std::vector<std::string> hooks_of(std::string_view event, std::string_view details);

// The environment of a command hook: SLUICE_… variables.
using Environment = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] Environment environment_of(const Notice& notice, std::string_view hook);

}  // namespace sluice::migrator
