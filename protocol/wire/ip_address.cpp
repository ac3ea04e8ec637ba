#include "protocol/wire/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace sluice::protocol {
namespace {

constexpr std::array<std::uint8_t, 12> MAPPED_PREFIX{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

IpAddress without_mapping(IpAddress address) {
  if (address.family == IpAddress::Family::v4) return address;
  if (!std::equal(MAPPED_PREFIX.begin(), MAPPED_PREFIX.end(), address.bytes.begin())) return address;
  IpAddress plain;
  std::copy_n(address.bytes.begin() + MAPPED_PREFIX.size(), plain.size(), plain.bytes.begin());
  return plain;
}

}  // namespace

result<IpAddress> parse_ip_address(std::string_view text) {
  IpAddress address;
  const std::string whole{text.substr(0, text.find('%'))};
  if (whole.size() == text.size() && ::inet_pton(AF_INET, whole.c_str(), address.bytes.data()) == 1) return address;
  address.family = IpAddress::Family::v6;
  if (::inet_pton(AF_INET6, whole.c_str(), address.bytes.data()) == 1) return without_mapping(address);
  return WireErrc::bad_value;
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.family == IpAddress::Family::v4 ? AF_INET : AF_INET6;
  ::inet_ntop(family, address.bytes.data(), text.data(), text.size());
  return text.data();
}

bool IpNetwork::contains(const IpAddress& other) const noexcept {
  if (other.family != address.family) return false;
  const std::size_t whole = prefix_bits / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  other.bytes.begin())) {
    return false;
  }
  const unsigned rest = prefix_bits % 8;
  return rest == 0 || ((address.bytes[whole] ^ other.bytes[whole]) >> (8 - rest)) == 0;
}

result<IpNetwork> parse_ip_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) return address.error();
  const unsigned bits = static_cast<unsigned>(address->size()) * 8;
  if (slash == std::string_view::npos) return IpNetwork{*address, bits};
  const auto digits = text.substr(slash + 1);
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (error != std::errc{} || end != digits.data() + digits.size() || prefix > bits) return WireErrc::bad_value;
  return IpNetwork{*address, prefix};
}

}  // namespace sluice::protocol
