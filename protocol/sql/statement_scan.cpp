#include "protocol/sql/statement_scan.hpp"

#include <algorithm>
#include <initializer_list>

#include "protocol/sql/text.hpp"

namespace sluice::protocol::sql {
namespace {

constexpr std::size_t tokens_of_prepare = 4;  // PREPARE name FROM 'text'

bool one_of(Keyword keyword, std::initializer_list<Keyword> set) noexcept {
  return std::ranges::find(set, keyword) != set.end();
}

bool explains(Keyword verb) noexcept {
  return one_of(verb, {Keyword::explain, Keyword::desc, Keyword::describe});
}

// Of @@name and @@`name`.
std::string_view variable_name(std::string_view variable) noexcept {
  variable.remove_prefix(std::min(variable.find_first_not_of("@`\"'"), variable.size()));
  return variable.substr(0, variable.find_first_of("`\"'"));
}

}  // namespace

void StatementScan::run(std::string_view sql) {
  Lexer lexer(sql, reading_);
  for (Token token = lexer.next(); token.kind != Token::Kind::end; token = lexer.next()) {
    if (token.kind == Token::Kind::broken) {
      const bool refused = token.quote != 0 && text_ == Text::command && comments_ == CodeComments::at_most_one;
      if (refused) {
        ++findings_.refused;
      } else {
        findings_.opaque = true;
      }
      break;
    }
    on_token(token);
  }
  end_statement();
}

void StatementScan::on_token(const Token& token) {
  const bool ends = token.kind == Token::Kind::symbol && token.text == ";";
  if (changes_reading_ && statement_.tokens == 0 && !ends) findings_.opaque = true;
  if (!ends) ++statement_.tokens;
  if (!ends && statement_.tokens == 2 && statement_.verb == Keyword::begin) on_second_of_begin(token);
  const bool dot = token.kind == Token::Kind::symbol && token.text == ".";
  if (dot) {
    const bool name = last_ && (last_->kind == Token::Kind::word || last_->kind == Token::Kind::quoted);
    // After "1." comes no column, but whatever may follow a number.
    const bool number = name && last_->kind == Token::Kind::word && all_digits(last_->text);
    qualifier_ = name && !number ? last_ : std::nullopt;
    after_dot_ = !number;
    apart_ = !qualifier_ || qualifier_->begin + qualifier_->text.size() != token.begin;
  } else if (ends) {
    end_statement();
  } else {
    if (token.kind == Token::Kind::word || token.kind == Token::Kind::quoted) on_name(token);
    if (token.kind == Token::Kind::symbol) on_symbol(token.text[0]);
    if (token.kind == Token::Kind::variable && statement_.verb == Keyword::set) {
      on_set(variable_name(token.text));
    }
    if (token.kind == Token::Kind::string && statement_.verb == Keyword::prepare &&
        statement_.tokens == tokens_of_prepare) {
      statement_.prepared = token;
    }
    after_dot_ = false;
    qualifier_.reset();
  }
  last_ = token;
}

void StatementScan::on_name(const Token& token) {
  std::string buffer;
  const std::string_view name = unquoted(token, reading_.backslash, buffer);
  // In these, what is a name and where it ends is not for us to say.
  if (has_high_byte(name) && (charset_ != ClientCharset::utf8 || !is_utf8(name))) findings_.opaque = true;

  const Keyword keyword = token.kind == Token::Kind::word && !after_dot_ ? keyword_of(token.text) : Keyword::none;
  ++statement_.words;
  // The word before a dot may be a keyword, unless it and the name stick to the dot without quotes: FROM.`t`.
  if (last_ && (last_->begin + 1 != token.begin || token.kind == Token::Kind::quoted)) apart_ = true;
  if (!after_dot_) ++statement_.names_since;
  if (!after_dot_) statement_.hits_before_name = statement_.hits.size();
  if (statement_.verb == Keyword::use && statement_.words == 2) {
    database_.emplace(name);
    if (comments_ == CodeComments::several) database_.reset();
  } else if (statement_.drops_database) {
    if (!one_of(keyword, {Keyword::if_, Keyword::exists})) match_database(name);
  } else if (statement_.words > 1 || keyword == Keyword::none) {
    match(name);
  }
  if (statement_.verb == Keyword::set) on_set(name);
  if (keyword != Keyword::none) on_keyword(keyword);
}

void StatementScan::on_keyword(Keyword keyword) {
  const Keyword previous = statement_.before;
  const bool directly_after = statement_.names_since == 1;  // itself
  const bool first = statement_.words == 1;
  if (first) statement_.verb = keyword;
  const Keyword verb = statement_.verb;
  if (!one_of(keyword, {Keyword::if_, Keyword::not_, Keyword::exists})) {
    statement_.before = keyword;
    statement_.names_since = 0;
  } else if (statement_.names_since > 0) {
    --statement_.names_since;
  }
  if (keyword == Keyword::on) ++statement_.ons;
  if (keyword == Keyword::table) ++statement_.tables;
  if (keyword == Keyword::temporary) statement_.temporary = true;
  if (keyword == Keyword::analyze) statement_.analyzes = true;
  if (one_of(keyword, {Keyword::update, Keyword::delete_, Keyword::insert, Keyword::replace}))
    statement_.may_change = true;
  if (previous == Keyword::for_ && one_of(keyword, {Keyword::update, Keyword::share})) statement_.locks_rows = true;
  if (keyword == Keyword::lock && !first) statement_.locks_rows = true;

  // CREATE OR REPLACE DATABASE (MariaDB) drops it, too.
  const bool drops = previous == Keyword::drop || (verb == Keyword::create && previous == Keyword::replace);
  if (drops && one_of(keyword, {Keyword::database, Keyword::schema})) statement_.drops_database = true;

  if (verb == Keyword::show) statement_.any_database = true;
  if (explains(verb) && previous == Keyword::for_ && one_of(keyword, {Keyword::database, Keyword::schema})) {
    statement_.any_database = true;
  }
  if (verb == Keyword::handler && keyword == Keyword::read) statement_.reads_handler = true;

  on_dynamic(keyword);
  on_compound(keyword);
  on_object(keyword);
  const bool second = statement_.words == 2;
  // FLUSH TABLES WITH READ LOCK locks them all.
  const bool names_none = directly_after && one_of(previous, {Keyword::table, Keyword::tables});
  if (verb == Keyword::flush && keyword == Keyword::with && names_none) findings_.opaque = true;

  // A statement within the statement begins: SET STATEMENT x = 1 FOR ..., BEGIN NOT ATOMIC ... (both of MariaDB).
  const bool set_statement = verb == Keyword::set && second && keyword == Keyword::statement;
  if (set_statement) statement_.object = Keyword::statement;
  if ((verb == Keyword::set && statement_.object == Keyword::statement && keyword == Keyword::for_) ||
      (verb == Keyword::begin && keyword == Keyword::atomic)) {
    end_statement();
  }
}

// Text that is not here, or that somebody else stored.
void StatementScan::on_dynamic(Keyword keyword) {
  const bool names_privilege = one_of(statement_.verb, {Keyword::grant, Keyword::revoke});
  if (keyword == Keyword::execute && !names_privilege) findings_.opaque = true;
  if (keyword == Keyword::binlog && statement_.words == 1) findings_.opaque = true;
  if (keyword == Keyword::call && index_.routines() == RoutinesKnown::some) findings_.opaque = true;
  if (keyword == Keyword::prepare) {
    const bool own = statement_.words == 1 && text_ == Text::command;
    const bool harmless = one_of(statement_.verb, {Keyword::xa, Keyword::deallocate, Keyword::drop});
    if (!own && !harmless) findings_.opaque = true;
  }
}

// Compound statements outside of any routine (MariaDB): in ORACLE mode they call procedures by their mere names.
void StatementScan::on_compound(Keyword keyword) {
  using enum Keyword;
  const bool first = statement_.words == 1;
  if (first && one_of(keyword, {case_, declare, for_, if_, loop, repeat, while_})) findings_.opaque = true;
}

void StatementScan::on_second_of_begin(const Token& token) {
  const bool plain = token.kind == Token::Kind::word && keyword_of(token.text) == Keyword::work;
  if (!plain) findings_.opaque = true;
}

void StatementScan::on_object(Keyword keyword) {
  if (!one_of(statement_.verb, {Keyword::create, Keyword::alter, Keyword::drop, Keyword::rename})) return;
  if (statement_.object != Keyword::none) return;
  const bool stored =
      one_of(keyword, {Keyword::procedure, Keyword::function, Keyword::trigger, Keyword::event, Keyword::package});
  const bool other = one_of(keyword, {Keyword::table, Keyword::tables, Keyword::view, Keyword::index, Keyword::database,
                                      Keyword::schema, Keyword::user, Keyword::prepare});
  if (stored || other) statement_.object = keyword;
}

void StatementScan::on_symbol(char symbol) {
  // A routine is called: it may do more than the statement says.
  const bool name_before = last_ && (last_->kind == Token::Kind::word || last_->kind == Token::Kind::quoted);
  if (symbol != '(' || !name_before) return;
  for (std::size_t i = statement_.hits_before_name; i < statement_.hits.size(); ++i) {
    Hit& hit = statement_.hits[i];
    if (hit.kind == ScanTarget::Kind::alias) hit.access = std::max(hit.access, TableAccess::write);
  }
}

void StatementScan::on_set(std::string_view variable) {
  for (const std::string_view name : {"names", "char", "character", "charset", "character_set_client", "sql_mode"}) {
    if (equals_folded(variable, name)) changes_reading_ = true;
  }
}

void StatementScan::end_statement() {
  const bool explained = explains(statement_.verb);
  const bool writes = comments_ == CodeComments::several || statement_.locks_rows ||
                      (statement_.verb == Keyword::with && statement_.may_change) ||
                      (explained && statement_.analyzes && statement_.may_change);
  for (const Hit& hit : statement_.hits) {
    touch(hit.table, writes ? std::max(hit.access, TableAccess::write) : hit.access);
  }
  if (statement_.reads_handler) {
    for (std::size_t table = 0; table < index_.table_count(); ++table) touch(table, TableAccess::read);
  }
  if (statement_.verb == Keyword::prepare) end_prepare();
  const bool stores = one_of(
      statement_.object, {Keyword::procedure, Keyword::function, Keyword::trigger, Keyword::event, Keyword::package});
  if (statement_.verb == Keyword::create && stores) in_routine_ = true;
  statement_ = {};
  last_.reset();
  qualifier_.reset();
  after_dot_ = false;
}

void StatementScan::end_prepare() {
  const bool plain = statement_.prepared && statement_.tokens == tokens_of_prepare &&
                     statement_.prepared->text.find('\\') == std::string_view::npos;
  if (!plain || text_ == Text::prepared) {
    findings_.opaque = true;
    return;
  }
  std::string buffer;
  const ScanContext context{.database = database_, .charset = charset_};
  StatementScan(index_, context, reading_, Text::prepared, comments_, findings_)
      .run(unquoted(*statement_.prepared, reading_.backslash, buffer));
}

void StatementScan::match(std::string_view name) {
  const bool ascii = !has_high_byte(name);
  const bool known = !name.empty() && index_.may_matter(static_cast<unsigned char>(name[0]), name.size());
  if (ascii && !known && !index_.has_irregular_name()) return;
  for (const TargetIndex::Entry& entry : index_.entries()) {
    const bool same = ascii && entry.word ? equals_folded(name, entry.name) : may_be_same_name(name, entry.name);
    if (same && may_lie_in(entry.database)) {
      statement_.hits.push_back({.table = entry.table, .kind = entry.kind, .access = access_here(entry.kind)});
    }
  }
}

bool StatementScan::may_lie_in(std::string_view database) {
  if (comments_ == CodeComments::several) return true;
  const bool by_default = !database_ || statement_.any_database || may_be_same_name(*database_, database);
  if (!qualifier_) return by_default;
  // In "FROM .t" the word before the dot is no database, in "d .t" it is.
  if (qualifier_->kind == Token::Kind::word && apart_ && by_default) return true;
  std::string buffer;
  return may_be_same_name(unquoted(*qualifier_, reading_.backslash, buffer), database);
}

void StatementScan::match_database(std::string_view name) {
  for (const TargetIndex::Entry& entry : index_.entries()) {
    if (entry.kind != ScanTarget::Kind::table || !may_be_same_name(name, entry.database)) continue;
    touch(entry.table, in_routine_ ? TableAccess::write : TableAccess::definition);
  }
}

void StatementScan::touch(std::size_t table, TableAccess access) {
  findings_.access[table] = std::max(findings_.access[table], access);
}

bool StatementScan::reads_only() const {
  return one_of(statement_.verb, {Keyword::select, Keyword::table, Keyword::values, Keyword::with, Keyword::show,
                                  Keyword::desc, Keyword::describe, Keyword::explain, Keyword::help, Keyword::check,
                                  Keyword::checksum, Keyword::handler});
}

TableAccess StatementScan::access_here(ScanTarget::Kind kind) const {
  if (reads_only()) return TableAccess::read;
  const TableAccess access = ddl_access();
  const bool stored = in_routine_ || kind == ScanTarget::Kind::alias;
  return access == TableAccess::definition && stored ? TableAccess::write : access;
}

TableAccess StatementScan::ddl_access() const {
  const Statement& s = statement_;
  const auto directly_after = [&s](Keyword keyword) { return s.before == keyword && s.names_since == 1; };
  const auto definition_if = [](bool sure) { return sure ? TableAccess::definition : TableAccess::write; };
  const bool on_table = one_of(s.object, {Keyword::table, Keyword::tables});
  if (s.verb == Keyword::truncate) return TableAccess::definition;
  if (s.verb == Keyword::rename) return definition_if(on_table);
  if (!one_of(s.verb, {Keyword::create, Keyword::alter, Keyword::drop})) return TableAccess::write;
  if (s.object == Keyword::view) return TableAccess::read;
  if (s.object == Keyword::index) return definition_if(directly_after(Keyword::on) && s.ons == 1);
  if (s.object == Keyword::trigger)
    return definition_if(s.verb == Keyword::create && directly_after(Keyword::on) && s.ons == 1);
  if (!on_table) return TableAccess::write;
  if (s.verb == Keyword::drop) return definition_if(!s.temporary);
  // CREATE TABLE x AS TABLE y only reads y; ALTER TABLE x EXCHANGE PARTITION p WITH TABLE y changes it.
  const bool may_define = s.verb == Keyword::alter || s.tables == 1;
  if (directly_after(Keyword::table) && may_define) return definition_if(!s.temporary);
  if (s.verb == Keyword::alter || directly_after(Keyword::references)) return TableAccess::write;
  return TableAccess::read;
}

}  // namespace sluice::protocol::sql
