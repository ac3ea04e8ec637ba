#include "protocol/sql/table_change.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "protocol/sql/ddl_comment.hpp"
#include "protocol/sql/lexer.hpp"
#include "protocol/sql/text.hpp"

namespace sluice::protocol {
namespace {

using sql::Lexer;
using sql::Token;
using Kind = sql::Token::Kind;
using Words = std::span<const std::string_view>;

bool is_word(const Token& token, std::string_view word) noexcept {
  return token.kind == Kind::word && sql::equals_folded(token.text, word);
}
bool is_symbol(const Token& token, char symbol) noexcept {
  return token.kind == Kind::symbol && token.text[0] == symbol;
}
bool is_one_of(const Token& token, Words words) noexcept {
  return std::ranges::any_of(words, [&](std::string_view word) { return is_word(token, word); });
}
bool is_name(const Token& token) noexcept {
  return token.kind == Kind::word || token.kind == Kind::quoted;
}
bool is_joined(const Token& word, const Token& next) noexcept {
  return word.begin + word.text.size() == next.begin;
}
bool is_over(const Token& token) noexcept {
  return token.kind == Kind::end || token.kind == Kind::broken;
}

// What ALTER TABLE takes alone, not in a list, and no migration can do.
constexpr std::array<std::string_view, 14> ALONE{
    "ANALYZE", "CHECK",      "COALESCE", "DISCARD",        "EXCHANGE",         "IMPORT",   "OPTIMIZE",
    "REBUILD", "REORGANIZE", "REPAIR",   "SECONDARY_LOAD", "SECONDARY_UNLOAD", "TRUNCATE", "UPGRADE"};
constexpr std::array<std::string_view, 3> BEFORE_PARTITION{"ADD", "DROP", "CONVERT"};
// Options that ask for privileges of their own, which can't be asked for in the client's place.
constexpr std::array<std::string_view, 2> PRIVILEGED{"ENCRYPTION", "SECONDARY_ENGINE"};
constexpr std::array<std::string_view, 11> TELLING_TIMES{
    "MODIFY", "CHANGE", "CONVERT", "TIMESTAMP", "DATETIME", "DATE", "TIME", "AS", "GENERATED", "PARTITION", "CHECK"};
constexpr std::array<std::string_view, 2> TELLING_FOREIGN_KEYS{"FOREIGN", "REFERENCES"};
// Functions of expressions that may stand in a definition, whose names IGNORE_SPACE lets stand apart from their
// parentheses; without it such a call is an error.
constexpr std::array<std::string_view, 19> JOINED_TO_PARENTHESES{
    "ADDDATE", "CAST",      "CURDATE", "CURTIME",     "DATE_ADD", "DATE_FORMAT",  "DATE_SUB",
    "DECODE",  "EXTRACT",   "MID",     "NOW",         "POSITION", "SESSION_USER", "SUBDATE",
    "SUBSTR",  "SUBSTRING", "SYSDATE", "SYSTEM_USER", "TRIM"};
constexpr std::array<std::string_view, 3> INDEX_KINDS{"UNIQUE", "FULLTEXT", "SPATIAL"};

constexpr std::string_view ALONE_IN_PACKET = "it must come first among the statements sent together, and only once";
constexpr std::string_view NOT_UNDERSTOOD = "the statement is not understood";

// One statement's tokens, without the semicolon; what follows that.
struct Statement {
  std::vector<Token> tokens;  // ends with `end` or `broken`, or the semicolon
  bool has_code_comments = false;
  [[nodiscard]] const Token& at(std::size_t i) const noexcept { return tokens[std::min(i, tokens.size() - 1)]; }
  [[nodiscard]] bool ends_at(std::size_t i) const noexcept { return i + 1 >= tokens.size(); }
  [[nodiscard]] bool is_broken() const noexcept { return tokens.back().kind == Kind::broken; }
};

Statement read_statement(Lexer& lexer) {
  Statement statement;
  do {
    statement.tokens.push_back(lexer.next());
  } while (!is_over(statement.tokens.back()) && !is_symbol(statement.tokens.back(), ';'));
  statement.has_code_comments = lexer.code_comments() > 0;
  return statement;
}

// Goes through the tokens of one statement.
class ChangeReader {
 public:
  ChangeReader(std::string_view sql, const Statement& statement) : sql_(sql), statement_(statement) {}

  [[nodiscard]] std::optional<TableChange> read() {
    if (accept("ALTER")) return alter_table();
    if (accept("CREATE")) return create_index();
    if (accept("DROP")) return drop_index();
    return std::nullopt;
  }

 private:
  [[nodiscard]] const Token& here() const noexcept { return statement_.at(at_); }
  [[nodiscard]] bool accept(std::string_view word) noexcept {
    const bool is_here = is_word(here(), word);
    at_ += is_here ? 1 : 0;
    return is_here;
  }
  [[nodiscard]] bool at_end() const noexcept { return statement_.ends_at(at_); }
  // From the token with this number up to that before `end`, with the comments behind it: that of a code comment may
  // have to be closed.
  [[nodiscard]] std::string text(std::size_t begin, std::size_t end) const {
    const std::size_t from = statement_.at(begin).begin;
    std::string_view piece = sql_.substr(from, statement_.at(end).begin - from);
    while (!piece.empty() && sql::is(piece.back(), sql::space_byte)) piece.remove_suffix(1);
    const bool may_end_in_comment = piece.find('#') != piece.npos || piece.find("--") != piece.npos;
    return std::string{piece}.append(may_end_in_comment ? "\n" : "");
  }
  [[nodiscard]] static std::string name_of(const Token& token) {
    std::string buffer;
    return std::string{sql::unquoted(token, sql::Reading::Backslash::escape, buffer)};
  }

  // Of what can't be a statement, too: the server is to say so.
  void give_up(std::string why) {
    if (change_.way == TableChange::Way::impossible) return;
    change_.way = TableChange::Way::impossible;
    change_.why = std::move(why);
  }

  [[nodiscard]] std::optional<TableChange> alter_table() {
    const bool ignores = (static_cast<void>(accept("ONLINE")), accept("IGNORE"));
    if (!accept("TABLE")) return std::nullopt;
    change_.verb = TableChange::Verb::alter_table;
    if (accept("IF")) change_.may_be_missing = accept("EXISTS");
    if (!take_table()) return std::nullopt;
    skip_wait();
    take_clauses();
    if (ignores) give_up("ALTER IGNORE drops rows");
    return std::move(change_);
  }

  [[nodiscard]] std::optional<TableChange> create_index() {
    const bool replaces = accept("OR");
    if (replaces && !accept("REPLACE")) return std::nullopt;
    static_cast<void>(accept("ONLINE"));
    const std::size_t kind_at = at_;
    if (is_one_of(here(), INDEX_KINDS)) ++at_;
    const std::string kind = at_ == kind_at ? "" : text(kind_at, at_) + " ";
    if (!accept("INDEX")) return std::nullopt;
    change_.verb = TableChange::Verb::create_index;
    const std::size_t name_at = at_;
    if (accept("IF")) at_ += 2;  // NOT EXISTS
    const std::size_t name = at_;
    while (!at_end() && !is_word(here(), "ON")) ++at_;
    const std::string head = text(name_at, at_);
    const std::string drop = replaces ? "DROP INDEX IF EXISTS " + text(name, name + 1) + ", " : "";
    if (!accept("ON") || !take_table()) return std::nullopt;
    skip_wait();
    const std::size_t columns_at = at_;
    while (!at_end() && !begins_option()) skip_one();
    change_.alter = drop + "ADD " + kind + "INDEX " + head + " " + text(columns_at, at_);
    take_options();
    expect_one_clause();
    note_words();
    return std::move(change_);
  }

  [[nodiscard]] std::optional<TableChange> drop_index() {
    static_cast<void>(accept("ONLINE"));
    if (!accept("INDEX")) return std::nullopt;
    change_.verb = TableChange::Verb::drop_index;
    const std::size_t name_at = at_;
    while (!at_end() && !is_word(here(), "ON")) ++at_;
    change_.alter = "DROP INDEX " + text(name_at, at_);
    if (!accept("ON") || !take_table()) return std::nullopt;
    skip_wait();
    take_options();
    expect_one_clause();
    return std::move(change_);
  }

  // Whoever may have an index may have no more: what is made one clause must not be able to be several. In a code
  // comment, whose text this server may leave out, anything may stand.
  void expect_one_clause() {
    if (statement_.has_code_comments) give_up(std::string{NOT_UNDERSTOOD});
    for (std::size_t i = 0, depth = 0; !statement_.ends_at(i); ++i) {
      if (is_symbol(statement_.at(i), '(')) ++depth;
      if (is_symbol(statement_.at(i), ')') && depth > 0) --depth;
      if (depth == 0 && is_symbol(statement_.at(i), ',')) give_up(std::string{NOT_UNDERSTOOD});
    }
  }

  [[nodiscard]] bool take_table() {
    if (!is_name(here())) return false;
    change_.table = name_of(here());
    ++at_;
    if (is_symbol(here(), '.')) {
      ++at_;
      if (!is_name(here())) return false;
      change_.database = std::exchange(change_.table, name_of(here()));
      ++at_;
    }
    change_.table_text = (change_.database ? quoted(*change_.database) + "." : "") + quoted(change_.table);
    return true;
  }
  [[nodiscard]] static std::string quoted(std::string_view name) {
    std::string text = "`";
    for (const char c : name) text.append(c == '`' ? 2 : 1, c);
    return text + "`";
  }

  // MariaDB: how long to wait for the lock, which a migration doesn't need.
  void skip_wait() {
    if (accept("WAIT")) {
      ++at_;
    } else {
      static_cast<void>(accept("NOWAIT"));
    }
  }

  [[nodiscard]] bool begins_option() const noexcept { return is_word(here(), "ALGORITHM") || is_word(here(), "LOCK"); }
  // ALGORITHM [=] word, LOCK [=] word
  void take_option() {
    const bool is_algorithm = is_word(here(), "ALGORITHM");
    ++at_;
    if (is_symbol(here(), '=')) ++at_;
    if (is_algorithm && is_word(here(), "INSTANT")) change_.way = TableChange::Way::server;
    if (!at_end()) ++at_;
  }
  void take_options() {
    while (begins_option()) take_option();
    if (!at_end()) give_up("what follows ALGORITHM and LOCK is not understood");
  }

  void take_clauses() {
    if (at_end()) {
      change_.way = TableChange::Way::server;
      return;
    }
    judge_clause();
    change_.begins_with_partitioning = is_word(here(), "PARTITION") || is_word(here(), "REMOVE");
    bool only_keys = true;
    std::size_t clauses = 0;
    while (!at_end()) {
      if (begins_option()) {
        take_option();
        if (!at_end() && !is_symbol(here(), ',')) give_up("what follows ALGORITHM or LOCK is not understood");
      } else {
        const bool of_keys =
            (is_word(here(), "ENABLE") || is_word(here(), "DISABLE")) && is_word(statement_.at(at_ + 1), "KEYS");
        only_keys = only_keys && of_keys;
        const std::size_t begin = at_;
        ++clauses;
        skip_clause();
        if (!change_.alter.empty()) change_.alter += ", ";
        change_.alter += text(begin, at_);
      }
      if (!at_end()) ++at_;  // the comma
    }
    // ENABLE KEYS and DISABLE KEYS do nothing in InnoDB.
    const bool nothing = change_.alter.empty() || only_keys;
    const bool is_left = nothing || (renames_table_ && clauses == 1);
    if (is_left && change_.way != TableChange::Way::impossible) change_.way = TableChange::Way::server;
    if (renames_table_ && change_.way != TableChange::Way::server) give_up("RENAME gives the table another name");
    note_words();
  }

  // Up to its comma, or the end.
  void skip_clause() {
    if (is_word(here(), "RENAME")) judge_rename();
    while (!at_end() && !is_symbol(here(), ',')) {
      const Token& next = statement_.at(at_ + 1);
      const bool is_option = is_symbol(next, '=') || next.kind == Kind::string;
      if (is_option && is_one_of(here(), PRIVILEGED)) {
        give_up(std::string{here().text} + " needs privileges that a migration can't ask for in your place");
      }
      skip_one();
    }
  }

  // A token, or all that stands in parentheses.
  void skip_one() {
    std::size_t depth = 0;
    do {
      if (is_symbol(here(), '(')) ++depth;
      if (is_symbol(here(), ')') && depth > 0) --depth;
      ++at_;
    } while (depth > 0 && !at_end());
  }

  void judge_clause() {
    const bool of_partition = is_one_of(here(), BEFORE_PARTITION) && is_word(statement_.at(at_ + 1), "PARTITION");
    if (of_partition || is_one_of(here(), ALONE)) {
      give_up(std::string{here().text} + " is not a change of the table's definition alone");
    }
  }

  void judge_rename() {
    const Token& what = statement_.at(at_ + 1);
    const bool within = is_word(what, "COLUMN") || is_word(what, "INDEX") || is_word(what, "KEY");
    renames_table_ = renames_table_ || !within;
  }

  void note_words() {
    const auto has = [this](Words words) {
      return std::ranges::any_of(statement_.tokens, [&](const Token& token) { return is_one_of(token, words); });
    };
    change_.tells_times = has(TELLING_TIMES);
    for (std::size_t i = 0; !statement_.ends_at(i); ++i) {
      const Token& next = statement_.at(i + 1);
      if (!is_symbol(next, '(')) continue;
      if (is_word(statement_.at(i), "DEFAULT")) change_.tells_times = true;
      if (is_one_of(statement_.at(i), JOINED_TO_PARENTHESES) && !is_joined(statement_.at(i), next)) {
        change_.spaces_calls = true;
      }
    }
    change_.tells_foreign_keys = has(TELLING_FOREIGN_KEYS);
  }

  std::string_view sql_;
  const Statement& statement_;
  std::size_t at_ = 0;
  bool renames_table_ = false;  // which the server does at once
  TableChange change_;
};

bool is_change(std::string_view sql, const Statement& statement) {
  return ChangeReader{sql, statement}.read().has_value();
}

// Whether one of the statements from here on is such a change; nobody can tell: it may be.
bool has_change(std::string_view sql, Lexer& lexer) {
  while (true) {
    const Statement statement = read_statement(lexer);
    if (statement.is_broken() || is_change(sql, statement)) return true;
    if (statement.tokens.back().kind == Kind::end) return false;
  }
}

}  // namespace

bool may_change_table(std::string_view text) noexcept {
  text = skip_comments(text);
  if (text.empty()) return false;
  const auto begins_with = [&](std::string_view word) { return sql::equals_folded(text.substr(0, word.size()), word); };
  switch (sql::fold(text[0])) {
    case 'a':
      return begins_with("alter");
    case 'c':
      return begins_with("create");
    case 'd':
      return begins_with("drop");
    case 's':
      return begins_with("set") && text.find(';') != std::string_view::npos && mentions_ddl_mode(text);
    default:
      return false;
  }
}

std::optional<TableChange> read_table_change(std::string_view text, MultiStatements multi) {
  Lexer lexer{text};
  Statement first = read_statement(lexer);
  while (first.tokens.size() == 1 && is_symbol(first.tokens[0], ';')) first = read_statement(lexer);
  auto change = ChangeReader{text, first}.read();
  const bool is_followed = is_symbol(first.tokens.back(), ';') && multi == MultiStatements::yes;
  const std::size_t behind = lexer.position();
  if (!change) {
    if (!is_followed || !is_word(first.at(0), "SET") || !mentions_ddl_mode(text) || !has_change(text, lexer)) {
      return std::nullopt;
    }
    return TableChange{.way = TableChange::Way::impossible, .why = std::string{ALONE_IN_PACKET}};
  }
  if (first.is_broken()) {
    change->way = TableChange::Way::impossible;
    change->why = NOT_UNDERSTOOD;
  }
  change->statement = text.substr(0, first.tokens.back().begin);
  if (!is_followed) return change;
  change->rest = text.substr(behind);
  if (skip_comments(change->rest).empty()) change->rest = {};
  if (has_change(text, lexer)) {
    change->way = TableChange::Way::impossible;
    change->why = ALONE_IN_PACKET;
  }
  return change;
}

}  // namespace sluice::protocol
