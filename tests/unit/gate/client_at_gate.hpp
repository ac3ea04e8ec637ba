// A client as its session drives the gate: one command at a time, or as many as it likes.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "proxy/gate/gate.hpp"

namespace sluice::gate {

inline constexpr Millis kSoon{10'000};  // how long a test waits for what must happen

enum class After : std::uint8_t { autocommit, begun, in_transaction };

class ClientAtGate {
 public:
  ClientAtGate(Gate& gate, std::uint64_t connection)
      : gate_(&gate), slot_(gate.enter(ConnectionId{connection}, [box = box_](Wake why) { box->put(why); })) {}
  ~ClientAtGate() { gate_->leave(*slot_); }
  ClientAtGate(const ClientAtGate&) = delete;
  ClientAtGate& operator=(const ClientAtGate&) = delete;

  // One command that touches the first armed table, up to the verdict. Scans again as long as it is told to.
  Verdict send(Access access = Access::write) { return send(std::vector<Touch>{{.table = 0, .access = access}}); }
  Verdict send(const std::vector<Touch>& touches) {
    gate_->begin(*slot_);
    return gate_->armed_epoch() == 0 ? Verdict::pass : judge(touches);
  }
  // Also after a wait, and then even if nothing is armed any more: the gate has to hear that the command goes out.
  Verdict judge(const std::vector<Touch>& touches = {{.table = 0, .access = Access::write}}) {
    return judge_by([&](const ArmedSet& armed) { return armed.tables.empty() ? std::vector<Touch>{} : touches; });
  }
  // One that writes this table, armed or not, up to the verdict.
  Verdict send_to(const TableName& table) {
    gate_->begin(*slot_);
    return gate_->armed_epoch() == 0 ? Verdict::pass : judge_for(table);
  }
  Verdict judge_for(const TableName& table) {
    return judge_by([&](const ArmedSet& armed) {
      const auto found = std::ranges::find(armed.tables, table, &ArmedTable::table);
      if (found == armed.tables.end()) return std::vector<Touch>{};
      return std::vector<Touch>{
          {.table = static_cast<std::size_t>(found - armed.tables.begin()), .access = Access::write}};
    });
  }
  void answered(After after = After::autocommit) {
    gate_->finish(*slot_, {.in_transaction = after != After::autocommit,
                           .may_hold_snapshot = after == After::in_transaction,
                           .holds_tables = after == After::in_transaction});
  }
  // A command that touches nothing armed.
  void elsewhere(After after) {
    gate_->begin(*slot_);
    answered(after);
  }

  // Nothing: not woken within the time.
  std::optional<Wake> woken(Millis within = kSoon) { return box_->take(within); }
  [[nodiscard]] bool is_woken() { return box_->take(Millis(0)).has_value(); }

  Slot& slot() { return *slot_; }

 private:
  class Box {
   public:
    void put(Wake why) {
      const std::scoped_lock lock(mutex_);
      why_ = why;
      changed_.notify_all();
    }
    std::optional<Wake> take(Millis within) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, within, [&] { return why_.has_value(); });
      return std::exchange(why_, std::nullopt);
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Wake> why_;
  };

  Verdict judge_by(const std::function<std::vector<Touch>(const ArmedSet&)>& scan) {
    while (true) {
      const auto armed = gate_->armed();
      const Verdict verdict =
          gate_->admit(*slot_, armed->epoch, scan(*armed), "update t set …", Autocommit::on, Clock::now());
      if (verdict != Verdict::rescan) return verdict;
    }
  }

  Gate* gate_;
  std::shared_ptr<Box> box_ = std::make_shared<Box>();
  std::shared_ptr<Slot> slot_;
};

}  // namespace sluice::gate
