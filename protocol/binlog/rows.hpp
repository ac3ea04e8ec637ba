// Rows events: which keys they name.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "protocol/binlog/error.hpp"
#include "protocol/binlog/event.hpp"
#include "protocol/binlog/row_key.hpp"
#include "protocol/binlog/table_map.hpp"

namespace sluice::protocol::binlog {

[[nodiscard]] bool is_rows_event(EventType type) noexcept;

struct RowsHeader {
  std::uint64_t table_id = 0;
  bool ends_statement = false;  // the table ids announced so far have no meaning behind this event
  bool foreign_keys_unchecked = false;  // its session has foreign_key_checks = 0 (NO_FOREIGN_KEY_CHECKS_F)
};
[[nodiscard]] result<RowsHeader> decode_rows_header(const Event& event);

// The keys before and after each change, each once, in the order of their first appearance. Of the other columns only
// the length is looked at. `keys` must fit `map` (see fits()). key_not_in_image, key_is_null, bad_value (the event's
// columns are not the map's), truncated, trailing_bytes, bad_compression, unsupported_column.
[[nodiscard]] result<std::vector<RowKey>> decode_row_keys(const Event& event, const TableMap& map,
                                                          std::span<const KeyColumn> keys);

}  // namespace sluice::protocol::binlog
