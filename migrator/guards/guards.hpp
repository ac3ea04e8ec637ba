// The guards of one migration: what they measure is read twice a second, and what follows from it comes out. Belongs to
// one thread; what may block is asked on threads of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/api.hpp"
#include "migrator/guards/disk_watch.hpp"
#include "migrator/guards/guard_fsm.hpp"
#include "migrator/guards/guard_telling.hpp"
#include "migrator/guards/machine.hpp"
#include "migrator/guards/query_watch.hpp"
#include "migrator/guards/retired.hpp"
#include "migrator/http/http_check.hpp"
#include "migrator/options/guard.hpp"

namespace sluice::migrator {

class Guards {
 public:
  using TimePoint = GuardFsm::TimePoint;
  static constexpr std::chrono::milliseconds kEvery{500};

  // What the engine knows by itself.
  struct Facts {
    Reading replica_lag_seconds, replica_unreachable, row_difference, duration_ratio;
    std::uint64_t mismatches = 0;
  };

  struct Told {
    const Guard& guard;  // as long as the list is the same
    Reading reading;
    std::optional<GuardAction> action;         // to be done now: it has just fired, or can't be evaluated any more
    std::optional<GuardTelling::Entry> entry;  // for the journal
  };

  Guards(ServerAddress primary, GuardActions actions) : primary_(std::move(primary)), actions_(actions) {}

  [[nodiscard]] bool is_due(TimePoint now) const noexcept { return !looked_at_ || now - *looked_at_ >= kEvery; }
  // Whether one of them measures that: it may be costly to know.
  [[nodiscard]] static bool measures(const std::vector<Guard>& guards, GuardMeasure measure);

  // Another list than the last time begins anew. What has to be told of it; never blocks on a server.
  [[nodiscard]] std::vector<Told> look(const std::vector<Guard>& guards, const Facts& facts, TimePoint now);
  // By which guard, in words; empty: by none.
  [[nodiscard]] std::string throttled_by() const;
  [[nodiscard]] std::vector<GuardStatus> status() const;
  // Asks nobody any more, until the next look. Never blocks; the destructor does, until questions under way have been
  // given up.
  void stop();

 private:
  struct Watched {
    Guard guard;
    GuardFsm fsm;
    GuardTelling telling{};
    Reading reading{};
    std::unique_ptr<DiskWatch> disk{};
    std::unique_ptr<QueryWatch> query{};
    std::unique_ptr<HttpCheck> http{};
  };

  void follow(const std::vector<Guard>& guards);
  [[nodiscard]] static Reading read(const Watched& watched, const Facts& facts, const Reading& cpu, TimePoint now);

  ServerAddress primary_;
  GuardActions actions_;
  std::vector<Guard> wanted_;
  std::vector<Watched> watched_;
  Machine machine_;
  std::optional<TimePoint> looked_at_;
  Retired retired_;
};

// "guard cpu: cpu_percent is 93.1 (threshold 80)", or why it can't be evaluated. Without the guard's query or URL.
[[nodiscard]] std::string describe(const Guard& guard, const Reading& reading);

}  // namespace sluice::migrator
