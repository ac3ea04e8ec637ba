// From the server's greeting to its OK: credentials pass through, TLS is each leg's own.
#include <openssl/crypto.h>

#include <boost/asio/post.hpp>

#include "protocol/wire/server_reply.hpp"
#include "proxy/session/session.hpp"

namespace sluice::proxy {
namespace {

// No packet of a login is larger; a peer that says so is no MySQL.
constexpr std::size_t LOGIN_PACKET_MAX = 1024 * 1024;

AuthRelay::Security security_of(const net::Stream& stream) noexcept {
  if (stream.is_tls()) return AuthRelay::Security::tls;
  return stream.is_secure() ? AuthRelay::Security::unix_socket : AuthRelay::Security::none;
}

}  // namespace

Session::Running Session::log_in() {
  if (co_await arrive() == Next::end) co_return Next::end;
  if (co_await connect_server() == Next::end) co_return Next::end;
  if (co_await greet() == Next::end) co_return Next::end;
  if (co_await receive_login() == Next::end) co_return Next::end;
  co_return co_await relay_authentication();
}

Session::Running Session::greet() {
  if (co_await read_packet(Side::server) == Next::end) {
    shared().observer.server_unreachable("it closed the connection before its greeting");
    co_return co_await refuse_login(server_unreachable("it closed the connection before its greeting"));
  }
  const auto payload = payload_of(Side::server);
  auto greeting = protocol::parse_greeting(payload);
  if (!greeting) {  // e.g. 1040 or 1130 instead of a greeting
    (void)co_await send_payload(Side::client, payload);
    co_return Next::end;
  }
  greeting_ = std::move(*greeting);
  greeted_at_ = std::chrono::steady_clock::now();
  server_kind_ = greeting_.is_mariadb() ? protocol::ServerKind::mariadb : protocol::ServerKind::mysql;
  server_expects_ = ServerExpects::login;
  slot_ = shared().gate.enter(gate::ConnectionId{greeting_.thread_id},
                              [worker = worker_, session = weak_from_this()](gate::Wake wake) {
                                boost::asio::post(worker->executor(), [session, wake] {
                                  if (const auto self = session.lock()) self->on_wake(wake);
                                });
                              });

  std::uint32_t offered = greeting_.capabilities & ~(protocol::NOT_RELAYED | protocol::capability::SSL);
  const bool server_has_tls = (greeting_.capabilities & protocol::capability::SSL) != 0;
  const bool as_client = shared().config.server_tls == ServerTlsMode::as_client;
  const bool requires_tls = shared().config.client_tls == ClientTlsMode::required && !client_.is_secure();
  if (requires_tls && as_client && !server_has_tls) co_return co_await refuse_login(tls_impossible());
  if (shared().client_side_tls.load() && (server_has_tls || !as_client)) offered |= protocol::capability::SSL;
  std::vector<std::uint8_t> edited{payload.begin(), payload.end()};
  protocol::write_greeting_capabilities(edited, offered);
  co_return co_await send_payload(Side::client, edited);
}

Session::Running Session::receive_login() {
  if (co_await expect_no_proxy_header() == Next::end) co_return Next::end;
  if (co_await read_packet(Side::client) == Next::end) co_return Next::end;
  if (payload_of(Side::client).size() < protocol::SSL_REQUEST_BYTES) {
    co_return co_await refuse_login(bad_handshake(client_leg_.next_sequence));
  }
  const auto tls = shared().client_side_tls.load();
  if (payload_of(Side::client).size() == protocol::SSL_REQUEST_BYTES &&
      (protocol::capabilities_of(payload_of(Side::client)) & protocol::capability::SSL) != 0 && tls) {
    const auto behind = from_client_.bytes().subspan(client_leg_.packet_bytes);
    const std::vector<std::uint8_t> hello{behind.begin(), behind.end()};
    from_client_.release();
    client_leg_.packet_bytes = 0;
    if (co_await client_.accept_tls(*tls, hello)) co_return Next::end;
    if (co_await read_packet(Side::client) == Next::end) co_return Next::end;
  }
  if (!client_.is_secure() && shared().config.client_tls == ClientTlsMode::required) {
    co_return co_await refuse_login(tls_required(client_leg_.next_sequence));
  }
  const auto payload = payload_of(Side::client);
  auto login = protocol::read_login_response(payload);
  if (!login) co_return co_await refuse_login(bad_handshake(client_leg_.next_sequence));
  if (co_await secure_server() == Next::end) co_return Next::end;
  if (AuthRelay::legs_of(way(), login->plugin) == AuthRelay::Legs::client_secure_only &&
      protocol::sends_clear_password(login->plugin) && login->auth_bytes > 1) {
    co_return co_await refuse_login(
        login_refused(client_leg_.next_sequence, "the password came in clear, and the server's connection has no TLS"));
  }
  std::vector<std::uint8_t> response{payload.begin(), payload.end()};
  protocol::write_relayed_capabilities(response, greeting_.capabilities, server_leg_tls());
  const Next sent = co_await send_payload(Side::server, response);
  server_expects_ = ServerExpects::answer;
  OPENSSL_cleanse(response.data(), response.size());
  agreed_ = login->capabilities & greeting_.capabilities & ~protocol::NOT_RELAYED;
  relay_.emplace(way(), factors(), login->plugin.empty() ? greeting_.plugin : login->plugin, greeting_.scramble,
                 shared().rsa_key ? &*shared().rsa_key : nullptr);
  note_login(std::move(*login));
  co_return sent;
}

// With the SSLRequest that the server would have got from the client: the beginning of its response.
Session::Running Session::secure_server() {
  const bool offered = (greeting_.capabilities & protocol::capability::SSL) != 0;
  switch (shared().config.server_tls) {
    case ServerTlsMode::disabled:
      co_return Next::go_on;
    case ServerTlsMode::as_client:
      if (!client_.is_tls()) co_return Next::go_on;
      break;
    case ServerTlsMode::preferred:
      if (!offered) co_return Next::go_on;
      break;
    case ServerTlsMode::required:
    case ServerTlsMode::verify_ca:
    case ServerTlsMode::verify_identity:
      break;
  }
  if (!offered) co_return co_await refuse_login(tls_unavailable(client_leg_.next_sequence, "the server offers no TLS"));
  const auto payload = payload_of(Side::client).first(protocol::SSL_REQUEST_BYTES);
  std::vector<std::uint8_t> request{payload.begin(), payload.end()};
  protocol::write_relayed_capabilities(request, greeting_.capabilities, protocol::LegTls::on);
  server_expects_ = ServerExpects::nothing;  // the login can't be finished in the midst of the TLS handshake
  if (co_await send_payload(Side::server, request) == Next::end) co_return Next::end;
  const auto error =
      co_await server_->connect_tls(*shared().server_side_tls, net::certificate_name(shared().config.primary));
  if (!error) server_expects_ = ServerExpects::login;
  if (error) co_return co_await refuse_login(tls_unavailable(client_leg_.next_sequence, error.message()));
  co_return Next::go_on;
}

Session::Running Session::relay_authentication() {
  Side from = Side::server;
  while (true) {
    if (co_await read_packet(from) == Next::end) co_return Next::end;
    auto step = from == Side::server ? relay_->from_server(payload_of(from)) : relay_->from_client(payload_of(from));
    if (step.done == AuthRelay::Done::refused) {
      co_return co_await refuse_login(login_refused(client_leg_.next_sequence, step.reason));
    }
    if (step.done != AuthRelay::Done::not_yet) server_expects_ = ServerExpects::nothing;
    if (step.done == AuthRelay::Done::ok) note_autocommit(step.payload);
    if (step.done == AuthRelay::Done::ok && !take_user_seat(user_)) {
      co_return co_await refuse(Refusal::user_connections, too_many_of_user(client_leg_.next_sequence, user_));
    }
    const Next sent = co_await send_payload(step.to, step.payload);
    OPENSSL_cleanse(step.payload.data(), step.payload.size());
    if (sent == Next::end || step.done == AuthRelay::Done::denied) co_return Next::end;
    if (step.done == AuthRelay::Done::ok) break;
    from = step.read_next;
  }
  from_client_.consume(client_leg_.packet_bytes);
  from_server_.consume(server_leg_.packet_bytes);
  client_leg_ = server_leg_ = {};
  begin_compression();
  co_return Next::go_on;
}

// A new session of the user begins, with the server's default. (MySQL's flags say that it autocommits whatever the
// default is, until the session sets it.)
void Session::note_autocommit(net::Bytes ok) {
  transaction_ = {};
  const auto reply = protocol::parse_ok(ok);
  if (!reply) return;
  transaction_.answered({.in_transaction = (reply->status & protocol::server_status::IN_TRANSACTION) != 0,
                         .autocommit = (reply->status & protocol::server_status::AUTOCOMMIT) != 0},
                        TransactionView::Did::begin_or_end);
}

// Both legs or none: what the client agreed to was the server's offer. Each leg has frames of its own.
void Session::begin_compression() {
  const auto algorithm = protocol::compression_of(agreed_);
  if (!algorithm) return;
  const auto begin = [&](net::Stream& leg, Buffer& ahead) {
    leg.compress(*algorithm, worker_->frame_writer(), ahead.bytes());
    ahead.release();
  };
  begin(client_, from_client_);
  begin(*server_, from_server_);
}

Session::Running Session::read_packet(Side side) {
  net::Stream& stream = side == Side::client ? client_ : *server_;
  Buffer& buffer = side == Side::client ? from_client_ : from_server_;
  Leg& leg = side == Side::client ? client_leg_ : server_leg_;
  buffer.consume(leg.packet_bytes);
  leg.packet_bytes = 0;
  while (true) {
    if (buffer.bytes().size() >= PACKET_HEADER_BYTES) {
      const auto header = protocol::read_packet_header(buffer.bytes());
      if (header.length_bytes > LOGIN_PACKET_MAX) co_return Next::end;
      if (buffer.bytes().size() >= PACKET_HEADER_BYTES + header.length_bytes) {
        leg.packet_bytes = PACKET_HEADER_BYTES + header.length_bytes;
        leg.next_sequence = static_cast<std::uint8_t>(header.sequence + 1);
        co_return Next::go_on;
      }
    }
    const auto got = co_await stream.read_some(buffer.room());
    if (!got || *got == 0) co_return Next::end;
    buffer.add(*got);
  }
}

net::Bytes Session::payload_of(Side side) const {
  const Buffer& buffer = side == Side::client ? from_client_ : from_server_;
  const Leg& leg = side == Side::client ? client_leg_ : server_leg_;
  return buffer.bytes().first(leg.packet_bytes).subspan(PACKET_HEADER_BYTES);
}

Session::Running Session::send_payload(Side side, net::Bytes payload) {
  Leg& leg = side == Side::client ? client_leg_ : server_leg_;
  std::vector<std::uint8_t> packet{static_cast<std::uint8_t>(payload.size()),
                                   static_cast<std::uint8_t>(payload.size() >> 8),
                                   static_cast<std::uint8_t>(payload.size() >> 16), leg.next_sequence++};
  packet.insert(packet.end(), payload.begin(), payload.end());
  const Next next = side == Side::client ? co_await write_to_client(packet) : co_await write_to_server(packet);
  OPENSSL_cleanse(packet.data(), packet.size());
  co_return next;
}

Session::Running Session::refuse_login(PacketBytes packet) {
  (void)co_await tell_client(std::move(packet));
  co_return Next::end;
}

AuthRelay::Way Session::way() const noexcept {
  return {.client = security_of(client_), .server = security_of(*server_)};
}

AuthRelay::MultiFactor Session::factors() const noexcept {
  return (agreed_ & protocol::capability::MULTI_FACTOR) != 0 ? AuthRelay::MultiFactor::yes : AuthRelay::MultiFactor::no;
}

protocol::LegTls Session::server_leg_tls() const noexcept {
  return server_->is_tls() ? protocol::LegTls::on : protocol::LegTls::off;
}

void Session::note_login(protocol::LoginResponse login) {
  using protocol::MultiStatements;
  const auto has = [this](std::uint32_t bit) { return (agreed_ & bit) != 0; };
  const auto mariadb = login.mariadb_capabilities & greeting_.mariadb_capabilities;
  answers_.set_dialect({.deprecate_eof = has(protocol::capability::DEPRECATE_EOF),
                        .optional_metadata = has(protocol::capability::OPTIONAL_RESULTSET_METADATA) ||
                                             (mariadb & protocol::mariadb_capability::CACHE_METADATA) != 0,
                        .session_track = has(protocol::capability::SESSION_TRACK)});
  attributes_ = has(protocol::capability::QUERY_ATTRIBUTES) ? Attributes::yes : Attributes::no;
  memory_.set_multi_statements(has(protocol::capability::MULTI_STATEMENTS) ? MultiStatements::yes
                                                                           : MultiStatements::no);
  memory_.set_tracking(has(protocol::capability::SESSION_TRACK) ? SessionMemory::Tracking::yes
                                                                : SessionMemory::Tracking::no);
  user_ = login.user;
  shared().gate.identify(*slot_, login.user, client_host_);
  memory_.apply(LoggedIn{std::move(login.database), login.collation}, 0);
}

}  // namespace sluice::proxy
