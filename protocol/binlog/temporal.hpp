// Temporal values of row images as the text the server compares with (sql-common/my_time.cc, my_*_packed_to_binary).
#pragma once

#include <string>

#include "protocol/binlog/error.hpp"
#include "protocol/wire/payload.hpp"
#include "protocol/binlog/table_map.hpp"

namespace sluice::protocol::binlog {

// "2024-02-29", "2024-02-29 23:59:59.120", "-838:59:59"; TIMESTAMP in UTC. Of the types date, newdate, time, time2,
// datetime, datetime2, timestamp, timestamp2 and year; unsupported_column for others, bad_value where the length is not
// the type's.
[[nodiscard]] result<std::string> temporal_text(const WireColumn& column, Bytes value);

}  // namespace sluice::protocol::binlog
