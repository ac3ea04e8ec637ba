#include "protocol/binlog/event.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "protocol/binlog/compression.hpp"

namespace sluice::protocol::binlog {
namespace {

constexpr std::size_t flags_offset = 17;

struct PostHeader {
  EventType type;
  std::uint8_t length_bytes;
};
// What every server since MySQL 5.6 and MariaDB 10.0 says, and what the decoders rely on.
constexpr std::array post_headers{
    PostHeader{EventType::query, 13},         PostHeader{EventType::rotate, 8},
    PostHeader{EventType::table_map, 8},      PostHeader{EventType::write_rows_v1, 8},
    PostHeader{EventType::write_rows_v2, 10},
};

EventHeader read_header(Reader& reader) noexcept {
  EventHeader header;
  header.timestamp_s = reader.u32();
  header.type = static_cast<EventType>(reader.u8());
  header.server_id = reader.u32();
  header.size_bytes = reader.u32();
  header.next_offset = reader.u32();
  header.flags = reader.u16();
  return header;
}

bool checksum_fits(Bytes event) noexcept {
  const auto covered = event.first(event.size() - checksum_bytes);
  // The file's first event carries "in use" while the server writes the file; the sum was made without that flag.
  std::array<std::uint8_t, header_bytes> head{};
  std::copy_n(covered.begin(), header_bytes, head.begin());
  if (static_cast<EventType>(head[4]) == EventType::format_description) {
    head[flags_offset] = static_cast<std::uint8_t>(head[flags_offset] & ~flag_in_use);
  }
  auto sum = ::crc32_z(0, head.data(), head.size());
  sum = ::crc32_z(sum, covered.data() + header_bytes, covered.size() - header_bytes);
  return Reader{event.last(checksum_bytes)}.u32() == sum;
}

}  // namespace

result<EventHeader> peek_header(Bytes bytes) {
  Reader reader{bytes};
  const auto header = read_header(reader);
  if (!reader.ok()) return Errc::truncated;
  if (header.size_bytes < header_bytes) return Errc::bad_value;
  if (header.size_bytes > max_event_bytes) return Errc::too_large;
  return header;
}

result<Event> split_event(Bytes bytes, Checksum checksum) {
  const auto header = peek_header(bytes);
  if (!header) return header.error();
  if (bytes.size() < header->size_bytes) return Errc::truncated;
  if (bytes.size() > header->size_bytes) return Errc::trailing_bytes;
  auto body = bytes.subspan(header_bytes);
  if (checksum == Checksum::crc32) {
    if (body.size() < checksum_bytes) return Errc::truncated;
    if (!checksum_fits(bytes)) return Errc::checksum_mismatch;
    body = body.first(body.size() - checksum_bytes);
  }
  return Event{*header, body};
}

result<std::optional<Event>> next_inner_event(Bytes bytes) {
  if (bytes.size() < header_bytes) return std::optional<Event>{};
  const auto header = peek_header(bytes);
  if (!header) return header.error();
  if (bytes.size() < header->size_bytes) return std::optional<Event>{};
  return std::optional{Event{*header, bytes.subspan(header_bytes, header->size_bytes - header_bytes)}};
}

result<Format> decode_format_description(Bytes bytes) {
  // binlog version[2] server version[50] created[4] header length[1] post-header lengths[n] algorithm[1] crc32[4]
  constexpr std::size_t tail_bytes = 1 + checksum_bytes;
  const auto whole = split_event(bytes, Checksum::none);
  if (!whole) return whole.error();
  if (whole->header.type != EventType::format_description) return Errc::bad_value;
  Reader reader{whole->body};
  const auto version = reader.u16();
  const auto server = as_text(reader.take(50));
  reader.skip(4);
  const auto common_header_bytes = reader.u8();
  if (!reader.ok() || reader.left() < tail_bytes) return Errc::truncated;
  if (version != 4 || common_header_bytes != header_bytes) return Errc::unsupported_format;
  const auto lengths = reader.take(reader.left() - tail_bytes);
  for (const auto& known : post_headers) {
    const auto index = static_cast<std::size_t>(known.type) - 1;
    // Of events that the server no longer writes it says 0.
    if (index < lengths.size() && lengths[index] == 0) continue;
    if (index >= lengths.size() || lengths[index] != known.length_bytes) return Errc::unsupported_format;
  }
  const auto algorithm = reader.u8();
  if (algorithm > static_cast<std::uint8_t>(Checksum::crc32)) return Errc::unsupported_format;
  const auto checksum = static_cast<Checksum>(algorithm);
  if (checksum == Checksum::crc32 && !checksum_fits(bytes)) return Errc::checksum_mismatch;
  return Format{std::string{server.substr(0, server.find('\0'))}, checksum};
}

result<Rotate> decode_rotate(const Event& event) {
  Reader reader{event.body};
  Rotate rotate;
  rotate.next_offset = reader.little_endian(8);
  rotate.next_file = as_text(reader.take_rest());
  if (!reader.ok() || rotate.next_file.empty()) return Errc::truncated;
  return rotate;
}

result<Heartbeat> decode_heartbeat(const Event& event) {
  if (event.header.type == EventType::heartbeat) {
    if (event.body.empty()) return Errc::truncated;
    return Heartbeat{as_text(event.body), event.header.next_offset};
  }
  // Version 2: fields of type, length and value up to the end mark.
  constexpr std::uint64_t end_mark = 0, file_field = 1, offset_field = 2;
  Reader reader{event.body};
  Heartbeat heartbeat;
  while (reader.ok()) {
    const auto field = reader.length_encoded();
    if (field == end_mark) break;
    Reader value{reader.take(reader.length_encoded())};
    if (field == file_field) heartbeat.file = as_text(value.take_rest());
    if (field == offset_field) heartbeat.offset = value.length_encoded();
    if (!value.ok()) return Errc::truncated;
  }
  if (!reader.ok() || heartbeat.file.empty()) return Errc::truncated;
  return heartbeat;
}

result<Query> decode_query(const Event& event) {
  // connection[4] seconds[4] length of database[1] error[2] length of status variables[2] ... database \0 text
  Reader reader{event.body};
  Query query;
  query.connection_id = reader.u32();
  reader.skip(4);
  const auto database_bytes = reader.u8();
  query.error_code = reader.u16();
  const auto status_bytes = reader.u16();
  // file id[4] start of the file's name in the text[4] its end[4] duplicates[1]
  if (event.header.type == EventType::execute_load_query) reader.skip(13);
  reader.skip(status_bytes);
  query.database = as_text(reader.take(database_bytes));
  const auto terminator = reader.u8();
  if (!reader.ok()) return Errc::truncated;
  if (terminator != 0) return Errc::bad_value;
  const auto text = reader.take_rest();
  if (event.header.type != EventType::mariadb_query_compressed) {
    query.text = as_text(text);
    return query;
  }
  const auto unpacked = unpack_mariadb(text);
  if (!unpacked) return unpacked.error();
  query.text = as_text(*unpacked);
  return query;
}

}  // namespace sluice::protocol::binlog
