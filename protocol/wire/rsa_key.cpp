#include "protocol/wire/rsa_key.hpp"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

#include "protocol/wire/openssl_handles.hpp"

namespace sluice::protocol {
namespace {

using openssl::Bio;
using openssl::KeyContext;

constexpr unsigned KEY_BITS = 2048;

}  // namespace

RsaKey::RsaKey() : key_(EVP_RSA_gen(KEY_BITS), [](void* key) { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); }) {
  const Bio bio{BIO_new(BIO_s_mem())};
  if (!key_ || PEM_write_bio_PUBKEY(bio.get(), static_cast<EVP_PKEY*>(key_.get())) != 1) {
    throw std::runtime_error("OpenSSL could not make an RSA key for the clients' passwords");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  public_pem_.assign(text, static_cast<std::size_t>(size));
}

std::optional<Secret> RsaKey::decrypt_password(Bytes encrypted, const Scramble& scramble) const {
  const KeyContext context{EVP_PKEY_CTX_new(static_cast<EVP_PKEY*>(key_.get()), nullptr)};
  if (!context || EVP_PKEY_decrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1) {
    return std::nullopt;
  }
  std::size_t size = KEY_BITS / 8;
  std::vector<std::uint8_t> password(size);
  if (EVP_PKEY_decrypt(context.get(), password.data(), &size, encrypted.data(), encrypted.size()) != 1) {
    return std::nullopt;
  }
  password.resize(size);
  for (std::size_t i = 0; i < password.size(); ++i) password[i] ^= scramble[i % scramble.size()];
  return Secret{std::move(password)};
}

}  // namespace sluice::protocol
