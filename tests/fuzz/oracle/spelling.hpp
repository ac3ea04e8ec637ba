// A sentence of the grammar as text, spelled as nastily as the server takes it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fuzz/oracle/dice.hpp"
#include "tests/fuzz/oracle/world.hpp"

namespace sluice::oracle {

enum class Charset : std::uint8_t { utf8mb4, latin1, cp1251, gbk, sjis, big5 };
[[nodiscard]] const char* name_of(Charset charset);

// How the session reads its text.
struct Voice {
  test::Kind server = test::Kind::mysql;
  std::string database;
  Charset charset = Charset::utf8mb4;
  bool ansi_quotes = false;
  bool no_backslash = false;
  bool oracle = false;  // sql_mode = ORACLE of MariaDB, which implies ansi_quotes
};

struct Piece {
  enum class Kind : std::uint8_t {
    word,    // keyword or the like: in any case
    raw,     // as it is
    number,  // as it is; a real one may stick to the word behind it
    name,    // of a table or routine, with its database where it must be
    ident,   // alone
  };
  Kind kind = Kind::raw;
  std::string text;
  std::string database;  // of a name
};
using Sentence = std::vector<Piece>;

// Can the session's character set write the name?
[[nodiscard]] bool can_spell(const Voice& voice, const std::string& name);
[[nodiscard]] std::string spell(const Sentence& sentence, const Voice& voice, Dice& dice);
// A literal of some text, with traps for whoever reads it otherwise.
[[nodiscard]] std::string literal(const Voice& voice, Dice& dice);
// `text` as a string literal.
[[nodiscard]] std::string literal_of(const std::string& text, const Voice& voice);

}  // namespace sluice::oracle
