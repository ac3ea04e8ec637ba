#include "control/tls_context.hpp"

#include <stdexcept>

namespace sluice::control {

namespace asio = boost::asio;
using boost::system::error_code;

TlsContext tls_context(const std::optional<TlsFiles>& files) {
  if (!files) return nullptr;
  auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  auto& context = *made;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1);
  error_code error;
  context.use_certificate_chain_file(files->certificate_chain, error);
  if (error) throw std::runtime_error{"can't use the certificate " + files->certificate_chain + ": " + error.message()};
  context.use_private_key_file(files->private_key, asio::ssl::context::pem, error);
  if (error) throw std::runtime_error{"can't use the key " + files->private_key + ": " + error.message()};
  return made;
}

}  // namespace sluice::control
