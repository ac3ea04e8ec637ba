// The server's half of the RSA exchange of caching_sha2_password and sha256_password; the client's is rsa_response().
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "protocol/wire/greeting.hpp"
#include "protocol/wire/payload.hpp"
#include "protocol/wire/secret.hpp"

namespace sluice::protocol {

// The proxy's own key, for clients that encrypt. Made once; read from all threads.
class RsaKey {
 public:
  RsaKey();  // throws std::runtime_error if OpenSSL can make none
  [[nodiscard]] const std::string& public_pem() const noexcept { return public_pem_; }
  // The password and its final zero. Nothing: not encrypted for this key.
  [[nodiscard]] std::optional<Secret> decrypt_password(Bytes encrypted, const Scramble& scramble) const;

 private:
  std::shared_ptr<void> key_;  // an EVP_PKEY
  std::string public_pem_;
};

}  // namespace sluice::protocol
