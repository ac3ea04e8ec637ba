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

// The effects of the commands that have one.

Effect no_effect(const Command&, Attributes, const SessionMemory&) {
  return NoEffect{};
}
Effect running(const Command& command, Attributes attributes, const SessionMemory& memory) {
  const auto sql = sql_of(command, attributes);
  if (!sql) return Said{protocol::UnknownStatement{}};
  return memory.look_at(*sql, command.is_whole ? SessionMemory::Text::whole : SessionMemory::Text::cut);
}
Effect using_database(const Command& command, Attributes, const SessionMemory&) {
  return Said{protocol::UseDatabase{std::string{as_text(command.body)}}};
}
Effect preparing(const Command& command, Attributes, const SessionMemory&) {
  return command.is_whole ? Prepared{std::string{as_text(command.body)}} : Prepared{std::nullopt};
}
Effect executing(const Command& command, Attributes, const SessionMemory&) {
  return Executed{command.statement()};
}
Effect closing(const Command& command, Attributes, const SessionMemory&) {
  return Closed{command.statement()};
}
Effect killing(const Command& command, Attributes, const SessionMemory&) {
  return Said{protocol::Kill{protocol::Kill::What::connection, command.statement()}};
}
Effect setting_option(const Command& command, Attributes, const SessionMemory&) {
  // MYSQL_OPTION_MULTI_STATEMENTS_ON is 0, _OFF is 1.
  const bool off = !command.body.empty() && command.body[0] == 1;
  return MultiStatementsSet{off ? protocol::MultiStatements::no : protocol::MultiStatements::yes};
}
Effect resetting(const Command&, Attributes, const SessionMemory&) {
  return ConnectionReset{};
}

// All that the proxy knows of a command by its code.
struct Rule {
  enum class Touches : std::uint8_t { nothing, by_its_text, by_its_statement, everything };
  Touches touches = Touches::everything;
  std::size_t seen_bytes_max = 1 + 4;  // the code and a number
  Effect (*effect)(const Command&, Attributes, const SessionMemory&) = no_effect;
  CommandKind kind = CommandKind::other;
};

Rule rule_of(Code code) noexcept {
  using enum Rule::Touches;
  switch (code) {
    case Code::query:
      return {.touches = by_its_text, .seen_bytes_max = SEEN_TEXT_MAX, .effect = running, .kind = CommandKind::query};
    case Code::prepare:
      // One more byte than is kept, to see that it is too long.
      return {.touches = by_its_text,
              .seen_bytes_max = SessionMemory::STATEMENT_BYTES_MAX + 2,
              .effect = preparing,
              .kind = CommandKind::prepare};
    case Code::execute:
      return {.touches = by_its_statement, .effect = executing, .kind = CommandKind::execute};
    case Code::bulk_execute:
      return {.touches = by_its_statement, .effect = executing, .kind = CommandKind::bulk_execute};
    case Code::init_db:
      return {
          .touches = nothing, .seen_bytes_max = SEEN_TEXT_MAX, .effect = using_database, .kind = CommandKind::init_db};
    case Code::change_user:
      return {.touches = nothing, .seen_bytes_max = SEEN_TEXT_MAX, .kind = CommandKind::change_user};
    case Code::process_kill:
      return {.touches = nothing, .effect = killing};
    case Code::set_option:
      return {.touches = nothing, .effect = setting_option};
    case Code::reset_connection:
      return {.touches = nothing, .effect = resetting, .kind = CommandKind::reset_connection};
    case Code::close:
      return {.touches = nothing, .effect = closing};
    case Code::fetch:  // both servers keep the rows of an open cursor in a temporary table
      return {.touches = nothing, .kind = CommandKind::fetch};
    case Code::ping:
      return {.touches = nothing, .kind = CommandKind::ping};
    case Code::quit:
    case Code::statistics:
    case Code::process_info:
    case Code::debug:
    case Code::binlog_dump:
    case Code::binlog_dump_gtid:
    case Code::register_replica:
    case Code::reset:
      return {.touches = nothing};
    case Code::send_long_data:
      return {.touches = nothing, .seen_bytes_max = 1 + 4 + 2};  // a statement and a parameter
    case Code::field_list:
      return {.kind = CommandKind::field_list};
    case Code::create_db:
    case Code::drop_db:
      break;
  }
  return {};
}

}  // namespace

std::size_t bytes_to_see(Code code, std::size_t length) noexcept {
  return std::min(length, rule_of(code).seen_bytes_max);
}

std::size_t bytes_to_judge(Code code, std::size_t length) noexcept {
  const bool is_read_whole = rule_of(code).touches == Rule::Touches::by_its_text && length <= JUDGED_TEXT_MAX;
  return is_read_whole ? length : bytes_to_see(code, length);
}

CommandKind kind_of(Code code) noexcept {
  return rule_of(code).kind;
}

Effect effect_of(const Command& command, Attributes attributes, const SessionMemory& memory) {
  return rule_of(command.code).effect(command, attributes, memory);
}

bool ends_by_itself(const Effect& effect) noexcept {
  if (std::holds_alternative<Executed>(effect) || std::holds_alternative<Prepared>(effect)) return true;
  const auto* said = std::get_if<Said>(&effect);
  return said != nullptr && std::holds_alternative<protocol::OrdinaryStatement>(said->context);
}

Finding examine(const Command& command, Attributes attributes, const SessionMemory& memory,
                const protocol::TargetIndex& index) {
  switch (rule_of(command.code).touches) {
    case Rule::Touches::nothing:
      return {};
    case Rule::Touches::by_its_text: {
      const auto sql = sql_of(command, attributes);
      if (!sql || !command.is_whole) return touches_everything(index, "(a statement too long to be read)");
      return examine_text(*sql, memory.scan_context(), index);
    }
    case Rule::Touches::by_its_statement: {
      const std::string* text = memory.text_of(command.statement());
      if (text == nullptr) return touches_everything(index, "(a prepared statement whose text is not known)");
      return examine_text(*text, memory.context_of(command.statement()), index);
    }
    case Rule::Touches::everything:
      break;
  }
  return touches_everything(index, "(a command that is not understood)");
}

TableTouch touch_of(const Finding& finding) noexcept {
  const auto most = std::ranges::max_element(finding.touches, {}, &gate::Touch::access);
  if (most == finding.touches.end()) return TableTouch::none;
  switch (most->access) {
    case gate::Access::none:
      return TableTouch::none;
    case gate::Access::read:
      return TableTouch::read;
    case gate::Access::write:
      return TableTouch::write;
    case gate::Access::definition:
      return TableTouch::ddl;
  }
  return TableTouch::write;
}

}  // namespace sluice::proxy
