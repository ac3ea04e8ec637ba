// Answers of a server, as bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/wire/packet.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::proxy {

using Bytes = std::vector<std::uint8_t>;

// A result set of one row, without its columns' definitions, which nobody reads.
inline Bytes answer_of_row(const std::vector<std::optional<std::string>>& cells) {
  const auto append = [](Bytes& to, const Bytes& packet) { to.insert(to.end(), packet.begin(), packet.end()); };
  Bytes answer;
  append(answer, protocol::frame(Bytes{static_cast<std::uint8_t>(cells.size())}, 1));
  Bytes row;
  protocol::Writer writer{row};
  for (const auto& cell : cells) {
    if (cell) {
      writer.length_encoded_bytes(protocol::as_bytes(*cell));
    } else {
      writer.u8(0xFB);
    }
  }
  append(answer, protocol::frame(row, 2));
  append(answer, protocol::frame(Bytes{0xFE, 0, 0, 2, 0}, 3));
  return answer;
}

inline Bytes answer_of_error(std::uint16_t code, const std::string& text) {
  Bytes payload{0xFF, static_cast<std::uint8_t>(code & 0xFF), static_cast<std::uint8_t>(code >> 8)};
  const std::string rest = "#HY000" + text;
  payload.insert(payload.end(), rest.begin(), rest.end());
  return protocol::frame(payload, 1);
}

// The answer to ddl_settings_query(), as an ordinary session has it.
struct SettingsRow {
  std::string sql_mode{};
  std::string global_sql_mode{};
  std::string charset = "utf8mb4";
  std::string time_zone = "1";  // as the server's
  std::string foreign_key_checks = "1";
  std::string logs = "1";
  std::string global_defaults = "1";
  std::optional<std::string> database = "74657374";  // test
  std::optional<std::string> mode{};

  [[nodiscard]] std::vector<std::optional<std::string>> cells() const {
    return {"sluice",           sql_mode, global_sql_mode, charset,  time_zone,
            foreign_key_checks, logs,     global_defaults, database, mode};
  }
};

}  // namespace sluice::proxy
