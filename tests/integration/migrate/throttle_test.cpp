// What makes a migration hold back, each seen to stop it, or to slow it down, and to let it go on; by its name in the
// status.
#include <thread>

#include "tests/integration/migrate/under_clients.hpp"
#include "tests/support/http_stub.hpp"
#include "tests/support/replica.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class HoldingBack : public UnderClients {
 protected:
  bool comes_to_be_throttled(const std::string& id, const std::string& by) {
    return wait_until([&] { return shown(id, "/throttled_by").starts_with(by); }, 30s);
  }
  // Nothing is copied, the clients go on, and the time is counted.
  void expect_stopped(const std::string& id, const std::string& by) {
    EXPECT_TRUE(comes_to_be_throttled(id, by)) << shown(id, "/throttled_by");
    const auto copied = sluice().status(id).rows_copied;
    const double seconds = throttled_seconds();
    EXPECT_TRUE(writes_go_on());
    EXPECT_TRUE(wait_until([&] { return throttled_seconds() > seconds + 0.2; }));
    EXPECT_EQ(sluice().status(id).rows_copied, copied) << sluice().status(id).json;
  }
  void expect_going_on(const std::string& id) {
    const auto copied = sluice().status(id).rows_copied;
    const auto goes_on = [&] {
      const auto status = sluice().status(id);
      return status.rows_copied > copied && json_at(status.json, "/throttled_by").empty();
    };
    EXPECT_TRUE(wait_until(goes_on, 30s)) << sluice().status(id).json;
    go_fast(id);
    expect_completed(await_end(id));
  }
  // Of the copy, in rows a second.
  double rate(const std::string& id, std::chrono::milliseconds over) {
    const auto copied = sluice().status(id).rows_copied;
    const auto began = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(over);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return static_cast<double>(sluice().status(id).rows_copied - copied) / took.count();
  }
  double rate_to_the_end(const std::string& id) {
    const auto copied = sluice().status(id).rows_copied;
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(wait_until([&] { return sluice().status(id).verified_rows > 0; }, 90s)) << sluice().status(id).json;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return static_cast<double>(sluice().status(id).rows_copied - copied) / took.count();
  }
};
SLUICE_ON_BOTH_SERVERS(HoldingBack);

TEST_P(HoldingBack, max_load_waits_for_the_load_to_fall) {
  constexpr int crowd = 40;
  const auto connected = std::stoi(direct().must("SHOW GLOBAL STATUS LIKE 'Threads_connected'").rows()[0][1].value());
  const auto limit = "Threads_connected=" + std::to_string(connected + crowd);
  const auto id = copying(R"(, "max_load": ")" + limit + "\"");
  EXPECT_EQ(shown(id, "/throttled_by"), "");
  std::vector<TestClient> clients;
  for (int i = 0; i < crowd; ++i) clients.push_back(server().connect());
  expect_stopped(id, "max_load Threads_connected >= ");
  clients.clear();
  expect_going_on(id);
}

TEST_P(HoldingBack, critical_load_ends_it_in_the_midst_of_the_copy) {
  const auto id = copying();
  EXPECT_EQ(change(id, R"({"critical_load": "Threads_connected=1"})").status, changed);
  const auto status = await_end(id);
  EXPECT_EQ(status.state, "failed");
  EXPECT_THAT(status.error, StartsWith("critical_load: Threads_connected has reached 1"));
  EXPECT_EQ(json_at(status.json, "/throttled_by"), "");
  expect_untouched();
}

TEST_P(HoldingBack, throttle_query_is_asked_again_and_again) {
  direct().must("CREATE TABLE brake (on_now INT NOT NULL)");
  direct().must("INSERT INTO brake VALUES (0)");
  const auto id = copying(R"(, "throttle_query": "SELECT on_now FROM test.brake")");
  direct().must("UPDATE brake SET on_now = 1");
  expect_stopped(id, "throttle_query");
  direct().must("UPDATE brake SET on_now = 0");
  expect_going_on(id);
}

TEST_P(HoldingBack, throttle_query_that_fails_holds_back_too) {
  const auto id = copying();
  EXPECT_EQ(change(id, R"({"throttle_query": "SELECT secret FROM test.nowhere"})").status, changed);
  expect_stopped(id, "throttle_query fails with error 1146");
  EXPECT_EQ(change(id, R"({"throttle_query": ""})").status, changed);
  expect_going_on(id);
}

TEST_P(HoldingBack, throttle_flag_file_holds_back_while_it_is_there) {
  const auto file = flag_file("brake");
  const auto id = copying(R"(, "throttle_flag_file": ")" + file.string() + "\"");
  touch(file);
  expect_stopped(id, "throttle_flag_file " + file.string());
  std::filesystem::remove(file);
  expect_going_on(id);
}

TEST_P(HoldingBack, nice_ratio_slows_the_copy_down_and_not_the_changes) {
  const auto id = copying();
  const auto applied = sluice().status(id).changes_applied;
  const double slow = rate(id, 2s);
  EXPECT_TRUE(wait_until([&] { return sluice().status(id).changes_applied > applied + 100; }))
      << "changes wait as well";
  EXPECT_EQ(shown(id, "/throttled_by"), "") << "it is as slow as it was told to be";
  EXPECT_EQ(change(id, R"({"nice_ratio": 0})").status, changed);
  EXPECT_GT(rate_to_the_end(id), 3 * slow);
  expect_completed(await_end(id));
}

TEST_P(HoldingBack, http_check_stops_it_unless_it_answers_200) {
  HttpStub check;
  const auto id = copying(R"(, "throttle_http": ")" + check.url("/may-go-on?token=hush") + "\"");
  EXPECT_GT(check.heads(), 0U);
  check.answer(429);
  expect_stopped(id, "throttle_http answers 429");
  check.answer(0);
  expect_stopped(id, "throttle_http does not answer: ");
  EXPECT_THAT(sluice().status(id).json, testing::Not(HasSubstr("hush")));
  check.answer(200);
  expect_going_on(id);
}

TEST_P(HoldingBack, http_check_of_somebody_unknown_stops_it) {
  const HttpStub stranger{net::ServerTls::self_signed()};
  const auto id = copying();
  EXPECT_EQ(change(id, R"({"throttle_http": ")" + stranger.url() + "\"}").status, changed);
  expect_stopped(id, "throttle_http does not answer: ");
  EXPECT_EQ(change(id, R"({"throttle_http": ""})").status, changed);
  expect_going_on(id);
}

TEST_P(HoldingBack, slow_clients_slow_the_copy_down_until_they_may_be_slow) {
  // At the full speed the copy would take some seconds, at the lowest some minutes.
  const auto id = sluice().migrate(
      {.table = "orders",
       .alter = "ADD COLUMN note INT, ADD COLUMN sum BIGINT AS (CRC32(REPEAT(name, 150000))) STORED",
       .options = R"({"chunk_size": 10, "chunk_time_ms": 5, "max_client_latency_ms": 20, "postpone_cut_over": true})"});
  std::jthread slow_client{[client = sluice().connect()](const std::stop_token& stop) mutable {
    while (!stop.stop_requested()) client.must("SELECT SLEEP(0.04)");
  }};
  EXPECT_TRUE(comes_to_be_throttled(id, "clients' p99 is ")) << sluice().status(id).json;
  EXPECT_THAT(shown(id, "/throttled_by"), EndsWith(" ms (max_client_latency_ms 20)"));
  const double seconds = throttled_seconds();
  double slow = 1e9;
  EXPECT_TRUE(wait_until([&] { return (slow = rate(id, 2s)) < 200; }, 30s)) << slow;
  slow = std::min(slow, rate(id, 2s));
  EXPECT_GT(slow, 0) << "it never stands still";
  EXPECT_GT(throttled_seconds(), seconds);
  const auto applied = sluice().status(id).changes_applied;
  EXPECT_TRUE(wait_until([&] { return sluice().status(id).changes_applied > applied + 100; }))
      << "changes wait as well";

  EXPECT_EQ(change(id, R"({"max_client_latency_ms": 60000})").status, changed);
  EXPECT_GT(rate_to_the_end(id), 1.2 * slow);
  EXPECT_EQ(shown(id, "/throttled_by"), "");
  EXPECT_EQ(change(id, R"({"max_client_latency_ms": 0, "postpone_cut_over": false})").status, changed);
  expect_completed(await_end(id));
}

class Replicas : public HoldingBack {
 protected:
  void SetUp() override {
    replica_.emplace(server());  // before there is anything that it must have
    HoldingBack::SetUp();
  }
  Replica& replica() { return *replica_; }
  static std::string address_of(Replica& replica) { return "127.0.0.1:" + std::to_string(replica.server().port()); }
  std::string address() { return address_of(*replica_); }
  std::string copying_by_its_lead() {
    return copying(R"(, "max_lag_millis": 700, "throttle_control_replicas": ")" + address() + "\"");
  }

 private:
  std::optional<Replica> replica_;
};
SLUICE_ON_BOTH_SERVERS(Replicas);

TEST_P(Replicas, one_that_lags_is_waited_for) {
  const auto id = copying_by_its_lead();
  replica().stop_applying();
  expect_stopped(id, "replica " + address() + " lags ");
  EXPECT_THAT(shown(id, "/throttled_by"), EndsWith(" ms (max_lag_millis 700)"));
  replica().start_applying();
  expect_going_on(id);
}

TEST_P(Replicas, one_that_does_not_answer_is_waited_for_and_blocks_nothing) {
  const auto id = copying_by_its_lead();
  replica().server().pause();
  expect_stopped(id, "replica " + address() + " can't be reached");
  EXPECT_EQ(change(id, R"({"throttle_control_replicas": ""})").status, changed);
  expect_going_on(id);
  replica().server().resume();
}

TEST_P(Replicas, one_that_was_down_is_found_again) {
  const auto id = copying_by_its_lead();
  replica().server().kill9();
  expect_stopped(id, "replica " + address() + " can't be reached: ");
  replica().server().restart();
  expect_going_on(id);
}

class TwoReplicas : public Replicas {
 protected:
  void SetUp() override {
    other_.emplace(server(), 3);
    Replicas::SetUp();
  }
  Replica& other() { return *other_; }

 private:
  std::optional<Replica> other_;
};
SLUICE_ON_BOTH_SERVERS(TwoReplicas);

TEST_P(TwoReplicas, of_whom_one_lags_are_waited_for_whichever_it_is) {
  const auto id = copying(R"(, "max_lag_millis": 700, "throttle_control_replicas": ")" + address() + "," +
                          address_of(other()) + "\"");
  for (auto* lagging : {&other(), &replica()}) {
    lagging->stop_applying();
    expect_stopped(id, "replica " + address_of(*lagging) + " lags ");
    lagging->start_applying();
    EXPECT_TRUE(wait_until([&] { return shown(id, "/throttled_by").empty(); }, 30s)) << shown(id, "/throttled_by");
  }
  expect_going_on(id);
}

}  // namespace
}  // namespace sluice::test
