// Accepts clients and hands them to the workers in turn. Lives on its executor's thread.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "net/acceptor.hpp"
#include "proxy/session/worker.hpp"

namespace sluice::proxy {

class Listener {
 public:
  // All of these must outlive it, and it the last task of the executor.
  Listener(Shared& shared, const std::vector<std::shared_ptr<Worker>>& workers, boost::asio::any_io_executor executor);

  // Binds all addresses of the configuration, and returns them as they were bound. Throws
  // std::runtime_error with a sentence that names the address.
  [[nodiscard]] std::vector<net::Address> start();
  // From any thread. No client is accepted once the executor has got to it.
  void stop();

 private:
  net::awaitable<void> accept_all(net::Acceptor& acceptor);
  void hand_out(net::Stream::Socket client, Worker& worker);

  Shared& shared_;
  const std::vector<std::shared_ptr<Worker>>& workers_;
  boost::asio::any_io_executor executor_;
  std::list<net::Acceptor> acceptors_;
  std::size_t turn_ = 0;  // whose the next client is
};

}  // namespace sluice::proxy
