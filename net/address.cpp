#include "net/address.hpp"

#include <charconv>

#include "net/error.hpp"

namespace sluice::net {
namespace {

constexpr std::string_view UNIX_PREFIX = "unix:";

boost::system::result<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return Errc::bad_address;
  return port;
}

}  // namespace

boost::system::result<Address> parse_address(std::string_view text, std::uint16_t default_port) {
  if (text.empty()) return Errc::bad_address;
  if (text.starts_with(UNIX_PREFIX) && text.substr(UNIX_PREFIX.size()).starts_with('/')) {
    text.remove_prefix(UNIX_PREFIX.size());
  }
  if (text.front() == '/') return Address{std::string{text}, 0};

  std::string_view host = text;
  std::string_view rest;
  if (text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return Errc::bad_address;
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (host.empty()) return Errc::bad_address;
  if (rest.empty()) return Address{std::string{host}, default_port};
  if (rest.front() != ':') return Errc::bad_address;
  const auto port = parse_port(rest.substr(1));
  if (!port) return port.error();
  return Address{std::string{host}, *port};
}

std::string to_string(const Address& address) {
  if (address.is_unix()) return address.host;
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::string certificate_name(const Address& address) {
  return address.is_unix() ? "localhost" : address.host;
}

}  // namespace sluice::net
