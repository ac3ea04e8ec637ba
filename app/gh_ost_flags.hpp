// The flags of gh-ost that `sluice migrate` has by no name of its own: what becomes of each, so that a command line of
// gh-ost's needs only its connection changed. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::app {

struct GhOstFlag {
  enum class Form : std::uint8_t { flag, with_value };
  enum class Use : std::uint8_t {
    is_default,       // what Sluice does anyhow
    changes_nothing,  // Sluice needs nothing of the kind; said, but not refused
    seconds,          // of draining and holding: see command_line.cpp
    refused,          // it asks for what Sluice does otherwise, or not at all
  };
  std::string_view name;  // without dashes
  Form form = Form::flag;
  Use use = Use::changes_nothing;
  std::string_view why;
};

[[nodiscard]] std::span<const GhOstFlag> gh_ost_flags() noexcept;

// Each, and what becomes of it, as a table in Markdown.
[[nodiscard]] std::string gh_ost_reference();

}  // namespace sluice::app
