// Two ends of TLS over a socket that takes little at a time: whatever the pieces, the bytes arrive.
#include "net/tls_link.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "net/tls_state.hpp"

namespace sluice::net {
namespace {

using Data = std::vector<std::uint8_t>;
using Wants = net::Wants;

Data bytes_of(std::size_t size) {
  Data bytes(size);
  std::uint32_t state = 1;
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

class TlsLinks : public testing::Test {
 protected:
  TlsLinks() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets_.data()), 0);
    constexpr int SMALL = 4096;
    for (const int socket : sockets_) ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &SMALL, sizeof SMALL);
    client = make_client();
    server = make_server({});
  }
  ~TlsLinks() override {
    for (const int socket : sockets_) ::close(socket);
  }
  // The server closes its socket.
  void hang_up() {
    const int other = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(::dup2(other, sockets_[1]), sockets_[1]);
    ::close(other);
  }

  [[nodiscard]] std::unique_ptr<TlsLink> make_client() const {
    return std::make_unique<TlsLink>(client_tls_.state().context.native_handle(), sockets_[0], Bytes{});
  }
  [[nodiscard]] std::unique_ptr<TlsLink> make_server(Bytes already_read) const {
    return std::make_unique<TlsLink>(server_tls_.state().context.native_handle(), sockets_[1], already_read);
  }
  // What the client has said so far, taken off the server's socket.
  [[nodiscard]] Data take_off_the_wire(std::size_t most) const {
    Data taken(most);
    const auto got = ::recv(sockets_[1], taken.data(), taken.size(), MSG_DONTWAIT);
    taken.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return taken;
  }

  void shake_hands() const {
    TlsLink::Step connecting{.wants = Wants::write};
    TlsLink::Step accepting{.wants = Wants::read};
    for (int turn = 0; turn < 100 && (connecting.wants != Wants::nothing || accepting.wants != Wants::nothing);
         ++turn) {
      if (connecting.wants != Wants::nothing) connecting = client->connect();
      if (accepting.wants != Wants::nothing) accepting = server->accept();
      ASSERT_FALSE(connecting.error || accepting.error);
    }
    ASSERT_EQ(SSL_is_init_finished(client->session()), 1);
    ASSERT_EQ(SSL_is_init_finished(server->session()), 1);
  }

  // All of `sent` from one to the other, read in pieces of `piece`.
  static void carry(TlsLink& from, TlsLink& to, const Data& sent, std::size_t piece) {
    Data got;
    Data room(piece);
    std::size_t written = 0;
    bool met_a_full_socket = false;
    while (got.size() < sent.size()) {
      while (written < sent.size()) {
        const auto step = from.write(Bytes{sent}.subspan(written));
        ASSERT_FALSE(step.error) << step.error.message();
        met_a_full_socket |= step.wants == Wants::write;
        if (step.wants != Wants::nothing) break;
        written += step.bytes;
      }
      const auto before = got.size();
      while (true) {
        const auto step = to.read(room);
        ASSERT_FALSE(step.error) << step.error.message();
        if (step.wants != Wants::nothing) break;
        ASSERT_GT(step.bytes, 0U);
        got.insert(got.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(step.bytes));
      }
      ASSERT_TRUE(got.size() > before || written < sent.size()) << "it stands still";
    }
    EXPECT_EQ(got, sent);
    if (sent.size() > 1'000'000) EXPECT_TRUE(met_a_full_socket);
  }

  std::unique_ptr<TlsLink> client;
  std::unique_ptr<TlsLink> server;

 private:
  std::array<int, 2> sockets_{};
  ServerTls server_tls_ = ServerTls::self_signed();
  ClientTls client_tls_ = ClientTls::make(Verify::nothing, "");
};

TEST_F(TlsLinks, carry_what_the_socket_takes_in_parts_only) {
  shake_hands();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{16'384}, std::size_t{100'000}}) {
    SCOPED_TRACE(piece);
    carry(*client, *server, bytes_of(piece == 1 ? 50'000 : 2'000'000), piece);
    carry(*server, *client, bytes_of(piece == 1 ? 50'000 : 2'000'000), piece);
  }
}

TEST_F(TlsLinks, write_that_was_cut_goes_on_from_another_buffer) {
  shake_hands();
  const auto sent = bytes_of(300'000);
  Data got;
  Data room(20'000);
  std::size_t written = 0;
  while (got.size() < sent.size()) {
    const Data moved{sent.begin() + static_cast<std::ptrdiff_t>(written), sent.end()};
    if (!moved.empty()) {
      const auto step = client->write(moved);
      ASSERT_FALSE(step.error) << step.error.message();
      written += step.bytes;
    }
    for (auto step = server->read(room); step.wants == Wants::nothing; step = server->read(room)) {
      ASSERT_FALSE(step.error);
      got.insert(got.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(step.bytes));
    }
  }
  EXPECT_EQ(got, sent);
}

TEST_F(TlsLinks, change_their_keys_in_the_midst_of_it) {
  shake_hands();
  for (const auto& [from, to] : {std::pair{client.get(), server.get()}, std::pair{server.get(), client.get()}}) {
    for (const int whose : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
      carry(*from, *to, bytes_of(10'000), 1000);
      ASSERT_EQ(SSL_key_update(from->session(), whose), 1);
      carry(*from, *to, bytes_of(2'000'000), 5000);
      carry(*to, *from, bytes_of(2'000'000), 5000);
    }
  }
}

TEST_F(TlsLinks, key_update_alone_is_no_end_of_the_stream) {
  shake_hands();
  ASSERT_EQ(SSL_key_update(client->session(), SSL_KEY_UPDATE_REQUESTED), 1);
  ASSERT_EQ(SSL_do_handshake(client->session()), 1);
  Data room(100);
  const auto step = server->read(room);
  EXPECT_EQ(step.wants, Wants::read);
  EXPECT_FALSE(step.error);
  carry(*server, *client, bytes_of(10'000), 1000);
}

TEST_F(TlsLinks, handshake_begins_with_what_was_read_before) {
  ASSERT_EQ(client->connect().wants, Wants::read);
  const auto hello = take_off_the_wire(10'000);
  ASSERT_GT(hello.size(), 100U);
  server = make_server(hello);
  shake_hands();
  carry(*client, *server, bytes_of(100'000), 1000);
}

TEST_F(TlsLinks, handshake_goes_on_behind_what_was_read_before) {
  ASSERT_EQ(client->connect().wants, Wants::read);
  for (const std::size_t ahead : {std::size_t{1}, std::size_t{5}, std::size_t{50}}) {
    SCOPED_TRACE(ahead);
    const auto taken = take_off_the_wire(ahead);
    ASSERT_EQ(taken.size(), ahead);
    server = make_server(taken);
    shake_hands();
    carry(*client, *server, bytes_of(100'000), 1000);
    carry(*server, *client, bytes_of(100'000), 1000);
    client = make_client();
    ASSERT_EQ(client->connect().wants, Wants::read);
  }
}

TEST_F(TlsLinks, goodbye_is_the_end_of_the_stream_behind_all_that_was_said) {
  shake_hands();
  const auto sent = bytes_of(500);
  ASSERT_EQ(client->write(sent).bytes, sent.size());
  client->say_goodbye();
  Data room(1000);
  EXPECT_EQ(server->read(room).bytes, sent.size());
  const auto end = server->read(room);
  EXPECT_EQ(end.wants, Wants::nothing);
  EXPECT_EQ(end.bytes, 0U);
  EXPECT_FALSE(end.error);
}

TEST_F(TlsLinks, nothing_can_be_written_behind_the_end_of_the_stream) {
  shake_hands();
  server->say_goodbye();
  hang_up();
  Data room(1000);
  const auto end = client->read(room);
  EXPECT_EQ(end.bytes, 0U);
  EXPECT_FALSE(end.error);
  EXPECT_TRUE(client->write(bytes_of(10)).error);
}

TEST_F(TlsLinks, handshake_that_the_peer_leaves_is_an_error) {
  ASSERT_EQ(client->connect().wants, Wants::read);
  ASSERT_FALSE(take_off_the_wire(10'000).empty());
  hang_up();
  EXPECT_TRUE(client->connect().error);
}

TEST_F(TlsLinks, peer_that_speaks_no_tls_is_an_error) {
  const auto nonsense = bytes_of(200);
  server = make_server(nonsense);
  EXPECT_TRUE(server->accept().error);
}

}  // namespace
}  // namespace sluice::net
