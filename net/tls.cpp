#include "net/tls.hpp"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "net/tls_state.hpp"

namespace sluice::net {
namespace {

namespace ssl = boost::asio::ssl;

constexpr unsigned RSA_KEY_BITS = 2048;
constexpr long SELF_SIGNED_VALIDITY_SECONDS = 10L * 365 * 24 * 3600;

void set_up(ssl::context& context) {
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  // Sessions are resumed by their tickets: nothing is kept of those that are gone.
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
}

void check(const boost::system::error_code& error, const std::string& what, const std::string& file) {
  if (error) throw std::runtime_error("TLS: " + what + " " + file + " can't be used: " + error.message());
}

struct Free {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

Certificate sign_own(EVP_PKEY* key) {
  Certificate certificate{X509_new()};
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), SELF_SIGNED_VALIDITY_SECONDS);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const std::string common_name = "Sluice_Auto_Generated_Server_Certificate";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                             -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  if (X509_sign(certificate.get(), key, EVP_sha256()) == 0) return nullptr;
  return certificate;
}

}  // namespace

ServerTls ServerTls::from_files(const std::string& certificate_file, const std::string& key_file) {
  auto state = std::make_shared<State>();
  set_up(state->context);
  boost::system::error_code error;
  state->context.use_certificate_chain_file(certificate_file, error);
  check(error, "certificate", certificate_file);
  state->context.use_private_key_file(key_file, ssl::context::pem, error);
  check(error, "key", key_file);
  if (SSL_CTX_check_private_key(state->context.native_handle()) != 1) {
    throw std::runtime_error("TLS: key " + key_file + " does not belong to certificate " + certificate_file);
  }
  return ServerTls{std::move(state)};
}

ServerTls ServerTls::self_signed() {
  auto state = std::make_shared<State>();
  set_up(state->context);
  const Key key{EVP_RSA_gen(RSA_KEY_BITS)};
  const Certificate certificate = key ? sign_own(key.get()) : nullptr;
  if (!certificate || SSL_CTX_use_certificate(state->context.native_handle(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(state->context.native_handle(), key.get()) != 1) {
    throw std::runtime_error("TLS: OpenSSL could not make a self-signed certificate");
  }
  return ServerTls{std::move(state)};
}

ClientTls ClientTls::make(Verify verify, const std::string& ca_file) {
  auto state = std::make_shared<State>(verify);
  set_up(state->context);
  boost::system::error_code error;
  if (ca_file.empty()) {
    state->context.set_default_verify_paths(error);
  } else {
    state->context.load_verify_file(ca_file, error);
  }
  check(error, "authority", ca_file);
  return ClientTls{std::move(state)};
}

}  // namespace sluice::net
