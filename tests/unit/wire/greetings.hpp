// Greetings of servers, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/wire/capabilities.hpp"
#include "protocol/wire/greeting.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol::test {

inline constexpr std::string_view SCRAMBLE_TEXT = "abcdefghijklmnopqrst";

inline Scramble scramble_of(std::string_view text) {
  Scramble scramble{};
  text.copy(reinterpret_cast<char*>(scramble.data()), scramble.size());
  return scramble;
}

struct Server {
  std::string version = "9.7.0";
  std::string plugin = "caching_sha2_password";
  std::uint32_t capabilities = 0xFFFFFFFF & ~capability::SSL;
  std::uint32_t mariadb_capabilities = 0;
  std::uint8_t scramble_bytes = 21;  // as announced
};

inline std::vector<std::uint8_t> greeting_of(const Server& server) {
  std::vector<std::uint8_t> payload;
  Writer writer{payload};
  writer.u8(10);
  writer.zero_terminated(server.version);
  writer.u32(4711);
  writer.text(SCRAMBLE_TEXT.substr(0, 8));
  writer.u8(0);
  writer.u16(static_cast<std::uint16_t>(server.capabilities));
  writer.u8(255);
  writer.u16(2);
  writer.u16(static_cast<std::uint16_t>(server.capabilities >> 16));
  writer.u8(server.scramble_bytes);
  writer.zeros(6);
  writer.u32(server.mariadb_capabilities);
  writer.zero_terminated(SCRAMBLE_TEXT.substr(8));
  writer.zero_terminated(server.plugin);
  return payload;
}

}  // namespace sluice::protocol::test
