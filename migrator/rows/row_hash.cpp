#include "migrator/rows/row_hash.hpp"

#include "migrator/table/column_kind.hpp"
#include "migrator/table/conversion.hpp"

namespace sluice::migrator {

namespace {

// A value up to this size stands in the row's text; a longer one by its own hash, so that the text of a row stays far
// below max_allowed_packet, beyond which CONCAT() is NULL.
constexpr std::uint64_t max_inline_bytes = 512;

struct Expressions {
  std::string source;
  std::string shadow;
};

std::string cast(const std::string& expression, const std::string& type) {
  return "CAST(" + expression + " AS " + type + ")";
}

std::string convert(const std::string& expression, const std::string& charset) {
  return "CONVERT(" + expression + " USING " + charset + ")";
}

std::string with_fraction(const std::string& type, std::uint64_t digits) {
  return digits == 0 ? type : type + "(" + std::to_string(digits) + ")";
}

std::string decimal_type(const Column& column) {
  return "DECIMAL(" + std::to_string(column.precision.value_or(65)) + "," + std::to_string(column.scale.value_or(0)) +
         ")";
}

// Of an ENUM or a SET a CAST would see the names.
std::string as_number(const Column& source, const std::string& name) {
  const ColumnKind kind = kind_of(source);
  return kind == ColumnKind::enumeration || kind == ColumnKind::set ? "(" + name + " + 0)" : name;
}

Expressions integer(const Column& source, const Column& shadow, const Expressions& names) {
  const std::string type = shadow.is_unsigned ? "UNSIGNED" : "SIGNED";
  // Strings are rounded when stored but cut when cast.
  const bool from_text = kind_of(source) == ColumnKind::text;
  if (from_text) return {cast(cast(names.source, "DECIMAL(65,10)"), type), cast(names.shadow, type)};
  // A time is rounded, or cut, as a time: 23:59:59.9 to 240000.
  const bool as_it_is = kind_of(source) == ColumnKind::integer || is_temporal(source);
  return {cast(as_it_is ? names.source : "(" + names.source + " + 0)", type), cast(names.shadow, type)};
}

Expressions text(const Column& source, const Column& shadow, const Expressions& names) {
  std::string from = source.charset == shadow.charset ? names.source : convert(names.source, shadow.charset);
  if (shadow.data_type == "char" && source.data_type != "char") from = "TRIM(TRAILING ' ' FROM " + from + ")";
  return {from, names.shadow};
}

Expressions binary(const Column& source, const Column& shadow, const Expressions& names) {
  const bool pads = shadow.data_type == "binary" && source.column_type != shadow.column_type;
  const std::string bytes = cast(names.source, "BINARY");
  if (!pads) return {bytes, names.shadow};
  return {"RPAD(" + bytes + ", " + std::to_string(shadow.char_length.value_or(0)) + ", x'00')", names.shadow};
}

Expressions timestamp(const Column& source, const Column& shadow, const Expressions& names) {
  if (kind_of(source) == ColumnKind::timestamp && shadow.fraction_digits >= source.fraction_digits) {
    // The seconds since 1970 tell apart what daylight saving repeats.
    const std::string type = "DECIMAL(20," + std::to_string(shadow.fraction_digits) + ")";
    return {cast("UNIX_TIMESTAMP(" + names.source + ")", type), cast("UNIX_TIMESTAMP(" + names.shadow + ")", type)};
  }
  const std::string type = with_fraction("DATETIME", shadow.fraction_digits);
  return {cast(names.source, type), cast(names.shadow, type)};
}

// Which member of the shadow the text is, by its number: members are found as its collation compares them, and a number
// that is no member is taken as one's number.
std::string member_number(const Column& shadow, const std::string& text) {
  std::string cases;
  std::size_t number = 0;
  for (const std::string& literal : member_literals(shadow)) {
    cases += " WHEN " + text + " = " + literal + " THEN " + std::to_string(++number);
  }
  return "(CASE" + cases + " ELSE " + cast(text, "UNSIGNED") + " END)";
}

// The same for the members of a set, as bits.
std::string member_bits(const Column& shadow, const std::string& text) {
  std::string bits;
  std::size_t number = 0;
  for (const std::string& literal : member_literals(shadow)) {
    bits += std::string(bits.empty() ? "" : " | ") + "IF(FIND_IN_SET(" + literal + ", " + text + ") > 0, " +
            std::to_string(std::uint64_t{1} << number++) + ", 0)";
  }
  return "IF((" + bits + ") = 0 AND " + text + " <> '', " + cast(text, "UNSIGNED") + ", " + bits + ")";
}

Expressions members(const Column& source, const Column& shadow, const Expressions& names) {
  const std::string number = "(" + names.source + " + 0)";
  const std::string stored = "(" + names.shadow + " + 0)";
  const ColumnKind from = kind_of(source);
  const bool of_members = from == ColumnKind::enumeration || from == ColumnKind::set;
  const bool of_bytes = from == ColumnKind::text || from == ColumnKind::binary;
  const bool same = source.column_type == shadow.column_type && source.charset == shadow.charset;
  if (same || (!of_members && !of_bytes)) return {number, stored};
  const std::string text =
      "TRIM(TRAILING ' ' FROM " + convert(names.source, shadow.charset) + ") COLLATE " + shadow.collation;
  const std::string found =
      kind_of(shadow) == ColumnKind::set ? member_bits(shadow, text) : member_number(shadow, text);
  // 0 is the member that is none.
  return {of_members ? "IF(" + number + " = 0, 0, " + found + ")" : found, stored};
}

// Of years with two digits the server makes some with four; of a text 0, 2000.
std::string full_year(const Column& source, const std::string& name) {
  const std::string number = "(" + name + " + 0)";
  const std::string zero =
      kind_of(source) == ColumnKind::integer ? "0" : "IF(CHAR_LENGTH(TRIM(" + name + ")) < 4, 2000, 0)";
  return "(CASE WHEN " + number + " = 0 THEN " + zero + " WHEN " + number + " < 70 THEN " + number + " + 2000 WHEN " +
         number + " < 100 THEN " + number + " + 1900 ELSE " + number + " END)";
}

std::string as_converted(const SharedColumn& column) {
  std::string name = quote_identifier(column.source.name);
  return conversion(column.source, column.shadow) == Conversion::by_text ? cast(name, "CHAR") : name;
}

// The two sides of one column, whose texts are equal just if the shadow holds what the source's value becomes in it.
Expressions comparable(const SharedColumn& column) {
  const Column& source = column.source;
  const Column& shadow = column.shadow;
  const Expressions names{as_converted(column), quote_identifier(shadow.name)};
  const bool same_type = source.column_type == shadow.column_type;
  switch (kind_of(shadow)) {
    case ColumnKind::integer:
      return integer(source, shadow, names);
    case ColumnKind::decimal:
      return {cast(as_number(source, names.source), decimal_type(shadow)), cast(names.shadow, decimal_type(shadow))};
    case ColumnKind::real: {
      const bool kept = same_type || kind_of(source) == ColumnKind::real;
      return {"(" + (kept ? names.source : cast(as_number(source, names.source), "FLOAT")) + " + 0e0)",
              "(" + names.shadow + " + 0e0)"};
    }
    case ColumnKind::real_double:
      return {"(" + names.source + " + 0e0)", "(" + names.shadow + " + 0e0)"};
    case ColumnKind::bit:
      return {cast("(" + names.source + " + 0)", "UNSIGNED"), cast("(" + names.shadow + " + 0)", "UNSIGNED")};
    case ColumnKind::year:
      return {kind_of(source) == ColumnKind::year ? "(" + names.source + " + 0)" : full_year(source, names.source),
              "(" + names.shadow + " + 0)"};
    case ColumnKind::text:
      return text(source, shadow, names);
    case ColumnKind::binary:
      return binary(source, shadow, names);
    case ColumnKind::date:
      return {same_type ? names.source : cast(names.source, "DATE"), names.shadow};
    case ColumnKind::datetime:
      return {same_type ? names.source : cast(names.source, with_fraction("DATETIME", shadow.fraction_digits)),
              names.shadow};
    case ColumnKind::timestamp:
      return timestamp(source, shadow, names);
    case ColumnKind::time:
      return {same_type ? names.source : cast(names.source, with_fraction("TIME", shadow.fraction_digits)),
              names.shadow};
    case ColumnKind::enumeration:
    case ColumnKind::set:
      return members(source, shadow, names);
    case ColumnKind::json: {
      const bool from_json = kind_of(source) == ColumnKind::json;
      return {cast(from_json ? names.source : cast(names.source, "JSON"), "CHAR"), cast(names.shadow, "CHAR")};
    }
    case ColumnKind::other:
      return names;
  }
  return names;
}

bool is_long(const Column& column) {
  const ColumnKind kind = kind_of(column);
  return kind == ColumnKind::json || kind == ColumnKind::other || column.octet_length.value_or(0) > max_inline_bytes;
}

// TEXT to TINYTEXT, BLOB to TINYBLOB and the like.
bool is_shortened(const SharedColumn& column) {
  const auto is_lob = [](const Column& one) {
    return one.data_type.ends_with("text") || one.data_type.ends_with("blob");
  };
  return is_lob(column.source) && is_lob(column.shadow) &&
         column.shadow.octet_length.value_or(0) < column.source.octet_length.value_or(0);
}

// Whether the text of its values, which holds no comma, ends at one.
bool is_number(const SharedColumn& column) {
  const ColumnKind kind = kind_of(column.shadow);
  return kind == ColumnKind::integer || kind == ColumnKind::decimal || kind == ColumnKind::year ||
         kind == ColumnKind::bit;
}

// The value as arguments of CONCAT(), so that where it ends is no question of what follows.
std::string tagged(const SharedColumn& column, const std::string& value) {
  if (is_number(column)) return value + ", ','";
  if (is_long(column.source) || is_long(column.shadow)) return "'H', SHA2(" + value + ", 256)";
  const std::string bytes = cast(value, "BINARY");
  return "LENGTH(" + bytes + "), ':', " + bytes;
}

}  // namespace

std::string key_literal_expression(const SharedColumn& column, Side side) {
  const Column& type = column.source;
  const std::string name = quote_identifier(side == Side::source ? column.source.name : column.shadow.name);
  switch (kind_of(type)) {
    case ColumnKind::integer:
      return cast(cast(name, type.is_unsigned ? "UNSIGNED" : "SIGNED"), "CHAR");
    case ColumnKind::decimal:
      return cast(cast(name, decimal_type(type)), "CHAR");
    case ColumnKind::bit:
    case ColumnKind::year:
    case ColumnKind::enumeration:
    case ColumnKind::set:
      return cast(name + " + 0", "CHAR");
    case ColumnKind::text: {
      const bool converts = side == Side::shadow && column.shadow.charset != type.charset;
      return "CONCAT('_" + type.charset + " x''', LOWER(HEX(" + (converts ? convert(name, type.charset) : name) +
             ")), '''')";
    }
    case ColumnKind::binary:
      return "CONCAT('x''', LOWER(HEX(" + name + ")), '''')";
    case ColumnKind::date:
      return "CONCAT('''', " + cast(name, "CHAR") + ", '''')";
    case ColumnKind::datetime:
    case ColumnKind::timestamp:
      return "CONCAT('''', " +
             cast(side == Side::source ? name : cast(name, with_fraction("DATETIME", type.fraction_digits)), "CHAR") +
             ", '''')";
    case ColumnKind::time:
      return "CONCAT('''', " +
             cast(side == Side::source ? name : cast(name, with_fraction("TIME", type.fraction_digits)), "CHAR") +
             ", '''')";
    case ColumnKind::real:
    case ColumnKind::real_double:
    case ColumnKind::json:
    case ColumnKind::other:
      break;  // can_be_key() refuses them
  }
  return name;
}

std::string stored_expression(const SharedColumn& column, const ServerFlavor& server) {
  std::string name = as_converted(column);
  // From one column to the other it would copy a long value into a shorter one's length, and say nothing (10.11).
  if (server.kind == ServerKind::mariadb && is_shortened(column)) return "CONCAT(" + name + ")";
  const ColumnKind from = kind_of(column.source);
  const bool of_bytes = from == ColumnKind::text || from == ColumnKind::binary;
  if (server.kind == ServerKind::mariadb && of_bytes && kind_of(column.shadow) == ColumnKind::integer) {
    // Its ALTER takes nothing but whole numbers, where an INSERT rounds. A CAST is refused as by the ALTER.
    return "IF(" + name + " RLIKE '^[[:space:]]*[-+]?[0-9]+[[:space:]]*$', " + name + ", " + cast(name, "SIGNED") + ")";
  }
  return name;
}

std::string shadow_literal_expression(const SharedColumn& column, const std::string& literal) {
  const Column& type = column.shadow;
  switch (kind_of(type)) {
    case ColumnKind::text:
      return "CONCAT('_" + type.charset + " x''', LOWER(HEX(" + convert(literal, type.charset) + ")), '''')";
    case ColumnKind::binary:
      return "CONCAT('x''', LOWER(HEX(" + literal + ")), '''')";
    case ColumnKind::decimal:
      return cast(cast(literal, decimal_type(type)), "CHAR");
    case ColumnKind::datetime:
    case ColumnKind::timestamp:
      return "CONCAT('''', " + cast(cast(literal, with_fraction("DATETIME", type.fraction_digits)), "CHAR") + ", '''')";
    case ColumnKind::time:
      return "CONCAT('''', " + cast(cast(literal, with_fraction("TIME", type.fraction_digits)), "CHAR") + ", '''')";
    case ColumnKind::integer:
    case ColumnKind::bit:
    case ColumnKind::date:
    case ColumnKind::year:
    case ColumnKind::enumeration:
    case ColumnKind::set:
    case ColumnKind::real:
    case ColumnKind::real_double:
    case ColumnKind::json:
    case ColumnKind::other:
      break;  // the same in both
  }
  return quote_string(literal);
}

std::string row_hash_expression(const std::vector<SharedColumn>& columns, Side side) {
  std::string parts;
  for (const SharedColumn& column : columns) {
    const Expressions both = comparable(column);
    const std::string& value = side == Side::source ? both.source : both.shadow;
    const std::string name = quote_identifier(side == Side::source ? column.source.name : column.shadow.name);
    if (!parts.empty()) parts += ", ";
    // NULL by tag, and only where the column itself is: a conversion that yields NULL makes the whole hash NULL.
    const bool never_null = !column.source.nullable && !column.shadow.nullable;
    parts +=
        never_null ? tagged(column, value) : "IF(" + name + " IS NULL, 'N', CONCAT(" + tagged(column, value) + "))";
  }
  return "SHA2(CONCAT(" + parts + "), 256)";
}

}  // namespace sluice::migrator
