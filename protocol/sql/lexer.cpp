#include "protocol/sql/lexer.hpp"

#include <algorithm>

#include "protocol/sql/text.hpp"

namespace sluice::protocol::sql {

Token Lexer::next() noexcept {
  if (skip_space_and_comments() == Skipped::broken) return broken();
  const std::size_t digits = number_size();
  if (digits != 0) at_ += digits;
  const Token token =
      digits == 0 ? read()
                  : Token{.kind = Token::Kind::word, .text = sql_.substr(at_ - digits, digits), .begin = at_ - digits};
  after_dot_ = token.kind == Token::Kind::symbol && token.text == ".";
  const bool name = digits == 0 && (token.kind == Token::Kind::word || token.kind == Token::Kind::quoted);
  name_end_ = name ? at_ : std::string_view::npos;
  return token;
}

Token Lexer::read() noexcept {
  if (at_ == sql_.size()) {
    // The servers refuse a code comment that is not closed, but only after they ran the statements before it.
    if (in_code_comment_) return broken();
    return {.kind = Token::Kind::end, .begin = at_};
  }
  const char c = sql_[at_];
  if (is(c, word_byte)) return word();
  if (c == '\\' && peek(1) == 'N') {
    at_ += 2;
    return {.kind = Token::Kind::word, .text = sql_.substr(at_ - 2, 2), .begin = at_ - 2};
  }
  if (is(c, quote_byte)) return between_quotes();
  if (c == '@') return variable();
  return {.kind = Token::Kind::symbol, .text = sql_.substr(at_, 1), .begin = at_++};
}

Token Lexer::broken() noexcept {
  const std::size_t begin = at_;
  sql_ = sql_.substr(0, at_);
  in_code_comment_ = true;  // keeps next() where it is
  return {.kind = Token::Kind::broken, .begin = begin};
}

Lexer::Skipped Lexer::skip_space_and_comments() noexcept {
  while (at_ < sql_.size()) {
    const char c = sql_[at_];
    Skipped skipped = Skipped::reached_token;
    if (is(c, space_byte)) {
      ++at_;
    } else if (c == '#') {
      skipped = skip_line_comment();
    } else if (c == '-' && peek(1) == '-') {
      // A comment only if white space or a control character follows; in some character sets a high byte is one.
      const char after = peek(2);
      if (is(after, high_byte)) return Skipped::broken;
      if (static_cast<unsigned char>(after) > ' ' && after != 0x7F) return Skipped::reached_token;
      skipped = skip_line_comment();
    } else if (c == '/' && peek(1) == '*') {
      skipped = skip_block_comment();
    } else if (in_code_comment_ && c == '*' && peek(1) == '/') {
      in_code_comment_ = false;
      at_ += 2;
    } else {
      return Skipped::reached_token;
    }
    if (skipped == Skipped::broken) return skipped;
  }
  return Skipped::reached_token;
}

Lexer::Skipped Lexer::skip_line_comment() noexcept {
  const std::size_t end = std::min(sql_.find('\n', at_), sql_.size());
  // Where the code comment around it is a comment, it ends in here.
  if (in_code_comment_ && sql_.substr(at_, end - at_).find("*/") != std::string_view::npos) return Skipped::broken;
  at_ = end;
  return Skipped::reached_token;
}

Lexer::Skipped Lexer::skip_block_comment() noexcept {
  if (in_code_comment_) return Skipped::broken;  // where it ends depends on whether the outer one is code
  const std::size_t marker = peek(2) == '!' ? 3 : peek(2) == 'M' && peek(3) == '!' ? 4 : 0;
  if (marker != 0 && reading_.code_comments == Reading::CodeComments::code) return enter_code_comment(marker);
  const std::size_t end = sql_.find("*/", at_ + 2);
  if (end == std::string_view::npos) return Skipped::broken;
  if (peek(2) == '+') {
    // An optimizer hint is tokenized by MySQL: quotes in it may hide an end.
    const std::string_view hint = sql_.substr(at_, end - at_);
    for (const char quote : {'\'', '"', '`'}) {
      if (std::ranges::count(hint, quote) % 2 != 0) return Skipped::broken;
    }
  }
  at_ = end + 2;
  return Skipped::reached_token;
}

// The version is five or six digits; what else follows is read differently by different servers.
Lexer::Skipped Lexer::enter_code_comment(std::size_t marker_size) noexcept {
  at_ += marker_size;
  std::size_t digits = 0;
  while (is(peek(digits), digit_byte)) ++digits;
  if (digits != 0 && digits != 5 && digits != 6) return Skipped::broken;
  if (digits == 6 && is(peek(digits), word_byte)) return Skipped::broken;
  at_ += digits;
  in_code_comment_ = true;
  ++code_comments_;
  return Skipped::reached_token;
}

// Bytes of the number that begins here; 0: none does. What follows it directly is a word of its own: "1.5FOR". But
// "1x" and "0x1e5x" are names, as is whatever follows a name and a dot.
std::size_t Lexer::number_size() const noexcept {
  const bool fraction = peek() == '.' && is(peek(1), digit_byte) && name_end_ != at_;
  if (!fraction && (!is(peek(), digit_byte) || after_dot_)) return 0;
  std::size_t size = 0;
  const auto skip_digits = [&] {
    while (is(peek(size), digit_byte)) ++size;
  };
  skip_digits();
  const bool point = peek(size) == '.';
  if (point) ++size;
  skip_digits();
  if (fold(peek(size)) == 'e') {
    const std::size_t sign = peek(size + 1) == '+' || peek(size + 1) == '-' ? 1 : 0;
    if (is(peek(size + 1 + sign), digit_byte)) {
      size += 1 + sign;
      skip_digits();
      return size;
    }
  }
  return point || !is(peek(size), word_byte) ? size : 0;
}

Token Lexer::word() noexcept {
  const std::size_t begin = at_;
  std::size_t dollars = 0;
  while (at_ < sql_.size() && is(sql_[at_], word_byte)) dollars += sql_[at_++] == '$' ? 1U : 0U;
  // $$text$$ and $tag$text$tag$ of MySQL 9, an identifier elsewhere. A number may end just before it.
  if (dollars >= 2 && (sql_[begin] == '$' || is(sql_[begin], digit_byte))) {
    at_ = begin;
    return broken();
  }
  return {.kind = Token::Kind::word, .text = sql_.substr(begin, at_ - begin), .begin = begin};
}

Token Lexer::between_quotes() noexcept {
  const std::size_t begin = at_;
  const char quote = sql_[at_];
  const bool identifier = quote == '`' || (quote == '"' && reading_.double_quotes == Reading::DoubleQuotes::identifier);
  const bool escapes = !identifier && reading_.backslash == Reading::Backslash::escape;
  const bool in_code = in_code_comment_;
  bool escaped = false;
  for (std::size_t i = begin + 1; i < sql_.size(); ++i) {
    const char c = sql_[i];
    if (c == '\\' && escapes) {
      escaped = true;
      ++i;
    } else if (c == quote && i + 1 < sql_.size() && sql_[i + 1] == quote) {
      escaped = true;
      ++i;
    } else if (c == quote) {
      const std::string_view text = sql_.substr(begin + 1, i - begin - 1);
      if (in_code_comment_ && text.find("*/") != std::string_view::npos) return broken();
      at_ = i + 1;
      return {.kind = identifier ? Token::Kind::quoted : Token::Kind::string,
              .quote = quote,
              .escaped = escaped,
              .text = text,
              .begin = begin};
    }
  }
  Token endless = broken();
  if (!in_code) endless.quote = quote;
  return endless;
}

Token Lexer::variable() noexcept {
  const std::size_t begin = at_++;
  if (peek() == '@') ++at_;
  if (is(peek(), quote_byte) && at_ < sql_.size()) {
    const Token name = between_quotes();
    if (name.kind == Token::Kind::broken) return {.kind = name.kind, .quote = name.quote, .begin = begin};
  } else {
    while (at_ < sql_.size() && is(sql_[at_], word_byte)) ++at_;
  }
  return {.kind = Token::Kind::variable, .text = sql_.substr(begin, at_ - begin), .begin = begin};
}

namespace {

// MySQL Reference Manual 11.1.1, table of escape sequences.
char escape_value(char c) noexcept {
  switch (c) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1a';
    default:
      return c;
  }
}

}  // namespace

std::string_view unquoted(const Token& token, Reading::Backslash backslash, std::string& buffer) {
  if (!token.escaped) return token.text;
  const bool escapes = token.kind == Token::Kind::string && backslash == Reading::Backslash::escape;
  buffer.clear();
  for (std::size_t i = 0; i < token.text.size(); ++i) {
    const char c = token.text[i];
    const bool more = i + 1 < token.text.size();
    if (more && escapes && c == '\\') {
      buffer += escape_value(token.text[++i]);
    } else {
      buffer += c;
      if (more && c == token.quote) ++i;
    }
  }
  return buffer;
}

}  // namespace sluice::protocol::sql
