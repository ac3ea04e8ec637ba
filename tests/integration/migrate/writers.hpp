// Clients that each write to a table in one way, over and over, and keep account of what was acknowledged.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/client.hpp"
#include "tests/support/ledger.hpp"

namespace sluice::test {

using Changes = std::vector<Change>;

// What a way of writing is given to write with. One thread.
class Writer {
 public:
  Writer(const ConnectOptions& connection, std::string name, std::string table, unsigned number);

  [[nodiscard]] TestClient& client() { return client_; }
  [[nodiscard]] unsigned number() const { return number_; }
  // As it is to stand in SQL.
  [[nodiscard]] const std::string& table() const { return table_; }

  // What to do next: insert, change or delete rows that are this writer's alone, no row twice.
  [[nodiscard]] Change any() { return some(1).front(); }
  [[nodiscard]] Changes some(std::size_t count);
  [[nodiscard]] Change insertion();
  // A row of its own that is there, changed; an insertion where there is none.
  [[nodiscard]] Change update();

  [[nodiscard]] bool is_there(Key key) const;
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  // The plain statement that does it.
  [[nodiscard]] std::string sql(const Change& change) const { return sql(change, table_); }
  [[nodiscard]] std::string sql(const Change& change, const std::string& table) const;
  // Runs it; throws std::runtime_error unless it succeeds and meets one row.
  void write(const Change& change) { write(sql(change)); }
  void write(const std::string& statement);
  // Runs what has to succeed; throws std::runtime_error.
  Reply must(const std::string& statement) { return client_.must(statement); }

 private:
  friend class Writers;
  [[nodiscard]] Content content();

  TestClient client_;
  std::string name_;
  std::string table_;
  unsigned number_;
  Ledger ledger_;
  std::mt19937_64 random_;
  Key next_key_;
  std::uint64_t turn_ = 0;
};

// Writes once, and returns what was acknowledged; throws std::runtime_error where the client saw an error that it
// would not have seen without the proxy.
using Write = std::function<Changes()>;
struct WayOfWriting {
  std::string name;
  // Before anything is migrated: what is to be prepared is prepared here.
  std::function<Write(Writer&)> begin;
  // After the last write: what was acknowledged though `Write` did not see it.
  std::function<Changes(Writer&)> end = nullptr;
};
// One that needs no preparation.
[[nodiscard]] WayOfWriting way(std::string name, std::function<Changes(Writer&)> write);

// All ways at once, each a client of its own on a thread of its own.
class Writers {
 public:
  Writers(const ConnectOptions& connection, const std::string& table, const std::vector<WayOfWriting>& ways);
  ~Writers() { stop(); }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  void start();
  // Lets each finish what it is at.
  void stop();
  // Waits until each has written again, a few times. False: one does not, and what_is_wrong() tells which.
  [[nodiscard]] bool all_write();
  // What a writer complained of, and which does not write; any time.
  [[nodiscard]] std::vector<std::string> complaints() const;
  // After stop(): what is not in the table as it was acknowledged, and what is in it that nobody wrote.
  [[nodiscard]] std::vector<std::string> compare(TestClient& direct) const;

 private:
  struct One {
    One(const ConnectOptions& connection, const WayOfWriting& way, const std::string& table, unsigned number);
    Writer writer;
    Write write;
    std::function<Changes(Writer&)> end;
    std::atomic<std::uint64_t> done{0};
    std::atomic<bool> failed{false};
    std::string problem;  // set before `failed`
    std::jthread thread;
  };
  static void run(One& one, const std::stop_token& stop);

  std::string table_;
  std::vector<std::unique_ptr<One>> all_;
  std::vector<std::string> stuck_;
};

}  // namespace sluice::test
