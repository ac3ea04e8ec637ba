// One client of a workload: does random reads and writes to rows that are its own and keeps its ledger.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/client.hpp"
#include "tests/support/ledger.hpp"
#include "tests/support/workload.hpp"

namespace sluice::test {

class Workload::Client {
 public:
  Client(const WorkloadOptions& options, unsigned number);  // `options` outlives it

  void give(Key key, Content content);  // a row that is in the table at the start
  void fresh_keys_from(Key first) { next_key_ = first; }
  void connect();  // throws ConnectFailure
  void start();
  void stop();

  // Any thread.
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t errors() const { return errors_; }

  // After stop(): adds what this client saw to `report`.
  void account(WorkloadReport& report) const;
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const std::vector<float>& latencies_ms() const { return latencies_ms_; }  // one a statement

 private:
  enum class Verb : std::uint8_t { insert, update, move, erase, read };
  enum class Style : std::uint8_t { text, binary };
  enum class Outcome : std::uint8_t { done, refused, lost_connection };

  struct Operation {
    Verb verb;
    Key key;
    Key target = 0;   // of a move
    Content content;  // of the row afterwards
  };
  struct Connection {  // the statements are prepared once, before any migration, and used throughout
    explicit Connection(const WorkloadOptions& options);
    TestClient client;
    std::vector<Statement> statements;  // in the order of Verb
  };

  void run(const std::stop_token& stop);
  void reconnect(const std::stop_token& stop);
  void one(Style style);
  void transaction();

  [[nodiscard]] Operation choose();
  [[nodiscard]] Content content();
  [[nodiscard]] static std::vector<Change> changes_of(const Operation& operation);
  [[nodiscard]] Outcome perform(const Operation& operation, Style style);
  [[nodiscard]] Reply send(const Operation& operation, Style style);
  [[nodiscard]] Reply timed(const std::function<Reply()>& statement);
  [[nodiscard]] Outcome control(const std::string& sql);  // BEGIN, COMMIT, ROLLBACK
  void check(const Operation& operation, const Reply& reply);
  [[nodiscard]] Outcome failed(const std::string& what, const SqlError& error);
  void problem(const std::string& text);

  const WorkloadOptions& options_;
  unsigned number_;
  std::mt19937_64 random_;
  Ledger ledger_;
  std::optional<Connection> connection_;
  std::vector<std::string> problems_;
  Key next_key_ = 0;
  std::uint64_t serial_ = 0;  // of the contents written: no two are alike
  std::uint64_t reads_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t wrong_reads_ = 0;
  std::uint64_t uncertain_ = 0;
  std::vector<float> latencies_ms_;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<std::uint64_t> errors_{0};
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace sluice::test
