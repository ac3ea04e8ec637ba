// What passes between a client and a server that one in between follows. The input's first byte chooses the dialect and
// its second how many commands are under way; then come their first bytes, then the server's answers, which are read
// twice: whole and byte by byte. The same bytes serve as a command's body.
#include <array>
#include <cstdlib>

#include "protocol/wire/auth_relay.hpp"
#include "protocol/wire/command.hpp"
#include "protocol/wire/login_response.hpp"
#include "protocol/wire/rsa_key.hpp"

namespace {

using namespace sluice::protocol;
using Security = AuthRelay::Security;

constexpr std::array SECURITIES{Security::none, Security::unix_socket, Security::tls};

void require(bool promise) {
  if (!promise) std::abort();
}

struct Heard {
  std::size_t endings = 0;
  std::size_t expected = 0;
  bool wants_client_data = false;
  bool operator==(const Heard&) const = default;
};

Heard listen(Answers answers, Bytes stream, std::size_t piece_bytes) {
  Heard heard;
  while (!stream.empty()) {
    auto piece = stream.first(std::min(piece_bytes, stream.size()));
    stream = stream.subspan(piece.size());
    while (answers.next(piece)) ++heard.endings;
    require(piece.empty());
  }
  heard.expected = answers.expected();
  heard.wants_client_data = answers.wants_client_data();
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader{{data, size}};
  const auto dialect = reader.u8();
  Answers answers;
  answers.set_dialect({.deprecate_eof = (dialect & 1) != 0,
                       .optional_metadata = (dialect & 2) != 0,
                       .session_track = (dialect & 4) != 0});
  for (const auto code : reader.take(reader.u8() % 8)) {
    const auto shape = shape_of(static_cast<CommandCode>(code));
    if (shape != AnswerShape::none) answers.expect(shape);
  }
  const auto rest = reader.take_rest();
  const auto expected = answers.expected();
  const auto whole = listen(answers, rest, rest.size() + 1);
  require(whole == listen(answers, rest, 1));
  require(whole.endings + whole.expected == expected);

  const auto sql = sql_of({.code = CommandCode::query, .body = rest}, Attributes::yes);
  require(!sql || sql->size() <= rest.size());
  (void)read_login_response(rest);
  std::vector<std::uint8_t> edited{rest.begin(), rest.end()};
  if (const auto greeting = parse_greeting(rest)) {
    write_greeting_capabilities(edited, greeting->capabilities & ~NOT_RELAYED);
    const auto again = parse_greeting(edited);
    require(again && again->scramble == greeting->scramble && again->plugin == greeting->plugin);
    require(again->capabilities == (greeting->capabilities & ~NOT_RELAYED));
    require(again->mariadb_capabilities == (greeting->mariadb_capabilities & RELAYED_OF_MARIADB));
  }
  (void)read_change_user(rest);
  AuthRelay relay{
      {.client = AuthRelay::Security::tls}, AuthRelay::MultiFactor::yes, "caching_sha2_password", Scramble{}, nullptr};
  (void)relay.from_server(rest.first(std::min<std::size_t>(rest.size(), 2)));
  (void)relay.from_client(rest);
  (void)relay.from_server(rest);
  static const RsaKey key;
  for (const auto client : SECURITIES) {
    for (const auto server : SECURITIES) {
      for (const auto* plugin : {"caching_sha2_password", "sha256_password"}) {
        AuthRelay other{{client, server}, AuthRelay::MultiFactor::no, plugin, Scramble{}, &key};
        for (Reader packets{rest}; !packets.at_end();) {
          const auto packet = packets.take(std::min<std::size_t>(packets.u8(), packets.left()));
          (void)other.from_server(packet);
          (void)other.from_client(packet);
        }
      }
    }
  }
  return 0;
}
