// A real replica of a throwaway server.
#pragma once

#include "tests/support/server.hpp"

namespace sluice::test {

struct ReplicaOptions {
  unsigned server_id = 2;                   // the replicas of one primary need ids of their own, other than 1
  std::uint16_t through = 0;                // the port that it connects to; 0: the primary's own
  std::vector<std::string> arguments = {};  // for its server's command line
};

// Follows what the primary writes from now on. Not thread-safe.
class Replica {
 public:
  explicit Replica(const TestServer& primary, const ReplicaOptions& options = {});

  [[nodiscard]] TestServer& server() { return server_; }
  // It still fetches what the primary writes, but applies none of it, until start_applying().
  void stop_applying();
  void start_applying();

 private:
  TestServer server_;
};

}  // namespace sluice::test
