// SQL text into tokens, under one reading of what hangs on the server's version and the session's sql_mode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::protocol::sql {

// What the text alone does not tell. Whoever must be certain reads it in every way.
struct Reading {
  enum class CodeComments : std::uint8_t { code, comments } code_comments = CodeComments::code;  // /*!, /*M!
  enum class Backslash : std::uint8_t { escape, literal } backslash = Backslash::escape;         // NO_BACKSLASH_ESCAPES
  enum class DoubleQuotes : std::uint8_t { string, identifier } double_quotes = DoubleQuotes::string;  // ANSI_QUOTES
};

struct Token {
  enum class Kind : std::uint8_t {
    word,      // unquoted identifier, keyword, number, or \N (NULL)
    quoted,    // quoted identifier; text is what stands between the quotes
    string,    // literal; text is what stands between the quotes
    variable,  // @name, @@name, with its @
    symbol,    // one byte
    end,
    broken,  // from here on nobody knows: something does not end, or ends differently from server to server
  };
  Kind kind = Kind::end;
  char quote = 0;        // of quoted and string, and of what is broken as this quote is never closed
  bool escaped = false;  // the text has doubled quotes or backslashes in it
  std::string_view text;
  std::size_t begin = 0;  // of the token in the whole text, quotes included
};

class Lexer {
 public:
  explicit Lexer(std::string_view sql, Reading reading = {}) noexcept : sql_(sql), reading_(reading) {}

  // After `end` and `broken` the same again. Each byte is looked at once.
  [[nodiscard]] Token next() noexcept;

  // How many code comments were entered so far.
  [[nodiscard]] std::size_t code_comments() const noexcept { return code_comments_; }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }

 private:
  enum class Skipped : std::uint8_t { reached_token, broken };
  [[nodiscard]] Skipped skip_space_and_comments() noexcept;
  [[nodiscard]] Skipped skip_line_comment() noexcept;
  [[nodiscard]] Skipped skip_block_comment() noexcept;
  [[nodiscard]] Skipped enter_code_comment(std::size_t marker_size) noexcept;
  [[nodiscard]] Token read() noexcept;
  [[nodiscard]] std::size_t number_size() const noexcept;
  [[nodiscard]] Token word() noexcept;
  [[nodiscard]] Token between_quotes() noexcept;
  [[nodiscard]] Token variable() noexcept;
  [[nodiscard]] Token broken() noexcept;
  [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0';
  }

  std::string_view sql_;
  Reading reading_;
  std::size_t at_ = 0;
  std::size_t code_comments_ = 0;
  bool in_code_comment_ = false;
  bool after_dot_ = false;                         // the last token was one
  std::size_t name_end_ = std::string_view::npos;  // where the last token ended, if it may have been a name
};

// The name in a `quoted` token, or the value of a `string`, without doubled quotes and escapes. `buffer` backs the
// result where it differs from the text.
[[nodiscard]] std::string_view unquoted(const Token& token, Reading::Backslash backslash, std::string& buffer);

}  // namespace sluice::protocol::sql
