// An HTTP server of the test's own on 127.0.0.1, whose answer the test chooses; plain or TLS, on a thread of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/tls.hpp"

namespace sluice::test {

class HttpStub {
 public:
  explicit HttpStub(std::optional<net::ServerTls> tls = {});  // answers 200
  ~HttpStub();
  HttpStub(const HttpStub&) = delete;
  HttpStub& operator=(const HttpStub&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url(const std::string& target = "/") const;

  // What every request from now on is answered with; 0: nothing, the connection stays open.
  void answer(unsigned status);
  // The same for HEAD alone.
  void answer_head(unsigned status);
  // So far, of all connections.
  [[nodiscard]] unsigned heads() const;
  [[nodiscard]] unsigned gets() const;  // all that is no HEAD

  struct Post {
    std::string head;  // request line and headers
    std::string body;
  };
  [[nodiscard]] std::vector<Post> posts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::test
