#include "tests/integration/migrate/mirror.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "tests/support/wait.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;
constexpr auto think_time = 3ms;
constexpr std::uint64_t few = 4;
constexpr unsigned numbers_a_client = 10'000'000;

constexpr unsigned duplicate = 1062;
constexpr unsigned lock_wait_timeout = 1205;
constexpr unsigned deadlock = 1213;
constexpr unsigned snapshot_too_old = 1412;  // older than the swap

// What ends a transaction that can be begun again.
bool is_to_be_expected(unsigned code) {
  constexpr std::array expected{duplicate, lock_wait_timeout, deadlock, snapshot_too_old};
  return std::ranges::find(expected, code) != expected.end();
}

// Whether Sluice was in the server's last deadlock. The clients have some among themselves: for gaps between unique
// values.
bool sluice_took_part(TestClient& client) {
  const auto status = client.must("SHOW ENGINE INNODB STATUS").rows().at(0).at(2).value();
  const auto begin = status.find("LATEST DETECTED DEADLOCK");
  if (begin == std::string::npos) return false;
  // Each of its transactions with host and user.
  const auto text = status.substr(begin, status.find("\nTRANSACTIONS\n", begin) - begin);
  if (text.find(" root") == std::string::npos) throw std::runtime_error{"whose deadlock? " + text};
  return text.find(" sluice") != std::string::npos;
}

std::string on_table(std::string statement, const std::string& table) {
  constexpr std::string_view placeholder = "{t}";
  for (auto at = statement.find(placeholder); at != std::string::npos; at = statement.find(placeholder)) {
    statement.replace(at, placeholder.size(), table);
  }
  return statement;
}

std::string bytes_of(const std::string& value) {
  return "CAST(CONVERT(" + value + " USING utf8mb4) AS BINARY)";
}

}  // namespace

MirroringClients::MirroringClients(TestClient& direct, const ConnectOptions& connection, std::string columns,
                                   MirroredKey key, unsigned clients)
    : connection_{connection}, key_{std::move(key)} {
  direct.must("CREATE TABLE t (" + std::move(columns) + ", " + mirrored_columns + ")");
  direct.must("CREATE TABLE mirror LIKE t");
  for (unsigned number = 0; number < clients; ++number) {
    auto& one = *all_.emplace_back(std::make_unique<One>());
    one.number = number;
    one.random.seed(number + 1);
    one.next_u = (number + 1) * numbers_a_client;
    for (unsigned row = 0; row < rows_a_client; row += 2) {
      const auto statement = insertion(one, number * rows_a_client + row);
      const auto reply = direct.query(on_table(statement, "t"));
      if (reply.error && reply.error->code != duplicate) throw std::runtime_error{statement + ": " + reply.error->text};
    }
  }
  direct.must("INSERT INTO mirror SELECT * FROM t");
}

unsigned MirroringClients::any_row(One& one) const {
  return one.number * rows_a_client + static_cast<unsigned>(one.random() % rows_a_client);
}

std::string MirroringClients::where(unsigned row) const {
  const auto values = key_.of(row);
  std::string condition;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& column = key_.columns[i];
    condition += (condition.empty() ? "" : " AND ") + column + " = " + values[i];
    if (key_.comparison == Comparison::by_bytes && values[i].find('\'') != std::string::npos) {
      condition += " AND " + bytes_of(column) + " = " + bytes_of(values[i]);
    }
  }
  return condition;
}

std::string MirroringClients::insertion(One& one, unsigned row) const {
  std::string columns;
  std::string values;
  for (const auto& column : key_.columns) columns += column + ", ";
  for (const auto& value : key_.of(row)) values += value + ", ";
  const auto number = std::to_string(one.next_u++);
  return "INSERT INTO {t} (" + columns + "v, u) VALUES (" + values + "0, " + number + ")";
}

std::vector<std::string> MirroringClients::transaction(One& one) const {
  std::vector<std::string> statements;
  for (auto left = 1 + one.random() % 3; left > 0; --left) {
    const auto row = any_row(one);
    switch (one.random() % 5) {
      case 0:
        statements.push_back(insertion(one, row));
        break;
      case 1:
        statements.push_back("DELETE FROM {t} WHERE " + where(row));
        break;
      case 2:
        statements.push_back("UPDATE {t} SET v = v + 1 WHERE " + where(row));
        break;
      case 3: {
        const auto values = key_.of(any_row(one));
        std::string changes;
        for (std::size_t i = 0; i < values.size(); ++i) {
          changes += (changes.empty() ? "" : ", ") + key_.columns[i] + " = " + values[i];
        }
        statements.push_back("UPDATE {t} SET " + changes + " WHERE " + where(row));
        break;
      }
      default: {
        // Two rows share two unique values, which change places half of the times.
        const auto even = row - row % 2;
        const auto own = [](unsigned n) { return "-" + std::to_string(n); };
        const auto aside = numbers_a_client + 2 * one.number;
        const auto first = even + one.random() % 2;
        const std::array<std::pair<unsigned, unsigned>, 4> steps{
            {{even, aside}, {even + 1, aside + 1}, {even, 1 + first}, {even + 1, 1 + 2 * even + 1 - first}}};
        for (const auto& [which, u] : steps) {
          statements.push_back("UPDATE {t} SET u = " + own(u) + " WHERE " + where(which));
        }
        break;
      }
    }
  }
  return statements;
}

void MirroringClients::start() {
  for (const auto& one : all_) {
    one->client = std::make_unique<TestClient>(connection_);
    if (!session_.empty()) one->client->must(session_);
    one->thread = std::jthread{[this, &one = *one](const std::stop_token& stop) { run(one, stop); }};
  }
}

void MirroringClients::run(One& one, const std::stop_token& stop) const {
  try {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(think_time);
      one.client->must("BEGIN");
      bool holds = true;
      for (const auto& statement : transaction(one)) {
        std::array<std::uint64_t, 2> met{};
        for (std::size_t i = 0; i < met.size() && holds; ++i) {
          const auto text = on_table(statement, i == 0 ? "t" : "mirror");
          const auto reply = one.client->query(text);
          holds = reply.ok();
          if (holds) met.at(i) = reply.results.front().affected_rows;
          if (!holds && reply.error->code == deadlock && sluice_took_part(*one.client)) ++one.deadlocks;
          if (!holds && reply.error->code == lock_wait_timeout) ++one.timeouts;
          if (!holds && !is_to_be_expected(reply.error->code))
            throw std::runtime_error{text + ": " + reply.error->text};
        }
        if (!holds) break;
        if (met[0] != met[1]) throw std::runtime_error{statement + ": met other rows in the mirror"};
      }
      one.client->must(holds ? "COMMIT" : "ROLLBACK");
      if (holds) ++one.committed;
    }
  } catch (const std::runtime_error& error) {
    one.problem = error.what();
  }
}

bool MirroringClients::all_write() {
  std::vector<std::uint64_t> before;
  for (const auto& one : all_) before.push_back(one->committed);
  return wait_until(
      [&] {
        for (std::size_t i = 0; i < all_.size(); ++i) {
          if (all_[i]->committed < before[i] + few) return false;
        }
        return true;
      },
      patience);
}

void MirroringClients::stop() {
  for (const auto& one : all_) one->thread.request_stop();
  for (const auto& one : all_) {
    if (one->thread.joinable()) one->thread.join();
  }
}

std::uint64_t MirroringClients::committed() const {
  std::uint64_t sum = 0;
  for (const auto& one : all_) sum += one->committed;
  return sum;
}

std::string MirroringClients::equal_keys() const {
  std::string condition = "t.v = mirror.v AND t.u = mirror.u";
  for (const auto& column : key_.columns) {
    const bool bytes = key_.comparison == Comparison::by_bytes;
    condition += " AND " + (bytes ? bytes_of("t." + column) : "t." + column) + " = " +
                 (bytes ? bytes_of("mirror." + column) : "mirror." + column);
  }
  return condition;
}

std::vector<std::string> MirroringClients::problems(TestClient& direct) const {
  constexpr auto shown_max = "5";
  std::vector<std::string> all;
  for (const auto& one : all_) {
    if (!one->problem.empty()) all.push_back(one->problem);
    if (one->deadlocks > 0) all.push_back(std::to_string(one->deadlocks) + " deadlocks with Sluice");
    if (one->timeouts > 0) all.push_back(std::to_string(one->timeouts) + " waits for locks that took too long");
  }
  direct.must("SET time_zone = '+00:00'");
  for (const auto& [here, there] : {std::pair{"t", "mirror"}, std::pair{"mirror", "t"}}) {
    const auto only_here = direct.must(std::string{"SELECT * FROM "} + here + " LEFT JOIN " + there + " ON " +
                                       equal_keys() + " WHERE " + there + ".v IS NULL LIMIT " + shown_max);
    for (const auto& row : only_here.rows()) {
      auto line = std::string{"only in "} + here + ":";
      for (const auto& cell : row) line += " " + cell.value_or("-");
      all.push_back(line);
    }
  }
  const auto rows = [&](const std::string& table) { return direct.must("SELECT COUNT(*) FROM " + table).value(); };
  if (rows("t") != rows("mirror")) all.push_back("t has " + rows("t") + " rows, its mirror " + rows("mirror"));
  return all;
}

std::string MirroredMigrations::migrate_under(MirroringClients& clients, const std::string& alter) {
  clients.start();
  auto id =
      sluice().migrate({.table = "t", .alter = alter, .options = R"({"postpone_cut_over": true, "chunk_size": 20})"});
  const auto ready = sluice().await_state(id, "ready");
  EXPECT_EQ(ready.state, "ready") << ready.json;
  EXPECT_TRUE(clients.all_write());
  if (ready.state == "ready") {
    act(id, "cut-over");
    expect_completed(await_end(id));
    EXPECT_TRUE(clients.all_write());
  }
  clients.stop();
  EXPECT_THAT(clients.problems(direct()), testing::IsEmpty());
  return id;
}

}  // namespace sluice::test
