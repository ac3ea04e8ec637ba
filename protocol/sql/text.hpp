// Bytes and names as the SQL of both servers sees them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::protocol::sql {

enum ByteClass : std::uint8_t {
  word_byte = 1,    // part of an unquoted identifier: A-Z a-z 0-9 _ $ and every byte above 0x7F
  high_byte = 2,    // above 0x7F
  digit_byte = 4,   // 0-9
  space_byte = 8,   // what separates tokens: 0x09-0x0D and 0x20
  quote_byte = 16,  // ' " `
  escape_byte = 32,
  dquote_byte = 64,
};

[[nodiscard]] constexpr unsigned char fold(char c) noexcept {
  return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

[[nodiscard]] constexpr std::array<std::uint8_t, 256> make_byte_classes() noexcept {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    unsigned bits = 0;
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (digit || letter || c == '_' || c == '$' || c >= 0x80) bits |= word_byte;
    if (c >= 0x80) bits |= high_byte;
    if (digit) bits |= digit_byte;
    if ((c >= 0x09 && c <= 0x0D) || c == ' ') bits |= space_byte;
    if (c == '\'' || c == '"' || c == '`') bits |= quote_byte;
    if (c == '"') bits |= dquote_byte;
    if (c == '\\') bits |= escape_byte;
    table[c] = static_cast<std::uint8_t>(bits);
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 256> byte_classes = make_byte_classes();

[[nodiscard]] inline std::uint8_t class_of(char c) noexcept {
  return byte_classes[static_cast<unsigned char>(c)];
}
[[nodiscard]] inline bool is(char c, ByteClass wanted) noexcept {
  return (class_of(c) & wanted) != 0;
}

[[nodiscard]] bool has_high_byte(std::string_view text) noexcept;
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
[[nodiscard]] bool all_digits(std::string_view text) noexcept;

// Equal but for the case of A-Z.
[[nodiscard]] bool equals_folded(std::string_view a, std::string_view b) noexcept;

// Could the server take both, valid UTF-8, for the same name? It folds case always for routines and, by its settings,
// for tables; routine names are compared without accents, too (utf8mb3_general_ci), where a character stays one
// character.
[[nodiscard]] bool may_be_same_name(std::string_view a, std::string_view b) noexcept;

// The same of any part of a text, be it within a word.
[[nodiscard]] bool may_contain_name(std::string_view text, std::string_view name) noexcept;

}  // namespace sluice::protocol::sql
