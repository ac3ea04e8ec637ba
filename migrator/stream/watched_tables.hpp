// The watch list that is in force, and what it says of names, statements and shapes. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "migrator/stream/change_consumer.hpp"
#include "protocol/binlog/table_map.hpp"

namespace sluice::migrator {

class WatchedTables {
 public:
  explicit WatchedTables(WatchList first) : tables_(std::move(first)) {}

  void replace(WatchList next) {
    tables_ = std::move(next);
    ++list_;
  }

  // By the names as information_schema spells them, which is how the binlog does.
  [[nodiscard]] std::optional<WatchedIndex> find(std::string_view database, std::string_view table) const;
  // Each table that the text of a row-changing statement names, or may reach in ways it does not show.
  [[nodiscard]] std::vector<WatchedIndex> concerned_by(std::string_view statement) const;
  // Why the rows of such a map can't be read as described; empty: they can.
  [[nodiscard]] std::string mismatch(WatchedIndex index, const protocol::binlog::TableMap& map) const;
  [[nodiscard]] const WatchedTable& operator[](WatchedIndex index) const { return tables_[index.table]; }

 private:
  WatchList tables_;
  std::uint32_t list_ = 0;
};

}  // namespace sluice::migrator
