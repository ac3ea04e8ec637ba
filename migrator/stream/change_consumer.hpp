// What the change stream tells, in the binlog's order. Std only.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "protocol/binlog/position.hpp"
#include "protocol/binlog/row_key.hpp"

namespace sluice::migrator {

using protocol::binlog::KeyColumn;
using protocol::binlog::Position;
using protocol::binlog::RowKey;

// Of the shadow only what others did to it is told: the engine's own sessions have foreign_key_checks = 0, which the
// binlog says of each change. (Somebody else's with the same setting is taken for one of them.)
enum class Writers : std::uint8_t { all, others };

struct WatchedTable {
  std::string database;
  std::string table;
  std::vector<KeyColumn> keys;
  std::size_t columns = 0;  // of the whole table, as the binlog counts them (generated and invisible ones too)
  Writers writers = Writers::all;
};
using WatchList = std::vector<WatchedTable>;

// Where something stands in the binlog.
struct Place {
  Position transaction_start;       // before the GTID or BEGIN: from here a dump can begin again
  Position before;                  // of the event
  Position after;                   // inside a transaction whose rows go on, no dump may begin here
  std::uint32_t timestamp_s = 0;    // of the primary's clock, when the statement began
  std::uint64_t connection_id = 0;  // of who did it; 0: unknown (MariaDB's row changes)
};

struct WatchedIndex {
  std::uint32_t list = 0;  // 0: the list given at the start; 1 and up: after as many switches
  std::size_t table = 0;   // in that list
};

struct RowsChanged {
  WatchedIndex table;
  std::vector<RowKey> keys;  // of updates both, before and after; each once
  Place place;
};

// A statement that changes rows (binlog_format STATEMENT or MIXED) and names a watched table, or calls what nobody can
// see into: the keys are unknown.
struct Unfollowable {
  WatchedIndex table;
  std::string statement;
  Place place;
};

// The table's columns are no longer what the watch list says, or its rows can't be read (`why`). Its changes of this
// event, and of all that follow in the same shape, are not told.
struct ShapeChanged {
  enum class Cause : std::uint8_t {
    shape,  // or what stands in the columns
    image   // the session logs row images that leave key columns out
  };
  WatchedIndex table;
  Cause cause = Cause::shape;
  std::string why;
  Place place;
};

struct Definition {      // any statement that is neither rows nor transaction control
  std::string database;  // the default one of who did it
  std::string text;
  Place place;
};

// Everything before `after` has been told; a dump can begin again there.
struct Advanced {
  Position after;
  std::uint32_t timestamp_s = 0;  // of the last transaction; 0: a heartbeat, which says that there is nothing newer
};

struct StreamError {
  boost::system::error_code code;
  std::uint16_t server_code = 0;  // 0: not the server's
  std::string sqlstate;
  std::string text;
};

// Called on the stream's thread. A call may block, which holds the stream back (and lets the server drop it in the end:
// it will be taken up again); it must return soon once a stop is requested.
class ChangeConsumer {
 public:
  virtual ~ChangeConsumer() = default;
  virtual void on_rows(RowsChanged change, std::stop_token stop) = 0;
  virtual void on_unfollowable(Unfollowable statement, std::stop_token stop) = 0;
  virtual void on_shape_changed(ShapeChanged change, std::stop_token stop) = 0;
  virtual void on_definition(Definition definition, std::stop_token stop) = 0;
  virtual void on_advanced(Advanced advanced, std::stop_token stop) = 0;
  // The link was lost, or not to be had; it will be tried again.
  virtual void on_link_lost(const StreamError& error, std::stop_token stop) = 0;
  // The last call, unless stop() came first: following is over, and trying again would not help.
  virtual void on_ended(const StreamError& error) = 0;
};

}  // namespace sluice::migrator
