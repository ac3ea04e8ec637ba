// What can go wrong on a connection, beyond what the system and OpenSSL report under their own categories.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

namespace sluice::net {

enum class Errc {
  bad_address = 1,     // a text that is not HOST:PORT, [IPV6]:PORT or a path
  host_not_found,      // the name has no address
  deadline_passed,     // the peer did not answer in time
  interrupted,         // interrupt() was called
  end_of_stream,       // the peer closed in the middle of what was expected
  certificate_refused  // the server's certificate did not pass the configured verification
};

[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] inline boost::system::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), category()};
}

// What a call of the system left in errno.
[[nodiscard]] inline boost::system::error_code system_error(int number) noexcept {
  return {number, boost::system::system_category()};
}

}  // namespace sluice::net

template <>
struct boost::system::is_error_code_enum<sluice::net::Errc> : std::true_type {};
