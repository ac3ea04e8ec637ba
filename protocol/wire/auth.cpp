#include "protocol/wire/auth.hpp"

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "protocol/wire/openssl_handles.hpp"

namespace sluice::protocol {
namespace {

using openssl::Bio;
using openssl::Key;
using openssl::KeyContext;

std::vector<std::uint8_t> digest(const EVP_MD* algorithm, Bytes data) {
  std::vector<std::uint8_t> value(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
  if (EVP_Digest(data.data(), data.size(), value.data(), nullptr, algorithm, nullptr) != 1) {
    std::fputs("OpenSSL computes no SHA-1 or SHA-256\n", stderr);
    std::abort();
  }
  return value;
}

std::vector<std::uint8_t> joined(Bytes first, Bytes second) {
  std::vector<std::uint8_t> both(first.begin(), first.end());
  both.insert(both.end(), second.begin(), second.end());
  return both;
}

// `mask` is repeated.
void cover(std::vector<std::uint8_t>& bytes, Bytes mask) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= mask[i % mask.size()];
}

}  // namespace

std::optional<AuthPlugin> auth_plugin(std::string_view name) noexcept {
  for (const auto plugin : {AuthPlugin::native, AuthPlugin::caching_sha2, AuthPlugin::sha256, AuthPlugin::clear}) {
    if (name == name_of(plugin)) return plugin;
  }
  return std::nullopt;
}

std::string_view name_of(AuthPlugin plugin) noexcept {
  switch (plugin) {
    case AuthPlugin::native:
      return "mysql_native_password";
    case AuthPlugin::caching_sha2:
      return "caching_sha2_password";
    case AuthPlugin::sha256:
      return "sha256_password";
    case AuthPlugin::clear:
      return "mysql_clear_password";
  }
  return {};
}

std::vector<std::uint8_t> native_response(Bytes password, const Scramble& scramble) {
  if (password.empty()) return {};
  const auto* sha1 = EVP_sha1();
  // The first digest is as good as the password to who hears the scramble: it is covered in place, never copied.
  auto response = digest(sha1, password);
  cover(response, digest(sha1, joined(scramble, digest(sha1, response))));
  return response;
}

std::vector<std::uint8_t> caching_sha2_response(Bytes password, const Scramble& scramble) {
  if (password.empty()) return {};
  const auto* sha256 = EVP_sha256();
  auto response = digest(sha256, password);
  cover(response, digest(sha256, joined(digest(sha256, response), scramble)));
  return response;
}

Secret clear_response(Bytes password) {
  std::vector<std::uint8_t> response;
  response.reserve(password.size() + 1);
  response.assign(password.begin(), password.end());
  response.push_back(0);
  return Secret{std::move(response)};
}

std::optional<std::vector<std::uint8_t>> rsa_response(Bytes password, const Scramble& scramble,
                                                      std::string_view public_key_pem) {
  if (public_key_pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return std::nullopt;
  const Bio bio{BIO_new_mem_buf(public_key_pem.data(), static_cast<int>(public_key_pem.size()))};
  const Key key{bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr};
  const KeyContext context{key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr};
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1) {
    return std::nullopt;
  }
  std::vector<std::uint8_t> covered;
  covered.reserve(password.size() + 1);
  covered.assign(password.begin(), password.end());
  covered.push_back(0);
  cover(covered, scramble);
  const Secret plain{std::move(covered)};
  std::size_t size_bytes = 0;
  if (EVP_PKEY_encrypt(context.get(), nullptr, &size_bytes, plain.bytes().data(), plain.bytes().size()) != 1) {
    return std::nullopt;
  }
  std::vector<std::uint8_t> encrypted(size_bytes);
  if (EVP_PKEY_encrypt(context.get(), encrypted.data(), &size_bytes, plain.bytes().data(), plain.bytes().size()) != 1) {
    return std::nullopt;
  }
  encrypted.resize(size_bytes);
  return encrypted;
}

}  // namespace sluice::protocol
