// Before the server is asked for: who the client is, and whether there is room for it.
#include <algorithm>

#include "proxy/session/session.hpp"

namespace sluice::proxy {

Session::Running Session::arrive() {
  connection_ = client_.connection();
  client_host_ = client_.peer_host();
  const auto& trusted = shared().config.proxy_header_from;
  const bool has_header = connection_ && std::ranges::any_of(trusted, [this](const protocol::IpNetwork& network) {
                            return network.contains(connection_->client.address);
                          });
  if (has_header && co_await take_proxy_header() == Next::end) co_return Next::end;
  if (connection_) client_host_ = protocol::to_string(connection_->client.address);
  address_seat_ = shared().addresses.take(client_host_, limits()->connections_per_address);
  if (!address_seat_) co_return co_await refuse(Refusal::address_connections, too_many_from(client_host_));
  co_return Next::go_on;
}

Session::Running Session::take_proxy_header() {
  while (true) {
    const auto header = protocol::read_proxy_header(from_client_.bytes());
    if (!header) co_return co_await refuse(Refusal::proxy_header, bad_proxy_header());
    if (*header) {
      from_client_.consume((*header)->bytes);
      if ((*header)->connection) connection_ = (*header)->connection;
      co_return Next::go_on;
    }
    // A connection that ends before is a health check.
    if (co_await fill(client_, from_client_) == Next::end) co_return Next::end;
  }
}

Session::Running Session::connect_server() {
  const auto& config = shared().config;
  const auto deadline = std::chrono::steady_clock::now() + limits()->connect_deadline_ms;
  auto connected = co_await net::connect(config.primary, deadline);
  if (!connected) {
    shared().observer.server_unreachable(connected.error().message());
    co_return co_await refuse_login(
        server_unreachable(net::to_string(config.primary) + ": " + connected.error().message()));
  }
  server_.emplace(std::move(*connected));
  if (const auto ends = server_->connection()) port_at_server_ = ends->server.port;
  if (!config.proxy_header_to_primary) co_return Next::go_on;
  if (connection_) port_at_server_ = connection_->client.port;
  const auto header = protocol::write_proxy_header(*config.proxy_header_to_primary, connection_);
  co_return co_await write_to_server(header);
}

// Of a client whose address is not trusted.
Session::Running Session::expect_no_proxy_header() {
  while (from_client_.bytes().size() < PACKET_HEADER_BYTES) {
    if (co_await fill(client_, from_client_) == Next::end) co_return Next::end;
  }
  if (!protocol::begins_proxy_header(from_client_.bytes())) co_return Next::go_on;
  constexpr std::uint8_t BEHIND_THE_LOGIN = 2;
  co_return co_await refuse(
      Refusal::proxy_header,
      login_refused(BEHIND_THE_LOGIN, "a header of the PROXY protocol is not accepted from " + client_host_));
}

Session::Running Session::refuse(Refusal reason, PacketBytes packet) {
  shared().observer.connection_refused(reason, client_host_);
  co_return co_await refuse_login(std::move(packet));
}

bool Session::take_user_seat(const std::string& user) {
  user_seat_.reset();
  user_seat_ = shared().users.take(user, limits()->connections_per_user);
  return user_seat_.has_value();
}

}  // namespace sluice::proxy
