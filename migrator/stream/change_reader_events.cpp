// What each kind of event means for the group it stands in and for the consumer.
#include <utility>

#include "migrator/stream/change_reader.hpp"
#include "protocol/binlog/compression.hpp"
#include "protocol/binlog/rows.hpp"

namespace sluice::migrator {

namespace binlog = protocol::binlog;
using binlog::Errc;
using binlog::Event;
using binlog::QueryKind;
using boost::system::error_code;

namespace {

// What makes the rows of one table unreadable need not be the end of the stream.
bool concerns_one_table(error_code error) noexcept {
  return error == Errc::key_not_in_image || error == Errc::key_is_null || error == Errc::unsupported_column;
}

}  // namespace

error_code ChangeReader::begin_mariadb_group(const Event& event) {
  // sequence[8] domain[4] flags[1]. Without "standalone" a transaction follows, though no BEGIN does.
  constexpr std::uint8_t standalone = 1;
  binlog::Reader reader{event.body};
  reader.skip(12);
  const auto flags = reader.u8();
  if (!reader.ok()) return Errc::truncated;
  group_ = (flags & standalone) != 0 ? Group::statement : Group::transaction;
  return {};
}

error_code ChangeReader::read_payload(const Event& event) {
  auto payload = binlog::PayloadReader::open(event);
  if (!payload) return payload.error();
  for (;;) {
    const auto inner = payload->next();
    if (!inner) return inner.error();
    if (!*inner) return {};
    if (const auto error = dispatch(**inner)) return error;
  }
}

error_code ChangeReader::read_rotate(const Event& event) {
  const auto rotate = binlog::decode_rotate(event);
  if (!rotate) return rotate.error();
  // A group without an end is what a crash left at the end of its file: the server has rolled it back.
  forget_group();
  after_ = {std::string{rotate->next_file}, rotate->next_offset};
  return {};
}

error_code ChangeReader::read_heartbeat(const Event& event) {
  const auto heartbeat = binlog::decode_heartbeat(event);
  if (!heartbeat) return heartbeat.error();
  if (group_ != Group::none) return {};
  Position position{std::string{heartbeat->file}, heartbeat->offset};
  if (position > after_) before_ = after_ = resume_ = std::move(position);
  consumer_.on_advanced({after_, 0}, stop_);
  return {};
}

error_code ChangeReader::read_query(const Event& event) {
  const auto query = binlog::decode_query(event);
  if (!query) return query.error();
  switch (binlog::classify(query->text)) {
    case QueryKind::begin:
      group_ = Group::transaction;
      connection_id_ = query->connection_id;
      return {};
    case QueryKind::end:
      end_group();
      return {};
    case QueryKind::control:
      return {};
    case QueryKind::dml:
      connection_id_ = query->connection_id;
      tell_statement(*query);
      break;
    case QueryKind::definition:
      connection_id_ = query->connection_id;
      tell_definition(*query);
      break;
  }
  if (group_ != Group::transaction) end_group();
  return {};
}

void ChangeReader::tell_statement(const binlog::Query& query) {
  for (const auto index : watched_.concerned_by(query.text)) {
    consumer_.on_unfollowable({index, query.text, place()}, stop_);
  }
}

void ChangeReader::tell_definition(const binlog::Query& query) {
  consumer_.on_definition({std::string{query.database}, query.text, place()}, stop_);
  if (switch_tag_.empty() || query.text.find(switch_tag_) == std::string::npos) return;
  watched_.replace(std::exchange(switch_to_, {}));
  switch_tag_.clear();
  announced_.clear();
}

error_code ChangeReader::read_table_map(const Event& event) {
  const auto name = binlog::decode_table_map_name(event);
  if (!name) return name.error();
  announced_.erase(name->table_id);
  const auto index = watched_.find(name->database, name->table);
  if (!index) return {};
  auto& announced = announced_[name->table_id];
  announced.index = *index;
  auto map = binlog::decode_table_map(event);
  if (!map && !concerns_one_table(map.error())) return map.error();
  const auto why = map ? watched_.mismatch(*index, *map) : map.error().message();
  if (why.empty()) {
    announced.map = std::move(*map);
  } else {
    consumer_.on_shape_changed({.table = *index, .why = why, .place = place()}, stop_);
  }
  return {};
}

error_code ChangeReader::read_rows(const Event& event) {
  const auto header = binlog::decode_rows_header(event);
  if (!header) return header.error();
  const auto announced = announced_.find(header->table_id);
  if (announced == announced_.end() || !announced->second.map) return {};
  const auto index = announced->second.index;
  if (watched_[index].writers == Writers::others && header->foreign_keys_unchecked) return {};
  auto keys = binlog::decode_row_keys(event, *announced->second.map, watched_[index].keys);
  if (keys) {
    if (!keys->empty()) consumer_.on_rows({index, std::move(*keys), place()}, stop_);
  } else if (concerns_one_table(keys.error())) {
    const auto cause = keys.error() == Errc::key_not_in_image ? ShapeChanged::Cause::image : ShapeChanged::Cause::shape;
    consumer_.on_shape_changed({index, cause, keys.error().message(), place()}, stop_);
  } else {
    return keys.error();
  }
  return {};
}

}  // namespace sluice::migrator
