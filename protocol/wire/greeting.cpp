#include "protocol/wire/greeting.hpp"

#include <algorithm>

#include "protocol/wire/capabilities.hpp"

namespace sluice::protocol {
namespace {

constexpr std::uint8_t PROTOCOL_VERSION = 10;
constexpr std::size_t SCRAMBLE_HEAD_BYTES = 8;
constexpr std::size_t SCRAMBLE_TAIL_MIN_BYTES = 13;  // the last one is zero
constexpr std::size_t RESERVED_BYTES = 6;
constexpr std::string_view REPLICATION_VERSION_PREFIX = "5.5.5-";

}  // namespace

bool Greeting::is_mariadb() const noexcept {
  // Since 10.2 by the flag, before by the name.
  return !can(capability::LONG_PASSWORD) || version.find("MariaDB") != std::string::npos;
}

result<Greeting> parse_greeting(Bytes payload) {
  Reader reader{payload};
  const auto protocol = reader.u8();
  if (reader.ok() && protocol != PROTOCOL_VERSION) return WireErrc::unsupported_protocol;
  Greeting greeting;
  greeting.version = reader.zero_terminated();
  greeting.thread_id = reader.u32();
  const auto scramble_head = reader.take(SCRAMBLE_HEAD_BYTES);
  reader.skip(1);
  greeting.capabilities = reader.u16();
  greeting.charset = reader.u8();
  greeting.status = reader.u16();
  greeting.capabilities |= std::uint32_t{reader.u16()} << 16;
  const std::size_t scramble_bytes = reader.u8();
  reader.skip(RESERVED_BYTES);
  const auto extended = reader.u32();
  if (!reader.ok()) return WireErrc::truncated;
  if (!greeting.can(capability::SECURE_CONNECTION)) return WireErrc::unsupported_protocol;

  const auto tail_bytes =
      std::max(SCRAMBLE_TAIL_MIN_BYTES, scramble_bytes - std::min(scramble_bytes, SCRAMBLE_HEAD_BYTES));
  const auto scramble_tail = reader.take(tail_bytes);
  // Some servers leave out the zero at the name's end.
  if (greeting.can(capability::PLUGIN_AUTH)) greeting.plugin = reader.zero_terminated_or_rest();
  if (!reader.ok()) return WireErrc::truncated;

  const auto middle = std::ranges::copy(scramble_head, greeting.scramble.begin()).out;
  std::ranges::copy(scramble_tail.first(SCRAMBLE_BYTES - SCRAMBLE_HEAD_BYTES), middle);
  if (!greeting.can(capability::LONG_PASSWORD)) greeting.mariadb_capabilities = extended;
  if (greeting.is_mariadb() && greeting.version.starts_with(REPLICATION_VERSION_PREFIX)) {
    greeting.version.erase(0, REPLICATION_VERSION_PREFIX.size());
  }
  return greeting;
}

}  // namespace sluice::protocol
