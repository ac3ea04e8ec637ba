#include "protocol/sql/written_table.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "protocol/sql/text.hpp"

namespace sluice::protocol::sql {
namespace {

using Kind = Token::Kind;

constexpr std::array<std::string_view, 5> kVerbs{"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE"};
constexpr std::array<std::string_view, 6> kModifiers{"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED",
                                                     "QUICK",        "IGNORE",        "INTO"};
constexpr std::array<std::string_view, 3> kJoins{"JOIN", "STRAIGHT_JOIN", "USING"};
constexpr std::array<std::string_view, 2> kFiles{"OUTFILE", "DUMPFILE"};

template <std::size_t Size>
bool is_one_of(const std::array<std::string_view, Size>& words, const Token& token) {
  return token.kind == Kind::word &&
         std::ranges::any_of(words, [&](std::string_view word) { return equals_folded(word, token.text); });
}

bool is_word(const Token& token, std::string_view word) {
  return token.kind == Kind::word && equals_folded(word, token.text);
}

bool is_symbol(const Token& token, char symbol) {
  return token.kind == Kind::symbol && token.text.size() == 1 && token.text.front() == symbol;
}

class Judge {
 public:
  Judge(std::string_view sql, const WrittenTable& table, Reading reading) : table_(table), reading_(reading) {
    Lexer lexer(sql, reading);
    while (tokens_.empty() || (tokens_.back().kind != Kind::end && tokens_.back().kind != Kind::broken)) {
      tokens_.push_back(lexer.next());
    }
  }

  Writes run() {
    if (tokens_.back().kind == Kind::broken) return Writes::elsewhere;
    go_to_verb();
    const Token& verb = token();
    if (is_word(verb, "SELECT")) return reads_only() ? Writes::nothing : Writes::elsewhere;
    if (!is_one_of(kVerbs, verb)) return Writes::elsewhere;
    ++at_;
    while (is_one_of(kModifiers, token())) ++at_;
    if (is_word(verb, "DELETE") && !is_word(token(), "FROM")) return Writes::elsewhere;
    if (is_word(verb, "DELETE")) ++at_;
    if (!takes_the_table()) return Writes::elsewhere;
    const bool may_be_several = is_word(verb, "DELETE") || is_word(verb, "UPDATE");
    return may_be_several && goes_on_to_others() ? Writes::elsewhere : Writes::the_table;
  }

 private:
  [[nodiscard]] const Token& token(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] bool is_name(const Token& token, std::string_view name) const {
    if (token.kind != Kind::word && token.kind != Kind::quoted) return false;
    std::string buffer;
    const auto text = token.kind == Kind::quoted ? unquoted(token, reading_.backslash, buffer) : token.text;
    return text == name || (table_.names == TableRename::Case::is_folded && equals_folded(text, name));
  }

  // The first verb that is in no parentheses but those around the whole; those of WITH are in some.
  void go_to_verb() {
    while (is_symbol(token(), '(')) ++at_;
    for (int depth = 0; token().kind != Kind::end; ++at_) {
      if (is_symbol(token(), '(')) ++depth;
      if (is_symbol(token(), ')')) --depth;
      if (depth == 0 && is_one_of(kVerbs, token())) return;
    }
  }
  [[nodiscard]] bool reads_only() const {
    return std::ranges::none_of(tokens_, [](const Token& each) { return is_one_of(kFiles, each); });
  }

  bool takes_the_table() {
    if (is_symbol(token(1), '.')) {
      if (!is_name(token(), table_.database)) return false;
      at_ += 2;
    }
    return is_name(tokens_[std::min(at_++, tokens_.size() - 1)], table_.table);
  }

  // Up to the assignments or the condition, which may name what they like.
  bool goes_on_to_others() {
    for (int depth = 0; token().kind != Kind::end; ++at_) {
      if (is_symbol(token(), '(')) ++depth;
      if (is_symbol(token(), ')')) --depth;
      if (depth != 0) continue;
      if (is_word(token(), "SET") || is_word(token(), "WHERE") || is_word(token(), "ORDER")) return false;
      if (is_symbol(token(), ',') || is_one_of(kJoins, token())) return true;
    }
    return false;
  }

  const WrittenTable& table_;
  Reading reading_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

Writes written_by(std::string_view sql, const WrittenTable& table, Reading reading) {
  return Judge(sql, table, reading).run();
}

}  // namespace sluice::protocol::sql
