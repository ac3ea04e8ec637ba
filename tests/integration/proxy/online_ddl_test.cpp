// DDL that is run elsewhere, as its client's session sees it, in every dialect: what is asked of the server meanwhile
// the client never hears, and what it sends ahead waits.
#include <gmock/gmock.h>

#include <mutex>

#include "protocol/wire/server_reply.hpp"
#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

using namespace std::chrono_literals;
namespace capability = protocol::capability;
using Payload = RawClient::Payload;
using testing::ElementsAre;
using testing::IsEmpty;

// Whoever runs it: completes when it is told to.
class Runner final : public OnlineDdl {
 public:
  std::optional<DdlFailure> judge_options(const DdlOptions&) override { return std::nullopt; }
  bool runs(const std::string&) override { return keeps_table_; }
  std::shared_ptr<DdlRun> begin(DdlRequest request) override {
    const std::scoped_lock lock{mutex_};
    begun_.push_back(request.alter);
    return std::make_shared<Run>(*this);
  }

  [[nodiscard]] std::vector<std::string> begun() const {
    const std::scoped_lock lock{mutex_};
    return begun_;
  }
  void come_to(DdlProgress progress) {
    const std::scoped_lock lock{mutex_};
    progress_ = std::move(progress);
  }
  void is_over() { keeps_table_ = false; }
  [[nodiscard]] int stopped() const { return stopped_; }

 private:
  struct Run final : DdlRun {
    explicit Run(Runner& the_owner) : owner(the_owner) {}
    DdlProgress look() override {
      const std::scoped_lock lock{owner.mutex_};
      return owner.progress_;
    }
    void stop() override { ++owner.stopped_; }
    Runner& owner;
  };

  mutable std::mutex mutex_;
  std::vector<std::string> begun_;
  DdlProgress progress_ = DdlRunning{"m7"};
  std::atomic<int> stopped_ = 0;
  std::atomic<bool> keeps_table_ = true;  // a migration that runs
};

class OnlineDdlSession : public ThroughProxy {
 protected:
  void SetUp() override {
    auto direct = server().connect();
    direct.must("DROP TABLE IF EXISTS altered");
    direct.must("CREATE TABLE altered (id INT PRIMARY KEY)");
    auto with = config();
    with.ddl_mode = protocol::DdlMode::online;
    online_.emplace(std::move(with), Killer{}, nullptr, &runner_);
  }
  [[nodiscard]] RunningProxy& online() { return *online_; }
  [[nodiscard]] bool begins() {
    return test::wait_until([this] { return !runner_.begun().empty(); });
  }
  [[nodiscard]] std::string rows() { return server().connect().must("SELECT COUNT(*) FROM altered").value(); }
  static Payload query(std::string_view sql) { return RawClient::query_payload(sql); }
  // The warnings that an OK tells of; what else came: its first byte as a negative number.
  static int warnings_of(const Payload& ok) {
    const auto reply = protocol::parse_ok(ok);
    return reply && !ok.empty() && ok[0] == 0 ? reply->warnings : -int{ok.empty() ? std::uint8_t{1} : ok[0]};
  }

  Runner runner_;

 private:
  std::optional<RunningProxy> online_;
};
SLUICE_ON_BOTH_SERVERS(OnlineDdlSession);

constexpr std::string_view ALTER = "ALTER TABLE altered ADD COLUMN a INT";

TEST_P(OnlineDdlSession, client_hears_one_ok_in_every_dialect) {
  runner_.come_to(DdlCompleted{"m7"});
  for (const std::uint32_t more :
       {std::uint32_t{0}, capability::DEPRECATE_EOF, capability::SESSION_TRACK | capability::TRANSACTIONS,
        capability::DEPRECATE_EOF | capability::SESSION_TRACK | capability::MULTI_STATEMENTS}) {
    RawClient client{online().proxy.port(), more};
    client.query(ALTER);
    EXPECT_EQ(warnings_of(client.receive()), 1) << more;
    EXPECT_EQ(client.next_sequence(), 2);
    client.query("SHOW WARNINGS");
    EXPECT_EQ(client.receive(), Payload{3});
  }
  EXPECT_EQ(runner_.begun().size(), 4U);
}

TEST_P(OnlineDdlSession, query_attributes_stand_before_it) {
  if (!is_mysql()) return;  // MariaDB has none
  runner_.come_to(DdlCompleted{"m7"});
  RawClient client{online().proxy.port(), capability::QUERY_ATTRIBUTES};
  Payload with_one{0x03, 1, 1, 0, 1, 0xFD, 0, 1, 'n', 1, 'v'};
  with_one.insert(with_one.end(), ALTER.begin(), ALTER.end());
  client.command(with_one);
  EXPECT_EQ(warnings_of(client.receive()), 1);
  EXPECT_THAT(runner_.begun(), ElementsAre("ADD COLUMN a INT"));
}

TEST_P(OnlineDdlSession, comes_byte_by_byte) {
  runner_.come_to(DdlCompleted{"m7"});
  RawClient client{online().proxy.port()};
  for (const auto byte : protocol::frame(query(ALTER), 0)) client.send_bytes({byte});
  EXPECT_EQ(warnings_of(client.receive()), 1);
}

TEST_P(OnlineDdlSession, what_is_sent_ahead_waits_for_its_end) {
  RawClient client{online().proxy.port()};
  client.commands({query("INSERT INTO altered VALUES (1)"), query(ALTER), query("INSERT INTO altered VALUES (2)"),
                   query(ALTER), query("INSERT INTO altered VALUES (3)")});
  EXPECT_EQ(warnings_of(client.receive()), 0);
  ASSERT_TRUE(begins());
  EXPECT_EQ(rows(), "1");
  runner_.come_to(DdlCompleted{"m7"});
  for (const int warnings : {1, 0, 1, 0}) EXPECT_EQ(warnings_of(client.receive()), warnings);
  EXPECT_EQ(rows(), "3");
  EXPECT_EQ(runner_.begun().size(), 2U);
  EXPECT_EQ(online().observer.finished(DdlOutcome::completed), 2);
}

TEST_P(OnlineDdlSession, gate_does_not_wait_for_who_waits_for_it) {
  const gate::TableName table{"test", "altered"};
  RawClient client{online().proxy.port()};
  client.query("BEGIN");
  (void)client.receive();
  client.query("INSERT INTO altered VALUES (1)");
  (void)client.receive();
  client.query(ALTER);
  ASSERT_TRUE(begins());
  online().gate.arm(table, {gate::Target{table, gate::Target::Kind::table}}, "m7");
  EXPECT_EQ(online().gate.close(table, gate::Clock::now() + 10s, gate::Clock::now() + 30s), gate::CloseResult::held);
  online().gate.open(table);
  online().gate.disarm(table);
  runner_.come_to(DdlCompleted{"m7"});
  EXPECT_EQ(warnings_of(client.receive()), 1);
  EXPECT_EQ(rows(), "1");
}

TEST_P(OnlineDdlSession, what_follows_in_its_packet_is_judged_at_the_gate) {
  const gate::TableName table{"test", "altered"};
  RawClient client{online().proxy.port(), capability::MULTI_STATEMENTS | capability::MULTI_RESULTS};
  client.query(std::string{ALTER} + "; INSERT INTO altered VALUES (1)");
  ASSERT_TRUE(begins());
  online().gate.arm(table, {gate::Target{table, gate::Target::Kind::table}}, "m7");
  ASSERT_EQ(online().gate.close(table, gate::Clock::now() + 10s, gate::Clock::now() + 30s), gate::CloseResult::held);
  runner_.come_to(DdlCompleted{"m7"});
  ASSERT_TRUE(test::wait_until([&] { return online().gate.status(table).waiting == 1; }));
  EXPECT_EQ(rows(), "0");
  online().gate.open(table);
  EXPECT_EQ(warnings_of(client.receive()), 1);
  EXPECT_EQ(warnings_of(client.receive()), 0);
  online().gate.disarm(table);
  EXPECT_EQ(rows(), "1");
}

TEST_P(OnlineDdlSession, table_that_has_a_migration_is_refused_until_that_has_ended) {
  const gate::TableName table{"test", "altered"};
  runner_.come_to(DdlCompleted{"m8"});
  online().gate.arm(table, {gate::Target{table, gate::Target::Kind::table}}, "m7");
  auto client = online().connect();
  const auto refused = client.query(std::string{ALTER});
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, 1105U);
  EXPECT_THAT(runner_.begun(), IsEmpty());
  runner_.is_over();
  EXPECT_TRUE(client.query(std::string{ALTER}).ok());
  EXPECT_EQ(runner_.begun().size(), 1U);
  online().gate.disarm(table);
}

TEST_P(OnlineDdlSession, failure_is_an_error_and_the_session_goes_on) {
  runner_.come_to(DdlFailure{1062, "23000", "Duplicate entry '1' for key 'altered.a'"});
  auto client = online().connect();
  const auto reply = client.query(std::string{ALTER});
  ASSERT_TRUE(reply.error);
  EXPECT_EQ(reply.error->code, 1062U);
  EXPECT_EQ(reply.error->sqlstate, "23000");
  EXPECT_EQ(client.must("SELECT 5").value(), "5");
  EXPECT_EQ(online().observer.finished(DdlOutcome::failed), 1);
}

TEST_P(OnlineDdlSession, proxys_end_leaves_it_running) {
  RawClient client{online().proxy.port()};
  client.query(ALTER);
  ASSERT_TRUE(begins());
  online().proxy.stop(std::chrono::steady_clock::now() + 10s);
  const auto last = client.receive();
  ASSERT_GT(last.size(), 2U);
  EXPECT_EQ(last[1] | last[2] << 8, 1053);
  EXPECT_THAT(client.receive(), IsEmpty());
  EXPECT_EQ(runner_.stopped(), 0);
  EXPECT_EQ(online().observer.finished(DdlOutcome::left), 1);
}

TEST_P(OnlineDdlSession, proxys_end_at_once_leaves_it_running_too) {
  RawClient client{online().proxy.port()};
  client.query(ALTER);
  ASSERT_TRUE(begins());
  online().proxy.stop(std::chrono::steady_clock::now());
  EXPECT_EQ(runner_.stopped(), 0);
}

// It comes between two of the waits at the server, which then has nothing to interrupt.
TEST_P(OnlineDdlSession, kill_query_that_the_server_does_not_hear_stops_it) {
  RawClient client{online().proxy.port()};
  client.query("SELECT CONNECTION_ID()");
  for (int i = 0; i < 2; ++i) (void)client.receive();  // the number of columns, and the column
  (void)client.receive();
  const auto row = client.receive();
  (void)client.receive();
  ASSERT_GT(row.size(), 1U);
  const auto id = std::stoull(std::string{row.begin() + 1, row.end()});
  client.query(ALTER);
  ASSERT_TRUE(begins());
  online().gate.interrupt(gate::ConnectionId{id});
  EXPECT_TRUE(test::wait_until([this] { return runner_.stopped() == 1; }));
  runner_.come_to(DdlFailure{1317, "70100", "it was stopped"});
  const auto error = client.receive();
  ASSERT_GT(error.size(), 2U);
  EXPECT_EQ(error[1] | error[2] << 8, 1317);
  EXPECT_EQ(online().observer.finished(DdlOutcome::stopped), 1);

  // And one that comes later is not that of the next statement.
  online().gate.interrupt(gate::ConnectionId{id});
  runner_.come_to(DdlCompleted{"m7"});
  client.query(ALTER);
  EXPECT_EQ(warnings_of(client.receive()), 1);
}

TEST_P(OnlineDdlSession, client_that_leaves_stops_it) {
  {
    RawClient client{online().proxy.port()};
    client.query(ALTER);
    ASSERT_TRUE(begins());
  }
  EXPECT_TRUE(test::wait_until([this] { return runner_.stopped() == 1; }));
  EXPECT_TRUE(online().empties());
}

}  // namespace
}  // namespace sluice::proxy
