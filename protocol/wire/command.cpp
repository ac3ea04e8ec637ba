#include "protocol/wire/command.hpp"

namespace sluice::protocol {
namespace {

// The types of a value in the binary protocol that are no strings:
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html
namespace type {
constexpr std::uint8_t TINY = 1;
constexpr std::uint8_t SHORT = 2;
constexpr std::uint8_t LONG = 3;
constexpr std::uint8_t FLOAT = 4;
constexpr std::uint8_t DOUBLE = 5;
constexpr std::uint8_t NONE = 6;  // NULL
constexpr std::uint8_t TIMESTAMP = 7;
constexpr std::uint8_t LONG_LONG = 8;
constexpr std::uint8_t INT24 = 9;
constexpr std::uint8_t DATE = 10;
constexpr std::uint8_t TIME = 11;
constexpr std::uint8_t DATETIME = 12;
constexpr std::uint8_t YEAR = 13;
}  // namespace type

void skip_value(Reader& reader, std::uint8_t value_type) noexcept {
  switch (value_type) {
    case type::NONE:
      return;
    case type::TINY:
      return reader.skip(1);
    case type::SHORT:
    case type::YEAR:
      return reader.skip(2);
    case type::LONG:
    case type::INT24:
    case type::FLOAT:
      return reader.skip(4);
    case type::LONG_LONG:
    case type::DOUBLE:
      return reader.skip(8);
    case type::TIMESTAMP:
    case type::DATE:
    case type::TIME:
    case type::DATETIME:
      return reader.skip(reader.u8());
    default:
      return reader.skip(reader.length_encoded());
  }
}

// Count of attributes, count of their sets (always 1); bitmap of NULLs, a flag that their types follow, a type and name
// for each; the values of those that are not NULL.
bool skip_attributes(Reader& reader) noexcept {
  const auto count = reader.length_encoded();
  if (reader.length_encoded() != 1) return false;
  if (count == 0) return reader.ok();
  if (count > reader.left()) return false;  // each has a byte at least
  const auto nulls = reader.take((count + 7) / 8);
  if (reader.u8() != 1) return false;
  Reader types = reader;
  for (std::uint64_t i = 0; i < count; ++i) {
    reader.skip(2);
    reader.skip(reader.length_encoded());
  }
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    const auto value_type = static_cast<std::uint8_t>(types.u16() & 0xFF);  // above it: whether it is unsigned
    types.skip(types.length_encoded());
    const bool is_null = (nulls[i / 8] >> (i % 8) & 1) != 0;
    if (!is_null) skip_value(reader, value_type);
  }
  return reader.ok();
}

}  // namespace

AnswerShape shape_of(CommandCode code) noexcept {
  switch (code) {
    case CommandCode::quit:
    case CommandCode::send_long_data:
    case CommandCode::close:
      return AnswerShape::none;
    case CommandCode::prepare:
      return AnswerShape::prepared;
    case CommandCode::fetch:
      return AnswerShape::rows;
    case CommandCode::field_list:
      return AnswerShape::definitions;
    case CommandCode::binlog_dump:
    case CommandCode::binlog_dump_gtid:
      return AnswerShape::endless;
    case CommandCode::init_db:
    case CommandCode::create_db:
    case CommandCode::drop_db:
    case CommandCode::statistics:
    case CommandCode::process_kill:
    case CommandCode::debug:
    case CommandCode::ping:
    case CommandCode::change_user:
    case CommandCode::register_replica:
    case CommandCode::reset:
    case CommandCode::set_option:
    case CommandCode::reset_connection:
      return AnswerShape::one_packet;
    case CommandCode::query:
    case CommandCode::process_info:
    case CommandCode::execute:
    case CommandCode::bulk_execute:
      break;
  }
  return AnswerShape::results;
}

AnswerShape answer_to(const Command& command, ServerKind server) noexcept {
  constexpr std::size_t CLOSE_MIN_BYTES = 4;      // the statement
  constexpr std::size_t LONG_DATA_MIN_BYTES = 6;  // and the parameter
  const bool is_too_short = (command.code == CommandCode::close && command.body.size() < CLOSE_MIN_BYTES) ||
                            (command.code == CommandCode::send_long_data && command.body.size() < LONG_DATA_MIN_BYTES);
  return is_too_short && server == ServerKind::mysql ? AnswerShape::one_packet : shape_of(command.code);
}

std::optional<std::string_view> sql_of(const Command& command, Attributes attributes) noexcept {
  Reader reader{command.body};
  if (command.code == CommandCode::query && attributes == Attributes::yes && !skip_attributes(reader)) {
    return std::nullopt;
  }
  return as_text(reader.take_rest());
}

}  // namespace sluice::protocol
