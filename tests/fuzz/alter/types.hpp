// Column types of both servers, drawn at random, and values for them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fuzz/oracle/dice.hpp"
#include "tests/support/server.hpp"

namespace sluice::alters {

using oracle::Dice;
using test::Kind;

enum class Family : std::uint8_t {
  integer,
  decimal,
  real,
  bit,
  text,
  binary,
  date,
  datetime,
  timestamp,
  time,
  year,
  enumeration,
  set,
  json,
  geometry,
  vector,   // MySQL 9
  address,  // INET6 of MariaDB
  uuid      // MariaDB
};

struct Type {
  Family family = Family::integer;
  std::string name;    // "INT", "VARCHAR", "POINT"
  unsigned size = 0;   // length, precision, bits, digits of a fraction; 0: not written
  unsigned scale = 0;  // of decimals
  bool is_unsigned = false;
  std::string collation;  // of texts and members; its character set comes before the first _
  std::vector<std::string> members;
};

// As in a column definition, with its character set and collation.
[[nodiscard]] std::string sql(const Type& type);

[[nodiscard]] Type draw_type(Kind server, Dice& dice);
[[nodiscard]] Type draw_type_of(Family family, Kind server, Dice& dice);
// One that a key may be made of.
[[nodiscard]] Type draw_key_type(Kind server, Dice& dice);
// What an ALTER might make of it: wider, narrower, another of its family, or quite another.
[[nodiscard]] Type draw_changed(const Type& type, Kind server, Dice& dice);
[[nodiscard]] std::string draw_collation(Kind server, Dice& dice);
[[nodiscard]] std::string charset_of(const std::string& collation);
[[nodiscard]] bool is_blob(const Type& type);  // TEXT, BLOB, JSON, GEOMETRY: no literal defaults, only prefix keys

// An SQL expression, often at an edge, mostly one that the type takes.
[[nodiscard]] std::string draw_value(const Type& type, Dice& dice);

}  // namespace sluice::alters
