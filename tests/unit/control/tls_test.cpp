#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <memory>

#include "control/server.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/control/fake_migrations.hpp"

namespace sluice::control {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr unsigned KEY_BITS = 2048;
constexpr long VALID_SECONDS = 3600;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using File = std::unique_ptr<std::FILE, Freed<std::fclose>>;

// A folder with a key and a certificate that is signed with it.
class SelfSigned {
 public:
  SelfSigned() {
    const Key key{EVP_RSA_gen(KEY_BITS)};
    const Certificate certificate{X509_new()};
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), VALID_SECONDS);
    X509_set_pubkey(certificate.get(), key.get());
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    PEM_write_X509(File{std::fopen(files().certificate_chain.c_str(), "w")}.get(), certificate.get());
    PEM_write_PrivateKey(File{std::fopen(files().private_key.c_str(), "w")}.get(), key.get(), nullptr, nullptr, 0,
                         nullptr, nullptr);
  }

  TlsFiles files() const { return {(folder_.path() / "cert.pem").string(), (folder_.path() / "key.pem").string()}; }

 private:
  sluice::test::ScratchFolder folder_{"tls"};
};

TEST(HttpServerWithTls, AnswersOverTls) {
  const SelfSigned files;
  FakeMigrations migrations;
  Server server{{.tls = files.files()}, migrations, [] { return ""; }, [] { return true; }};
  server.start();

  asio::io_context io;
  asio::ssl::context context{asio::ssl::context::tls_client};
  asio::ssl::stream<tcp::socket> stream{io, context};
  stream.next_layer().connect({asio::ip::address_v4::loopback(), server.port()});
  stream.handshake(asio::ssl::stream_base::client);
  for (int i = 0; i < 2; ++i) {
    asio::write(stream, asio::buffer(std::string{"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"}));
    std::string answer;
    asio::read_until(stream, asio::dynamic_buffer(answer), "\"ok\"}");
    EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 200 OK"));
  }
}

TEST(HttpServerWithTls, WhoSpeaksPlainIsHungUpOn) {
  const SelfSigned files;
  FakeMigrations migrations;
  Server server{{.tls = files.files()}, migrations, [] { return ""; }, [] { return true; }};
  server.start();

  asio::io_context io;
  tcp::socket socket{io};
  socket.connect({asio::ip::address_v4::loopback(), server.port()});
  asio::write(socket, asio::buffer(std::string{"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"}));
  std::string answer;
  boost::system::error_code error;
  asio::read(socket, asio::dynamic_buffer(answer), error);
  EXPECT_THAT(answer, testing::Not(testing::HasSubstr("HTTP/1.1 200")));
}

}  // namespace
}  // namespace sluice::control
