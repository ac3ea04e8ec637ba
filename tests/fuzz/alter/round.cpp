#include "tests/fuzz/alter/round.hpp"

#include <cstdio>
#include <mutex>

#include "migrator/sql/quoting.hpp"
#include "tests/fuzz/alter/compare.hpp"
#include "tests/fuzz/alter/refusals.hpp"
#include "tests/fuzz/alter/relatives.hpp"
#include "tests/fuzz/alter/session.hpp"
#include "tests/support/wait.hpp"

namespace sluice::alters {
namespace {

using namespace std::chrono_literals;
using migrator::quote_identifier;
using test::Reply;
using test::TestClient;

constexpr auto migration_limit = 240s;  // on a busy machine
constexpr auto npos = std::string::npos;
constexpr const char* fixed_clock = "SET timestamp = 1700000000.123456";
constexpr unsigned accepted = 202;
constexpr unsigned unprocessable = 422;

constexpr unsigned no_parent = 1452;
constexpr unsigned column_of_foreign_key = 1832;

constexpr const char* invisible_key = "my_row_id";

bool has_column(TestClient& client, const std::string& table, const std::string& column) {
  return client
             .must("SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = " +
                   migrator::quote_string(table) + " AND COLUMN_NAME = '" + column + "'")
             .value() != "0";
}

std::string told(const test::SqlError& error) {
  return std::to_string(error.code) + " " + error.text;
}

// The error that ended it, and nothing of it is left; empty: it was committed.
std::string run_transaction(TestClient& client, const Transaction& transaction) {
  const bool alone = transaction.size() == 1;
  if (!alone) client.must("BEGIN");
  for (const std::string& statement : transaction) {
    const Reply reply = client.query(statement);
    if (reply.ok()) continue;
    if (!alone) client.must("ROLLBACK");
    return told(*reply.error);
  }
  if (!alone) client.must("COMMIT");
  return {};
}

}  // namespace

void Tally::add(const Tally& other) {
  rounds += other.rounds;
  not_made += other.not_made;
  completed += other.completed;
  refused_by_both += other.refused_by_both;
  writes += other.writes;
  failures += other.failures;
  for (const auto& [code, count] : other.refused) refused[code] += count;
}

Round::Connections::Connections(const test::TestServer& server, const test::SluiceProcess& sluice)
    : direct(server.connect()), through(sluice.connect()), expected(server.connect(expected_database)) {
  // What the clock gives is the same for a write and its repetition.
  for (TestClient* client : {&direct, &through, &expected}) client->must(fixed_clock);
  if (server.kind() != Kind::mysql) return;
  for (TestClient* client : {&direct, &expected}) client->must("SET information_schema_stats_expiry = 0");
}

Round::Round(const test::TestServer& server, const test::SluiceProcess& sluice) : server_(server), sluice_(sluice) {}

void Round::run(std::uint64_t seed) {
  seed_ = seed;
  Dice dice(seed);
  draw(dice);
  try {
    if (!connections_) connections_.emplace(server_, sluice_);
    play(dice);
  } catch (const std::runtime_error& error) {
    connections_.reset();
    static_cast<void>(server_.connect());
    report(error.what());
  }
  ++tally_.rounds;
}

void Round::draw(Dice& dice) {
  rows_.clear();
  written_.clear();
  table_ = draw_table(server_.kind(), seed_, dice);
  for (std::size_t left = dice.one_in(8) ? 0 : dice.below(30); left > 0; --left) {
    rows_.push_back(draw_row(table_, dice));
  }
  writes_ = dice.one_in(2) ? Writes::none : dice.one_in(3) ? Writes::throughout : Writes::before_swap;
  alter_ = draw_alter(table_, writes_ == Writes::throughout ? Scope::harmless : Scope::anything, dice);
  session_ = draw_session(server_.kind(), dice);
  options_ = draw_options(table_, dice);
}

void Round::play(Dice& dice) {
  if (!make_tables()) {
    ++tally_.not_made;
    return drop_all();
  }
  fill();
  make_triggers();
  Migrated migrated = migrate(dice);
  replay();
  const Reply own = alter_by_itself(migrated);
  if (own.ok() && migrated.refused_a_row() && writes_ != Writes::none) {
    // Perhaps one that has gone since, and that the server did not see.
    writes_ = Writes::none;
    options_ += ", \"initially_drop_ghost_table\": true";
    migrated = migrate(dice);
  }
  judge(migrated, own);
  drop_all();
}

bool Round::Migrated::refused_a_row() const {
  // Of duplicates, both rows are named.
  const bool refused = why.find("new table refuses") != npos && why.find("(1062)") == npos;
  return end == End::failed && (refused || why.starts_with("duplicate_key") || why.find("the unique key") != npos);
}

bool Round::make_tables() {
  drop_all();
  for (TestClient* client : {&direct(), &expected()}) {
    if (server_.kind() == Kind::mysql)
      client->must(std::string("SET sql_generate_invisible_primary_key = ") + (table_.invisible_key ? "1" : "0"));
    for (const std::string& statement : parent_sql(table_)) {
      if (!client->query(statement).ok()) return false;
    }
    if (!client->query(create_sql(table_)).ok()) return false;
  }
  return true;
}

void Round::fill() {
  if (table_.invisible_key) {  // none is made where another key serves as the primary one
    table_.invisible_key = has_column(direct(), table_.name, invisible_key);
    if (writes_ == Writes::throughout) alter_.unpredictable.insert(invisible_key);
  }
  if (rows_.empty()) return;
  direct().must("SET @mode = @@sql_mode, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'");
  if (!direct().query(insert_sql(table_, rows_)).ok()) {
    for (const Values& row : rows_) static_cast<void>(direct().query(insert_sql(table_, {row})));
  }
  const std::string columns =
      (table_.invisible_key ? std::string(invisible_key) + ", " : "") + name_list(base_columns(table_));
  const std::string table = quote_identifier(table_.name);
  direct().must("INSERT INTO " + std::string(expected_database) + "." + table + " (" + columns + ") SELECT " + columns +
                " FROM " + table);
  const auto next = next_number(direct(), table_.name);
  if (next > 0) expected().must("ALTER TABLE " + table + " AUTO_INCREMENT = " + std::to_string(next));
  direct().must("SET sql_mode = @mode");
}

void Round::make_triggers() {
  for (TestClient* client : {&direct(), &expected()}) {
    for (const std::string& statement : triggers_sql(table_)) static_cast<void>(client->query(statement));
  }
}

Round::Migrated Round::migrate(Dice& dice) {
  const char* const postponed = writes_ == Writes::before_swap ? ", \"postpone_cut_over\": true}" : "}";
  const test::Migration migration{.table = table_.name, .alter = alter_.text, .options = "{" + options_ + postponed};
  const auto response = sluice_.post("/migrate", test::body_of(migration));
  if (response.status == unprocessable) return {Migrated::End::refused, response.body};
  if (response.status != accepted)
    return {Migrated::End::failed, std::to_string(response.status) + " " + response.body};
  const std::string id = test::parse_status(response.body).id;
  write_while(id, dice);
  auto last = sluice_.await_state(id, "completed", migration_limit);
  if (last.state == "completed") {
    static_cast<void>(
        test::wait_until([&] { return (last = sluice_.status(id)).audit != "pending"; }, migration_limit));
    if (last.audit.empty()) return {Migrated::End::in_place, ""};
    if (last.audit == "passed" || rows_.empty()) return {};
    return {Migrated::End::failed, "the audit: " + last.audit};
  }
  return {Migrated::End::failed, last.ended() ? last.error : "it did not end: " + last.json};
}

void Round::write_while(const std::string& id, Dice& dice) {
  if (writes_ == Writes::none) return;
  connections_->through.must(session_);
  Writer writer(table_, rows_, dice);
  const auto deadline = std::chrono::steady_clock::now() + migration_limit;
  std::size_t left = 10 + dice.below(40);
  for (auto state = sluice_.status(id); !state.ended() && std::chrono::steady_clock::now() < deadline;) {
    for (int i = 0; i < 3 && left > 0; ++i, --left) write(writer.next());
    state = sluice_.status(id);
    if (left > 0) continue;
    if (writes_ == Writes::throughout) break;
    if (state.state != "ready") {
      std::this_thread::sleep_for(test::poll_interval);
      continue;
    }
    for (int i = 0; i < 3; ++i) write(writer.next());
    static_cast<void>(sluice_.post("/migrate/" + id + "/cut-over"));
    return;
  }
}

void Round::write(Transaction transaction) {
  std::string error = run_transaction(connections_->through, transaction);
  if (error.empty()) tally_.writes += transaction.size();
  written_.push_back({std::move(transaction), std::move(error)});
}

void Round::replay() {
  // The text may name the key of whichever row came first.
  const auto code = [](const std::string& text) { return text.substr(0, text.find(' ')); };
  expected().must(session_);
  for (const Written& written : written_) {
    const std::string error = run_transaction(expected(), written.transaction);
    if (code(error) == code(written.error)) continue;
    std::string text;
    for (const std::string& statement : written.transaction) text += "  " + statement + ";\n";
    report("a write through the proxy ended with [" + written.error + "], directly with [" + error + "]:\n" + text);
  }
  expected().must(default_session(server_.kind()));
}

Reply Round::alter_by_itself(const Migrated& migrated) {
  // What is altered in place is not copied, and no row is refused.
  const std::string algorithm = migrated.end == Migrated::End::in_place ? " ALGORITHM=INSTANT, " : " ALGORITHM=COPY, ";
  const std::string table = "ALTER TABLE " + quote_identifier(table_.name);
  expected().must("SET timestamp = DEFAULT");  // Sluice's connections have the clock's, too
  Reply own = expected().query(table + algorithm + alter_.text);
  constexpr unsigned not_that_way = 1846;  // columns of foreign keys are renamed in place only
  if (own.error && own.error->code == not_that_way) own = expected().query(table + " " + alter_.text);
  expected().must(fixed_clock);
  return own;
}

void Round::judge(const Migrated& migrated, const Reply& own) {
  const std::string differs = difference(direct(), expected(),
                                         {.table = table_.name,
                                          .relatives = relatives_of(table_),
                                          .unpredictable = own.ok() ? alter_.unpredictable : std::set<std::string>{}});
  switch (migrated.end) {
    case Migrated::End::completed:
    case Migrated::End::in_place:
      if (own.error && own.error->code == no_parent) {
        ++tally_.refused["orphans"];
        return;
      }
      if (own.error && own.error->code == column_of_foreign_key) {
        ++tally_.refused["foreign_key_column"];
        return;
      }
      if (!own.ok()) return report("completed, which the server refuses: " + told(*own.error));
      ++tally_.completed;
      if (!differs.empty()) report("completed, but other than by the server:\n" + differs);
      return;
    case Migrated::End::refused:
      if (own.ok()) return count_refusal(migrated.why);
      break;
    case Migrated::End::failed: {
      if (migrated.why.starts_with("row_image:")) {
        ++tally_.refused["row_image"];
        return;
      }
      if (own.ok()) return report("failed, which the server does: " + migrated.why);
      if (!migrated.refused_a_row()) {
        report("failed without the server's reason: " + migrated.why + "\n  the server: " + told(*own.error));
      }
      break;
    }
  }
  ++tally_.refused_by_both;
  if (!differs.empty()) report("refused, but the table is not as it was:\n" + differs);
}

void Round::count_refusal(const std::string& body) {
  for (const std::string& code : codes_of(body)) {
    ++tally_.refused[code];
    if (reason_for(code).empty()) report("refused, which the server does: " + body);
  }
}

void Round::drop_all() {
  std::string list = quote_identifier(table_.name);
  for (const char* suffix : {"_gho", "_del"}) list += ", " + quote_identifier("_" + table_.name + suffix);
  for (const std::string& relative : relatives_of(table_)) list += ", " + quote_identifier(relative);
  for (TestClient* client : {&direct(), &expected()}) client->must("DROP TABLE IF EXISTS " + list);
}

void Round::report(const std::string& what) {
  static std::mutex one_at_a_time;
  ++tally_.failures;
  std::string text = std::string("FAILED ") + name(server_.kind()) + " --seed " + std::to_string(seed_) +
                     " --rounds 1: " + what + "\n";
  for (const std::string& statement : parent_sql(table_)) text += "  " + statement + ";\n";
  text += "  " + create_sql(table_) + ";\n";
  for (const std::string& statement : triggers_sql(table_)) text += "  " + statement + ";\n";
  if (!rows_.empty()) text += "  " + insert_sql(table_, rows_) + ";\n";
  text += "  ALTER TABLE " + quote_identifier(table_.name) + " " + alter_.text + ";\n  options {" + options_ + "}" +
          (writes_ == Writes::throughout ? ", writes throughout\n" : "\n");
  if (!written_.empty()) text += "  " + session_ + ";\n";
  for (const Written& written : written_) {
    for (const std::string& statement : written.transaction)
      text += "  write [" + written.error + "]: " + statement + ";\n";
  }
  const std::scoped_lock lock(one_at_a_time);
  std::fputs((text + "\n").c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace sluice::alters
