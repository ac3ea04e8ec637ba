#include "proxy/session/session_memory.hpp"

#include <algorithm>
#include <utility>

namespace sluice::proxy {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

bool mentions_lock(std::string_view sql) {
  static constexpr std::string_view WORD = "lock";
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  return std::search(sql.begin(), sql.end(), WORD.begin(), WORD.end(), same) != sql.end();
}

}  // namespace

bool takes_effect_even_if_it_fails(const Effect& effect) noexcept {
  const auto* said = std::get_if<Said>(&effect);
  return said != nullptr && std::holds_alternative<protocol::UnknownStatement>(said->context);
}

Said SessionMemory::look_at(std::string_view sql, Text text) const {
  using protocol::MultiStatements;
  // Whether a cut text holds several statements can't be seen, so only its first word counts, if it can have but one. A
  // LOCK TABLES behind what is seen would be missed: then the cut-over's own lock waits for it, in vain, and is tried
  // again.
  if (text == Text::cut && multi_ == MultiStatements::yes) {
    return {protocol::UnknownStatement{}, mentions_lock(sql)};
  }
  Said said{protocol::look_at(sql, multi_)};
  if (std::holds_alternative<protocol::UnknownStatement>(said.context)) {
    said.may_lock_tables = mentions_lock(sql);
  }
  return said;
}

void SessionMemory::apply(Effect effect, StatementId statement) {
  std::visit(Overloaded{
                 [](const NoEffect&) {},
                 [this](const Said& said) { run(said); },
                 [this, statement](Prepared& prepared) { remember(std::move(prepared), statement); },
                 [this](const Executed& executed) {
                   const auto id = executed.statement == LAST_PREPARED ? last_prepared_ : executed.statement;
                   const auto entry = statements_.find(id);
                   if (entry != statements_.end()) run(entry->second.effect);
                 },
                 [this](const Closed& closed) {
                   forget(closed.statement == LAST_PREPARED ? last_prepared_ : closed.statement);
                 },
                 [this](const MultiStatementsSet& set) { multi_ = set.value; },
                 [this](const ConnectionReset&) {
                   // The default database stays; the character set becomes the server's default, which we don't know.
                   forget_all();
                   context_.charset = protocol::ClientCharset::ambiguous;
                 },
                 [this](LoggedIn& login) {
                   forget_all();
                   context_.database = std::move(login.database);
                   context_.charset = protocol::charset_of_collation(login.collation);
                 },
             },
             effect);
}

void SessionMemory::server_says(const std::optional<std::string>& database, const std::optional<std::string>& charset) {
  if (database) context_.database = *database;
  if (charset) context_.charset = protocol::charset_of_name(*charset);
}

const protocol::ScanContext& SessionMemory::context_of(StatementId statement) const {
  const auto entry = statements_.find(statement == LAST_PREPARED ? last_prepared_ : statement);
  return entry == statements_.end() ? context_ : entry->second.context;
}

const std::string* SessionMemory::text_of(StatementId statement) const {
  const auto entry = statements_.find(statement == LAST_PREPARED ? last_prepared_ : statement);
  return entry == statements_.end() ? nullptr : &entry->second.text;
}

void SessionMemory::run(const Said& said) {
  std::visit(Overloaded{
                 [](const protocol::OrdinaryStatement&) {},
                 [this](const protocol::UseDatabase& use) { context_.database = use.database; },
                 [this](const protocol::SetVariables& set) {
                   if (set.charset) context_.charset = protocol::charset_of_name(*set.charset);
                 },
                 [this](const protocol::PlainBegin&) { tables_locked_ = false; },
                 [this](const protocol::LockTables&) { tables_locked_ = true; },
                 [this](const protocol::UnlockTables&) { tables_locked_ = false; },
                 [](const protocol::Kill&) {},
                 [this](const protocol::ExecuteStatement&) {
                   if (tracking_ == Tracking::no) forget_context();
                 },
                 [this, &said](const protocol::UnknownStatement&) {
                   forget_context();
                   tables_locked_ = tables_locked_ || said.may_lock_tables;
                 },
             },
             said.context);
}

void SessionMemory::forget_context() {
  context_.database.reset();
  context_.charset = protocol::ClientCharset::ambiguous;
}

void SessionMemory::remember(Prepared prepared, StatementId statement) {
  forget(statement);
  last_prepared_ = statement;
  if (!prepared.text || prepared.text->size() > STATEMENT_BYTES_MAX || statements_.size() >= STATEMENTS_MAX ||
      statements_bytes_ + prepared.text->size() > ALL_STATEMENTS_BYTES_MAX) {
    return;
  }
  // A prepared text is one statement, whatever the session allows in a query.
  Said effect{protocol::look_at(*prepared.text, protocol::MultiStatements::no)};
  effect.may_lock_tables = mentions_lock(*prepared.text);
  statements_bytes_ += prepared.text->size();
  statements_.emplace(statement, Statement{std::move(*prepared.text), std::move(effect), context_});
}

void SessionMemory::forget(StatementId statement) {
  const auto entry = statements_.find(statement);
  if (entry == statements_.end()) return;
  statements_bytes_ -= entry->second.text.size();
  statements_.erase(entry);
}

void SessionMemory::forget_all() {
  statements_.clear();
  statements_bytes_ = 0;
  tables_locked_ = false;
}

}  // namespace sluice::proxy
