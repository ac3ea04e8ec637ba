#include "tests/support/replica.hpp"

namespace sluice::test {
namespace {

constexpr const char* account = "replica";
constexpr const char* password = "replica-test";

bool is_mysql(const TestServer& server) {
  return server.kind() == Kind::mysql;
}

}  // namespace

Replica::Replica(const TestServer& primary, unsigned server_id)
    : server_{TestServer::start(primary.kind(),
                                {.arguments = {"--server-id=" + std::to_string(server_id)}, .program = {}})} {
  auto there = primary.connect("");
  if (there.must("SELECT COUNT(*) FROM mysql.user WHERE user = 'replica'").value() == "0") {
    primary.make_user(account, password, "REPLICATION SLAVE ON *.*");
  }
  const auto head = there.must(is_mysql(primary) ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS").rows().at(0);
  const std::string prefix = is_mysql(primary) ? "SOURCE_" : "MASTER_";
  auto here = server_.connect("");
  here.must(std::string{is_mysql(primary) ? "CHANGE REPLICATION SOURCE TO " : "CHANGE MASTER TO "} + prefix +
            "HOST = '127.0.0.1', " + prefix + "PORT = " + std::to_string(primary.port()) + ", " + prefix + "USER = '" +
            account + "', " + prefix + "PASSWORD = '" + password + "', " + prefix + "CONNECT_RETRY = 1, " + prefix +
            "LOG_FILE = '" + head.at(0).value() + "', " + prefix + "LOG_POS = " + head.at(1).value() +
            (is_mysql(primary) ? ", GET_SOURCE_PUBLIC_KEY = 1" : ""));
  here.must(is_mysql(primary) ? "START REPLICA" : "START SLAVE");
}

void Replica::stop_applying() {
  server_.connect("").must(is_mysql(server_) ? "STOP REPLICA SQL_THREAD" : "STOP SLAVE SQL_THREAD");
}

void Replica::start_applying() {
  server_.connect("").must(is_mysql(server_) ? "START REPLICA SQL_THREAD" : "START SLAVE SQL_THREAD");
}

}  // namespace sluice::test
