#include "migrator/table/alter_text.hpp"

#include <algorithm>

#include "migrator/table/definition.hpp"

namespace sluice::migrator {

namespace {

bool is_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_word(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view sql) : size_(sql.size()), rest_(sql) {}

  Tokens run() {
    while (!rest_.empty() && result_.termination == Termination::complete) step();
    if (in_code_comment_ && result_.termination == Termination::complete) {
      result_.termination = Termination::open_comment;
    }
    return std::move(result_);
  }

 private:
  void step() {
    const char c = rest_.front();
    const std::size_t begin = size_ - rest_.size();
    const std::size_t known = result_.tokens.size();
    if (is_space(c)) {
      rest_.remove_prefix(1);
    } else if (c == '#' || (rest_.starts_with("--") && (rest_.size() == 2 || is_space(rest_[2])))) {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else if (rest_.starts_with("/*!") || rest_.starts_with("/*M!")) {
      rest_.remove_prefix(rest_.find('!') + 1);
      while (!rest_.empty() && is_digit(rest_.front())) rest_.remove_prefix(1);
      in_code_comment_ = true;
    } else if (rest_.starts_with("/*")) {
      skip_comment();
    } else if (in_code_comment_ && rest_.starts_with("*/")) {
      rest_.remove_prefix(2);
      in_code_comment_ = false;
    } else if (c == '\'' || c == '"' || c == '`') {
      quoted(c);
    } else if (is_word(c)) {
      word();
    } else {
      result_.tokens.push_back({TokenKind::symbol, std::string(1, c)});
      rest_.remove_prefix(1);
    }
    if (result_.tokens.size() == known) return;
    result_.tokens.back().begin = begin;
    result_.tokens.back().end = size_ - rest_.size();
  }

  void skip_comment() {
    const auto end = rest_.find("*/", 2);
    if (end == std::string_view::npos) {
      result_.termination = Termination::open_comment;
      return;
    }
    rest_.remove_prefix(end + 2);
  }

  void quoted(char quote) {
    std::string value;
    std::size_t at = 1;
    for (;; ++at) {
      if (at >= rest_.size()) {
        result_.termination = Termination::open_quote;
        return;
      }
      if (rest_[at] == quote) {
        if (at + 1 >= rest_.size() || rest_[at + 1] != quote) break;
        ++at;
      } else if (rest_[at] == '\\' && quote != '`' && at + 1 < rest_.size()) {
        value += rest_[at++];
      }
      value += rest_[at];
    }
    rest_.remove_prefix(at + 1);
    result_.tokens.push_back({quote == '`' ? TokenKind::quoted_identifier : TokenKind::text, std::move(value)});
  }

  void word() {
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_word) - rest_.begin());
    const auto value = rest_.substr(0, end);
    const bool number = std::ranges::all_of(value, is_digit);
    result_.tokens.push_back({number ? TokenKind::number : TokenKind::word, std::string(value)});
    rest_.remove_prefix(end);
  }

  std::size_t size_;
  std::string_view rest_;
  Tokens result_;
  bool in_code_comment_ = false;
};

class AlterReader {
 public:
  explicit AlterReader(const std::vector<Token>& tokens) : tokens_(tokens) {}

  void read(AlterText& alter) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is_symbol(i, "(")) ++depth_;
      if (is_symbol(i, ")")) --depth_;
      if (is_symbol(i, ";") && i + 1 < tokens_.size()) alter.second_statement = true;
      if (depth_ == 0) read_clause_word(i, alter);
    }
    alter.starts_with_alter_table = is_keyword(0, "ALTER") && (is_keyword(1, "TABLE") || is_keyword(2, "TABLE"));
  }

 private:
  void read_clause_word(std::size_t i, AlterText& alter) {
    if (is_keyword(i, "RENAME")) read_rename(i + 1, alter);
    if (is_keyword(i, "ENGINE")) {
      if (is_symbol(i + 1, "="))
        alter.engine = value(i + 2);
      else if (starts_clause(i))
        alter.engine = value(i + 1);
    }
    if (!starts_clause(i)) return;
    if (is_keyword(i, "CHANGE")) read_change(i + 1, alter);
    if (is_keyword(i, "DROP")) read_drop(i + 1, alter);
    const bool on_files = is_keyword(i + 1, "TABLESPACE") || is_keyword(i + 1, "PARTITION");
    const bool moving = is_keyword(i, "DISCARD") || is_keyword(i, "IMPORT") || is_keyword(i, "EXCHANGE") ||
                        is_keyword(i, "TRUNCATE") || is_keyword(i, "CONVERT");
    if (on_files && (moving || is_keyword(i, "DROP"))) alter.moves_data = true;
  }

  void read_rename(std::size_t i, AlterText& alter) {
    if (is_keyword(i, "INDEX") || is_keyword(i, "KEY")) return;
    if (!is_keyword(i, "COLUMN")) {
      alter.renames_table = true;
      return;
    }
    i = skip_if_exists(i + 1);
    if (is_keyword(i + 1, "TO")) add_rename(value(i), value(i + 2), alter);
  }

  void read_change(std::size_t i, AlterText& alter) {
    if (is_keyword(i, "COLUMN")) ++i;
    i = skip_if_exists(i);
    add_rename(value(i), value(i + 1), alter);
  }

  void read_drop(std::size_t i, AlterText& alter) {
    for (const auto* other : {"INDEX", "KEY", "PRIMARY", "FOREIGN", "CONSTRAINT", "CHECK", "PARTITION", "SYSTEM"}) {
      if (is_keyword(i, other)) return;
    }
    if (is_keyword(i, "COLUMN")) ++i;
    alter.dropped_columns.push_back(value(skip_if_exists(i)));
  }

  static void add_rename(std::string from, std::string to, AlterText& alter) {
    if (from.empty() || to.empty() || same_name(from, to)) return;
    alter.column_renames.push_back({std::move(from), std::move(to)});
  }

  [[nodiscard]] std::size_t skip_if_exists(std::size_t i) const {
    return is_keyword(i, "IF") && is_keyword(i + 1, "EXISTS") ? i + 2 : i;
  }

  [[nodiscard]] bool starts_clause(std::size_t i) const { return i == 0 || is_symbol(i - 1, ","); }

  [[nodiscard]] bool is_keyword(std::size_t i, std::string_view word) const {
    return migrator::is_keyword(tokens_, i, word);
  }

  [[nodiscard]] bool is_symbol(std::size_t i, std::string_view symbol) const {
    return migrator::is_symbol(tokens_, i, symbol);
  }

  [[nodiscard]] std::string value(std::size_t i) const { return i < tokens_.size() ? tokens_[i].value : std::string{}; }

  const std::vector<Token>& tokens_;
  int depth_ = 0;
};

}  // namespace

Tokens tokenize(std::string_view sql) {
  return Tokenizer(sql).run();
}

bool is_keyword(const std::vector<Token>& tokens, std::size_t i, std::string_view word) noexcept {
  return i < tokens.size() && tokens[i].kind == TokenKind::word && same_name(tokens[i].value, word);
}

bool is_symbol(const std::vector<Token>& tokens, std::size_t i, std::string_view symbol) noexcept {
  return i < tokens.size() && tokens[i].kind == TokenKind::symbol && tokens[i].value == symbol;
}

AlterText read_alter(std::string_view text) {
  const Tokens tokens = tokenize(text);
  AlterText alter;
  alter.unterminated = tokens.termination != Termination::complete;
  alter.empty = !alter.unterminated && std::ranges::all_of(tokens.tokens, [](const Token& token) {
    return token.kind == TokenKind::symbol && token.value == ";";
  });
  AlterReader(tokens.tokens).read(alter);
  return alter;
}

}  // namespace sluice::migrator
