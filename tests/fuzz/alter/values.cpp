#include <array>

#include "tests/fuzz/alter/types.hpp"

namespace sluice::alters {
namespace {

std::string digits(std::size_t count, Dice& dice) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('0' + dice.below(10));
  return text;
}

std::string hex(std::size_t bytes, Dice& dice) {
  constexpr std::array<const char*, 8> pool{"00", "20", "61", "41", "FF", "5C", "27", "C3"};
  std::string text = "x'";
  for (std::size_t i = 0; i < bytes; ++i) text += dice.of(pool);
  return text + "'";
}

std::string integer(const Type& type, Dice& dice) {
  struct Edges {
    const char* name;
    std::array<const char*, 3> edges;  // least, greatest, greatest unsigned
  };
  static constexpr std::array<Edges, 5> all{
      {{"TINYINT", {"-128", "127", "255"}},
       {"SMALLINT", {"-32768", "32767", "65535"}},
       {"MEDIUMINT", {"-8388608", "8388607", "16777215"}},
       {"INT", {"-2147483648", "2147483647", "4294967295"}},
       {"BIGINT", {"-9223372036854775808", "9223372036854775807", "18446744073709551615"}}}};
  if (dice.one_in(3)) {
    for (const Edges& edges : all) {
      if (type.name == edges.name) return edges.edges.at(type.is_unsigned ? 1 + dice.below(2) : dice.below(2));
    }
  }
  const std::string value = std::to_string(dice.below(dice.one_in(3) ? 100000 : 100));
  return !type.is_unsigned && dice.one_in(3) ? "-" + value : value;
}

std::string decimal(const Type& type, Dice& dice) {
  const auto whole = type.size - type.scale;
  std::string value = dice.one_in(4) ? std::string(whole, '9') : digits(dice.below(whole + 1), dice);
  if (value.empty()) value = "0";
  if (type.scale > 0) value += "." + (dice.one_in(4) ? std::string(type.scale, '9') : digits(type.scale, dice));
  return !type.is_unsigned && dice.one_in(3) ? "-" + value : value;
}

std::string text(const Type& type, Dice& dice) {
  static const std::vector<const char*> pool{"",
                                             " ",
                                             "a",
                                             "A",
                                             "a ",
                                             "a  ",
                                             "\u00e9",
                                             "\u00c9",
                                             "e",
                                             "\u00df",
                                             "ss",
                                             "\u00e4b",
                                             "\u65e5\u672c",
                                             "\U0001F5DD",
                                             "x\\0y",
                                             "0",
                                             "12",
                                             "-3",
                                             "1.5",
                                             "1e3",
                                             "2024-02-29",
                                             "2024-02-29 12:34:56.789",
                                             "10:11:12",
                                             "a,x",
                                             "B",
                                             "c",
                                             "x",
                                             "Zz",
                                             "true",
                                             "{\\\"b\\\": [1, 2.50],\\\"a\\\":null}",
                                             "[1,  2]",
                                             "null",
                                             "it\\'s",
                                             "back\\\\slash",
                                             "tab\\there",
                                             "::1",
                                             "A_very_long_text_that_does_not_fit_everywhere",
                                             "\u0436\u0438\u0437\u043d\u044c"};
  if (dice.one_in(20))
    return "REPEAT('" + dice.text({"ab", "\u00e9 ", "x"}) + "', " + std::to_string(dice.below(400)) + ")";
  std::string value = dice.of(pool);
  if (dice.one_in(4)) value += std::to_string(dice.below(1000));
  static_cast<void>(type);
  return "'" + value + "'";
}

std::string fraction(const Type& type, Dice& dice) {
  return type.size == 0 || dice.one_in(3) ? "" : "." + digits(type.size, dice);
}

std::string two(std::size_t value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

std::string clock_time(Dice& dice) {
  return two(dice.below(24)) + ":" + two(dice.below(60)) + ":" + two(dice.below(60));
}

std::string day(Dice& dice, std::size_t first_year, std::size_t years) {
  return std::to_string(first_year + dice.below(years)) + "-" + two(1 + dice.below(12)) + "-" + two(1 + dice.below(28));
}

std::string document(Dice& dice) {
  static const std::vector<const char*> pool{"{}",
                                             "[]",
                                             "null",
                                             "true",
                                             "0",
                                             "-1",
                                             "1.0",
                                             "1e10",
                                             "0.1",
                                             "\"\"",
                                             "\"text\"",
                                             "[1, 2.50, \"x\"]",
                                             "{\"b\": [1, 2.5], \"a\": null}",
                                             "{\"a\":1,\"a\":2}",
                                             "{\"bb\": {\"c\": \"d\"}, \"a\": 18446744073709551615}",
                                             "\"\u00e9\u65e5\"",
                                             "[[[]]]",
                                             "123456789012345678901234567890",
                                             "1.7976931348623157e308",
                                             " [ 1 ,2 ] "};
  return std::string("'") + dice.of(pool) + "'";
}

std::string point(const Type& type, Dice& dice) {
  const std::string text = "'POINT(" + std::to_string(dice.below(80)) + " " + std::to_string(dice.below(80)) + ".25)'";
  if (type.name == "GEOMETRY" && dice.one_in(2)) return "ST_GeomFromText('LINESTRING(0 0,1 1,2 5)')";
  return "ST_GeomFromText(" + text + (dice.one_in(2) ? ")" : ", 4326)");
}

std::string member(const Type& type, Dice& dice) {
  if (type.family == Family::enumeration) {
    return dice.one_in(2) ? std::to_string(1 + dice.below(type.members.size())) : "'" + dice.of(type.members) + "'";
  }
  return std::to_string(dice.below(std::size_t{1} << type.members.size()));
}

}  // namespace

std::string draw_value(const Type& type, Dice& dice) {
  switch (type.family) {
    case Family::integer:
      return integer(type, dice);
    case Family::decimal:
      return decimal(type, dice);
    case Family::real:
      if (type.name == "FLOAT") {
        return dice.text({"0", "0.1", "-0.1", "1.5", "16777217", "3.4e38", "-1e-38", "1e10", "123456.789",
                          "0.333333333", "7", "2024"});
      }
      return dice.text({"0", "0.1", "-1.5", "1e300", "-2.2250738585072014e-308", "0.3333333333333333",
                        "9007199254740993", "123456789.125", "1e15", "7", "-0e0", "2024"});
    case Family::bit:
      return dice.one_in(4) ? "~0 >> " + std::to_string(64 - type.size)
                            : std::to_string(dice.below(std::size_t{1} << std::min(type.size, 20U)));
    case Family::text:
      return text(type, dice);
    case Family::binary:
      return hex(dice.below(type.size > 0 ? type.size + 1 : 40), dice);
    case Family::date:
      return "'" +
             (dice.one_in(8) ? dice.text({"1000-01-01", "9999-12-31", "0000-00-00", "2024-02-29", "2023-00-00"})
                             : day(dice, 1960, 100)) +
             "'";
    case Family::datetime:
      return "'" +
             (dice.one_in(8) ? dice.text({"1000-01-01 00:00:00", "9999-12-31 23:59:59", "0000-00-00 00:00:00"})
                             : day(dice, 1960, 100) + " " + clock_time(dice) + fraction(type, dice)) +
             "'";
    case Family::timestamp:
      return "'" +
             (dice.one_in(8) ? dice.text({"1970-01-02 00:00:01", "2038-01-18 03:14:07", "0000-00-00 00:00:00"})
                             : day(dice, 1971, 66) + " " + clock_time(dice) + fraction(type, dice)) +
             "'";
    case Family::time:
      return "'" +
             (dice.one_in(6) ? dice.text({"838:59:59", "-838:59:59", "00:00:00", "-00:00:01"})
                             : (dice.one_in(3) ? "-" : "") + clock_time(dice) + fraction(type, dice)) +
             "'";
    case Family::year:
      return dice.text({"0", "1901", "2155", "2024", "1999", "2000", "1970"});
    case Family::enumeration:
    case Family::set:
      return member(type, dice);
    case Family::json:
      return document(dice);
    case Family::geometry:
      return point(type, dice);
    case Family::vector:
      return "STRING_TO_VECTOR('[" + std::to_string(dice.below(9)) + ", 0.1, -2.5]')";
    case Family::address:
      return dice.text({"'::'", "'::1'", "'2001:db8::ff00:42:8329'", "'::ffff:10.0.0.1'"});
    case Family::uuid:
      return "'" + digits(8, dice) + "-1234-1000-8abc-" + digits(12, dice) + "'";
  }
  return "NULL";
}

}  // namespace sluice::alters
