#include "tests/fuzz/alter/types.hpp"

#include <algorithm>

namespace sluice::alters {
namespace {

using Names = std::vector<const char*>;

const Names& collations(Kind server) {
  static const Names mysql{"utf8mb4_0900_ai_ci", "utf8mb4_0900_as_cs", "utf8mb4_bin",      "utf8mb4_general_ci",
                           "utf8mb4_unicode_ci", "utf8mb3_general_ci", "utf8mb3_bin",      "latin1_swedish_ci",
                           "latin1_bin",         "latin1_general_cs",  "gbk_chinese_ci",   "gbk_bin",
                           "ucs2_general_ci",    "ascii_general_ci",   "ascii_bin",        "utf16_general_ci",
                           "utf32_bin",          "cp1251_general_ci",  "sjis_japanese_ci", "utf8mb4_0900_bin"};
  static const Names mariadb{"utf8mb4_general_ci",
                             "utf8mb4_unicode_520_ci",
                             "utf8mb4_bin",
                             "utf8mb4_nopad_bin",
                             "utf8mb4_general_nopad_ci",
                             "utf8mb3_general_ci",
                             "utf8mb3_bin",
                             "latin1_swedish_ci",
                             "latin1_bin",
                             "latin1_general_cs",
                             "gbk_chinese_ci",
                             "gbk_bin",
                             "ucs2_general_ci",
                             "ascii_general_ci",
                             "ascii_bin",
                             "utf16_general_ci",
                             "utf32_bin",
                             "cp1251_general_ci",
                             "sjis_japanese_ci",
                             "utf8mb4_unicode_nopad_ci"};
  return server == Kind::mysql ? mysql : mariadb;
}

unsigned number(Dice& dice, unsigned from, unsigned to) {
  return from + static_cast<unsigned>(dice.below(to - from + 1));
}

std::vector<std::string> draw_members(Dice& dice) {
  static const Names pool{"a", "B", "c", "d e", "\u00e9", "x", "Zz", "0", "1", "12", "it''s"};
  std::vector<std::string> members;
  for (const char* member : pool) {
    if (dice.one_in(2)) members.emplace_back(member);
  }
  if (members.empty()) members.emplace_back("only");
  return members;
}

std::string quoted_list(const std::vector<std::string>& members) {
  std::string list;
  for (const std::string& member : members) list += (list.empty() ? "('" : ",'") + member + "'";
  return list + ")";
}

Type text_type(Kind server, Dice& dice) {
  Type type{.family = Family::text,
            .name = dice.text({"CHAR", "VARCHAR", "VARCHAR", "VARCHAR", "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"})};
  if (type.name == "CHAR") type.size = number(dice, 1, 30);
  if (type.name == "VARCHAR") type.size = dice.one_in(4) ? number(dice, 200, 700) : number(dice, 1, 40);
  type.collation = draw_collation(server, dice);
  return type;
}

Type binary_type(Dice& dice) {
  Type type{
      .family = Family::binary,
      .name = dice.text({"BINARY", "BINARY", "VARBINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"})};
  if (type.name.ends_with("BINARY")) type.size = number(dice, 1, 30);
  return type;
}

Type changed_members(Type type, Dice& dice) {
  auto& members = type.members;
  switch (dice.below(4)) {
    case 0:
      members.emplace_back("new");
      break;
    case 1:
      members.insert(members.begin() + static_cast<std::ptrdiff_t>(dice.below(members.size())), "new");
      break;
    case 2:
      std::swap(members.front(), members.back());
      break;
    default:
      if (members.size() > 1) members.erase(members.begin() + static_cast<std::ptrdiff_t>(dice.below(members.size())));
  }
  return type;
}

}  // namespace

std::string charset_of(const std::string& collation) {
  return collation.substr(0, collation.find('_'));
}

std::string sql(const Type& type) {
  std::string text = type.name;
  if (!type.members.empty()) text += quoted_list(type.members);
  if (type.family == Family::decimal) {
    text += "(" + std::to_string(type.size) + "," + std::to_string(type.scale) + ")";
  } else if (type.size > 0) {
    text += "(" + std::to_string(type.size) + ")";
  }
  if (type.is_unsigned) text += " UNSIGNED";
  if (!type.collation.empty()) {
    text += " CHARACTER SET " + charset_of(type.collation) + " COLLATE " + type.collation;
  }
  return text;
}

bool is_blob(const Type& type) {
  return type.name.ends_with("TEXT") || type.name.ends_with("BLOB") || type.family == Family::json ||
         type.family == Family::geometry || type.family == Family::vector;
}

std::string draw_collation(Kind server, Dice& dice) {
  return dice.of(collations(server));
}

Type draw_type_of(Family family, Kind server, Dice& dice) {
  switch (family) {
    case Family::integer:
      return {.family = family,
              .name = dice.text({"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT"}),
              .is_unsigned = dice.one_in(3)};
    case Family::decimal: {
      const unsigned precision = dice.one_in(4) ? number(dice, 20, 65) : number(dice, 1, 18);
      return {.family = family,
              .name = "DECIMAL",
              .size = precision,
              .scale = number(dice, 0, std::min(precision, 30U)),
              .is_unsigned = dice.one_in(6)};
    }
    case Family::real:
      return {.family = family, .name = dice.text({"FLOAT", "DOUBLE"})};
    case Family::bit:
      return {.family = family, .name = "BIT", .size = dice.one_in(3) ? 64 : number(dice, 1, 63)};
    case Family::text:
      return text_type(server, dice);
    case Family::binary:
      return binary_type(dice);
    case Family::date:
      return {.family = family, .name = "DATE"};
    case Family::datetime:
      return {.family = family, .name = "DATETIME", .size = number(dice, 0, 6)};
    case Family::timestamp:
      return {.family = family, .name = "TIMESTAMP", .size = number(dice, 0, 6)};
    case Family::time:
      return {.family = family, .name = "TIME", .size = number(dice, 0, 6)};
    case Family::year:
      return {.family = family, .name = "YEAR"};
    case Family::enumeration:
    case Family::set:
      return {.family = family,
              .name = family == Family::set ? "SET" : "ENUM",
              .collation = draw_collation(server, dice),
              .members = draw_members(dice)};
    case Family::json:
      return {.family = family, .name = "JSON"};
    case Family::geometry:
      return {.family = family, .name = dice.text({"GEOMETRY", "POINT"})};
    case Family::vector:
      return server == Kind::mysql ? Type{.family = family, .name = "VECTOR", .size = 3}
                                   : draw_type_of(Family::address, server, dice);
    case Family::address:
    case Family::uuid:
      if (server == Kind::mysql) return draw_type_of(Family::vector, server, dice);
      return {.family = family, .name = family == Family::uuid ? "UUID" : "INET6"};
  }
  return {};
}

Type draw_type(Kind server, Dice& dice) {
  static const std::vector<Family> weighted{
      Family::integer, Family::integer, Family::integer,  Family::decimal,     Family::real, Family::bit,
      Family::text,    Family::text,    Family::text,     Family::text,        Family::text, Family::binary,
      Family::binary,  Family::date,    Family::datetime, Family::timestamp,   Family::time, Family::year,
      Family::set,     Family::json,    Family::geometry, Family::enumeration, Family::uuid, Family::address};
  return draw_type_of(dice.of(weighted), server, dice);
}

Type draw_key_type(Kind server, Dice& dice) {
  static const std::vector<Family> weighted{Family::integer,     Family::integer, Family::integer,   Family::decimal,
                                            Family::text,        Family::text,    Family::binary,    Family::date,
                                            Family::datetime,    Family::time,    Family::timestamp, Family::bit,
                                            Family::enumeration, Family::year,    Family::set};
  for (;;) {
    Type type = draw_type_of(dice.of(weighted), server, dice);
    if (!is_blob(type) && (type.family == Family::bit || type.size < 100)) return type;
  }
}

Type draw_changed(const Type& type, Kind server, Dice& dice) {
  if (dice.one_in(4)) return draw_type(server, dice);
  switch (type.family) {
    case Family::enumeration:
    case Family::set:
      if (dice.one_in(5)) return draw_type_of(Family::text, server, dice);
      return changed_members(type, dice);
    case Family::text: {
      if (dice.one_in(6)) return draw_type_of(Family::enumeration, server, dice);
      Type other = draw_type_of(Family::text, server, dice);
      if (dice.one_in(2)) other.collation = type.collation;
      return other;
    }
    case Family::date:
    case Family::datetime:
    case Family::timestamp:
      return draw_type_of(dice.of(std::vector{Family::date, Family::datetime, Family::datetime, Family::timestamp}),
                          server, dice);
    case Family::json:
      return draw_type_of(dice.of(std::vector{Family::json, Family::text}), server, dice);
    case Family::integer:
    case Family::decimal:
    case Family::real:
    case Family::bit:
    case Family::year:
      return draw_type_of(
          dice.of(std::vector{type.family, type.family, Family::integer, Family::decimal, Family::real, Family::text}),
          server, dice);
    case Family::binary:
    case Family::time:
    case Family::geometry:
    case Family::vector:
    case Family::address:
    case Family::uuid:
      return draw_type_of(type.family, server, dice);
  }
  return type;
}

}  // namespace sluice::alters
