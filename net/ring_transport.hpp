// A socket whose thread waits in a ring. For net's own .cpp files.
#pragma once

#include <vector>

#include "net/ring.hpp"
#include "net/transport.hpp"

namespace sluice::net {

class RingTransport final : public Transport {
 public:
  // The socket is this object's from here on.
  RingTransport(Ring& ring, int socket);
  ~RingTransport() override;

  [[nodiscard]] int handle() const noexcept override { return socket_; }
  [[nodiscard]] awaitable<result<std::size_t>> read_some(Room into) override;
  [[nodiscard]] awaitable<error_code> write(Bytes bytes) override;
  [[nodiscard]] result<std::size_t> try_write(Bytes bytes) noexcept override;
  [[nodiscard]] bool is_settled() const noexcept override { return sending_ == nullptr; }
  [[nodiscard]] awaitable<error_code> settle() override;
  [[nodiscard]] awaitable<error_code> wait(Wants wants) override;
  void shutdown_send() noexcept override;
  void close() noexcept override;

 private:
  class Sending;
  struct Sent {};
  void sent(error_code error);
  [[nodiscard]] awaitable<void> pause();

  Ring& ring_;
  int socket_;
  Ring::Expect expect_ = Ring::Expect::nothing_yet;
  Sending* sending_ = nullptr;  // its own owner; at most one
  std::vector<std::unique_ptr<Continuation<Sent>>> wait_for_sent_;
  bool shuts_down_when_sent_ = false;
  error_code failed_;  // what was sent last
};

}  // namespace sluice::net
