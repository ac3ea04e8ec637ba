// What can be wrong with the packets of a peer. Std and Boost.System only.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace sluice::protocol {

enum class WireErrc {
  truncated = 1,         // the packet ends before what it announces
  trailing_bytes,        // the packet goes on after its last field
  bad_value,             // a field holds what the protocol does not allow
  packet_too_large,      // beyond the limit that the reader was given
  out_of_order,          // the packet's sequence number is not the next one
  unsupported_protocol,  // not protocol version 10, or a server of before MySQL 4.1
  too_many_rows,         // an answer with more rows or columns than expected of a settings query
  server_error,          // the server answered with ERR; its code, SQLSTATE and text stand beside
};

[[nodiscard]] const boost::system::error_category& wire_category() noexcept;
[[nodiscard]] inline boost::system::error_code make_error_code(WireErrc code) noexcept {
  return {static_cast<int>(code), wire_category()};
}

template <class T>
using result = boost::system::result<T>;
using boost::system::error_code;

}  // namespace sluice::protocol

template <>
struct boost::system::is_error_code_enum<sluice::protocol::WireErrc> : std::true_type {};
