#include "protocol/wire/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace sluice::protocol {
namespace {

using Found = result<std::optional<ProxyHeader>>;

constexpr std::string_view TEXT_SIGNATURE = "PROXY ";
constexpr std::size_t TEXT_MAX_BYTES = 107;
constexpr std::array<std::uint8_t, 12> SIGNATURE{0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D,
                                                 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};
constexpr std::size_t FIXED_BYTES = SIGNATURE.size() + 4;  // and: version and command, family, length
constexpr std::uint8_t LOCAL = 0x20;
constexpr std::uint8_t PROXY = 0x21;
constexpr std::uint8_t UNSPECIFIED = 0x00;
constexpr std::uint8_t TCP_V4 = 0x11;
constexpr std::uint8_t TCP_V6 = 0x21;
constexpr std::uint8_t UNIX_STREAM = 0x31;

template <class Signature>
bool begins(Bytes bytes, const Signature& signature) {
  const auto length = static_cast<std::ptrdiff_t>(std::min(bytes.size(), signature.size()));
  return std::equal(bytes.begin(), bytes.begin() + length, signature.begin(),
                    [](std::uint8_t byte, auto expected) { return byte == static_cast<std::uint8_t>(expected); });
}

// The next word, which one space ends, or the text.
std::string_view take_word(std::string_view& text) {
  const auto end = text.find(' ');
  const auto word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return word;
}

std::optional<std::uint16_t> read_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return port;
}

Found read_text(Bytes bytes) {
  const auto seen = as_text(bytes.first(std::min(bytes.size(), TEXT_MAX_BYTES)));
  const auto end = seen.find("\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() >= TEXT_MAX_BYTES) return WireErrc::bad_value;
    return std::optional<ProxyHeader>{};
  }
  ProxyHeader header{.connection = {}, .bytes = end + 2};
  auto text = seen.substr(TEXT_SIGNATURE.size(), end - TEXT_SIGNATURE.size());
  const auto protocol = take_word(text);
  if (protocol == "UNKNOWN") return header;
  const auto client = parse_ip_address(take_word(text));
  const auto server = parse_ip_address(take_word(text));
  const auto client_port = read_port(take_word(text));
  const auto server_port = read_port(take_word(text));
  const bool is_known = protocol == "TCP4" || protocol == "TCP6";
  if (!is_known || !client || !server || !client_port || !server_port || !text.empty()) return WireErrc::bad_value;
  header.connection = ClientConnection{{*client, *client_port}, {*server, *server_port}};
  return header;
}

std::uint16_t read_u16(Bytes bytes) {
  return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

IpAddress read_address(Bytes bytes, IpAddress::Family family) {
  IpAddress address{.family = family, .bytes = {}};
  std::copy_n(bytes.begin(), address.size(), address.bytes.begin());
  return address;
}

// Of the family's addresses: both, then both ports.
std::optional<ClientConnection> read_connection(Bytes bytes, IpAddress::Family family) {
  const std::size_t size = IpAddress{.family = family, .bytes = {}}.size();
  if (bytes.size() < 2 * size + 4) return std::nullopt;
  return ClientConnection{{read_address(bytes, family), read_u16(bytes.subspan(2 * size))},
                          {read_address(bytes.subspan(size), family), read_u16(bytes.subspan(2 * size + 2))}};
}

Found read_binary(Bytes bytes) {
  if (bytes.size() < FIXED_BYTES) return std::optional<ProxyHeader>{};
  const std::uint8_t command = bytes[SIGNATURE.size()];
  const std::uint8_t family = bytes[SIGNATURE.size() + 1];
  if (command != LOCAL && command != PROXY) return WireErrc::bad_value;
  const std::size_t length = read_u16(bytes.subspan(SIGNATURE.size() + 2));
  ProxyHeader header{.connection = {}, .bytes = FIXED_BYTES + length};
  if (header.bytes > PROXY_HEADER_MAX_BYTES) return WireErrc::packet_too_large;
  if (bytes.size() < header.bytes) return std::optional<ProxyHeader>{};
  if (command == LOCAL || family == UNSPECIFIED || family == UNIX_STREAM) return header;
  if (family != TCP_V4 && family != TCP_V6) return WireErrc::bad_value;
  header.connection = read_connection(bytes.subspan(FIXED_BYTES, length),
                                      family == TCP_V4 ? IpAddress::Family::v4 : IpAddress::Family::v6);
  if (!header.connection) return WireErrc::bad_value;
  return header;
}

std::vector<std::uint8_t> write_text(const std::optional<ClientConnection>& connection) {
  std::string text{TEXT_SIGNATURE};
  if (connection) {
    text += connection->client.address.family == IpAddress::Family::v4 ? "TCP4 " : "TCP6 ";
    text += to_string(connection->client.address) + " " + to_string(connection->server.address) + " " +
            std::to_string(connection->client.port) + " " + std::to_string(connection->server.port);
  } else {
    text += "UNKNOWN";
  }
  text += "\r\n";
  return {text.begin(), text.end()};
}

std::vector<std::uint8_t> write_binary(const std::optional<ClientConnection>& connection) {
  std::vector<std::uint8_t> header{SIGNATURE.begin(), SIGNATURE.end()};
  if (!connection) {
    header.insert(header.end(), {LOCAL, UNSPECIFIED, 0, 0});
    return header;
  }
  const auto& [client, server] = *connection;
  const auto size = client.address.size();
  header.insert(header.end(), {PROXY, client.address.family == IpAddress::Family::v4 ? TCP_V4 : TCP_V6, 0,
                               static_cast<std::uint8_t>(2 * size + 4)});
  for (const auto* end : {&client, &server}) {
    header.insert(header.end(), end->address.bytes.begin(),
                  end->address.bytes.begin() + static_cast<std::ptrdiff_t>(size));
  }
  for (const auto* end : {&client, &server}) {
    header.push_back(static_cast<std::uint8_t>(end->port >> 8));
    header.push_back(static_cast<std::uint8_t>(end->port & 0xFF));
  }
  return header;
}

}  // namespace

bool begins_proxy_header(Bytes bytes) noexcept {
  return begins(bytes, TEXT_SIGNATURE) || begins(bytes, SIGNATURE);
}

Found read_proxy_header(Bytes bytes) {
  if (!begins_proxy_header(bytes)) return WireErrc::bad_value;
  if (bytes.empty()) return std::optional<ProxyHeader>{};
  return bytes[0] == SIGNATURE[0] ? read_binary(bytes) : read_text(bytes);
}

std::vector<std::uint8_t> write_proxy_header(ProxyHeaderVersion version,
                                             const std::optional<ClientConnection>& connection) {
  const bool can_tell = connection && connection->client.address.family == connection->server.address.family;
  const auto& told = can_tell ? connection : std::optional<ClientConnection>{};
  switch (version) {
    case ProxyHeaderVersion::v1:
      return write_text(told);
    case ProxyHeaderVersion::v2:
      return write_binary(told);
  }
  return {};
}

}  // namespace sluice::protocol
