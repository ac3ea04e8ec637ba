// What can be wrong with a binlog event. Std and Boost.System only.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace sluice::protocol::binlog {

enum class Errc {
  truncated = 1,       // the event ends before what it announces
  trailing_bytes,      // the event goes on after its last field
  bad_value,           // a field holds what its type does not allow
  checksum_mismatch,   // the CRC32 at the event's end is not the event's
  too_large,           // beyond max_event_bytes
  unsupported_format,  // a binlog version or header lengths of before MySQL 5.6 and MariaDB 10
  unsupported_event,   // an event that may not be ignored and is not known here
  unsupported_column,  // a type, or an old form of one, that can be skipped or read by nobody
  bad_compression,     // zlib or zstd can't unpack it
  incident,            // the primary says that it has lost events
  key_not_in_image,    // binlog_row_image left a key column out of the before image
  key_is_null,         // a key column without a value names no row
};

[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] inline boost::system::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), category()};
}

template <class T>
using result = boost::system::result<T>;
using boost::system::error_code;

}  // namespace sluice::protocol::binlog

template <>
struct boost::system::is_error_code_enum<sluice::protocol::binlog::Errc> : std::true_type {};
