#include "proxy/session/session_memory.hpp"

#include <utility>

namespace sluice::proxy {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

Said SessionMemory::look_at(std::string_view sql, Text text) const {
  using protocol::MultiStatements;
  // Whether a cut text holds several statements can't be seen, so only its first word counts, if it can have but one. A
  // LOCK TABLES behind what is seen is missed: then the cut-over's own lock waits for it, in vain, and is tried again.
  if (text == Text::cut && multi_ == MultiStatements::yes) return {protocol::look_at_beginning(sql)};
  return {protocol::look_at(sql, multi_)};
}

void SessionMemory::apply(Effect effect, StatementId statement) {
  std::visit(Overloaded{
                 [](const NoEffect&) {},
                 [this](const Said& said) { run(said); },
                 [this, statement](Prepared& prepared) { remember(std::move(prepared), statement); },
                 [&](const Executed&) {
                   if (const Said* said = said_by(effect)) run(*said);
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

const Said* SessionMemory::said_by(const Effect& effect) const {
  const auto* executed = std::get_if<Executed>(&effect);
  if (executed == nullptr) return std::get_if<Said>(&effect);
  const auto entry = statements_.find(executed->statement == LAST_PREPARED ? last_prepared_ : executed->statement);
  return entry == statements_.end() ? nullptr : &entry->second.effect;
}

void SessionMemory::apply_failed(const Effect& effect) {
  const auto* said = std::get_if<Said>(&effect);
  if (said == nullptr) return;
  if (const auto* unknown = std::get_if<protocol::UnknownStatement>(&said->context)) doubt(*unknown);
  if (const auto* several = std::get_if<protocol::SeveralStatements>(&said->context)) {
    lose_sight(*several);
    for (const auto action : several->locks) {
      if (protocol::takes_lock(action)) change_locks(action);
    }
  }
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
                   if (set.ddl_mode) may_have_ddl_mode_ = true;
                 },
                 [this](const protocol::PlainBegin&) { change_locks(protocol::LockAction::begin); },
                 [](const protocol::EndTransaction&) {},
                 [this](const protocol::ChangeLocks& change) { change_locks(change.action); },
                 [](const protocol::Kill&) {},
                 [this](const protocol::ExecuteStatement&) {
                   if (tracking_ == Tracking::no) forget_context();
                 },
                 [this](const protocol::SeveralStatements& several) {
                   lose_sight(several);
                   for (const auto action : several.locks) change_locks(action);
                 },
                 [this](const protocol::UnknownStatement& unknown) { doubt(unknown); },
             },
             said.context);
}

void SessionMemory::forget_context() {
  context_.database.reset();
  context_.charset = protocol::ClientCharset::ambiguous;
}

void SessionMemory::lose_sight(const protocol::SeveralStatements& several) {
  if (several.use_database) context_.database.reset();
  if (several.set_charset) context_.charset = protocol::ClientCharset::ambiguous;
  if (several.set_ddl_mode) may_have_ddl_mode_ = true;
}

void SessionMemory::doubt(const protocol::UnknownStatement& unknown) {
  forget_context();
  may_have_ddl_mode_ = true;
  for (const auto action : unknown.locks) change_locks(action);
}

void SessionMemory::change_locks(protocol::LockAction action) {
  using protocol::LockAction;
  switch (action) {
    case LockAction::lock_tables:
      locks_.tables = true;
      return;
    case LockAction::lock_everything:
      locks_.everything = true;
      return;
    case LockAction::unlock:
      locks_.tables = locks_.everything = false;
      return;
    case LockAction::begin:
      locks_.tables = false;
      return;
    case LockAction::open_handler:
      ++locks_.handlers;
      return;
    case LockAction::close_handler:
      locks_.handlers -= locks_.handlers > 0 ? 1 : 0;
      return;
  }
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
  locks_ = {};
}

}  // namespace sluice::proxy
