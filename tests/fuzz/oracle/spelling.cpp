#include "tests/fuzz/oracle/spelling.hpp"

#include <algorithm>
#include <cctype>

namespace sluice::oracle {
namespace {

bool is_ascii(const std::string& text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 || c == '_' || c == '$';
}

bool is_plain(const std::string& name) {
  return name != "rank" && std::ranges::all_of(name, is_word_byte);
}

std::string in_any_case(std::string text, Dice& dice) {
  if (dice.one_in(2)) return text;
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (dice.one_in(2)) c = static_cast<char>(std::isupper(byte) != 0 ? std::tolower(byte) : std::toupper(byte));
  }
  return text;
}

std::string quoted(const std::string& text, char quote) {
  std::string result(1, quote);
  for (const char c : text) result.append(c == quote ? 2 : 1, c);
  return result + quote;
}

std::string in_charset(const std::string& text, Charset charset) {
  return charset == Charset::latin1 && text == "caf\u00e9" ? "caf\xe9" : text;
}

std::string ident(const std::string& name, const Voice& voice, Dice& dice) {
  const std::string text = in_charset(name, voice.charset);
  // MySQL takes a character outside the basic plane for a question mark.
  if (name == "a?b" && voice.server == test::Kind::mysql && voice.charset == Charset::utf8mb4 && dice.one_in(3)) {
    return "`a\U0001F600b`";
  }
  if (is_plain(name) && dice.one_in(2)) return text;
  return quoted(text, voice.ansi_quotes && dice.one_in(2) ? '"' : '`');
}

// Between tokens; never empty. What may be code or not makes the scan give up: seldom, so that it is seen to judge.
std::string gap(const Voice& voice, Dice& dice) {
  if (!dice.one_in(5)) return " ";
  if (dice.one_in(20)) {
    if (voice.server == test::Kind::mysql) return "/*M! ' orders */";
    return dice.text({"/*M!999999 ' , orders */", "/*M!999999 , orders */"});
  }
  if (dice.one_in(12)) {
    return dice.text(
        {"/*!*/", "/*! */", "/*!50000 */", "/*!99999 ' , items */", "/*!99999 shop. */", "/*!999999 , orders */"});
  }
  std::string result;
  do {
    result += dice.text({"\t", "\n", "\r\n", "\v", "\f", "/**/", "/* orders */", "/* 'orders */", "/* \" ` */",
                         "-- it's\n", "--\t`\n", "--\n", "# \"x\n", "#\n", "/*/ ; */", "/***/", "/* -- */"});
  } while (dice.one_in(3));
  return result;
}

std::string qualified(const Piece& piece, const Voice& voice, Dice& dice) {
  const std::string name = ident(piece.text, voice, dice);
  const bool here = piece.database == voice.database;
  if (here && !dice.one_in(3)) {
    // MariaDB: of the default database.
    if (voice.server == test::Kind::mariadb && name[0] == '`' && !piece.text.starts_with("f_") && dice.one_in(6)) {
      return "." + name;
    }
    return name;
  }
  const std::string database = ident(piece.database, voice, dice);
  // After an unquoted name the dot must follow at once where digits come next.
  const bool tight = !dice.one_in(4) || std::isdigit(static_cast<unsigned char>(name[0])) != 0;
  const bool quote_first = tight && std::isdigit(static_cast<unsigned char>(name[0])) != 0;
  const std::string before = tight ? "" : dice.one_in(2) ? gap(voice, dice) : "";
  const std::string after = tight ? "" : dice.one_in(2) ? gap(voice, dice) : "";
  return (quote_first ? piece.database : database) + before + "." + after + name;
}

std::string text_of(const Piece& piece, const Voice& voice, Dice& dice) {
  switch (piece.kind) {
    case Piece::Kind::word:
      return in_any_case(piece.text, dice);
    case Piece::Kind::raw:
    case Piece::Kind::number:
      return piece.text;
    case Piece::Kind::name:
      return qualified(piece, voice, dice);
    case Piece::Kind::ident:
      return ident(piece.text, voice, dice);
  }
  return {};
}

bool may_stick(const Piece& left, const std::string& sql, const std::string& next) {
  const char last = sql.back();
  const char first = next.front();
  if (is_word_byte(last) && is_word_byte(first)) {
    const bool real = left.kind == Piece::Kind::number && left.text.find_first_of(".e") != std::string::npos;
    return real && std::isalpha(static_cast<unsigned char>(first)) != 0;
  }
  if (left.kind == Piece::Kind::number || first == '.') return last == 'M' || last == 'm' || last == ',';
  const bool one_letter = sql.size() < 2 || !is_word_byte(sql[sql.size() - 2]);
  if (first == '\'' && is_word_byte(last)) return !one_letter && left.kind == Piece::Kind::word;
  return last != first && last != '-' && last != '/' && last != '*' && first != '*' && last != '@' && last != '\'' &&
         last != '"';
}

}  // namespace

const char* name_of(Charset charset) {
  switch (charset) {
    case Charset::utf8mb4:
      return "utf8mb4";
    case Charset::latin1:
      return "latin1";
    case Charset::cp1251:
      return "cp1251";
    case Charset::gbk:
      return "gbk";
    case Charset::sjis:
      return "sjis";
    case Charset::big5:
      return "big5";
  }
  return "";
}

bool can_spell(const Voice& voice, const std::string& name) {
  return is_ascii(name) || voice.charset == Charset::utf8mb4 || voice.charset == Charset::latin1;
}

std::string spell(const Sentence& sentence, const Voice& voice, Dice& dice) {
  std::string sql = dice.one_in(10) ? gap(voice, dice) : "";
  // A part of it within a code comment, where the text has no other one.
  const bool wraps = sentence.size() > 2 && dice.one_in(12);
  const std::size_t from = wraps ? dice.below(sentence.size()) : sentence.size();
  const std::size_t to = wraps ? from + 1 + dice.below(sentence.size() - from) : 0;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    const bool inside = i >= from && i < to;
    const std::string next = text_of(sentence[i], voice, dice);
    if (i == from) sql += dice.text({" /*!", " /*! ", "/*!50000", "/*!40101 ", " /*!050101 "});
    if (i > 0 && i != from) {
      const bool sticks = may_stick(sentence[i - 1], sql, next) && dice.one_in(4);
      if (!sticks) sql += inside ? " " : gap(voice, dice);
    }
    // What begins with a digit would be read as the comment's version.
    if (i == from && std::isdigit(static_cast<unsigned char>(next.front())) != 0) sql += ' ';
    sql += next;
    if (i + 1 == to) sql += " */";
  }
  return sql;
}

std::string literal_of(const std::string& text, const Voice& voice) {
  std::string result = "'";
  for (const char c : text) result.append(c == '\'' || (c == '\\' && !voice.no_backslash) ? 2 : 1, c);
  return result + "'";
}

std::string literal(const Voice& voice, Dice& dice) {
  if (dice.one_in(4)) {
    switch (voice.charset) {  // a second byte that looks like a backslash or a backquote
      case Charset::utf8mb4:
        return dice.text({"'\u8336'", "'\u00e9'", "'\U0001F600'"});
      case Charset::latin1:
      case Charset::cp1251:
        return dice.text({"'\xe9'", "'\xbf'"});
      case Charset::gbk:
        return dice.text({"'\xbf\\'", "'\x81`'", "'\xbf\\''orders'"});
      case Charset::sjis:
        return dice.text({"'\x83\\'", "'\x83`'", "'\xb1'"});
      case Charset::big5:
        return dice.text({"'\xa5\\'", "'\xa4`'"});
    }
  }
  if (dice.one_in(4)) {
    return voice.no_backslash ? dice.text({"'\\'", "'a\\'", "'\\''orders'"})
                              : dice.text({"'\\''", "'a\\'orders'", "'\\\\'", "'\\'' '\\''", "'\\' , orders'"});
  }
  if (!voice.ansi_quotes && dice.one_in(4)) return dice.text({"\"it's\"", "\"a\"\"b\"", "\"orders\"", "\"`\"", "\"\""});
  return dice.text({"'x'",  "'it''s'",    "''''", "'orders'", "'UPDATE orders'", "'/*'", "'-- '", "'#'",     "'`'",
                    "'\"'", "';'",        "''",   "N'x'",     "x'41'",           "0x41", "b'1'",  "'a' 'b'", "'$$'",
                    "'@x'", "_latin1'x'", "NULL"});
}

}  // namespace sluice::oracle
