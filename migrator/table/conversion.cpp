#include "migrator/table/conversion.hpp"

#include <initializer_list>

#include "migrator/table/column_kind.hpp"

namespace sluice::migrator {

namespace {

using enum ColumnKind;

bool is(ColumnKind kind, std::initializer_list<ColumnKind> kinds) noexcept {
  for (const ColumnKind one : kinds) {
    if (kind == one) return true;
  }
  return false;
}

bool is_number(ColumnKind kind) noexcept {
  return is(kind, {integer, decimal, real, real_double, year});
}

Conversion allowed(bool allowed) noexcept {
  return allowed ? Conversion::plain : Conversion::own_rules;
}

}  // namespace

Conversion conversion(const Column& source, const Column& shadow) noexcept {
  const ColumnKind from = kind_of(source);
  const ColumnKind to = kind_of(shadow);
  if (from == to) return Conversion::plain;
  switch (to) {
    case integer:
      return allowed(!is(from, {json, other}));
    case decimal:
    case real:
    case real_double:
      return allowed(!is(from, {bit, json, other}));
    case bit:
      return allowed(is(from, {integer, year, enumeration, set}));
    case date:
      // Which day a time of day is on depends on when one asks, and CAST does not say what is stored.
      if (from == time) return Conversion::own_rules;
      [[fallthrough]];
    case datetime:
    case timestamp:
    case time:
      return allowed(!is(from, {real, real_double, bit, year, json, other}));
    case year:
      return allowed(is(from, {integer, text, binary}));
    case enumeration:
    case set:
      return allowed(is(from, {integer, bit, text, binary, enumeration, set}));
    case text:
    case binary:
      // Digits in a VARCHAR, bytes in a TEXT.
      if (from == bit) return Conversion::own_rules;
      if (source.data_type == "vector" && to == text) return Conversion::own_rules;
      // An INSERT ... SELECT leaves out the zeros in front.
      if (source.column_type.ends_with(" zerofill")) return Conversion::by_text;
      return is(from, {real, real_double, year}) ? Conversion::by_text : Conversion::plain;
    case json:
      if (source.data_type == "vector") return Conversion::own_rules;
      return is_number(from) ? Conversion::by_text : Conversion::plain;
    case other:
      return Conversion::plain;  // what the server itself does not refuse
  }
  return Conversion::plain;
}

}  // namespace sluice::migrator
