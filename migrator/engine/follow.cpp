#include "migrator/engine/follow.hpp"

#include <cstdlib>
#include <string>

namespace sluice::migrator {
namespace {

constexpr std::uint32_t kServerIdBase = 0x51000000;  // far from those people give their replicas

StreamTls tls_of(TlsPolicy policy) {
  switch (policy) {
    case TlsPolicy::off:
      return StreamTls::off;
    case TlsPolicy::required:
    case TlsPolicy::verify_ca:
    case TlsPolicy::verify_identity:
      return StreamTls::required;
  }
  return StreamTls::required;
}

}  // namespace

StreamLogin stream_login(const ServerAddress& primary) {
  return {.address = net::Address{primary.host, primary.port},
          .user = primary.user,
          .password = primary.password,
          .tls = tls_of(primary.tls),
          .ca_file = primary.tls_ca_file};
}

StreamOptions stream_options(const MigrationId& id) {
  StreamOptions options;
  // Ids are "m" and a number. Of two replicas with one id the server sends the older away.
  options.server_id = kServerIdBase + static_cast<std::uint32_t>(std::strtoull(id.c_str() + 1, nullptr, 10) & 0xFFFFU);
  return options;
}

}  // namespace sluice::migrator
