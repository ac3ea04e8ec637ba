// Clients whose every transaction makes the same changes to `t`, which is migrated, and to `mirror`, which is not: in
// the end the two must have the same rows. Whatever the key's type is, nobody has to know what is in the table.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/migrate/fixture.hpp"
#include "tests/support/client.hpp"

namespace sluice::test {

enum class Comparison : std::uint8_t {
  by_value,  // as the column's type does
  by_bytes   // text: two spellings are two values, whatever the collation says
};

struct MirroredKey {
  std::vector<std::string> columns;  // of `t`; they may change their types, not their names
  // The key of row n, as SQL literals. Two rows may have the same key, or one that the table takes for the same.
  std::function<std::vector<std::string>(unsigned)> of;
  Comparison comparison = Comparison::by_value;
};

// The columns v and u (unique), which the clients write, beside those of the key.
inline constexpr auto mirrored_columns = "v INT NOT NULL, u INT NOT NULL, UNIQUE KEY u (u)";

class MirroringClients {
 public:
  static constexpr unsigned rows_a_client = 60;

  // Makes `t` (with the mirrored columns appended) and `mirror` over `direct`, and a few rows in them.
  MirroringClients(TestClient& direct, const ConnectOptions& connection, std::string columns, MirroredKey key,
                   unsigned clients = 3);
  ~MirroringClients() { stop(); }
  MirroringClients(const MirroringClients&) = delete;
  MirroringClients& operator=(const MirroringClients&) = delete;

  // The session settings of each client, as one statement. Before start().
  void set(std::string session) { session_ = std::move(session); }
  void start();
  // Waits until each client has committed a few times more. False: one does not.
  [[nodiscard]] bool all_write();
  void stop();

  // After stop(). What a client complained of, locks that Sluice kept it from, and the rows that the tables do not
  // share.
  [[nodiscard]] std::vector<std::string> problems(TestClient& direct) const;
  [[nodiscard]] std::uint64_t committed() const;

 private:
  struct One {
    unsigned number = 0;
    std::unique_ptr<TestClient> client;
    std::mt19937 random;
    unsigned next_u = 0;
    std::atomic<std::uint64_t> committed{0};
    std::atomic<std::uint64_t> deadlocks{0};  // with Sluice
    std::atomic<std::uint64_t> timeouts{0};   // of waits for locks
    std::string problem;                      // read after its thread has ended
    std::jthread thread;
  };
  void run(One& one, const std::stop_token& stop) const;
  [[nodiscard]] std::vector<std::string> transaction(One& one) const;
  [[nodiscard]] unsigned any_row(One& one) const;
  [[nodiscard]] std::string where(unsigned row) const;
  [[nodiscard]] std::string insertion(One& one, unsigned row) const;
  [[nodiscard]] std::string equal_keys() const;

  ConnectOptions connection_;
  MirroredKey key_;
  std::string session_;
  std::vector<std::unique_ptr<One>> all_;
};

// Migrations of `t` under such clients.
class MirroredMigrations : public BehindSluice {
 protected:
  // Starts the clients and lets them write before, during and after the swap, then compares. The id.
  std::string migrate_under(MirroringClients& clients, const std::string& alter);
};

}  // namespace sluice::test
