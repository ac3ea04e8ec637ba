// A socket that is listened on, TCP or unix. Costs an Asio translation unit: include it in .cpp files only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <optional>

#include "net/socket_file.hpp"
#include "net/stream.hpp"

namespace sluice::net {

// One thread, that of `executor`, once it runs.
class Acceptor {
 public:
  // Blocks for the name's resolution; binds and listens. The file of a unix socket is for everybody and goes with this
  // object; one that nobody listens on is replaced. Throws std::runtime_error with a sentence that names the address.
  Acceptor(const boost::asio::any_io_executor& executor, const Address& address);

  // Where it listens, with the port that the system chose for 0.
  [[nodiscard]] const Address& address() const noexcept { return address_; }
  [[nodiscard]] bool is_open() const noexcept { return acceptor_.is_open(); }

  // Waits for the next peer, whose socket will live on the thread of `executor`.
  [[nodiscard]] awaitable<result<Stream::Socket>> accept(boost::asio::any_io_executor executor);
  // Ends accept() with an error; nobody can connect any more.
  void close() noexcept;

 private:
  void listen_at(const boost::asio::generic::stream_protocol::endpoint& endpoint);

  Address address_;
  std::optional<SocketFile> file_;
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol> acceptor_;
};

}  // namespace sluice::net
