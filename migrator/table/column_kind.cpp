#include "migrator/table/column_kind.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::migrator {

namespace {

constexpr std::array<std::pair<std::string_view, ColumnKind>, 32> kinds = {{
    {"tinyint", ColumnKind::integer}, {"smallint", ColumnKind::integer},   {"mediumint", ColumnKind::integer},
    {"int", ColumnKind::integer},     {"bigint", ColumnKind::integer},     {"decimal", ColumnKind::decimal},
    {"float", ColumnKind::real},      {"double", ColumnKind::real_double}, {"bit", ColumnKind::bit},
    {"char", ColumnKind::text},       {"varchar", ColumnKind::text},       {"tinytext", ColumnKind::text},
    {"text", ColumnKind::text},       {"mediumtext", ColumnKind::text},    {"longtext", ColumnKind::text},
    {"binary", ColumnKind::binary},   {"varbinary", ColumnKind::binary},   {"tinyblob", ColumnKind::binary},
    {"blob", ColumnKind::binary},     {"mediumblob", ColumnKind::binary},  {"longblob", ColumnKind::binary},
    {"date", ColumnKind::date},       {"datetime", ColumnKind::datetime},  {"timestamp", ColumnKind::timestamp},
    {"time", ColumnKind::time},       {"year", ColumnKind::year},          {"enum", ColumnKind::enumeration},
    {"set", ColumnKind::set},         {"json", ColumnKind::json},          {"integer", ColumnKind::integer},
    {"numeric", ColumnKind::decimal}, {"real", ColumnKind::real_double},
}};

// enum('a','b') may become enum('a','b','c'): the numbers of the old members stay.
bool extends_members(const Column& source, const Column& shadow) noexcept {
  std::string_view members = source.column_type;
  if (members.ends_with(')')) members.remove_suffix(1);
  std::string_view rest = shadow.column_type;
  if (!rest.starts_with(members)) return false;
  rest.remove_prefix(members.size());
  return rest.starts_with(')') || rest.starts_with(',');
}

bool keeps_decimal(const Column& source, const Column& shadow) noexcept {
  const auto scale = [](const Column& c) { return c.scale.value_or(0); };
  return scale(shadow) >= scale(source);
}

// Whose characters the servers take to Unicode one to one, so that back and forth is the same bytes; bytes and
// characters without a counterpart are refused by strict mode. Not so in the East Asian ones, ARMSCII-8 and TIS-620.
constexpr std::array<std::string_view, 29> charsets_that_map_back = {
    "ascii",  "latin1",   "latin2", "latin5",  "latin7",  "cp850",   "cp852", "cp866",   "cp1250", "cp1251",
    "cp1256", "cp1257",   "dec8",   "geostd8", "greek",   "hebrew",  "hp8",   "keybcs2", "koi8r",  "koi8u",
    "macce",  "macroman", "swe7",   "ucs2",    "utf8mb3", "utf8mb4", "utf16", "utf16le", "utf32"};

bool maps_back(const Column& column) noexcept {
  return std::ranges::find(charsets_that_map_back, column.charset) != charsets_that_map_back.end();
}

bool keeps_text(const Column& source, const Column& shadow) noexcept {
  const bool may_trim = source.data_type != "char" && shadow.data_type == "char";
  return (source.charset == shadow.charset || (maps_back(source) && maps_back(shadow))) && !may_trim;
}

bool keeps_binary(const Column& source, const Column& shadow) noexcept {
  return shadow.data_type != "binary" || (source.data_type == "binary" && source.char_length == shadow.char_length);
}

}  // namespace

ColumnKind kind_of(const Column& column) noexcept {
  for (const auto& [name, kind] : kinds) {
    if (name == column.data_type) return kind;
  }
  return ColumnKind::other;
}

bool can_be_key(const Column& column) noexcept {
  const ColumnKind kind = kind_of(column);
  return kind != ColumnKind::real && kind != ColumnKind::real_double && kind != ColumnKind::json &&
         kind != ColumnKind::other;
}

std::vector<std::string> member_literals(const Column& column) {
  std::vector<std::string> literals;
  const ColumnKind kind = kind_of(column);
  if (kind != ColumnKind::enumeration && kind != ColumnKind::set) return literals;
  // enum('a','it''s','back\\slash'): as literals are written
  const std::string& text = column.column_type;
  for (auto begin = text.find('\''); begin != std::string::npos;) {
    auto end = begin + 1;
    for (; end < text.size(); ++end) {
      if (text[end] == '\\') {
        ++end;
      } else if (text[end] == '\'') {
        if (end + 1 >= text.size() || text[end + 1] != '\'') break;
        ++end;
      }
    }
    literals.push_back(text.substr(begin, end + 1 - begin));
    begin = text.find('\'', end + 1);
  }
  return literals;
}

bool keeps_key_values(const Column& source, const Column& shadow) noexcept {
  const ColumnKind kind = kind_of(source);
  if (kind != kind_of(shadow)) return false;
  switch (kind) {
    case ColumnKind::integer:
    case ColumnKind::bit:
    case ColumnKind::year:
    case ColumnKind::date:
      return true;
    case ColumnKind::decimal:
      return keeps_decimal(source, shadow);
    case ColumnKind::text:
      return keeps_text(source, shadow);
    case ColumnKind::binary:
      return keeps_binary(source, shadow);
    case ColumnKind::datetime:
    case ColumnKind::timestamp:
    case ColumnKind::time:
      return shadow.fraction_digits >= source.fraction_digits;
    case ColumnKind::enumeration:
    case ColumnKind::set:
      return extends_members(source, shadow);
    case ColumnKind::real:
    case ColumnKind::real_double:
    case ColumnKind::json:
    case ColumnKind::other:
      return false;
  }
  return false;
}

bool changes_collation(const Column& source, const Column& shadow) noexcept {
  return kind_of(source) == ColumnKind::text && kind_of(shadow) == ColumnKind::text &&
         (source.charset != shadow.charset || source.collation != shadow.collation);
}

bool is_temporal(const Column& column) noexcept {
  switch (kind_of(column)) {
    case ColumnKind::date:
    case ColumnKind::datetime:
    case ColumnKind::timestamp:
    case ColumnKind::time:
      return true;
    case ColumnKind::integer:
    case ColumnKind::decimal:
    case ColumnKind::real:
    case ColumnKind::real_double:
    case ColumnKind::bit:
    case ColumnKind::text:
    case ColumnKind::binary:
    case ColumnKind::year:
    case ColumnKind::enumeration:
    case ColumnKind::set:
    case ColumnKind::json:
    case ColumnKind::other:
      return false;
  }
  return false;
}

std::optional<std::string> implicit_default(const Column& column) {
  switch (kind_of(column)) {
    case ColumnKind::integer:
    case ColumnKind::decimal:
    case ColumnKind::real:
    case ColumnKind::real_double:
    case ColumnKind::bit:
    case ColumnKind::year:
    case ColumnKind::set:
      return "0";
    case ColumnKind::time:
      return "'00:00:00'";
    case ColumnKind::text:
    case ColumnKind::binary:
      return "''";
    case ColumnKind::enumeration:
      return "1";
    case ColumnKind::json:
      return "'null'";
    case ColumnKind::date:
    case ColumnKind::datetime:
    case ColumnKind::timestamp:
    case ColumnKind::other:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace sluice::migrator
