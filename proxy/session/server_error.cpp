#include "proxy/session/server_error.hpp"

namespace sluice::proxy {
namespace {

constexpr std::size_t TEXT_MAX = 512;  // MYSQL_ERRMSG_SIZE

PacketBytes error_packet(std::uint8_t sequence, std::uint16_t code, std::string_view state, std::string_view text) {
  text = text.substr(0, TEXT_MAX);
  PacketBytes packet{
      0, 0, 0, sequence, 0xFF, static_cast<std::uint8_t>(code & 0xFF), static_cast<std::uint8_t>(code >> 8)};
  if (!state.empty()) {
    packet.push_back('#');
    packet.insert(packet.end(), state.begin(), state.end());
  }
  packet.insert(packet.end(), text.begin(), text.end());
  const std::size_t payload = packet.size() - 4;
  packet[0] = static_cast<std::uint8_t>(payload & 0xFF);
  packet[1] = static_cast<std::uint8_t>(payload >> 8);
  return packet;
}

}  // namespace

PacketBytes too_many_connections() {
  return error_packet(0, 1040, {}, "Too many connections");
}

PacketBytes server_unreachable(std::string_view reason) {
  return error_packet(0, 1105, {}, "Can't connect to the MySQL server behind the proxy: " + std::string{reason});
}

PacketBytes tls_impossible() {
  return error_packet(0, 1105, {},
                      "The proxy requires TLS of its clients and uses it towards the server as they do, but the server "
                      "offers no TLS");
}

PacketBytes bad_handshake(std::uint8_t sequence) {
  return error_packet(sequence, 1043, "08S01", "Bad handshake");
}

PacketBytes too_many_from(std::string_view host) {
  return error_packet(0, 1040, {}, "Too many connections from " + std::string{host});
}

PacketBytes bad_proxy_header() {
  return error_packet(0, 1043, {}, "Bad handshake: not a header of the PROXY protocol");
}

PacketBytes too_many_of_user(std::uint8_t sequence, std::string_view user) {
  return error_packet(sequence, 1203, "42000",
                      "User " + std::string{user} + " already has more than 'max_user_connections' active connections");
}

PacketBytes idle_for_too_long() {
  return error_packet(0, 4031, "HY000",
                      "The client was disconnected by the server because of inactivity. See wait_timeout and "
                      "interactive_timeout for configuring this behavior.");
}

PacketBytes login_refused(std::uint8_t sequence, std::string_view reason) {
  return error_packet(sequence, 1045, "28000", "Access denied by the proxy: " + std::string{reason});
}

PacketBytes tls_required(std::uint8_t sequence) {
  return error_packet(sequence, 3159, "HY000",
                      "Connections using insecure transport are prohibited while TLS is required.");
}

PacketBytes tls_unavailable(std::uint8_t sequence, std::string_view reason) {
  return error_packet(sequence, 1105, "HY000",
                      "SSL connection error between the proxy and the server: " + std::string{reason});
}

PacketBytes query_interrupted(std::uint8_t sequence) {
  return error_packet(sequence, 1317, "70100", "Query execution was interrupted");
}

PacketBytes table_definition_changed(std::uint8_t sequence) {
  return error_packet(sequence, 1412, "HY000", "Table definition has changed, please retry transaction");
}

PacketBytes error_of(std::uint8_t sequence, const DdlFailure& failure) {
  return error_packet(sequence, failure.code, failure.sqlstate, failure.text);
}

PacketBytes definition_refused(std::uint8_t sequence, std::string_view migration) {
  return error_packet(sequence, 1105, "HY000",
                      "This table is being migrated (" + std::string{migration} +
                          "): its definition can't be changed until the migration has ended or is stopped");
}

}  // namespace sluice::proxy
