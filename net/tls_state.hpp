// What the TLS handles hold. For net's own .cpp files.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "net/tls.hpp"

namespace sluice::net {

struct ServerTls::State {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
};

struct ClientTls::State {
  explicit State(Verify mode) : verify(mode) {}
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
  Verify verify;
};

}  // namespace sluice::net
