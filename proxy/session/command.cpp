#include "proxy/session/command.hpp"

#include <algorithm>

#include "protocol/sql/digest.hpp"
#include "protocol/sql/scan.hpp"

namespace sluice::proxy {
namespace {

// A text is read whole up to here to be judged; a longer one touches everything.
constexpr std::size_t JUDGED_TEXT_MAX = 1024 * 1024;
// What is seen of a long text that is not judged.
constexpr std::size_t SEEN_TEXT_MAX = 16 * 1024;
constexpr std::size_t SHOWN_STATEMENT_MAX = 200;

using protocol::as_text;

bool runs_a_statement(Code code) noexcept {
  return code == Code::execute || code == Code::bulk_execute || code == Code::fetch;
}

// Neither reads nor writes a table.
bool touches_nothing(Code code) noexcept {
  switch (code) {
    case Code::quit:
    case Code::init_db:
    case Code::statistics:
    case Code::process_info:
    case Code::process_kill:
    case Code::debug:
    case Code::ping:
    case Code::change_user:
    case Code::binlog_dump:
    case Code::binlog_dump_gtid:
    case Code::register_replica:
    case Code::send_long_data:
    case Code::close:
    case Code::reset:
    case Code::set_option:
    case Code::reset_connection:
      return true;
    case Code::query:
    case Code::field_list:
    case Code::create_db:
    case Code::drop_db:
    case Code::prepare:
    case Code::execute:
    case Code::fetch:
    case Code::bulk_execute:
      return false;
  }
  return false;
}

gate::Access to_gate(protocol::TableAccess access) noexcept {
  switch (access) {
    case protocol::TableAccess::none:
      return gate::Access::none;
    case protocol::TableAccess::read:
      return gate::Access::read;
    case protocol::TableAccess::write:
      return gate::Access::write;
    case protocol::TableAccess::definition:
      return gate::Access::definition;
  }
  return gate::Access::write;
}

Finding touches_everything(const protocol::TargetIndex& index, std::string statement) {
  Finding finding{.touches = {}, .statement = std::move(statement)};
  for (std::size_t table = 0; table < index.table_count(); ++table) {
    finding.touches.push_back({table, gate::Access::write});
  }
  return finding;
}

Finding examine_text(std::string_view sql, const protocol::ScanContext& context, const protocol::TargetIndex& index) {
  const auto scanned = protocol::scan(sql, context, index);
  Finding finding;
  for (const auto& touch : scanned.touches) finding.touches.push_back({touch.table, to_gate(touch.access)});
  if (!finding.touches.empty()) finding.statement = protocol::digest(sql, SHOWN_STATEMENT_MAX);
  return finding;
}

}  // namespace

std::size_t bytes_to_see(Code code, std::size_t length) noexcept {
  switch (code) {
    case Code::query:
      return std::min(length, SEEN_TEXT_MAX);
    case Code::prepare:
      // One more byte than is kept, to see that it is too long.
      return std::min(length, SessionMemory::STATEMENT_BYTES_MAX + 2);
    case Code::init_db:
    case Code::change_user:
    case Code::process_kill:
    case Code::set_option:
      return std::min(length, SEEN_TEXT_MAX);
    case Code::quit:
    case Code::field_list:
    case Code::create_db:
    case Code::drop_db:
    case Code::statistics:
    case Code::process_info:
    case Code::debug:
    case Code::ping:
    case Code::binlog_dump:
    case Code::register_replica:
    case Code::execute:
    case Code::send_long_data:
    case Code::close:
    case Code::reset:
    case Code::fetch:
    case Code::binlog_dump_gtid:
    case Code::reset_connection:
    case Code::bulk_execute:
      break;
  }
  return std::min(length, std::size_t{1 + 4});
}

std::size_t bytes_to_judge(Code code, std::size_t length) noexcept {
  if ((code == Code::query || code == Code::prepare) && length <= JUDGED_TEXT_MAX) return length;
  return bytes_to_see(code, length);
}

Effect effect_of(const Command& command, Attributes attributes, const SessionMemory& memory) {
  const auto text = command.is_whole ? SessionMemory::Text::whole : SessionMemory::Text::cut;
  switch (command.code) {
    case Code::query: {
      const auto sql = sql_of(command, attributes);
      return sql ? memory.look_at(*sql, text) : Said{protocol::UnknownStatement{}, true};
    }
    case Code::init_db:
      return Said{protocol::UseDatabase{std::string{as_text(command.body)}}};
    case Code::prepare:
      return command.is_whole ? Prepared{std::string{as_text(command.body)}} : Prepared{std::nullopt};
    case Code::execute:
    case Code::bulk_execute:
      return Executed{command.statement()};
    case Code::close:
      return Closed{command.statement()};
    case Code::process_kill:
      return Said{protocol::Kill{protocol::Kill::What::connection, command.statement()}};
    case Code::set_option:
      // MYSQL_OPTION_MULTI_STATEMENTS_ON is 0, _OFF is 1.
      return MultiStatementsSet{!command.body.empty() && command.body[0] == 1 ? protocol::MultiStatements::no
                                                                              : protocol::MultiStatements::yes};
    case Code::reset_connection:
      return ConnectionReset{};
    case Code::quit:
    case Code::field_list:
    case Code::create_db:
    case Code::drop_db:
    case Code::statistics:
    case Code::process_info:
    case Code::debug:
    case Code::ping:
    case Code::change_user:
    case Code::binlog_dump:
    case Code::register_replica:
    case Code::send_long_data:
    case Code::reset:
    case Code::fetch:
    case Code::binlog_dump_gtid:
      break;
  }
  return NoEffect{};
}

Finding examine(const Command& command, Attributes attributes, const SessionMemory& memory,
                const protocol::TargetIndex& index) {
  if (touches_nothing(command.code)) return {};
  if (runs_a_statement(command.code)) {
    const std::string* text = memory.text_of(command.statement());
    return text != nullptr ? examine_text(*text, memory.context_of(command.statement()), index)
                           : touches_everything(index, "(a prepared statement whose text is not known)");
  }
  if (!command.carries_sql()) return touches_everything(index, "(a command that is not understood)");
  const auto sql = sql_of(command, attributes);
  if (!sql || !command.is_whole) return touches_everything(index, "(a statement too long to be read)");
  return examine_text(*sql, memory.scan_context(), index);
}

}  // namespace sluice::proxy
