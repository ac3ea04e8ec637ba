// A server's RSA key, made in the test.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <vector>

#include "protocol/wire/greeting.hpp"

namespace sluice::protocol::test {

class RsaKey {
 public:
  RsaKey() : key_(EVP_RSA_gen(2048U), &EVP_PKEY_free) {}

  [[nodiscard]] std::string public_pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio{BIO_new(BIO_s_mem()), &BIO_free};
    PEM_write_bio_PUBKEY(bio.get(), key_.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  // As a server does it: "" where it was not encrypted for this key.
  [[nodiscard]] std::string password(Bytes encrypted, const Scramble& scramble) const {
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context{EVP_PKEY_CTX_new(key_.get(), nullptr),
                                                                              &EVP_PKEY_CTX_free};
    EVP_PKEY_decrypt_init(context.get());
    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING);
    std::string plain(256, '\0');
    std::size_t size = plain.size();
    if (EVP_PKEY_decrypt(context.get(), reinterpret_cast<unsigned char*>(plain.data()), &size, encrypted.data(),
                         encrypted.size()) != 1) {
      return "";
    }
    plain.resize(size);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      plain[i] = static_cast<char>(plain[i] ^ static_cast<char>(scramble[i % scramble.size()]));
    }
    return plain;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

}  // namespace sluice::protocol::test
