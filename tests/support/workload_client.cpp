#include "tests/support/workload_client.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace sluice::test {
namespace {

constexpr std::size_t problems_kept = 5;
constexpr unsigned first_client_side_error = 2000;
constexpr unsigned last_client_side_error = 2999;
constexpr std::size_t longest_transaction = 4;
constexpr std::chrono::milliseconds reconnect_interval{20};

std::string quoted(const std::string& text) {
  return "'" + text + "'";
}  // nothing here has a quote in it

std::string described(const Content& content) {
  return std::to_string(content.qty) + " '" + content.name + "'";
}

}  // namespace

Workload::Client::Connection::Connection(const WorkloadOptions& options) : client{options.connection} {
  const auto& table = options.table;
  statements.push_back(client.prepare("INSERT INTO " + table + " (id, qty, name) VALUES (?, ?, ?)"));
  statements.push_back(client.prepare("UPDATE " + table + " SET qty = ?, name = ? WHERE id = ?"));
  statements.push_back(client.prepare("UPDATE " + table + " SET id = ?, qty = ?, name = ? WHERE id = ?"));
  statements.push_back(client.prepare("DELETE FROM " + table + " WHERE id = ?"));
  statements.push_back(client.prepare("SELECT qty, name FROM " + table + " WHERE id = ?"));
}

Workload::Client::Client(const WorkloadOptions& options, unsigned number)
    : options_{options}, number_{number}, random_{options.seed * 1000003U + number} {}

void Workload::Client::give(Key key, Content content) {
  ledger_.acknowledged({{key, std::move(content)}});
}

void Workload::Client::connect() {
  connection_.emplace(options_);
}

void Workload::Client::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void Workload::Client::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Workload::Client::account(WorkloadReport& report) const {
  report.acknowledged += acknowledged_;
  report.reads += reads_;
  report.lost += missed_;
  report.wrong_reads += wrong_reads_;
  report.uncertain += uncertain_;
  report.client_errors += errors_;
  report.problems.insert(report.problems.end(), problems_.begin(), problems_.end());
}

void Workload::Client::run(const std::stop_token& stop) {
  const auto& mix = options_.mix;
  while (!stop.stop_requested()) {
    if (!connection_) {
      reconnect(stop);
      continue;
    }
    const auto pick = random_() % (mix.autocommit + mix.prepared + mix.transaction);
    if (pick < mix.autocommit) {
      one(Style::text);
    } else if (pick < mix.autocommit + mix.prepared) {
      one(Style::binary);
    } else {
      transaction();
    }
    if (options_.think_time.count() > 0) std::this_thread::sleep_for(options_.think_time);
  }
}

// The lost connection was counted; that it can't be had again at once is the same error.
void Workload::Client::reconnect(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      connect();
      return;
    } catch (const std::runtime_error&) {
      std::this_thread::sleep_for(reconnect_interval);
    }
  }
}

void Workload::Client::one(Style style) {
  const auto operation = choose();
  const auto changes = changes_of(operation);
  switch (perform(operation, style)) {
    case Outcome::done:
      ledger_.acknowledged(changes);
      if (!changes.empty()) ++acknowledged_;
      break;
    case Outcome::refused:
      break;
    case Outcome::lost_connection:
      ledger_.unknown(changes);
      if (!changes.empty()) ++uncertain_;
      break;
  }
}

void Workload::Client::transaction() {
  if (control("BEGIN") != Outcome::done) return;
  std::vector<Change> changes;
  std::uint64_t writes = 0;
  const auto touched = [&changes](Key key) {
    return std::any_of(changes.begin(), changes.end(), [key](const Change& change) { return change.key == key; });
  };
  const auto length = 1 + random_() % longest_transaction;
  for (std::size_t i = 0; i < length; ++i) {
    const auto operation = choose();
    if (touched(operation.key) || touched(operation.target)) continue;
    const auto outcome = perform(operation, random_() % 2 == 0 ? Style::text : Style::binary);
    if (outcome == Outcome::lost_connection) return;  // no COMMIT was sent: nothing happened
    if (outcome == Outcome::refused) {
      (void)control("ROLLBACK");
      return;
    }
    const auto more = changes_of(operation);
    changes.insert(changes.end(), more.begin(), more.end());
    if (!more.empty()) ++writes;
  }
  if (random_() % 16 == 0) {
    (void)control("ROLLBACK");
    return;
  }
  if (control("COMMIT") == Outcome::done) {
    ledger_.acknowledged(changes);
    acknowledged_ += writes;
  } else {
    ledger_.unknown(changes);
    uncertain_ += writes;
  }
}

Content Workload::Client::content() {
  const auto serial = ++serial_;
  return {static_cast<std::int64_t>(random_() % 1000), "c" + std::to_string(number_) + " w" + std::to_string(serial)};
}

Workload::Client::Operation Workload::Client::choose() {
  const auto dice = random_() % 100;
  const auto key = ledger_.existing(random_);
  if (!key || dice < 25) {
    const auto again = dice < 5 ? ledger_.deleted(random_) : std::nullopt;
    return {.verb = Verb::insert, .key = again ? *again : next_key_++, .content = content()};
  }
  if (dice < 60) return {.verb = Verb::update, .key = *key, .content = content()};
  if (dice < 65) return {.verb = Verb::move, .key = *key, .target = next_key_++, .content = content()};
  if (dice < 80) return {.verb = Verb::erase, .key = *key, .content = {}};
  return {.verb = Verb::read, .key = *key, .content = {}};
}

std::vector<Change> Workload::Client::changes_of(const Operation& operation) {
  switch (operation.verb) {
    case Verb::insert:
    case Verb::update:
      return {{operation.key, operation.content}};
    case Verb::move:
      return {{operation.key, std::nullopt}, {operation.target, operation.content}};
    case Verb::erase:
      return {{operation.key, std::nullopt}};
    case Verb::read:
      return {};
  }
  std::abort();
}

Reply Workload::Client::send(const Operation& operation, Style style) {
  const auto id = options_.id(operation.key);
  const auto target = options_.id(operation.target);
  const auto& [qty, name] = operation.content;
  const auto& table = options_.table;
  const auto set = " SET qty = " + std::to_string(qty) + ", name = " + quoted(name);
  const auto where = " WHERE id = " + quoted(id);
  if (style == Style::binary) {
    auto& statement = connection_->statements.at(static_cast<std::size_t>(operation.verb));
    switch (operation.verb) {
      case Verb::insert:
        return statement.execute({id, qty, name});
      case Verb::update:
        return statement.execute({qty, name, id});
      case Verb::move:
        return statement.execute({target, qty, name, id});
      case Verb::erase:
      case Verb::read:
        return statement.execute({id});
    }
    std::abort();
  }
  auto& client = connection_->client;
  switch (operation.verb) {
    case Verb::insert:
      return client.query("INSERT INTO " + table + set + ", id = " + quoted(id));
    case Verb::update:
      return client.query("UPDATE " + table + set + where);
    case Verb::move:
      return client.query("UPDATE " + table + set + ", id = " + quoted(target) + where);
    case Verb::erase:
      return client.query("DELETE FROM " + table + where);
    case Verb::read:
      return client.query("SELECT qty, name FROM " + table + where);
  }
  std::abort();
}

Workload::Client::Outcome Workload::Client::perform(const Operation& operation, Style style) {
  const auto reply = timed([&] { return send(operation, style); });
  if (reply.error) {
    constexpr std::array words{"INSERT", "UPDATE", "UPDATE of the key", "DELETE", "SELECT"};
    return failed(words.at(static_cast<std::size_t>(operation.verb)), *reply.error);
  }
  check(operation, reply);
  return Outcome::done;
}

// The client is the only one to write its rows: each write must meet its row, and each read find what was written.
void Workload::Client::check(const Operation& operation, const Reply& reply) {
  const auto id = options_.id(operation.key);
  if (operation.verb != Verb::read) {
    if (reply.results.front().affected_rows == 1) return;
    ++missed_;
    problem("a write of row " + id + " met " + std::to_string(reply.results.front().affected_rows) + " rows");
    return;
  }
  ++reads_;
  const auto& expected = ledger_.expected(operation.key);
  const auto& rows = reply.rows();
  if (rows.size() == 1 && rows[0][0] == std::to_string(expected->qty) && rows[0][1] == expected->name) return;
  ++wrong_reads_;
  problem("a read of row " + id + " did not give " + described(*expected));
}

Reply Workload::Client::timed(const std::function<Reply()>& statement) {
  const auto start = std::chrono::steady_clock::now();
  auto reply = statement();
  latencies_ms_.push_back(std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - start).count());
  return reply;
}

Workload::Client::Outcome Workload::Client::control(const std::string& sql) {
  const auto reply = timed([&] { return connection_->client.query(sql); });
  return reply.error ? failed(sql, *reply.error) : Outcome::done;
}

Workload::Client::Outcome Workload::Client::failed(const std::string& what, const SqlError& error) {
  ++errors_;
  problem(what + ": " + std::to_string(error.code) + " " + error.text);
  if (error.code < first_client_side_error || error.code > last_client_side_error) return Outcome::refused;
  connection_.reset();
  return Outcome::lost_connection;
}

void Workload::Client::problem(const std::string& text) {
  if (problems_.size() < problems_kept) problems_.push_back("client " + std::to_string(number_) + ": " + text);
}

}  // namespace sluice::test
