#include "tests/integration/migrate/writers.hpp"

#include <algorithm>
#include <stdexcept>

#include "tests/support/wait.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr Key keys_a_writer = 1'000'000;
constexpr auto think_time = 4ms;
// A writer that has not written for so long hangs.
constexpr auto patience = 20s;
constexpr std::uint64_t few = 3;

std::string id_of(Key key) {
  return std::to_string(key);
}

}  // namespace

Writer::Writer(const ConnectOptions& connection, std::string name, std::string table, unsigned number)
    : client_{connection},
      name_{std::move(name)},
      table_{std::move(table)},
      number_{number},
      random_{number},
      next_key_{(number + 1) * keys_a_writer} {}

Content Writer::content() {
  ++turn_;
  return {static_cast<std::int64_t>(turn_ % 1000), name_ + " " + std::to_string(turn_)};
}

Change Writer::insertion() {
  return {next_key_++, content()};
}

Change Writer::update() {
  const auto key = ledger_.existing(random_);
  return key ? Change{*key, content()} : insertion();
}

Changes Writer::some(std::size_t count) {
  Changes changes;
  while (changes.size() < count) {
    auto change = insertion();
    const auto dice = random_() % 10;
    const auto key = dice < 4 ? std::nullopt : ledger_.existing(random_);
    if (key) {
      const auto again = std::ranges::any_of(changes, [&](const Change& before) { return before.key == *key; });
      if (again) continue;
      change.key = *key;
      if (dice == 9) change.after.reset();
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

bool Writer::is_there(Key key) const {
  const auto account = ledger_.accounts().find(key);
  return account != ledger_.accounts().end() && account->second.front().has_value();
}

std::string Writer::sql(const Change& change, const std::string& table) const {
  const auto id = id_of(change.key);
  if (!change.after) return "DELETE FROM " + table + " WHERE id = " + id;
  const auto& [qty, name] = *change.after;
  if (is_there(change.key)) {
    return "UPDATE " + table + " SET qty = " + std::to_string(qty) + ", name = '" + name + "' WHERE id = " + id;
  }
  return "INSERT INTO " + table + " (id, qty, name) VALUES (" + id + ", " + std::to_string(qty) + ", '" + name + "')";
}

void Writer::write(const std::string& statement) {
  const auto met = must(statement).results.front().affected_rows;
  if (met != 1) throw std::runtime_error{statement + ": met " + std::to_string(met) + " rows"};
}

WayOfWriting way(std::string name, std::function<Changes(Writer&)> write) {
  return {std::move(name),
          [write = std::move(write)](Writer& writer) -> Write { return [&writer, write] { return write(writer); }; }};
}

Writers::One::One(const ConnectOptions& connection, const WayOfWriting& way, const std::string& table, unsigned number)
    : writer{connection, way.name, table, number}, write{way.begin(writer)}, end{way.end} {}

Writers::Writers(const ConnectOptions& connection, const std::string& table, const std::vector<WayOfWriting>& ways)
    : table_{table} {
  for (const auto& way : ways) {
    all_.push_back(std::make_unique<One>(connection, way, table, static_cast<unsigned>(all_.size())));
  }
}

void Writers::start() {
  for (const auto& one : all_) {
    one->thread = std::jthread{[&one = *one](const std::stop_token& stop) { run(one, stop); }};
  }
}

void Writers::stop() {
  for (const auto& one : all_) one->thread.request_stop();
  for (const auto& one : all_) {
    if (one->thread.joinable()) one->thread.join();
  }
}

void Writers::run(One& one, const std::stop_token& stop) {
  try {
    while (!stop.stop_requested()) {
      const auto changes = one.write();
      one.writer.ledger_.acknowledged(changes);
      one.done += changes.size();
      std::this_thread::sleep_for(think_time);
    }
    if (one.end) one.writer.ledger_.acknowledged(one.end(one.writer));
  } catch (const std::runtime_error& error) {
    one.problem = one.writer.name_ + ": " + error.what();
    one.failed = true;
  }
}

bool Writers::all_write() {
  std::vector<std::uint64_t> before;
  for (const auto& one : all_) before.push_back(one->done);
  const auto writes_on = [&](std::size_t i) { return all_[i]->done >= before[i] + few; };
  const auto all_do = [&] {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (!writes_on(i) && !all_[i]->failed) return false;
    }
    return true;
  };
  const bool go_on = wait_until(all_do, patience);
  stuck_.clear();
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (!writes_on(i)) stuck_.push_back(all_[i]->writer.name_ + " does not write any more");
  }
  return go_on && stuck_.empty();
}

std::vector<std::string> Writers::complaints() const {
  auto all = stuck_;
  for (const auto& one : all_) {
    if (one->failed) all.push_back(one->problem);
  }
  return all;
}

std::vector<std::string> Writers::compare(TestClient& direct) const {
  auto table = contents_of(direct, table_);
  std::vector<std::string> wrong;
  for (const auto& one : all_) {
    for (const auto& line : discrepancies(one->writer.ledger_, table, id_of)) {
      wrong.push_back(one->writer.name_ + ": " + line);
    }
  }
  for (const auto& [id, content] : table) wrong.push_back("row " + id + " is nobody's: " + content.name);
  return wrong;
}

}  // namespace sluice::test
