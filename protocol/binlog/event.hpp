// Binlog events: framing, checksum, and those whose contents matter here. Layouts: MySQL's libs/mysql/binlog/event and
// MariaDB's sql/log_event.h. Views in the results point into the bytes given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/binlog/error.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol::binlog {

using protocol::Bytes;
using protocol::Reader;

inline constexpr std::size_t header_bytes = 19;
inline constexpr std::size_t checksum_bytes = 4;
// The largest max_allowed_packet a server can have, and a little for what surrounds a row of that size.
inline constexpr std::size_t max_event_bytes = (std::size_t{1} << 30) + (std::size_t{1} << 20);

enum class EventType : std::uint8_t {
  unknown = 0,
  query = 2,
  stop = 3,
  rotate = 4,
  intvar = 5,
  append_block = 9,
  delete_file = 11,
  rand = 13,
  user_var = 14,
  format_description = 15,
  xid = 16,
  begin_load_query = 17,
  execute_load_query = 18,
  table_map = 19,
  write_rows_v1 = 23,
  update_rows_v1 = 24,
  delete_rows_v1 = 25,
  incident = 26,
  heartbeat = 27,
  ignorable = 28,
  rows_query = 29,
  write_rows_v2 = 30,
  update_rows_v2 = 31,
  delete_rows_v2 = 32,
  gtid = 33,
  anonymous_gtid = 34,
  previous_gtids = 35,
  transaction_context = 36,
  view_change = 37,
  xa_prepare = 38,
  partial_update_rows = 39,
  transaction_payload = 40,
  heartbeat_v2 = 41,
  gtid_tagged = 42,
  mariadb_annotate_rows = 160,
  mariadb_binlog_checkpoint = 161,
  mariadb_gtid = 162,
  mariadb_gtid_list = 163,
  mariadb_start_encryption = 164,
  mariadb_query_compressed = 165,
  mariadb_write_rows_compressed_v1 = 166,
  mariadb_update_rows_compressed_v1 = 167,
  mariadb_delete_rows_compressed_v1 = 168,
  mariadb_write_rows_compressed = 169,
  mariadb_update_rows_compressed = 170,
  mariadb_delete_rows_compressed = 171,
};

// Header flags.
inline constexpr std::uint16_t flag_in_use = 0x01;
inline constexpr std::uint16_t flag_artificial = 0x20;  // made by the dump thread: has no place in the file
inline constexpr std::uint16_t flag_ignorable = 0x80;

struct EventHeader {
  std::uint32_t timestamp_s = 0;
  EventType type = EventType::unknown;  // may be a number that has no name here
  std::uint32_t server_id = 0;
  std::uint32_t size_bytes = 0;
  std::uint32_t next_offset = 0;  // of the event behind it, modulo 2^32; 0: has no place in the file
  std::uint16_t flags = 0;
};

struct Event {
  EventHeader header;
  Bytes body;  // without header and checksum
};

enum class Checksum : std::uint8_t { none = 0, crc32 = 1 };

struct Format {
  std::string server_version;
  Checksum checksum = Checksum::none;  // of all events that follow
};

struct Rotate {
  std::string_view next_file;
  std::uint64_t next_offset = 0;
};

struct Heartbeat {
  std::string_view file;
  std::uint64_t offset = 0;
};

struct Query {
  std::uint32_t connection_id = 0;
  std::uint16_t error_code = 0;  // what the statement failed with on the primary, having changed something
  std::string_view database;
  std::string text;
};

// One event, whole. truncated, trailing_bytes (the size it claims is not the size it has), checksum_mismatch,
// too_large.
[[nodiscard]] result<Event> split_event(Bytes bytes, Checksum checksum);
// The first event of `bytes`, which has no checksum, as in a TRANSACTION_PAYLOAD: nothing where it is not all there
// yet.
[[nodiscard]] result<std::optional<Event>> next_inner_event(Bytes bytes);
// Type and size of what may be any event, before its checksum is known.
[[nodiscard]] result<EventHeader> peek_header(Bytes bytes);

// The whole event, since it says itself whether it has a checksum. unsupported_format.
[[nodiscard]] result<Format> decode_format_description(Bytes bytes);
[[nodiscard]] result<Rotate> decode_rotate(const Event& event);
// heartbeat and heartbeat_v2.
[[nodiscard]] result<Heartbeat> decode_heartbeat(const Event& event);
// query, mariadb_query_compressed and execute_load_query.
[[nodiscard]] result<Query> decode_query(const Event& event);

// What the text of a QUERY event does to the transaction it stands in.
enum class QueryKind : std::uint8_t {
  begin,      // BEGIN, XA START
  end,        // COMMIT, ROLLBACK, XA COMMIT, XA ROLLBACK
  control,    // SAVEPOINT, ROLLBACK TO, RELEASE, XA END
  dml,        // changes rows as a statement: nobody knows which
  definition  // anything else
};
[[nodiscard]] QueryKind classify(std::string_view text) noexcept;

}  // namespace sluice::protocol::binlog
