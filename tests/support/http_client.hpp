// One blocking HTTP/1.1 exchange with a server on this machine.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sluice::test {

struct HttpResponse {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct HttpRequest {
  std::string method = "GET";
  std::uint16_t port = 0;  // of 127.0.0.1
  std::string path = "/";
  std::string body;
  std::map<std::string, std::string> headers;  // Content-Type is application/json where there is a body, unless set
};

// Blocks for at most half a minute (http_limit). Throws boost::system::system_error, which is a std::runtime_error, if
// there is no connection or no whole answer.
[[nodiscard]] HttpResponse exchange(const HttpRequest& request);
[[nodiscard]] HttpResponse request(const std::string& method, std::uint16_t port, const std::string& path,
                                   const std::string& body = "");

}  // namespace sluice::test
