// What a client says to Sluice about its DDL: a comment /* sluice: online, chunk_size = 500 */ in front of a statement,
// and the user variable @sluice_ddl. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::protocol {

enum class DdlMode : std::uint8_t {
  online,    // by a migration, whose end is waited for
  detached,  // by a migration, answered as soon as it has begun
  direct,    // by the server
};

struct DdlComment {
  std::optional<DdlMode> mode;
  std::vector<std::pair<std::string, std::string>> options;  // name and value, without quotes
  std::string problem;                                       // why it can't be understood; empty: it can
  bool operator==(const DdlComment&) const = default;
};

// Of the comments in front of the first word; several count as one.
[[nodiscard]] DdlComment read_ddl_comment(std::string_view sql);

// From the first byte on that is neither white space nor of a comment; a code comment is not skipped.
[[nodiscard]] std::string_view skip_comments(std::string_view sql) noexcept;

// "online", "detached", "off" (and "direct"), in any case.
[[nodiscard]] std::optional<DdlMode> ddl_mode_from(std::string_view word) noexcept;

// Whether the name of that variable stands in the text.
[[nodiscard]] bool mentions_ddl_mode(std::string_view sql) noexcept;

}  // namespace sluice::protocol
