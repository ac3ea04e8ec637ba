#include "protocol/sql/table_rename.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "protocol/sql/text.hpp"

namespace sluice::protocol::sql {
namespace {

using Kind = Token::Kind;

// Behind these, or behind what may stand between them and it, a table is named.
constexpr std::array<std::string_view, 12> kBeforeTables{"FROM",   "JOIN",         "STRAIGHT_JOIN", "INTO",
                                                         "UPDATE", "INSERT",       "REPLACE",       "DELETE",
                                                         "IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "QUICK"};
// And these begin a list of them.
constexpr std::array<std::string_view, 4> kBeforeLists{"FROM", "JOIN", "UPDATE", "DELETE"};
// Which ends at one of these.
constexpr std::array<std::string_view, 11> kAfterLists{"SET",   "WHERE",  "ON",     "USING", "GROUP", "ORDER",
                                                       "LIMIT", "HAVING", "SELECT", "UNION", "VALUES"};

constexpr std::string_view kPlaceholder = "{table}";

template <std::size_t Size>
bool is_one_of(const std::array<std::string_view, Size>& words, const Token& token) {
  return token.kind == Kind::word &&
         std::ranges::any_of(words, [&](std::string_view word) { return equals_folded(word, token.text); });
}

bool is_symbol(const Token& token, char symbol) {
  return token.kind == Kind::symbol && token.text.size() == 1 && token.text.front() == symbol;
}

class Renamer {
 public:
  Renamer(std::string_view sql, const TableRename& rename, Reading reading)
      : sql_(sql), rename_(rename), reading_(reading) {
    Lexer lexer(sql, reading);
    while (tokens_.empty() || (tokens_.back().kind != Kind::end && tokens_.back().kind != Kind::broken)) {
      tokens_.push_back(lexer.next());
    }
  }

  std::string run() {
    std::string result;
    std::size_t copied = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is_placeholder(i)) {
        result.append(sql_.substr(copied, tokens_[i].begin - copied)).append(rename_.to);
        copied = tokens_[i].begin + kPlaceholder.size();
      }
      const bool is_the_table = means_the_table(i) && tokens_[i].begin >= copied;
      follow(tokens_[i]);
      if (!is_the_table) continue;
      result.append(sql_.substr(copied, tokens_[i].begin - copied)).append(rename_.to);
      copied = tokens_[i].begin + size_of(tokens_[i]);
    }
    return result.append(sql_.substr(copied));
  }

 private:
  static std::size_t size_of(const Token& token) { return token.text.size() + (token.kind == Kind::quoted ? 2 : 0); }

  // Past either end: the end.
  [[nodiscard]] const Token& token(std::size_t index) const {
    return index < tokens_.size() ? tokens_[index] : tokens_.back();
  }
  [[nodiscard]] bool is_name(const Token& token, std::string_view name) const {
    if (token.kind != Kind::word && token.kind != Kind::quoted) return false;
    std::string buffer;
    const auto text = token.kind == Kind::quoted ? unquoted(token, reading_.backslash, buffer) : token.text;
    return text == name || (rename_.names == TableRename::Case::is_folded && equals_folded(text, name));
  }

  [[nodiscard]] bool is_placeholder(std::size_t i) const {
    return is_symbol(tokens_[i], '{') && sql_.substr(tokens_[i].begin).starts_with(kPlaceholder);
  }
  [[nodiscard]] bool means_the_table(std::size_t i) const {
    if (!is_name(tokens_[i], rename_.from)) return false;
    if (i > 0 && is_symbol(tokens_[i - 1], '.')) {
      const bool is_of_database = i > 1 && is_name(tokens_[i - 2], rename_.database);
      return is_of_database && (i < 3 || !is_symbol(tokens_[i - 3], '.'));
    }
    if (is_symbol(token(i + 1), '.')) {
      // A database of the same name, or the table before its column.
      return !(is_name(tokens_[i], rename_.database) && is_name(token(i + 2), rename_.from));
    }
    const bool is_called = is_symbol(token(i + 1), '(');
    return names_tables_ || (!is_called && rename_.namesake == TableRename::Namesake::none);
  }

  // Whether the next token is where a table is named.
  void follow(const Token& token) {
    if (is_one_of(kBeforeLists, token)) in_list_ = true;
    if (is_one_of(kAfterLists, token)) in_list_ = false;
    names_tables_ = is_one_of(kBeforeTables, token) || (in_list_ && (is_symbol(token, ',') || is_symbol(token, '(')));
  }

  std::string_view sql_;
  const TableRename& rename_;
  Reading reading_;
  std::vector<Token> tokens_;
  bool names_tables_ = false;
  bool in_list_ = false;
};

}  // namespace

std::string with_table_renamed(std::string_view sql, const TableRename& rename, Reading reading) {
  return Renamer(sql, rename, reading).run();
}

}  // namespace sluice::protocol::sql
