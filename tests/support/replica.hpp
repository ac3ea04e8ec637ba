// A real replica of a throwaway server.
#pragma once

#include "tests/support/server.hpp"

namespace sluice::test {

// Follows what the primary writes from now on. The replicas of one primary need ids of their own, other than 1. Not
// thread-safe.
class Replica {
 public:
  explicit Replica(const TestServer& primary, unsigned server_id = 2);

  [[nodiscard]] TestServer& server() { return server_; }
  // It still fetches what the primary writes, but applies none of it, until start_applying().
  void stop_applying();
  void start_applying();

 private:
  TestServer server_;
};

}  // namespace sluice::test
