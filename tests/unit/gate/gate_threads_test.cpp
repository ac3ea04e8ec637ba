// Clients on threads of their own against arm, close, open and disarm: no hold may be complete with somebody inside.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/unit/gate/client_at_gate.hpp"

namespace sluice::gate {
namespace {

const TableName kItems{"shop", "items"};
const TableName kOrders{"shop", "orders"};
constexpr std::uint64_t kClients = 4;
constexpr std::uint64_t kFirstConnection = 100;
constexpr int kRounds = 200;

// The table as the server sees it: who is inside, whether or not the gate knows.
struct TheTable {
  std::atomic<int> inside{0};
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> statements{0};
};

// Single statements and transactions of two, until it is told to stop.
void work(Gate& gate, TheTable& table, std::uint64_t connection, std::atomic<bool>& hung) {
  ClientAtGate client(gate, connection);
  // False: interrupted, or never woken.
  const auto enter = [&] {
    Verdict verdict = client.send_to(kOrders);
    while (verdict == Verdict::wait) {
      const std::optional<Wake> wake = client.woken();
      if (!wake) hung = true;
      if (wake != Wake::judge_again) return false;
      verdict = client.judge_for(kOrders);
    }
    return verdict == Verdict::pass;
  };
  for (std::uint64_t i = 0; !table.over && !hung; ++i) {
    if (!enter()) {
      client.answered();  // 1317
      continue;
    }
    ++table.inside;
    ++table.statements;
    if (i % 3 == 0) {
      client.answered(After::in_transaction);
      gate.begin(client.slot());  // the commit: judged, touches nothing
      if (client.judge({}) != Verdict::pass) return;
    }
    --table.inside;
    client.answered();
  }
}

// The clients do something between two rounds.
void let_work(const TheTable& table) {
  const TimePoint deadline = Clock::now() + kSoon;
  for (const std::uint64_t before = table.statements; table.statements < before + kClients;) {
    ASSERT_LT(Clock::now(), deadline) << "the clients stand still";
    std::this_thread::yield();
  }
}

void stress(Gate& gate, const std::function<void(TheTable&)>& engine) {
  TheTable table;
  std::atomic<bool> hung = false;
  {
    std::vector<std::jthread> clients;
    for (std::uint64_t i = 0; i < kClients; ++i) {
      clients.emplace_back([&, i] { work(gate, table, kFirstConnection + i, hung); });
    }
    engine(table);
    table.over = true;
  }
  EXPECT_FALSE(hung) << "a client waited and was not woken";
  EXPECT_GT(table.statements, 0U);
  EXPECT_EQ(table.inside, 0);
}

TEST(GateThreads, ArmingMissesNobodyWhoIsInside) {
  Gate gate;
  stress(gate, [&](TheTable& table) {
    for (int round = 0; round < kRounds; ++round) {
      let_work(table);
      gate.arm(kOrders, {{.name = kOrders}}, "m1");
      ASSERT_EQ(gate.close(kOrders, Clock::now() + kSoon, Clock::now() + 2 * kSoon), CloseResult::held);
      EXPECT_EQ(table.inside, 0) << "round " << round;
      gate.disarm(kOrders);
    }
  });
}

// What touches none of the armed tables takes no lock on its way.
TEST(GateThreads, ArmingMissesNobodyWhoIsInsideWhileAnotherTableIsArmed) {
  Gate gate;
  gate.arm(kItems, {{.name = kItems}}, "m1");
  stress(gate, [&](TheTable& table) {
    for (int round = 0; round < kRounds; ++round) {
      let_work(table);
      gate.arm(kOrders, {{.name = kOrders}}, "m2");
      ASSERT_EQ(gate.close(kOrders, Clock::now() + kSoon, Clock::now() + 2 * kSoon), CloseResult::held);
      EXPECT_EQ(table.inside, 0) << "round " << round;
      gate.disarm(kOrders);
    }
  });
}

TEST(GateThreads, AHoldIsCompleteOnlyWhenNobodyIsInside) {
  Gate gate;
  gate.arm(kOrders, {{.name = kOrders}}, "m1");
  stress(gate, [&](TheTable& table) {
    for (int round = 0; round < kRounds; ++round) {
      let_work(table);
      ASSERT_EQ(gate.close(kOrders, Clock::now() + kSoon, Clock::now() + 2 * kSoon), CloseResult::held);
      EXPECT_EQ(table.inside, 0) << "round " << round;
      gate.open(kOrders);
    }
  });
}

TEST(GateThreads, DeadlinesAndKillsLeaveNobodyHanging) {
  Gate gate;
  gate.arm(kOrders, {{.name = kOrders}}, "m1");
  stress(gate, [&](TheTable& table) {
    for (int round = 0; round < kRounds; ++round) {
      let_work(table);
      const CloseResult result = gate.close(kOrders, Clock::now() + Millis(1), Clock::now() + Millis(2));
      EXPECT_NE(result, CloseResult::not_armed);
      gate.interrupt(ConnectionId{kFirstConnection});
      gate.arm(kOrders, {{.name = kOrders}, {.name = {"shop", "view" + std::to_string(round)}}}, "m1");
    }
  });
}

}  // namespace
}  // namespace sluice::gate
