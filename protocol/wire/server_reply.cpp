#include "protocol/wire/server_reply.hpp"

#include <algorithm>

namespace sluice::protocol {
namespace {

constexpr std::uint8_t OK = 0x00;
constexpr std::uint8_t NULL_VALUE = 0xFB;
constexpr std::uint8_t END = 0xFE;
constexpr std::uint8_t ERROR = 0xFF;
constexpr std::size_t EOF_BELOW_BYTES = 9;
constexpr std::size_t SQLSTATE_BYTES = 5;

bool begins_with(Bytes payload, std::uint8_t byte) noexcept {
  return !payload.empty() && payload.front() == byte;
}

}  // namespace

bool is_ok(Bytes payload) noexcept {
  return begins_with(payload, OK);
}

bool is_error(Bytes payload) noexcept {
  return begins_with(payload, ERROR);
}

bool is_eof(Bytes payload) noexcept {
  return begins_with(payload, END) && payload.size() < EOF_BELOW_BYTES;
}

result<ServerError> parse_error(Bytes payload) {
  Reader reader{payload};
  const auto header = reader.u8();
  ServerError error;
  error.code = reader.u16();
  if (reader.peek() == '#') {
    reader.skip(1);
    error.sqlstate = as_text(reader.take(SQLSTATE_BYTES));
  }
  error.text = as_text(reader.take_rest());
  if (!reader.ok()) return WireErrc::truncated;
  if (header != ERROR) return WireErrc::bad_value;
  return error;
}

result<OkReply> parse_ok(Bytes payload) {
  Reader reader{payload};
  const auto header = reader.u8();
  OkReply reply;
  reply.affected_rows = reader.length_encoded();
  reply.last_insert_id = reader.length_encoded();
  reply.status = reader.u16();
  reply.warnings = reader.u16();
  reply.info = as_text(reader.take_rest());
  if (!reader.ok()) return WireErrc::truncated;
  if (header != OK && header != END) return WireErrc::bad_value;
  return reply;
}

result<EofReply> parse_eof(Bytes payload) {
  Reader reader{payload};
  const auto header = reader.u8();
  EofReply reply;
  reply.warnings = reader.u16();
  reply.status = reader.u16();
  if (!reader.ok()) return WireErrc::truncated;
  if (header != END) return WireErrc::bad_value;
  if (!reader.at_end()) return WireErrc::trailing_bytes;
  return reply;
}

result<std::uint64_t> parse_column_count(Bytes payload) {
  // 0xFB asks for a local file, which a client without CLIENT_LOCAL_FILES is not to be asked.
  if (begins_with(payload, NULL_VALUE)) return WireErrc::bad_value;
  Reader reader{payload};
  const auto count = reader.length_encoded();
  if (!reader.ok()) return WireErrc::truncated;
  if (!reader.at_end()) return WireErrc::trailing_bytes;
  if (count == 0) return WireErrc::bad_value;
  return count;
}

result<TextRow> parse_text_row(Bytes payload, std::size_t columns) {
  Reader reader{payload};
  TextRow row;
  row.reserve(std::min(columns, payload.size()));
  while (row.size() < columns && reader.ok()) {
    if (reader.peek() == NULL_VALUE) {
      reader.skip(1);
      row.emplace_back();
    } else {
      row.emplace_back(as_text(reader.length_encoded_bytes()));
    }
  }
  if (!reader.ok()) return WireErrc::truncated;
  if (!reader.at_end()) return WireErrc::trailing_bytes;
  return row;
}

}  // namespace sluice::protocol
