// Accepts clients and hands them to the workers in turn. Lives on the first worker's thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <vector>

#include "proxy/session/worker.hpp"

namespace sluice::proxy {

class Listener {
 public:
  Listener(Shared& shared, const std::vector<std::shared_ptr<Worker>>& workers);

  // Before the workers run: binds, and returns the port. Throws std::runtime_error with a sentence that names the
  // address.
  [[nodiscard]] std::uint16_t start();
  // From any thread. No client is accepted once the first worker has got to it.
  void stop();

 private:
  net::awaitable<void> accept_all();
  void hand_out(net::Stream::Socket client, Worker& worker);

  Shared& shared_;
  const std::vector<std::shared_ptr<Worker>>& workers_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace sluice::proxy
