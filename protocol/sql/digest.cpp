#include "protocol/sql/digest.hpp"

#include <algorithm>

#include "protocol/sql/lexer.hpp"
#include "protocol/sql/text.hpp"

namespace sluice::protocol {
namespace {

using sql::Token;

// Anything else between backquotes may be what a misjudged quote made a name of.
bool is_plain_name(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return sql::is(c, sql::word_byte); }) && sql::is_utf8(text);
}

// May the server see the end elsewhere? A backslash before a quote escapes it or not, by sql_mode, and by character set
// when it is a character's second byte; so may a backquote be one.
bool has_uncertain_end(const Token& token) noexcept {
  const std::string_view text = token.text;
  if (token.kind == Token::Kind::quoted) return sql::has_high_byte(text) && !is_plain_name(text);
  if (token.kind != Token::Kind::string) return false;
  for (std::size_t i = text.find('\\'); i < text.size(); i = text.find('\\', i + 1)) {
    if (i + 1 == text.size() || text[i + 1] == token.quote) return true;
  }
  return false;
}

bool starts_with_digit(std::string_view text) noexcept {
  return !text.empty() && sql::is(text[0], sql::digit_byte);
}

std::string_view without_ats(std::string_view variable) noexcept {
  return variable.substr(std::min(variable.find_first_not_of('@'), variable.size()));
}

std::string shown(const Token& token) {
  switch (token.kind) {
    case Token::Kind::word:
      return is_plain_name(token.text) && !starts_with_digit(token.text) ? std::string(token.text) : "?";
    case Token::Kind::quoted:
      return is_plain_name(token.text) && !starts_with_digit(token.text) ? "`" + std::string(token.text) + "`" : "`?`";
    case Token::Kind::string:
      return "?";
    case Token::Kind::variable:
      return is_plain_name(without_ats(token.text)) ? std::string(token.text) : "@?";
    case Token::Kind::symbol:
      return static_cast<unsigned char>(token.text[0]) < ' ' || token.text[0] == 0x7F ? "" : std::string(token.text);
    case Token::Kind::end:
    case Token::Kind::broken:
      return "";
  }
  return "";
}

// At most `size` bytes, and no part of a character.
void cut(std::string& text, std::size_t size) {
  if (text.size() <= size) return;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  text.resize(size);
}

}  // namespace

std::string digest(std::string_view sql, std::size_t length_max) {
  sql::Lexer lexer(sql);
  std::string result;
  std::size_t end_of_last = 0;
  while (result.size() < length_max) {
    const Token token = lexer.next();
    if (token.kind == Token::Kind::end) break;
    if (token.begin > end_of_last && !result.empty()) result += ' ';
    if (token.kind == Token::Kind::broken) {
      result += "...";
      break;
    }
    result += shown(token);
    if (has_uncertain_end(token)) {
      result += " ...";
      break;
    }
    end_of_last = lexer.position();
  }
  cut(result, length_max);
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

}  // namespace sluice::protocol
