// A client's or a server's connection, plain or TLS, for coroutines. Costs an Asio translation unit: include it in .cpp
// files only.
//
// One thread, that of its executor. At most one read and one write may be under way at a time. Errors are values; the
// end of the stream is not an error but a read of 0 bytes (TLS: also without close_notify, as clients leave it out).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "net/address.hpp"
#include "net/error.hpp"
#include "net/tls.hpp"
#include "protocol/compression/frame_writer.hpp"
#include "protocol/wire/ip_address.hpp"

namespace sluice::net {

template <class T>
using awaitable = boost::asio::awaitable<T>;
using boost::system::error_code;
using boost::system::result;
using Bytes = std::span<const std::uint8_t>;
using Room = std::span<std::uint8_t>;

class TlsLink;
class Transport;

class Stream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  // Takes over a connected socket: sets TCP_NODELAY and keepalive. It lives on the thread of its executor.
  explicit Stream(Socket socket);
  explicit Stream(std::unique_ptr<Transport> transport);  // the same
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) = delete;

  // Waits for at least one byte. `into` must not be empty and must outlive the call.
  [[nodiscard]] awaitable<result<std::size_t>> read_some(Room into);

  // Reads what is there already, without waiting: nothing when there is none (compression: of what read_some() has
  // read already), 0 bytes at the end of the stream. Not while a read_some() waits.
  [[nodiscard]] std::optional<result<std::size_t>> try_read(Room into) noexcept;

  // Where bytes come from that are written: read from `stream`, `behind` bytes before the last that was read there.
  struct Origin {
    Stream& stream;
    std::size_t behind;
  };
  // Writes all of `bytes`, which must outlive the call. Where both are compressed in the same way, whole frames go on
  // as they came, but for their numbers; the origin must not be read from meanwhile.
  [[nodiscard]] awaitable<error_code> write(Bytes bytes, std::optional<Origin> origin = std::nullopt);

  // Writes what is taken now, without waiting: the hot path. 0 when nothing is, and always for what is compressed. An
  // error may show at a later call only, and until is_settled() a close() may lose some of it. With TLS the rest, as it
  // is, must be the next that is written: a record of it may be half sent.
  [[nodiscard]] result<std::size_t> try_write(Bytes bytes) noexcept;

  // What was written is with the kernel, which sends it whatever becomes of this stream.
  [[nodiscard]] bool is_settled() const noexcept;
  [[nodiscard]] awaitable<error_code> settle();

  // Upgrades in place, as the side that accepts. `already_read`: what came behind the SSLRequest (a client may send its
  // ClientHello with it); it must outlive the call.
  [[nodiscard]] awaitable<error_code> accept_tls(ServerTls tls, Bytes already_read);

  // Upgrades in place, as the side that connects. `host` is verified (Verify::identity) and sent as SNI.
  // Errc::certificate_refused where the certificate does not pass.
  [[nodiscard]] awaitable<error_code> connect_tls(ClientTls tls, std::string host);

  // From here on all is compressed, both ways. `already_read`: what came behind the login. `writer` is the thread's,
  // and must outlive the stream.
  void compress(protocol::Compression algorithm, protocol::FrameWriter& writer, Bytes already_read);
  [[nodiscard]] bool is_compressed() const noexcept;
  // Compressed: some of a frame has come that read_some() has not given out.
  [[nodiscard]] bool has_unread() const noexcept;
  // Frames that are written are counted up from here. These do nothing where nothing is compressed.
  void number_frames_from(std::uint8_t sequence) noexcept;
  // From the frame read last, if it came behind the one written last: the other side has spoken, now it is our turn.
  void number_frames_on() noexcept;
  // The same, and from 1 where nothing came: an answer begins to a command that was sent ahead.
  void number_frames_of_answer() noexcept;
  // What has been read is no longer what would be written: none of its frames goes on as it came.
  void forget_frames() noexcept;

  // TLS or a unix socket: a password may be sent in clear.
  [[nodiscard]] bool is_secure() const noexcept;
  [[nodiscard]] bool is_tls() const noexcept;
  // Its two ends, the peer's first. Nothing: it is a unix socket, or was no longer connected.
  [[nodiscard]] const std::optional<protocol::ClientConnection>& connection() const noexcept;
  // "10.0.0.7", or "localhost" for a unix socket.
  [[nodiscard]] const std::string& peer_host() const noexcept;

  // Whether the peer has ended its direction or the connection, behind whatever is still to be read. Does not wait.
  [[nodiscard]] bool has_peer_left() const noexcept;

  // Says that no more will be written; reading goes on. A write() under way ends with an error. With TLS no
  // close_notify is sent, as a crashed client sends none.
  void shutdown_send() noexcept;
  // Ends both directions: pending calls return an error. May be called again. A TLS peer is told by a close_notify, as
  // far as the kernel takes it at once and no record is half written.
  void close() noexcept;

 private:
  struct Compressed;
  [[nodiscard]] awaitable<result<std::size_t>> read_bytes(Room into);
  [[nodiscard]] std::optional<result<std::size_t>> try_read_bytes(Room into) noexcept;
  [[nodiscard]] awaitable<error_code> write_bytes(Bytes bytes);
  [[nodiscard]] result<std::size_t> try_write_bytes(Bytes bytes) noexcept;
  [[nodiscard]] awaitable<result<std::size_t>> read_records(Room into);
  [[nodiscard]] awaitable<error_code> write_records(Bytes bytes);
  // compressed.cpp
  [[nodiscard]] awaitable<result<std::size_t>> read_frames(Room into);
  [[nodiscard]] awaitable<error_code> write_frames(Bytes bytes, std::optional<Origin> origin);
  [[nodiscard]] std::optional<result<std::size_t>> unpack_some(Room into) noexcept;

  std::unique_ptr<Transport> transport_;
  std::unique_ptr<TlsLink> tls_;
  std::unique_ptr<Compressed> compressed_;
  std::string peer_host_ = "unknown";
  std::optional<protocol::ClientConnection> connection_;
  bool is_unix_ = false;
};

// Resolves `address` and connects to the first of its addresses that answers. Errc::host_not_found, deadline_passed, or
// the error of the last address tried.
[[nodiscard]] awaitable<result<Stream>> connect(Address address, std::chrono::steady_clock::time_point deadline);

}  // namespace sluice::net
