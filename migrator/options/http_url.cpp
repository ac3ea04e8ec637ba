#include "migrator/options/http_url.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace sluice::migrator {

std::optional<HttpUrl> http_url_from(std::string_view text) {
  constexpr std::uint16_t kHttpPort = 80;
  constexpr std::uint16_t kHttpsPort = 443;
  const auto url = boost::urls::parse_uri(text);
  if (!url || url->encoded_host().empty() || url->has_userinfo() || url->has_fragment()) return std::nullopt;
  HttpUrl result;
  switch (url->scheme_id()) {
    case boost::urls::scheme::http:
      result.address.port = kHttpPort;
      break;
    case boost::urls::scheme::https:
      result.scheme = HttpUrl::Scheme::https;
      result.address.port = kHttpsPort;
      break;
    case boost::urls::scheme::none:
    case boost::urls::scheme::unknown:
    case boost::urls::scheme::ftp:
    case boost::urls::scheme::file:
    case boost::urls::scheme::ws:
    case boost::urls::scheme::wss:
      return std::nullopt;
  }
  if (const std::string port{url->port()}; !port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), result.address.port);
    if (error != std::errc{} || result.address.port == 0) return std::nullopt;
  }
  result.address.host = std::string(url->host_address());
  if (result.address.is_unix()) return std::nullopt;
  result.host = std::string(url->encoded_host_and_port());
  result.target = std::string(url->encoded_target());
  if (!result.target.starts_with('/')) result.target.insert(0, "/");
  return result;
}

}  // namespace sluice::migrator
