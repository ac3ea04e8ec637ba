#include "migrator/rows/row_hash.hpp"

#include "migrator/table/alter_text.hpp"
#include "migrator/table/column_kind.hpp"

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

Expressions integer(const Column& source, const Column& shadow, const Expressions& names) {
  const std::string type = shadow.is_unsigned ? "UNSIGNED" : "SIGNED";
  // Strings are rounded when stored but cut when cast.
  const bool from_text = kind_of(source) == ColumnKind::text;
  const std::string value = from_text ? cast(names.source, "DECIMAL(65,10)") : names.source;
  return {cast(kind_of(source) == ColumnKind::integer || from_text ? value : "(" + value + " + 0)", type),
          cast(names.shadow, type)};
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

// Which of the shadow's members are in the value: sets are written in their definition's order, which may have changed.
std::string membership(const Column& shadow, const std::string& name) {
  std::string flags;
  for (const Token& token : tokenize(shadow.column_type).tokens) {
    if (token.kind != TokenKind::text) continue;
    flags += (flags.empty() ? "(FIND_IN_SET(" : ", (FIND_IN_SET(") + quote_string(token.value) + ", " + name + ") > 0)";
  }
  return "CONCAT(" + flags + ")";
}

Expressions members(const Column& source, const Column& shadow, const Expressions& names) {
  const ColumnKind from = kind_of(source);
  if (from == ColumnKind::set && kind_of(shadow) == ColumnKind::set && source.column_type != shadow.column_type) {
    return {membership(shadow, names.source), membership(shadow, names.shadow)};
  }
  if (from == ColumnKind::enumeration || from == ColumnKind::set) {
    return {convert(names.source, "utf8mb4"), convert(names.shadow, "utf8mb4")};
  }
  if (from == ColumnKind::text || from == ColumnKind::binary) {
    // 'a' may have been stored as the member 'A': only the server knows members' spelling.
    const auto fold = [](const std::string& name) { return "RTRIM(LOWER(" + convert(name, "utf8mb4") + "))"; };
    return {fold(names.source), fold(names.shadow)};
  }
  return {"(" + names.source + " + 0)", "(" + names.shadow + " + 0)"};
}

// The two sides of one column, whose texts are equal just if the shadow holds what the source's value becomes in it.
Expressions comparable(const SharedColumn& column) {
  const Column& source = column.source;
  const Column& shadow = column.shadow;
  const Expressions names{quote_identifier(source.name), quote_identifier(shadow.name)};
  const bool same_type = source.column_type == shadow.column_type;
  const auto both_numbers = [&] { return Expressions{"(" + names.source + " + 0)", "(" + names.shadow + " + 0)"}; };
  switch (kind_of(shadow)) {
    case ColumnKind::integer:
      return integer(source, shadow, names);
    case ColumnKind::decimal:
      return {cast(names.source, decimal_type(shadow)), cast(names.shadow, decimal_type(shadow))};
    case ColumnKind::real:
      return {
          (same_type || kind_of(source) == ColumnKind::real ? "(" + names.source : "(" + cast(names.source, "FLOAT")) +
              " + 0e0)",
          "(" + names.shadow + " + 0e0)"};
    case ColumnKind::real_double:
      return {"(" + names.source + " + 0e0)", "(" + names.shadow + " + 0e0)"};
    case ColumnKind::bit:
    case ColumnKind::year:
      return both_numbers();
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
      return "CONCAT('_" + type.charset + " x''', HEX(" + (converts ? convert(name, type.charset) : name) + "), '''')";
    }
    case ColumnKind::binary:
      return "CONCAT('x''', HEX(" + name + "), '''')";
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

std::string converted_expression(const SharedColumn& column) {
  switch (kind_of(column.shadow)) {
    case ColumnKind::text:
      return convert(comparable(column).source, column.shadow.charset) + " COLLATE " + column.shadow.collation;
    case ColumnKind::integer:
    case ColumnKind::decimal:
    case ColumnKind::binary:
    case ColumnKind::date:
    case ColumnKind::datetime:
    case ColumnKind::time:
      return comparable(column).source;
    case ColumnKind::timestamp:
    case ColumnKind::bit:
    case ColumnKind::year:
    case ColumnKind::enumeration:
    case ColumnKind::set:
    case ColumnKind::real:
    case ColumnKind::real_double:
    case ColumnKind::json:
    case ColumnKind::other:
      break;
  }
  return quote_identifier(column.source.name);
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
