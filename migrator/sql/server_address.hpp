// Where the primary is and how to log in.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::migrator {

enum class TlsPolicy : std::uint8_t {
  off,             // plain
  required,        // encrypted, whoever answers
  verify_ca,       // and the certificate's chain ends in ca_file
  verify_identity  // and it names the host
};

struct ServerAddress {
  std::string host = "127.0.0.1";  // a name or an address; or, beginning with '/', the path of a unix socket
  std::uint16_t port = 3306;
  std::string user;
  std::string password;
  TlsPolicy tls = TlsPolicy::off;
  std::string tls_ca_file;  // PEM; empty: the system's
};

}  // namespace sluice::migrator
