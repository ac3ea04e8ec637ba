// One table, one ALTER: by Sluice, perhaps under a client's writes, and by the server itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/fuzz/alter/alters.hpp"
#include "tests/fuzz/alter/writes.hpp"
#include "tests/support/sluice_process.hpp"

namespace sluice::alters {

enum class Writes : std::uint8_t {
  none,
  before_swap,  // all is written when the cut-over begins
  throughout    // of what means the same before and after the swap
};

struct Tally {
  std::uint64_t rounds = 0;
  std::uint64_t not_made = 0;  // tables that the server does not take
  std::uint64_t completed = 0;
  std::uint64_t refused_by_both = 0;
  std::uint64_t writes = 0;                      // statements that were acknowledged
  std::map<std::string, std::uint64_t> refused;  // by the preflight alone
  std::uint64_t failures = 0;

  void add(const Tally& other);
};

// The database of the tables that the server alters by itself. To be made before the first round.
inline constexpr const char* expected_database = "expected";

// Its own connections; tables named after the seed, so that several run side by side. Not thread-safe.
class Round {
 public:
  Round(const test::TestServer& server, const test::SluiceProcess& sluice);

  // Prints what went wrong, with all that is needed to see it again. Throws test::ConnectFailure when the server is
  // gone: then this round says nothing.
  void run(std::uint64_t seed);

  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  struct Migrated {
    enum class End : std::uint8_t { completed, in_place, refused, failed };
    End end = End::completed;
    std::string why;
    [[nodiscard]] bool refused_a_row() const;
  };

  struct Written {
    Transaction transaction;
    std::string error;  // of the statement that ended it; empty: it was committed
  };
  void draw(Dice& dice);
  void play(Dice& dice);
  [[nodiscard]] bool make_tables();
  void fill();
  void make_triggers();
  [[nodiscard]] Migrated migrate(Dice& dice);
  void write(Transaction transaction);
  void write_while(const std::string& id, Dice& dice);
  void replay();
  [[nodiscard]] test::Reply alter_by_itself(const Migrated& migrated);
  void judge(const Migrated& migrated, const test::Reply& own);
  void count_refusal(const std::string& body);
  void drop_all();
  void report(const std::string& what);
  struct Connections {
    Connections(const test::TestServer& server, const test::SluiceProcess& sluice);
    test::TestClient direct;
    test::TestClient through;
    test::TestClient expected;  // in a database of its own, where the server does by itself what Sluice is to do
  };
  [[nodiscard]] test::TestClient& direct() { return connections_->direct; }
  [[nodiscard]] test::TestClient& expected() { return connections_->expected; }

  const test::TestServer& server_;
  const test::SluiceProcess& sluice_;
  std::optional<Connections> connections_;
  Tally tally_;

  // Of the round that runs.
  std::uint64_t seed_ = 0;
  Table table_;
  std::vector<Values> rows_;
  Alter alter_;
  Writes writes_ = Writes::none;
  std::string session_;  // of the client that writes
  std::string options_;
  std::vector<Written> written_;
};

}  // namespace sluice::alters
