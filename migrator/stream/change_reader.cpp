#include "migrator/stream/change_reader.hpp"

#include <utility>

#include "protocol/binlog/event.hpp"

namespace sluice::migrator {

namespace binlog = protocol::binlog;
using binlog::Checksum;
using binlog::Errc;
using binlog::Event;
using binlog::EventType;
using boost::system::error_code;

namespace {

bool has_no_place(const binlog::EventHeader& header) noexcept {
  return header.next_offset == 0 || (header.flags & binlog::flag_artificial) != 0;
}

// The dump's first event comes before the one that tells whether there are checksums, and is sent with one if the
// server writes them now, whatever the file has.
binlog::result<Event> split_rotate(binlog::Bytes bytes) {
  auto event = binlog::split_event(bytes, Checksum::crc32);
  if (!event) event = binlog::split_event(bytes, Checksum::none);
  return event;
}

}  // namespace

ChangeReader::ChangeReader(Position from, WatchList watched, ChangeConsumer& consumer)
    : consumer_(consumer), watched_(std::move(watched)), resume_(from), before_(from), after_(std::move(from)) {}

void ChangeReader::restart() {
  forget_group();
  before_ = after_ = resume_;
}

void ChangeReader::switch_on_ddl(std::string tag, WatchList next) {
  switch_tag_ = std::move(tag);
  switch_to_ = std::move(next);
}

Place ChangeReader::place() const {
  return {resume_, before_, after_, timestamp_s_, connection_id_};
}

void ChangeReader::place_event(const binlog::EventHeader& header) {
  before_ = after_;
  if (has_no_place(header)) return;
  // Offsets have 32 bits on the wire, and a file with a large transaction has more bytes than that.
  constexpr std::uint64_t wrap = std::uint64_t{1} << 32;
  auto offset = before_.offset / wrap * wrap + header.next_offset;
  if (offset < before_.offset) offset += wrap;
  // The file's description is sent in front of a later position as well: it lies behind us, not 4 GB ahead.
  if (header.type == EventType::format_description && offset - before_.offset > header.size_bytes) return;
  after_.offset = offset;
}

void ChangeReader::forget_group() {
  group_ = Group::none;
  announced_.clear();
  connection_id_ = 0;
}

void ChangeReader::end_group() {
  forget_group();
  resume_ = after_;
  consumer_.on_advanced({after_, timestamp_s_}, stop_);
}

error_code ChangeReader::read(binlog::Bytes bytes, std::stop_token stop) {
  stop_ = std::move(stop);
  const auto header = binlog::peek_header(bytes);
  if (!header) return header.error();
  if (header->type == EventType::format_description) {
    const auto format = binlog::decode_format_description(bytes);
    if (!format) return format.error();
    checksum_ = format->checksum;
  }
  const auto event = header->type == EventType::rotate ? split_rotate(bytes) : binlog::split_event(bytes, checksum_);
  if (!event) return event.error();
  if (event->header.type == EventType::heartbeat || event->header.type == EventType::heartbeat_v2) {
    return read_heartbeat(*event);
  }
  place_event(event->header);
  if (event->header.timestamp_s != 0) timestamp_s_ = event->header.timestamp_s;
  if (const auto error = dispatch(*event)) return error;
  if (group_ != Group::none || after_ == resume_) return {};
  end_group();
  return {};
}

error_code ChangeReader::dispatch(const Event& event) {
  using enum EventType;
  switch (event.header.type) {
    case gtid:
    case anonymous_gtid:
    case gtid_tagged:
      group_ = Group::statement;
      return {};
    case mariadb_gtid:
      return begin_mariadb_group(event);
    case query:
    case execute_load_query:
    case mariadb_query_compressed:
      return read_query(event);
    case table_map:
      return read_table_map(event);
    case write_rows_v1:
    case update_rows_v1:
    case delete_rows_v1:
    case write_rows_v2:
    case update_rows_v2:
    case delete_rows_v2:
    case partial_update_rows:
    case mariadb_write_rows_compressed_v1:
    case mariadb_update_rows_compressed_v1:
    case mariadb_delete_rows_compressed_v1:
    case mariadb_write_rows_compressed:
    case mariadb_update_rows_compressed:
    case mariadb_delete_rows_compressed:
      return read_rows(event);
    case transaction_payload:
      return read_payload(event);
    case rotate:
      return read_rotate(event);
    case xid:
    case xa_prepare:
      end_group();
      return {};
    case incident:
      return Errc::incident;
    case stop:
    case format_description:
    case heartbeat:
    case heartbeat_v2:
    case ignorable:
    case rows_query:
    case previous_gtids:
    case transaction_context:
    case view_change:
    case mariadb_annotate_rows:
    case mariadb_binlog_checkpoint:
    case mariadb_gtid_list:
    case mariadb_start_encryption:  // the dump sends what it has decrypted
    // What a statement needs to be run again, in front of its text.
    case intvar:
    case rand:
    case user_var:
    case append_block:
    case delete_file:
    case begin_load_query:
      return {};
    case unknown:
      break;
  }
  return (event.header.flags & binlog::flag_ignorable) != 0 ? error_code{} : Errc::unsupported_event;
}

}  // namespace sluice::migrator
