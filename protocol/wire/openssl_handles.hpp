// Owning handles of OpenSSL's objects. Only sources that use OpenSSL include this.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>

#include <memory>

namespace sluice::protocol::openssl {

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free>;

}  // namespace sluice::protocol::openssl
