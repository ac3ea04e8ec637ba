// Turns the events of one binlog, in order, into calls of the consumer: knows where transactions begin and end, which
// tables are watched and when to switch lists. No sockets, no clock. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "migrator/stream/change_consumer.hpp"
#include "migrator/stream/watched_tables.hpp"
#include "protocol/binlog/event.hpp"
#include "protocol/binlog/table_map.hpp"

namespace sluice::migrator {

class ChangeReader {
 public:
  ChangeReader(Position from, WatchList watched, ChangeConsumer& consumer);

  // One event as the dump sends it. An error is definite: the binlog can't be followed past this event.
  [[nodiscard]] boost::system::error_code read(protocol::binlog::Bytes event, std::stop_token stop);

  // Where a new dump has to begin so that nothing is left out.
  [[nodiscard]] const Position& resume_position() const noexcept { return resume_; }
  // A new dump begins at resume_position(): what was half read is forgotten.
  void restart();

  // See ChangeStream::switch_on_ddl.
  void switch_on_ddl(std::string tag, WatchList next);
  void forget_switch() noexcept { switch_tag_.clear(); }

 private:
  struct AnnouncedTable {
    WatchedIndex index;
    std::optional<protocol::binlog::TableMap> map;  // empty: not of the watched shape
  };

  [[nodiscard]] boost::system::error_code dispatch(const protocol::binlog::Event& event);
  [[nodiscard]] boost::system::error_code read_payload(const protocol::binlog::Event& event);
  [[nodiscard]] boost::system::error_code read_rotate(const protocol::binlog::Event& event);
  [[nodiscard]] boost::system::error_code read_heartbeat(const protocol::binlog::Event& event);
  [[nodiscard]] boost::system::error_code read_query(const protocol::binlog::Event& event);
  [[nodiscard]] boost::system::error_code read_table_map(const protocol::binlog::Event& event);
  [[nodiscard]] boost::system::error_code read_rows(const protocol::binlog::Event& event);

  [[nodiscard]] boost::system::error_code begin_mariadb_group(const protocol::binlog::Event& event);
  void forget_group();
  void end_group();
  void tell_definition(const protocol::binlog::Query& query);
  void tell_statement(const protocol::binlog::Query& query);
  void place_event(const protocol::binlog::EventHeader& header);
  [[nodiscard]] Place place() const;

  ChangeConsumer& consumer_;
  std::stop_token stop_;
  WatchedTables watched_;
  std::string switch_tag_;  // empty: no rule
  WatchList switch_to_;

  protocol::binlog::Checksum checksum_ = protocol::binlog::Checksum::none;  // as the file's first event says
  std::map<std::uint64_t, AnnouncedTable> announced_;
  Position resume_;  // the start of the group that is being read, or where the last one ended
  Position before_;  // of the event that is being read
  Position after_;
  // A group is a transaction, or one statement on its own, with the GTID in front of it.
  enum class Group : std::uint8_t { none, statement, transaction };
  Group group_ = Group::none;
  std::uint64_t connection_id_ = 0;
  std::uint32_t timestamp_s_ = 0;
};

}  // namespace sluice::migrator
