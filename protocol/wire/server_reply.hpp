// The server's OK, ERR and EOF packets and the text protocol's rows.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_response_packets.html
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/wire/error.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

// Of `status` in OK and EOF packets and in the greeting.
namespace server_status {
inline constexpr std::uint16_t IN_TRANSACTION = 1U << 0;
inline constexpr std::uint16_t AUTOCOMMIT = 1U << 1;
inline constexpr std::uint16_t MORE_RESULTS = 1U << 3;
}  // namespace server_status

// By the first byte and, for EOF, the length. A row may begin with 0x00 or 0xFE too: ask only where a reply may stand.
[[nodiscard]] bool is_ok(Bytes payload) noexcept;
[[nodiscard]] bool is_error(Bytes payload) noexcept;
[[nodiscard]] bool is_eof(Bytes payload) noexcept;  // the classic one, of less than 9 bytes

struct ServerError {
  std::uint16_t code = 0;  // 0: not the server's words
  std::string sqlstate;    // empty before the handshake, when the server sends none
  std::string text;
};
[[nodiscard]] result<ServerError> parse_error(Bytes payload);

struct OkReply {
  std::uint64_t affected_rows = 0;
  std::uint64_t last_insert_id = 0;
  std::uint16_t status = 0;
  std::uint16_t warnings = 0;
  std::string info;  // what follows, unread: a text, and session state where that was agreed upon
};
// Headers 0x00 and, where EOF is deprecated, 0xFE.
[[nodiscard]] result<OkReply> parse_ok(Bytes payload);

struct EofReply {
  std::uint16_t warnings = 0;
  std::uint16_t status = 0;
};
[[nodiscard]] result<EofReply> parse_eof(Bytes payload);

// The first packet of a result set.
[[nodiscard]] result<std::uint64_t> parse_column_count(Bytes payload);

// Views into the payload; nothing stands for NULL.
using TextRow = std::vector<std::optional<std::string_view>>;
[[nodiscard]] result<TextRow> parse_text_row(Bytes payload, std::size_t columns);

}  // namespace sluice::protocol
