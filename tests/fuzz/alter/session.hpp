// What a writing client has set for its session, and what a migration is asked for, drawn at random. Pure.
#pragma once

#include <string>

#include "tests/fuzz/alter/tables.hpp"

namespace sluice::alters {

// A SET statement for all that a round may have changed.
[[nodiscard]] std::string draw_session(Kind server, Dice& dice);
// Back to the server's own.
[[nodiscard]] std::string default_session(Kind server);

// Members of a JSON object, without its braces.
[[nodiscard]] std::string draw_options(const Table& table, Dice& dice);

}  // namespace sluice::alters
