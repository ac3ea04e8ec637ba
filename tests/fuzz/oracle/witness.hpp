// What a server says that a connection has touched.
#pragma once

#include <set>
#include <string>

#include "tests/fuzz/oracle/world.hpp"
#include "tests/support/server.hpp"

namespace sluice::oracle {

class Witness {
 public:
  explicit Witness(const test::TestServer& server);

  // From now on it speaks of this connection.
  void watch(const test::TestClient& client);
  // The base tables on which the connection holds metadata locks: all that its open transaction has touched.
  [[nodiscard]] std::set<Name> locked();

  // The base tables named by the row events that were written since mark_binlog().
  void mark_binlog();
  [[nodiscard]] std::set<Name> written();

  // Runs the statement on the watched connection while another one holds every base table locked. MySQL: the table for
  // which it waited, and those that it had by then; MariaDB cannot tell which one it was.
  struct Guarded {
    bool waited = false;
    std::set<Name> touched;
    test::Reply reply;
  };
  [[nodiscard]] Guarded run_guarded(test::TestClient& client, const std::string& sql);

 private:
  [[nodiscard]] bool sees_wait(std::set<Name>& touched);
  void lock_all();

  test::Kind kind_;
  test::TestClient monitor_;
  test::TestClient guard_;
  std::string connection_;  // number of the watched one
  std::string locks_query_;
  std::string binlog_file_;
  std::string binlog_position_;
};

}  // namespace sluice::oracle
