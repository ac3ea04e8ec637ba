// The PROXY protocol, versions 1 (text) and 2 (binary): what a load balancer says of the client before the client's own
// first byte. Pure. https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/wire/ip_address.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

struct ProxyHeader {
  // Nothing: the balancer speaks for itself (LOCAL), or for a client that has no IP address (UNKNOWN, a unix socket).
  std::optional<ClientConnection> connection;
  std::size_t bytes = 0;  // what of the stream it is
};

// Beyond it a header is refused; a longer one of version 1 can't be, of version 2 none has been seen.
inline constexpr std::size_t PROXY_HEADER_MAX_BYTES = 2048;

// Whether these may be the first bytes of a header. No MySQL client's first packet begins so: it would be one of 5 MB,
// or numbered 10.
[[nodiscard]] bool begins_proxy_header(Bytes bytes) noexcept;

// The header at the front of `bytes`; what it holds besides addresses is passed over. Nothing: more bytes are needed.
// WireErrc::bad_value, or packet_too_large as soon as its length says so.
[[nodiscard]] result<std::optional<ProxyHeader>> read_proxy_header(Bytes bytes);

enum class ProxyHeaderVersion : std::uint8_t { v1, v2 };

// Where the families differ, or there is no connection to tell of: UNKNOWN, or LOCAL.
[[nodiscard]] std::vector<std::uint8_t> write_proxy_header(ProxyHeaderVersion version,
                                                           const std::optional<ClientConnection>& connection);

}  // namespace sluice::protocol
