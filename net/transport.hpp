// The connected socket below a stream, and how its thread waits for it. For net's own .cpp files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/stream.hpp"

namespace sluice::net {

// What a socket must be ready for before a call is made again.
enum class Wants : std::uint8_t { nothing, read, write };

// One thread. At most one read, one write and one wait may be under way at a time; buffers and this object must outlive
// the call.
class Transport {
 public:
  virtual ~Transport() = default;
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Not one of this object's descriptors any more once it is closed: -1.
  [[nodiscard]] virtual int handle() const noexcept = 0;
  // 0 bytes: the end of the stream.
  [[nodiscard]] virtual awaitable<result<std::size_t>> read_some(Room into) = 0;
  // All of them.
  [[nodiscard]] virtual awaitable<error_code> write(Bytes bytes) = 0;
  // Takes some without waiting, and may send them a little later: an error may show at a later call only.
  [[nodiscard]] virtual result<std::size_t> try_write(Bytes bytes) noexcept = 0;
  // Whether what was taken is with the kernel, which sends it whatever becomes of this object.
  [[nodiscard]] virtual bool is_settled() const noexcept = 0;
  [[nodiscard]] virtual awaitable<error_code> settle() = 0;
  [[nodiscard]] virtual awaitable<error_code> wait(Wants wants) = 0;
  // Behind what was taken, unless somebody waits for that: then at once, which ends the wait.
  virtual void shutdown_send() noexcept = 0;
  // What is under way returns an error; what is not settled is lost.
  virtual void close() noexcept = 0;
};

// On Asio, or on the ring whose executor the socket has.
[[nodiscard]] std::unique_ptr<Transport> make_transport(Stream::Socket socket);

// send() and recv() without waiting.
[[nodiscard]] result<std::size_t> send_now(int socket, Bytes bytes) noexcept;

}  // namespace sluice::net
