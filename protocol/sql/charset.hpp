// What the scanner must know of the character set in which a client writes its SQL.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::protocol {

enum class ClientCharset : std::uint8_t {
  // utf8mb3, utf8mb4, ascii: no byte of a multi-byte character looks like ASCII, and identifiers are UTF-8.
  utf8,
  // Quotes and backslashes are what they seem (latin1, cp1251, euckr, ...), but identifiers are spelled otherwise.
  ascii_compatible,
  // The second byte of a character may be a backslash or a backquote (sjis, cp932, big5, gbk, gb18030), ASCII bytes
  // may be letters (swe7), or nobody knows: such text is trusted only where it has no byte above 0x7F.
  ambiguous,
};

// The collation id of a handshake response or COM_CHANGE_USER. Unknown ids, and those of character sets that no client
// may use, are `ambiguous`. Source: information_schema.collations of MariaDB 10.11, whose ids below 1024 are MySQL's.
[[nodiscard]] ClientCharset charset_of_collation(std::uint16_t collation) noexcept;

// A name as in SET NAMES, in any case; an unknown or empty name is `ambiguous`.
[[nodiscard]] ClientCharset charset_of_name(std::string_view name) noexcept;

}  // namespace sluice::protocol
