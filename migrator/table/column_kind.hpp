// The server's many types by how their values are written, compared and converted. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/table/definition.hpp"

namespace sluice::migrator {

enum class ColumnKind : std::uint8_t {
  integer,
  decimal,
  real,  // FLOAT
  real_double,
  bit,
  text,    // CHAR, VARCHAR, TEXT
  binary,  // BINARY, VARBINARY, BLOB
  date,
  datetime,
  timestamp,
  time,
  year,
  enumeration,
  set,
  json,
  other  // GEOMETRY, VECTOR, INET6, UUID, ...: taken as they are
};

[[nodiscard]] ColumnKind kind_of(const Column& column) noexcept;

// DATE, DATETIME, TIMESTAMP and TIME.
[[nodiscard]] bool is_temporal(const Column& column) noexcept;

// Whether exact literals can be written for it and equality is what it seems: not FLOAT, DOUBLE, JSON or `other`.
[[nodiscard]] bool can_be_key(const Column& column) noexcept;

// The members of an ENUM or a SET, in their order, as SQL literals; empty for other types.
[[nodiscard]] std::vector<std::string> member_literals(const Column& column);

// Whether a key's values stay distinguishable and findable by the source's literals: same kind, and no narrower; text
// in another character set only if each value can be told back from what it becomes.
[[nodiscard]] bool keeps_key_values(const Column& source, const Column& shadow) noexcept;

// Text in another character set or under another collation: other values are equal in the shadow, and their order is
// another one. See docs/decisions/0010.
[[nodiscard]] bool changes_collation(const Column& source, const Column& shadow) noexcept;

// What ALTER TABLE gives to the rows that are there in a new NOT NULL column without a default; nullopt for temporals,
// whose zero strict mode refuses, and for `other`.
[[nodiscard]] std::optional<std::string> implicit_default(const Column& column);

}  // namespace sluice::migrator
