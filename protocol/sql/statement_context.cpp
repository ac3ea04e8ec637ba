#include "protocol/sql/statement_context.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <span>

#include "protocol/sql/ddl_comment.hpp"
#include "protocol/sql/lexer.hpp"
#include "protocol/sql/text.hpp"

namespace sluice::protocol {
namespace {

using sql::Lexer;
using sql::Token;

constexpr std::string_view comment_letters = "/-#(;";  // before the first word stands a comment, or nothing of weight
constexpr std::size_t item_tokens_max = 8;             // of one assignment: no telling one is longer

bool is_word(const Token& token, std::string_view word) noexcept {
  return token.kind == Token::Kind::word && sql::equals_folded(token.text, word);
}
bool is_symbol(const Token& token, char symbol) noexcept {
  return token.kind == Token::Kind::symbol && token.text[0] == symbol;
}
bool is_end(const Token& token) noexcept {
  return token.kind == Token::Kind::end || is_symbol(token, ';');
}
bool is_tables(const Token& token) noexcept {
  return is_word(token, "table") || is_word(token, "tables");
}

// May this word begin a telling statement?
bool is_telling(std::string_view word) noexcept {
  switch (word.size()) {
    case 2:
      return sql::equals_folded(word, "xa");
    case 3:
      return sql::equals_folded(word, "use") || sql::equals_folded(word, "set");
    case 4:
      return sql::equals_folded(word, "lock") || sql::equals_folded(word, "kill");
    case 5:
      return sql::equals_folded(word, "begin") || sql::equals_folded(word, "start") ||
             sql::equals_folded(word, "flush");
    case 6:
      return sql::equals_folded(word, "unlock");
    case 7:
      return sql::equals_folded(word, "execute") || sql::equals_folded(word, "handler");
    default:
      return false;
  }
}

// What ends a transaction is worth a look only where it stands alone.
bool ends_transaction(std::string_view word) noexcept {
  return sql::equals_folded(word, "commit") || sql::equals_folded(word, "rollback");
}

std::size_t word_bytes(std::string_view text) noexcept {
  std::size_t bytes = 0;
  while (bytes < text.size() && sql::is(text[bytes], sql::word_byte)) ++bytes;
  return bytes;
}

bool begins_telling(std::string_view text) noexcept {
  const std::string_view word = text.substr(0, word_bytes(text));
  return is_telling(word) || ends_transaction(word);
}

// Does such a word stand anywhere in it, be it right behind the version of a code comment?
bool may_tell(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    while (at < text.size() && sql::is(text[at], sql::digit_byte)) ++at;
    const std::size_t bytes = word_bytes(text.substr(at));
    if (at < text.size() && is_telling(text.substr(at, bytes))) return true;
    at += bytes + 1;
  }
  return false;
}

// Every server since MySQL 5.6 and MariaDB 10 runs what is in comments for a version up to 5.6 (those of mysqldump).
bool runs_everywhere(std::string_view sql) noexcept {
  constexpr std::string_view newest = "50699";
  if (sql.find("/*M!") != std::string_view::npos) return false;
  for (std::size_t at = sql.find("/*!"); at != std::string_view::npos; at = sql.find("/*!", at + 1)) {
    const std::string_view version = sql.substr(at + 3, newest.size());
    if (version.size() < newest.size() || !sql::all_digits(version) || version > newest) return false;
  }
  return true;
}

std::string value_of(const Token& token) {
  std::string buffer;
  std::string value(sql::unquoted(token, sql::Reading::Backslash::escape, buffer));
  return value;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(sql::fold(c)); });
  return text;
}

// The character set that a token names; empty if it does not name one.
std::string charset_in(std::span<const Token> value) {
  if (value.empty()) return {};
  const Token& token = value.front();
  const bool names =
      token.kind == Token::Kind::word || token.kind == Token::Kind::string || token.kind == Token::Kind::quoted;
  const bool whole = value.size() == 1 || is_word(value[1], "collate");
  return names && whole && !is_word(token, "default") ? lower(value_of(token)) : std::string();
}

SetVariables::Autocommit autocommit_in(std::span<const Token> value) {
  using enum SetVariables::Autocommit;
  if (value.size() != 1) return unknown;
  const std::string text = lower(value_of(value.front()));
  if (text == "1" || text == "on" || text == "true") return on;
  return text == "0" || text == "off" || text == "false" ? off : unknown;
}

// The name in @@name or @@`name`, lower case.
std::string variable_in(const Token& token) {
  const std::string_view text = token.text.substr(2);
  return lower(value_of(Lexer(text).next()));
}

// GLOBAL holds for the unscoped variables behind it, too, on some servers.
enum class Scope : std::uint8_t { session, unclear };

// One assignment of a SET.
void read_item(std::span<const Token> item, Scope& scope, SetVariables& result) {
  std::string name;
  Scope scope_here = scope;
  const auto drop = [&item](std::size_t count) { item = item.subspan(std::min(count, item.size())); };
  if (item.empty()) return;
  if (item[0].kind == Token::Kind::variable) {
    if (!item[0].text.starts_with("@@")) {
      result.ddl_mode = result.ddl_mode || mentions_ddl_mode(item[0].text);
      return;
    }
    name = variable_in(item[0]);
    const bool scoped = item.size() > 2 && is_symbol(item[1], '.');
    if (scoped && name != "session" && name != "local") return;
    scope_here = Scope::session;
    if (scoped) name = lower(value_of(item[2]));
    drop(scoped ? 3 : 1);
  } else {
    if (is_word(item[0], "global") || is_word(item[0], "persist") || is_word(item[0], "persist_only")) {
      scope = Scope::unclear;
      return;
    }
    if (is_word(item[0], "session") || is_word(item[0], "local")) {
      scope = scope_here = Scope::session;
      drop(1);
    }
    if (item.empty()) return;
    name = lower(value_of(item[0]));
    drop(1);
  }
  if (name == "names" || name == "charset") {
    result.charset = charset_in(item);
  } else if ((name == "character" || name == "char") && !item.empty() && is_word(item[0], "set")) {
    result.charset = charset_in(item.subspan(1));
  } else if (name == "character_set_client" || name == "autocommit") {
    while (!item.empty() && (is_symbol(item[0], ':') || is_symbol(item[0], '='))) drop(1);
    const bool clear = scope_here == Scope::session;
    if (name == "autocommit") {
      result.autocommit = clear ? autocommit_in(item) : SetVariables::Autocommit::unknown;
    } else {
      result.charset = clear ? charset_in(item) : std::string();
    }
  }
}

// Reads the rest of one statement; `next` is the token it has come to.
class Reader {
 public:
  Reader(std::string_view sql, Lexer lexer) : sql_(sql), lexer_(lexer) { advance(); }

  [[nodiscard]] StatementContext read(const Token& verb) {
    if (is_word(verb, "use")) return use();
    if (is_word(verb, "set")) return set();
    if (is_word(verb, "begin")) return begin();
    if (is_word(verb, "start")) return start();
    if (is_word(verb, "kill")) return kill();
    if (is_word(verb, "lock") && is_tables(next_)) return skip_to_end(ChangeLocks{LockAction::lock_tables});
    if (is_word(verb, "unlock") && is_tables(next_)) return skip_to_end(ChangeLocks{LockAction::unlock});
    if (is_word(verb, "flush")) return flush();
    if (is_word(verb, "execute")) return skip_to_end(ExecuteStatement{});
    if (is_word(verb, "handler")) return handler();
    if (is_word(verb, "xa")) return distributed();
    if (verb.kind == Token::Kind::word && ends_transaction(verb.text)) return end_transaction(verb);
    return OrdinaryStatement{};
  }
  [[nodiscard]] const Lexer& lexer() const noexcept { return lexer_; }
  // Goes to the first word of the next statement. Nothing: there is none, or nobody can tell (see is_broken).
  [[nodiscard]] std::optional<Token> next_verb() {
    while (is_symbol(next_, ';') || is_symbol(next_, '(')) advance();
    if (next_.kind == Token::Kind::end || is_broken()) return std::nullopt;
    const Token verb = next_;
    advance();
    return verb;
  }
  void skip_statement() {
    while (!at_end() && !is_broken()) advance();
  }
  [[nodiscard]] bool is_broken() const noexcept { return next_.kind == Token::Kind::broken; }
  // Is there another statement behind this one?
  [[nodiscard]] bool more() {
    while (is_symbol(next_, ';')) advance();
    return next_.kind != Token::Kind::end;
  }

 private:
  void advance() noexcept { next_ = lexer_.next(); }
  [[nodiscard]] bool accept(std::string_view word) noexcept {
    const bool here = is_word(next_, word);
    if (here) advance();
    return here;
  }
  [[nodiscard]] bool at_end() const noexcept { return is_end(next_); }
  [[nodiscard]] StatementContext skip_to_end(StatementContext result) {
    skip_statement();
    return at_end() ? std::move(result) : UnknownStatement{};
  }
  [[nodiscard]] StatementContext unless_it_may_tell() const {
    if (may_tell(sql_.substr(std::min(next_.begin, sql_.size())))) return UnknownStatement{};
    return OrdinaryStatement{};
  }

  [[nodiscard]] StatementContext use() {
    // "x" is an identifier under ANSI_QUOTES; else the server refuses it.
    const bool name = next_.kind == Token::Kind::word || next_.kind == Token::Kind::quoted || next_.quote == '"';
    if (!name) return UnknownStatement{};
    UseDatabase result{value_of(next_)};
    advance();
    if (!at_end()) return UnknownStatement{};
    return result;
  }
  [[nodiscard]] StatementContext begin() {
    static_cast<void>(accept("work"));
    if (at_end()) return PlainBegin{};
    return unless_it_may_tell();
  }
  [[nodiscard]] StatementContext start() {
    if (!accept("transaction")) return OrdinaryStatement{};
    if (accept("read") && !accept("only")) static_cast<void>(accept("write"));
    // WITH CONSISTENT SNAPSHOT
    return at_end() ? StatementContext(PlainBegin{}) : skip_to_end(ChangeLocks{LockAction::begin});
  }
  [[nodiscard]] StatementContext distributed() {
    if (!accept("start") && !accept("begin")) return OrdinaryStatement{};
    bool is_new = true;
    for (; !at_end() && !is_broken(); advance()) {
      if (is_word(next_, "join") || is_word(next_, "resume")) is_new = false;
    }
    return is_new && at_end() ? StatementContext(PlainBegin{}) : OrdinaryStatement{};
  }
  [[nodiscard]] StatementContext end_transaction(const Token& verb) {
    static_cast<void>(accept("work"));
    const bool to_savepoint = is_word(verb, "rollback") && is_word(next_, "to");
    return to_savepoint ? StatementContext(OrdinaryStatement{}) : skip_to_end(EndTransaction{});
  }
  [[nodiscard]] StatementContext flush() {
    if (!accept("local")) static_cast<void>(accept("no_write_to_binlog"));
    const bool names_tables = is_tables(next_);
    if (names_tables) advance();
    const bool all = is_word(next_, "with");
    bool locks = false;
    for (; !at_end() && !is_broken(); advance()) {
      locks = locks || is_word(next_, "lock") || is_word(next_, "export");
    }
    if (!locks || !names_tables) return OrdinaryStatement{};
    return ChangeLocks{all ? LockAction::lock_everything : LockAction::lock_tables};
  }
  [[nodiscard]] StatementContext handler() {
    advance();
    while (is_symbol(next_, '.')) {
      advance();
      advance();
    }
    if (is_word(next_, "open")) return skip_to_end(ChangeLocks{LockAction::open_handler});
    if (is_word(next_, "close")) return skip_to_end(ChangeLocks{LockAction::close_handler});
    return skip_to_end(OrdinaryStatement{});
  }
  [[nodiscard]] StatementContext kill() {
    Kill result;
    if (!accept("hard")) static_cast<void>(accept("soft"));
    if (accept("query")) {
      result.what = Kill::What::query;
    } else {
      static_cast<void>(accept("connection"));
    }
    if (next_.kind != Token::Kind::word) return skip_to_end(OrdinaryStatement{});
    const std::string_view number = next_.text;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), result.connection);
    const bool whole = error == std::errc{} && end == number.data() + number.size();
    return skip_to_end(whole ? StatementContext(result) : OrdinaryStatement{});
  }
  [[nodiscard]] StatementContext set() {
    if (accept("statement")) return unless_it_may_tell();
    SetVariables result;
    std::size_t depth = 0;
    Scope scope = Scope::session;
    std::array<Token, item_tokens_max> item;
    std::size_t size = 0;
    const auto end_item = [&] {
      read_item(std::span(item).first(size), scope, result);
      size = 0;
    };
    for (; !at_end(); advance()) {
      if (next_.kind == Token::Kind::broken) return UnknownStatement{};
      if (is_symbol(next_, '(')) ++depth;
      if (is_symbol(next_, ')') && depth > 0) --depth;
      if (depth == 0 && is_symbol(next_, ',')) {
        end_item();
      } else if (size < item.size()) {
        item[size++] = next_;
      }
    }
    end_item();
    const bool tells = result.charset || result.autocommit || result.ddl_mode;
    return tells ? StatementContext(result) : OrdinaryStatement{};
  }

  std::string_view sql_;
  Lexer lexer_;
  Token next_;
};

using CodeComments = sql::Reading::CodeComments;
using Backslash = sql::Reading::Backslash;

// What all statements of the text do, in one reading of it; `known`: nothing was left to guess.
struct Reading {
  bool known = true;
  SeveralStatements all;
  bool operator==(const Reading&) const = default;
};
Reading read_all(std::string_view sql, sql::Reading how) {
  Reading result;
  Reader reader(sql, Lexer(sql, how));
  while (const auto verb = reader.next_verb()) {
    const StatementContext one = reader.read(*verb);
    if (std::holds_alternative<UseDatabase>(one)) result.all.use_database = true;
    if (const auto* set = std::get_if<SetVariables>(&one)) {
      if (set->charset) result.all.set_charset = true;
      if (set->ddl_mode) result.all.set_ddl_mode = true;
    }
    if (std::holds_alternative<PlainBegin>(one)) result.all.locks.push_back(LockAction::begin);
    if (const auto* change = std::get_if<ChangeLocks>(&one)) result.all.locks.push_back(change->action);
    // What stands in a routine is not run.
    const bool stores = is_word(*verb, "create") || is_word(*verb, "alter");
    const bool dynamic = std::holds_alternative<ExecuteStatement>(one);
    if (stores || dynamic || std::holds_alternative<UnknownStatement>(one)) result.known = false;
    reader.skip_statement();
  }
  if (reader.is_broken()) result.known = false;
  return result;
}

UnknownStatement doubtful(std::string_view sql) {
  UnknownStatement result;
  for (const auto code_comments : {CodeComments::code, CodeComments::comments}) {
    for (const auto backslash : {Backslash::escape, Backslash::literal}) {
      std::vector<LockAction> taken;
      const Reading reading = read_all(sql, {.code_comments = code_comments, .backslash = backslash});
      std::ranges::copy_if(reading.all.locks, std::back_inserter(taken), takes_lock);
      // One of the readings is true: what it takes is taken, and no handler is opened twice for it.
      for (const LockAction action : kLockActions) {
        const auto more = std::ranges::count(taken, action) - std::ranges::count(result.locks, action);
        if (more > 0) result.locks.insert(result.locks.end(), static_cast<std::size_t>(more), action);
      }
    }
  }
  return result;
}

StatementContext several(std::string_view sql) {
  const Reading escaped = read_all(sql, {.backslash = Backslash::escape});
  const bool one_reading =
      sql.find('\\') == std::string_view::npos || escaped == read_all(sql, {.backslash = Backslash::literal});
  if (!escaped.known || !one_reading || !runs_everywhere(sql)) return doubtful(sql);
  return escaped.all;
}

StatementContext look_at_rest(std::string_view sql, MultiStatements multi) {
  if (multi == MultiStatements::no) return OrdinaryStatement{};
  const std::size_t semicolon = sql.find(';');
  if (semicolon == std::string_view::npos || !may_tell(sql.substr(semicolon + 1))) return OrdinaryStatement{};
  return several(sql);
}

}  // namespace

bool takes_lock(LockAction action) noexcept {
  switch (action) {
    case LockAction::lock_tables:
    case LockAction::lock_everything:
    case LockAction::open_handler:
      return true;
    case LockAction::unlock:
    case LockAction::begin:
    case LockAction::close_handler:
      return false;
  }
  return true;
}

StatementContext look_at(std::string_view sql, MultiStatements multi) {
  std::size_t at = 0;
  while (at < sql.size() && sql::is(sql[at], sql::space_byte)) ++at;
  if (at == sql.size()) return OrdinaryStatement{};
  if (comment_letters.find(sql[at]) == std::string_view::npos && !begins_telling(sql.substr(at))) {
    return look_at_rest(sql, multi);
  }

  Lexer lexer(sql);
  Token verb = lexer.next();
  while (is_symbol(verb, ';') || is_symbol(verb, '(')) verb = lexer.next();
  if (lexer.code_comments() > 0 && !runs_everywhere(sql)) {
    return may_tell(sql) ? StatementContext(doubtful(sql)) : OrdinaryStatement{};
  }
  if (verb.kind == Token::Kind::broken && may_tell(sql)) return doubtful(sql);
  const bool telling = verb.kind == Token::Kind::word && (is_telling(verb.text) || ends_transaction(verb.text));
  if (!telling) return look_at_rest(sql, multi);

  Reader reader(sql, lexer);
  StatementContext result = reader.read(verb);
  if (std::holds_alternative<OrdinaryStatement>(result)) return look_at_rest(sql, multi);
  if (multi == MultiStatements::yes && reader.more()) {
    // COMMIT; SELECT 1
    return std::holds_alternative<EndTransaction>(result) ? look_at_rest(sql, multi) : several(sql);
  }
  const bool unsure =
      std::holds_alternative<UnknownStatement>(result) || (reader.lexer().code_comments() > 0 && !runs_everywhere(sql));
  return unsure ? StatementContext(doubtful(sql)) : result;
}

UnknownStatement look_at_beginning(std::string_view sql) {
  return doubtful(sql);
}

}  // namespace sluice::protocol
