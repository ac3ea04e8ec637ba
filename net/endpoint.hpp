// Endpoints of generic sockets as TCP's. For net's own .cpp files.
#pragma once

#include <algorithm>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace sluice::net {

// Of one that is no unix socket's.
[[nodiscard]] inline boost::asio::ip::tcp::endpoint as_tcp(
    const boost::asio::generic::stream_protocol::endpoint& generic) {
  boost::asio::ip::tcp::endpoint endpoint;
  endpoint.resize(generic.size());
  std::copy_n(reinterpret_cast<const char*>(generic.data()), generic.size(), reinterpret_cast<char*>(endpoint.data()));
  return endpoint;
}

}  // namespace sluice::net
