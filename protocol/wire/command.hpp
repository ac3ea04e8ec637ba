// One command of a client. Pure views; nothing is copied.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/wire/answers.hpp"
#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

using StatementId = std::uint32_t;

// The command bytes that are told apart; there are others.
enum class CommandCode : std::uint8_t {
  quit = 0x01,
  init_db = 0x02,
  query = 0x03,
  field_list = 0x04,
  create_db = 0x05,
  drop_db = 0x06,
  statistics = 0x09,
  process_info = 0x0A,
  process_kill = 0x0C,
  debug = 0x0D,
  ping = 0x0E,
  change_user = 0x11,
  binlog_dump = 0x12,
  register_replica = 0x15,
  prepare = 0x16,
  execute = 0x17,
  send_long_data = 0x18,
  close = 0x19,
  reset = 0x1A,
  set_option = 0x1B,
  fetch = 0x1C,
  binlog_dump_gtid = 0x1E,
  reset_connection = 0x1F,
  bulk_execute = 0xFA,  // MariaDB
};

struct Command {
  CommandCode code{};
  Bytes body;  // behind the command byte, as far as it has been read
  bool is_whole = true;

  // Of execute, fetch, close, ...: the first four bytes; 0 where they are not there.
  [[nodiscard]] StatementId statement() const noexcept { return Reader{body}.u32(); }
};

[[nodiscard]] AnswerShape shape_of(CommandCode code) noexcept;

enum class ServerKind : std::uint8_t { mysql, mariadb };
// The same, also for what is no such command: MySQL answers one that it finds too short, even where none is due.
[[nodiscard]] AnswerShape answer_to(const Command& command, ServerKind server) noexcept;

// Whether a COM_QUERY's text stands behind query attributes (CLIENT_QUERY_ATTRIBUTES).
enum class Attributes : std::uint8_t { no, yes };

// The SQL of a query or prepare. Nothing: the attributes before it can't be read, or not as far as the body is there.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query.html
[[nodiscard]] std::optional<std::string_view> sql_of(const Command& command, Attributes attributes) noexcept;

}  // namespace sluice::protocol
