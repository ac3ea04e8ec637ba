// What options are for, in words: for the help of the command line, and for the reference, which is made of this. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::migrator {

struct OptionText {
  std::string_view name;   // of one of known_options()
  std::string_view group;  // which stand together
  std::string_view text;   // Markdown, one line
};

// Of every option, in the order of the reference.
[[nodiscard]] std::span<const OptionText> option_texts() noexcept;

// The first clause of the text, plain.
[[nodiscard]] std::string summary_of(const OptionText& text);

// The tables of docs/options.md: a heading of each group, and a table of its options with their defaults.
[[nodiscard]] std::string options_reference();

}  // namespace sluice::migrator
