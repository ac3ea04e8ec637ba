// scan() passes a text whose bytes, at a glance, can name no armed table. Never one that it would find to touch one if
// it read it: the same text is scanned for the same tables and one more, whose name makes it read everything.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/sql/scan.hpp"

namespace {

using namespace sluice::protocol;

const std::vector<ScanTargets>& regular_tables() {
  using enum ScanTarget::Kind;
  static const std::vector<ScanTargets> tables{{{"d", "t", table}, {"d", "view1", alias}},
                                               {{"e", "Orders_2", table}, {"d", "fn", alias}},
                                               {{"d", "$cash", table}, {"d", "2nd", alias}}};
  return tables;
}

TargetIndex glancing(RoutinesKnown routines) {
  return TargetIndex(regular_tables(), routines);
}

TargetIndex reading_all(RoutinesKnown routines) {
  auto tables = regular_tables();
  tables.push_back({{"f", "no word", ScanTarget::Kind::table}});
  return TargetIndex(tables, routines);
}

// What statements are made of: random bytes would seldom be one.
constexpr std::array<std::string_view, 88> PIECES{
    "t",        "view1",     "orders_2",   "fn",       "$cash",    "2nd",        "d",        "e",        "d.t",
    "`t`",      "\"t\"",     "'t'",        "e.",       ".",        "update ",    "insert ",  "into ",    "select ",
    "delete ",  "from ",     "replace ",   "set ",     "values ",  "lock ",      "tables ",  "write ",   "read ",
    "unlock ",  "call ",     "execute ",   "prepare ", "handler ", "flush ",     "begin ",   "end ",     "if ",
    "then ",    "drop ",     "create ",    "alter ",   "rename ",  "to ",        "table ",   "database", "schema ",
    "binlog ",  "truncate ", "load data ", "infile ",  "with ",    "as ",        "for ",     "join ",    "using ",
    "explain ", "analyze ",  "statement ", "names ",   "sql_mode", "character ", "if ",      "exists ",  "trigger ",
    "view ",    "/*",        "*/",         "/*!",      "/*!50000", "/*!99999",   "/*M!",     "/*M!1000", "/*!080000",
    "-- ",      "--",        "#",          "\n",       "$$",       "$a$",        "\\",       "\\'",      "''",
    "@",        "@@",        "_utf8mb4",   "N'",       "x'",       "0x",         "\xC3\xA9",
};
// Below: a byte of the text itself. From here: a piece, as long as there are some.
constexpr unsigned char FIRST_PIECE = 0x80;

std::string spelled(const unsigned char* data, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] < FIRST_PIECE) {
      text += static_cast<char>(data[i]);
    } else if (const std::size_t piece = data[i] - FIRST_PIECE; piece < PIECES.size()) {
      text += PIECES.at(piece);
    } else if (i + 1 < size) {
      text += static_cast<char>(data[++i] | FIRST_PIECE);
    }
  }
  return text;
}

void require(bool kept, const char* promise, std::string_view sql) {
  if (kept) return;
  std::cerr << "broken promise: " << promise << "\nof: " << sql << '\n';
  std::abort();
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The touches of the tables that both know.
std::vector<TableTouch> of_regular_tables(const ScanResult& result) {
  auto touches = result.touches;
  std::erase_if(touches, [](const TableTouch& touch) { return touch.table >= regular_tables().size(); });
  return touches;
}

void compare(std::string_view sql, ClientCharset charset, const TargetIndex& glancing, const TargetIndex& reading) {
  const ScanContext context{.database = "d", .charset = charset};
  const ScanResult glanced = scan(sql, context, glancing);
  const ScanResult whole = scan(sql, context, reading);
  // Text that is not understood touches all. Where no name stands in it, as the glance sees, it need not.
  if (whole.opaque && glanced.touches.empty()) return;
  require(glanced.opaque == whole.opaque, "what is not understood is the same", sql);
  require(glanced.touches == of_regular_tables(whole), "a glance passes nothing that touches a table", sql);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const TargetIndex glancing_all = glancing(RoutinesKnown::all);
  static const TargetIndex glancing_some = glancing(RoutinesKnown::some);
  static const TargetIndex reading_all_known = reading_all(RoutinesKnown::all);
  static const TargetIndex reading_some_known = reading_all(RoutinesKnown::some);
  const std::string sql = spelled(data, size);
  for (const ClientCharset charset : {ClientCharset::utf8, ClientCharset::ascii_compatible}) {
    compare(sql, charset, glancing_all, reading_all_known);
    compare(sql, charset, glancing_some, reading_some_known);
  }
  // Text of an unknown character set is glanced at only where it is ASCII, and then it is read alike.
  if (is_ascii(sql)) {
    const auto in = [&](ClientCharset charset) {
      return scan(sql, {.database = "d", .charset = charset}, glancing_some);
    };
    require(in(ClientCharset::ambiguous) == in(ClientCharset::ascii_compatible), "ASCII is ASCII", sql);
  }
  return 0;
}
