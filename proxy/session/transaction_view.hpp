// Whether the session's transaction at the server is open, and whether it has done anything. A pure value, fed with
// what each command's answer says.
#pragma once

#include <cstdint>

namespace sluice::proxy {

class TransactionView {
 public:
  // SERVER_STATUS_IN_TRANS and SERVER_STATUS_AUTOCOMMIT of the answer's last OK or EOF.
  struct Flags {
    bool in_transaction = false;
    bool autocommit = true;
  };
  // Whether the command did nothing but begin or end a transaction: the one that is open behind it has done nothing
  // yet.
  enum class Did : std::uint8_t { begin_or_end, work };

  void answered(Flags flags, Did did) noexcept {
    flags_ = flags;
    has_worked_ = flags.in_transaction && did == Did::work;
  }

  // An ERR carries no flags. A deadlock's victim has lost its transaction; any other error leaves it as it was, and
  // where there is no autocommit the failed statement may have begun one.
  void failed(std::uint16_t error) noexcept {
    constexpr std::uint16_t LOCK_DEADLOCK = 1213;
    if (error == LOCK_DEADLOCK) {
      flags_.in_transaction = false;
    } else if (!flags_.autocommit) {
      flags_.in_transaction = true;
    }
    has_worked_ = flags_.in_transaction;
  }

  [[nodiscard]] bool autocommits() const noexcept { return flags_.autocommit; }
  [[nodiscard]] bool is_open() const noexcept { return flags_.in_transaction; }
  // Open, and may hold a snapshot and locks.
  [[nodiscard]] bool has_worked() const noexcept { return has_worked_; }

 private:
  Flags flags_;
  bool has_worked_ = false;
};

}  // namespace sluice::proxy
