#include "protocol/sql/text.hpp"

#include <algorithm>
#include <optional>

namespace sluice::protocol::sql {
namespace {

// Bytes of the well-formed character at `at`; 0: malformed. Overlong forms and surrogates are not worth telling apart
// here: the server refuses them, and what it refuses touches nothing.
std::size_t character_bytes(std::string_view text, std::size_t at) noexcept {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || text.size() - at < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

// Latin letters with marks, and the Kelvin and Angstrom signs: U+00C0-U+027F, U+1E00-U+1EFF, U+2100-U+213F. No other
// character folds to an ASCII letter in utf8mb3_general_ci.
bool may_fold_to_ascii(std::string_view character) noexcept {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (lead >= 0xC2 && lead <= 0xC9) return true;
  if (character.size() != 3) return false;
  const auto second = static_cast<unsigned char>(character[1]);
  return (lead == 0xE1 && second >= 0xB8 && second <= 0xBB) || (lead == 0xE2 && second == 0x84);
}

// MySQL takes a character outside the basic plane, in a name, for a question mark.
bool may_become_ascii(std::string_view character, char ascii) noexcept {
  return character.size() == 4 ? ascii == '?' : may_fold_to_ascii(character);
}

bool may_be_same_character(std::string_view a, std::string_view b) noexcept {
  if (a.size() == 1 && b.size() == 1) return fold(a[0]) == fold(b[0]);
  if (a.size() == 1) return may_become_ascii(b, a[0]);
  if (b.size() == 1) return may_become_ascii(a, b[0]);
  return true;
}

// How many bytes the text begins with that the server may take for the name; none: it begins otherwise.
std::optional<std::size_t> bytes_that_may_spell(std::string_view name, std::string_view text) noexcept {
  std::size_t i = 0;
  for (std::size_t j = 0; j < name.size();) {
    if (i == text.size()) return std::nullopt;
    const std::size_t in_text = character_bytes(text, i);
    const std::size_t in_name = character_bytes(name, j);
    if (in_text == 0 || in_name == 0) return text.size();  // not what was promised: who knows
    if (!may_be_same_character(text.substr(i, in_text), name.substr(j, in_name))) return std::nullopt;
    i += in_text;
    j += in_name;
  }
  return i;
}

}  // namespace

bool has_high_byte(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return is(c, high_byte); });
}

bool all_digits(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is(c, digit_byte); });
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_bytes(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

bool equals_folded(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return fold(x) == fold(y); });
}

bool may_be_same_name(std::string_view a, std::string_view b) noexcept {
  return bytes_that_may_spell(b, a) == a.size();
}

bool may_contain_name(std::string_view text, std::string_view name) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (bytes_that_may_spell(name, text.substr(at))) return true;
    at += std::max(character_bytes(text, at), std::size_t{1});
  }
  return false;
}

}  // namespace sluice::protocol::sql
