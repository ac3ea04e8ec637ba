// The check against a real HTTP server, plain and TLS.
#include "migrator/http/http_check.hpp"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>

#include "tests/support/http_stub.hpp"
#include "tests/support/scratch.hpp"
#include "tests/support/wait.hpp"

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using test::HttpStub;
using test::wait_until;
using testing::HasSubstr;
using testing::StartsWith;

bool comes_to_say(const HttpCheck& check, const std::string& words) {
  return wait_until([&] { return check.verdict() == words; });
}

// A key and a certificate of 127.0.0.1 that is signed with it, as files.
class Certificate {
 public:
  Certificate() {
    EVP_PKEY* key = EVP_RSA_gen(2048);
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_EXTENSION* name = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, name, -1);
    X509_sign(certificate, key, EVP_sha256());
    std::FILE* out = std::fopen(chain().c_str(), "w");
    PEM_write_X509(out, certificate);
    (void)std::fclose(out);
    out = std::fopen(this->key().c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    (void)std::fclose(out);
    X509_EXTENSION_free(name);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  [[nodiscard]] std::string chain() const { return folder_.path() / "chain.pem"; }
  [[nodiscard]] std::string key() const { return folder_.path() / "key.pem"; }

 private:
  test::ScratchFolder folder_{"certificate"};
};

TEST(HttpCheck, LetsGoOnWhileItIsAnsweredWith200) {
  HttpStub server;
  const HttpCheck check{"throttle_http", *http_url_from(server.url("/may/go?on=1"))};
  EXPECT_TRUE(comes_to_say(check, ""));
  server.answer(429);
  EXPECT_TRUE(comes_to_say(check, "throttle_http answers 429")) << check.verdict();
  server.answer(204);
  EXPECT_TRUE(comes_to_say(check, "throttle_http answers 204")) << check.verdict();
  server.answer(200);
  EXPECT_TRUE(comes_to_say(check, ""));
  EXPECT_GE(server.heads(), 4U);
  EXPECT_EQ(server.gets(), 0U);
}

TEST(HttpCheck, GetsWhereNoHeadIsKnown) {
  for (const unsigned unknown : {405U, 501U}) {
    HttpStub server;
    server.answer_head(unknown);
    const HttpCheck check{"throttle_http", *http_url_from(server.url())};
    EXPECT_TRUE(comes_to_say(check, ""));
    EXPECT_TRUE(wait_until([&] { return server.gets() >= 2; }));
    EXPECT_EQ(server.heads(), 1U);
  }
}

TEST(HttpCheck, HoldsBackWhereNothingAnswers) {
  HttpStub server;
  server.answer(0);
  const HttpCheck check{"throttle_http", *http_url_from(server.url())};
  EXPECT_THAT(check.verdict(), HasSubstr("has not answered yet"));
  EXPECT_TRUE(wait_until([&] { return check.verdict().starts_with("throttle_http does not answer: "); }))
      << check.verdict();
  server.answer(200);
  EXPECT_TRUE(comes_to_say(check, ""));
  const HttpCheck nobody{"throttle_http", *http_url_from("http://127.0.0.1:1/")};
  EXPECT_TRUE(wait_until([&] { return nobody.verdict().starts_with("throttle_http does not answer: "); }));
}

TEST(HttpCheck, BelievesACertificateOfTheSystemsAuthoritiesOnly) {
  const Certificate known;
  ASSERT_EQ(::setenv("SSL_CERT_FILE", known.chain().c_str(), 1), 0);
  const HttpStub trusted{net::ServerTls::from_files(known.chain(), known.key())};
  const HttpStub stranger{net::ServerTls::self_signed()};
  const HttpCheck check{"throttle_http", *http_url_from(trusted.url())};
  const HttpCheck doubt{"throttle_http", *http_url_from(stranger.url())};
  EXPECT_TRUE(comes_to_say(check, "")) << check.verdict();
  EXPECT_TRUE(wait_until([&] { return doubt.verdict().find("certificate") != std::string::npos; })) << doubt.verdict();
  EXPECT_EQ(stranger.heads(), 0U);
  ASSERT_EQ(::unsetenv("SSL_CERT_FILE"), 0);
}

TEST(HttpCheck, EndsAtOnceInTheMiddleOfARequest) {
  HttpStub server;
  server.answer(0);
  std::chrono::steady_clock::time_point began;
  {
    const HttpCheck check{"throttle_http", *http_url_from(server.url())};
    EXPECT_TRUE(wait_until([&] { return server.heads() > 0; }));
    began = std::chrono::steady_clock::now();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 900ms);
}

}  // namespace
}  // namespace sluice::migrator
