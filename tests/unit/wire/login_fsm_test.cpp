#include "protocol/wire/login_fsm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "greetings.hpp"
#include "rsa_key.hpp"

namespace sluice::protocol {
namespace {

using test::greeting_of;
using test::scramble_of;
using test::Server;
using Buffer = std::vector<std::uint8_t>;
using Next = LoginFsm::Next;

constexpr std::string_view NEW_SCRAMBLE_TEXT = "ABCDEFGHIJKLMNOPQRST";
constexpr std::string_view IN_CLEAR{"secret\0", 7};
const std::string NATIVE = "mysql_native_password";
const std::string SHA256 = "sha256_password";
const std::string CLEAR = "mysql_clear_password";
constexpr std::uint32_t WITH_TLS = 0xFFFFFFFF;

LoginRequest request(std::string_view password = "secret") {
  return {.user = "app", .password = Secret{password}, .database = "shop"};
}

Buffer bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

Buffer more_data(std::string_view data) {
  return bytes("\x01" + std::string{data});
}

Buffer auth_switch(const std::string& plugin, std::string_view scramble = NEW_SCRAMBLE_TEXT) {
  return bytes("\xFE" + plugin + '\0' + std::string{scramble} + '\0');
}

Buffer ok() {
  return {0, 0, 0, 2, 0, 0, 0};
}

Buffer denied() {
  auto payload = bytes("\xFF..#28000Access denied");
  payload[1] = 0x15;
  payload[2] = 0x04;
  return payload;
}

struct HandshakeResponse {
  std::uint32_t capabilities = 0;
  std::string user;
  std::string answer;
  std::string database;
  std::string plugin;
};

// A login as the two sides see it: the server speaks, the client answers, and the numbering goes on by itself.
class Dialogue {
 public:
  explicit Dialogue(LoginRequest login = request()) : fsm(std::move(login)) {}

  Next server_says(Bytes payload) {
    step_ = fsm.on_packet({.payload = payload, .sequence = sequence_++});
    return read_sent();
  }
  Next upgraded() {
    step_ = fsm.on_upgraded();
    return read_sent();
  }
  [[nodiscard]] const std::string& sent() const { return sent_; }
  [[nodiscard]] const LoginError& error() const { return step_.error; }
  [[nodiscard]] HandshakeResponse response() const {
    Reader reader{as_bytes(sent_)};
    HandshakeResponse response;
    response.capabilities = reader.u32();
    reader.skip(4 + 1 + 23);
    response.user = reader.zero_terminated();
    response.answer = as_text(reader.length_encoded_bytes());
    if ((response.capabilities & capability::CONNECT_WITH_DB) != 0) response.database = reader.zero_terminated();
    response.plugin = reader.zero_terminated();
    EXPECT_TRUE(reader.ok() && reader.at_end());
    return response;
  }

  LoginFsm fsm;

 private:
  Next read_sent() {
    sent_.clear();
    if (step_.send.empty()) return step_.next;
    const auto header = read_packet_header(step_.send.bytes());
    EXPECT_EQ(header.sequence, sequence_++);
    sent_ = as_text(step_.send.bytes().subspan(PACKET_HEADER_BYTES));
    EXPECT_EQ(header.length_bytes, sent_.size());
    return step_.next;
  }

  LoginFsm::Step step_;
  std::string sent_;
  std::uint8_t sequence_ = 0;
};

std::string text_of(const Buffer& buffer) {
  return std::string{as_text(buffer)};
}

TEST(Login, ByTheFastPathOfCachingSha2) {
  Dialogue login;
  ASSERT_EQ(login.server_says(greeting_of({})), Next::read);
  const auto response = login.response();
  EXPECT_EQ(response.user, "app");
  EXPECT_EQ(response.database, "shop");
  EXPECT_EQ(response.plugin, "caching_sha2_password");
  EXPECT_EQ(response.answer, text_of(caching_sha2_response(as_bytes("secret"), scramble_of(test::SCRAMBLE_TEXT))));
  EXPECT_EQ(response.capabilities & (capability::SSL | capability::DEPRECATE_EOF | capability::MULTI_STATEMENTS), 0U);
  ASSERT_EQ(login.server_says(more_data("\x03")), Next::read);
  EXPECT_EQ(login.sent(), "");
  EXPECT_EQ(login.server_says(ok()), Next::done);
  EXPECT_EQ(login.fsm.greeting().thread_id, 4711U);
}

TEST(Login, ByTheNativePasswordOfMariaDb) {
  Dialogue login;
  ASSERT_EQ(login.server_says(greeting_of(
                {.version = "5.5.5-10.11.6-MariaDB", .plugin = NATIVE, .capabilities = 0xFFFFFFFE & ~capability::SSL})),
            Next::read);
  EXPECT_EQ(login.response().answer, text_of(native_response(as_bytes("secret"), scramble_of(test::SCRAMBLE_TEXT))));
  EXPECT_NE(login.response().capabilities & capability::LONG_PASSWORD, 0U);
  EXPECT_EQ(login.server_says(ok()), Next::done);
}

TEST(Login, SendsTheFullPasswordInClearOverTls) {
  Dialogue login;
  ASSERT_EQ(login.server_says(greeting_of({.capabilities = WITH_TLS})), Next::upgrade);
  ASSERT_EQ(login.sent().size(), 32U);
  EXPECT_NE(Reader{as_bytes(login.sent())}.u32() & capability::SSL, 0U);
  ASSERT_EQ(login.upgraded(), Next::read);
  EXPECT_NE(login.response().capabilities & capability::SSL, 0U);
  ASSERT_EQ(login.server_says(more_data("\x04")), Next::read);
  EXPECT_EQ(login.sent(), IN_CLEAR);
  EXPECT_EQ(login.server_says(ok()), Next::done);
}

TEST(Login, EncryptsTheFullPasswordWithTheServersKeyWithoutTls) {
  const test::RsaKey key;
  Dialogue login;
  login.server_says(greeting_of({}));
  ASSERT_EQ(login.server_says(more_data("\x04")), Next::read);
  EXPECT_EQ(login.sent(), "\x02");
  ASSERT_EQ(login.server_says(more_data(key.public_pem())), Next::read);
  EXPECT_EQ(key.password(as_bytes(login.sent()), scramble_of(test::SCRAMBLE_TEXT)), IN_CLEAR);
  EXPECT_EQ(login.server_says(ok()), Next::done);
}

TEST(Login, AsksForTheKeyOfSha256PasswordAtOnce) {
  const test::RsaKey key;
  Dialogue login;
  ASSERT_EQ(login.server_says(greeting_of({.plugin = SHA256})), Next::read);
  EXPECT_EQ(login.response().answer, "\x01");
  ASSERT_EQ(login.server_says(more_data(key.public_pem())), Next::read);
  EXPECT_EQ(key.password(as_bytes(login.sent()), scramble_of(test::SCRAMBLE_TEXT)), IN_CLEAR);
  EXPECT_EQ(login.server_says(ok()), Next::done);
}

TEST(Login, CoversTheKeysPasswordWithTheScrambleOfTheSwitch) {
  const test::RsaKey key;
  Dialogue login;
  login.server_says(greeting_of({}));
  ASSERT_EQ(login.server_says(auth_switch(SHA256)), Next::read);
  EXPECT_EQ(login.sent(), "\x01");
  login.server_says(more_data(key.public_pem()));
  EXPECT_EQ(key.password(as_bytes(login.sent()), scramble_of(NEW_SCRAMBLE_TEXT)), IN_CLEAR);
}

TEST(Login, FollowsASwitchToEachPlugin) {
  const auto scramble = scramble_of(NEW_SCRAMBLE_TEXT);
  const std::vector<std::pair<std::string, std::string>> answers{
      {NATIVE, text_of(native_response(as_bytes("secret"), scramble))},
      {"caching_sha2_password", text_of(caching_sha2_response(as_bytes("secret"), scramble))},
      {SHA256, std::string{IN_CLEAR}},
      {CLEAR, std::string{IN_CLEAR}}};
  for (const auto& [plugin, answer] : answers) {
    Dialogue login;
    login.server_says(greeting_of({.plugin = "client_ed25519", .capabilities = WITH_TLS}));
    login.upgraded();
    EXPECT_EQ(login.response().plugin, NATIVE);
    ASSERT_EQ(login.server_says(auth_switch(plugin)), Next::read);
    EXPECT_EQ(login.sent(), answer) << plugin;
    EXPECT_EQ(login.server_says(ok()), Next::done);
  }
}

TEST(Login, WithoutAPasswordSaysSo) {
  for (const auto& [plugin, answer] : std::vector<std::pair<std::string, std::string>>{
           {NATIVE, ""}, {"caching_sha2_password", std::string(1, '\0')}, {SHA256, std::string(1, '\0')}}) {
    Dialogue login{request("")};
    login.server_says(greeting_of({.plugin = plugin}));
    EXPECT_EQ(login.response().answer, answer) << plugin;
    EXPECT_EQ(login.server_says(ok()), Next::done);
  }
}

TEST(Login, WithoutADatabaseAsksForNone) {
  Dialogue login{{.user = "app", .password = Secret{std::string_view{"secret"}}}};
  login.server_says(greeting_of({}));
  EXPECT_EQ(login.response().capabilities & capability::CONNECT_WITH_DB, 0U);
}

TEST(Login, NeverSendsAClearPasswordWithoutTls) {
  Dialogue by_default;
  EXPECT_EQ(by_default.server_says(greeting_of({.plugin = CLEAR})), Next::failed);
  EXPECT_EQ(by_default.error().code, LoginErrc::clear_password);
  EXPECT_EQ(by_default.sent(), "");
  Dialogue by_switch;
  by_switch.server_says(greeting_of({}));
  EXPECT_EQ(by_switch.server_says(auth_switch(CLEAR, "")), Next::failed);
  EXPECT_EQ(by_switch.error().code, LoginErrc::clear_password);
  EXPECT_EQ(by_switch.sent(), "");
}

TEST(Login, TakesAUnixSocketForSecure) {
  auto by_socket = request();
  by_socket.transport = Transport::secure;
  Dialogue login{std::move(by_socket)};
  ASSERT_EQ(login.server_says(greeting_of({.capabilities = WITH_TLS})), Next::read);
  login.server_says(more_data("\x04"));
  EXPECT_EQ(login.sent(), IN_CLEAR);
}

TEST(Login, KeepsToTheTlsThatWasAskedFor) {
  auto required = request();
  required.tls = LoginTls::required;
  Dialogue refused{std::move(required)};
  EXPECT_EQ(refused.server_says(greeting_of({})), Next::failed);
  EXPECT_EQ(refused.error().code, LoginErrc::tls_unavailable);
  auto off = request();
  off.tls = LoginTls::off;
  Dialogue plain{std::move(off)};
  EXPECT_EQ(plain.server_says(greeting_of({.capabilities = WITH_TLS})), Next::read);
  EXPECT_EQ(plain.response().capabilities & capability::SSL, 0U);
}

TEST(Login, TellsTheServersWordsWhenItRefuses) {
  Dialogue login;
  login.server_says(greeting_of({}));
  ASSERT_EQ(login.server_says(denied()), Next::failed);
  EXPECT_EQ(login.error().code, WireErrc::server_error);
  EXPECT_EQ(login.error().server.code, 1045U);
  EXPECT_EQ(login.error().server.sqlstate, "28000");
  EXPECT_EQ(login.error().server.text, "Access denied");
}

TEST(Login, TellsWhyThereIsNoGreeting) {
  Dialogue login;
  ASSERT_EQ(login.server_says(bytes("\xFF\x10\x04Too many connections")), Next::failed);
  EXPECT_EQ(login.error().server.code, 1040U);
  EXPECT_EQ(login.error().server.sqlstate, "");
}

TEST(Login, RefusesWhatBelongsIntoNoLogin) {
  const std::vector<std::pair<Buffer, error_code>> packets{
      {{}, LoginErrc::unexpected_packet},
      {{0x42}, LoginErrc::unexpected_packet},
      {more_data(""), LoginErrc::unexpected_packet},
      {more_data("\x05"), LoginErrc::unexpected_packet},
      {more_data("no key was asked for"), LoginErrc::unexpected_packet},
      {bytes("\xFE"), LoginErrc::unknown_plugin},
      {auth_switch("dialog"), LoginErrc::unknown_plugin},
      {auth_switch(NATIVE, "short"), WireErrc::truncated},
      {{0, 0, 0, 2}, WireErrc::truncated}};
  for (const auto& [packet, code] : packets) {
    Dialogue login;
    login.server_says(greeting_of({}));
    EXPECT_EQ(login.server_says(packet), Next::failed);
    EXPECT_EQ(login.error().code, code) << testing::PrintToString(packet);
    EXPECT_EQ(login.sent(), "");
  }
}

TEST(Login, NamesThePluginThatItDoesNotKnow) {
  Dialogue login;
  login.server_says(greeting_of({}));
  EXPECT_EQ(login.server_says(auth_switch("client_ed25519")), Next::failed);
  EXPECT_EQ(login.error().plugin, "client_ed25519");
}

TEST(Login, RefusesAKeyThatIsNone) {
  Dialogue login;
  login.server_says(greeting_of({}));
  login.server_says(more_data("\x04"));
  EXPECT_EQ(login.server_says(more_data("-----BEGIN PUBLIC KEY-----")), Next::failed);
  EXPECT_EQ(login.error().code, LoginErrc::bad_server_key);
}

TEST(Login, RefusesPacketsOutOfOrder) {
  LoginFsm fsm{request()};
  const auto greeting = greeting_of({});
  const auto step = fsm.on_packet({.payload = greeting, .sequence = 1});
  EXPECT_EQ(step.error.code, WireErrc::out_of_order);
}

TEST(Login, RefusesAServerWithoutPluginsAndWhatItSendsBeforeTheUpgrade) {
  Dialogue old;
  EXPECT_EQ(old.server_says(greeting_of({.capabilities = ~capability::PLUGIN_AUTH})), Next::failed);
  EXPECT_EQ(old.error().code, WireErrc::unsupported_protocol);
  Dialogue hasty;
  ASSERT_EQ(hasty.server_says(greeting_of({.capabilities = WITH_TLS})), Next::upgrade);
  EXPECT_EQ(hasty.server_says(ok()), Next::failed);
  EXPECT_EQ(hasty.error().code, LoginErrc::unexpected_packet);
}

TEST(Login, EndsWithAServerThatNeverDoes) {
  Dialogue login;
  login.server_says(greeting_of({}));
  auto next = Next::read;
  unsigned rounds = 0;
  while (next == Next::read && ++rounds < 100) next = login.server_says(auth_switch(NATIVE));
  EXPECT_EQ(login.error().code, LoginErrc::too_many_rounds);
  EXPECT_EQ(rounds, LoginFsm::ROUNDS_MAX);
}

}  // namespace
}  // namespace sluice::protocol
