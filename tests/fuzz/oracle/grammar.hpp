// Statements of both servers, made from templates.
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/oracle/spelling.hpp"

namespace sluice::oracle {

// What a client sends.
struct Step {
  enum class Kind : std::uint8_t {
    query,    // COM_QUERY
    binary,   // COM_STMT_PREPARE and COM_STMT_EXECUTE
    init_db,  // COM_INIT_DB
  };
  Kind kind = Kind::query;
  std::string text;
};

struct Script {
  enum class Witness : std::uint8_t {
    locks,   // run in a transaction that is rolled back; metadata locks tell
    binlog,  // run with autocommit; row events tell
    guard,   // one step, run against locked tables; what it waits for tells
  };
  Witness witness = Witness::locks;
  std::vector<Step> steps;
  Voice after;                       // the session, if all its steps succeed
  std::vector<std::string> cleanup;  // that need not succeed; never judged
};

[[nodiscard]] Script next_script(const Voice& voice, Dice& dice);

}  // namespace sluice::oracle
