// What can be known of an ALTER's text without a parser: a tokenizer that errs towards refusing. The server has the
// last word on whether it parses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::migrator {

enum class TokenKind : std::uint8_t { word, quoted_identifier, text, number, symbol };

struct Token {
  TokenKind kind = TokenKind::symbol;
  std::string value;               // of quoted tokens: without the quotes, escapes undone for identifiers only
  std::size_t begin = 0, end = 0;  // its bytes in the text, quotes included
};

enum class Termination : std::uint8_t { complete, open_quote, open_comment };

struct Tokens {
  std::vector<Token> tokens;
  Termination termination = Termination::complete;
};

// The inside of /*! */ and /*M! */ counts as text, as the server runs it.
[[nodiscard]] Tokens tokenize(std::string_view sql);

// Of the token with that number: false also where there is none.
[[nodiscard]] bool is_keyword(const std::vector<Token>& tokens, std::size_t i, std::string_view word) noexcept;
[[nodiscard]] bool is_symbol(const std::vector<Token>& tokens, std::size_t i, std::string_view symbol) noexcept;

struct ColumnRename {
  std::string from, to;
  bool operator==(const ColumnRename&) const = default;
};

struct AlterText {
  bool empty = true;
  bool unterminated = false;             // a quote or a comment stays open
  bool second_statement = false;         // something follows a semicolon
  bool starts_with_alter_table = false;  // the whole statement was given, not what follows ALTER TABLE t
  bool renames_table = false;
  bool moves_data = false;  // tablespaces, or rows of partitions: DISCARD, IMPORT, EXCHANGE, TRUNCATE, DROP PARTITION
  std::string engine;       // of ENGINE = x; empty: none
  std::vector<ColumnRename> column_renames;  // RENAME COLUMN a TO b, CHANGE a b; only where the name changes
  std::vector<std::string> dropped_columns;  // one that is added again under the same name is a new column
};

[[nodiscard]] AlterText read_alter(std::string_view alter);

}  // namespace sluice::migrator
