// How busy the machine is that Sluice runs on, from /proc and the file systems. Blocks no longer than reading those
// does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "migrator/guards/guard_fsm.hpp"

namespace sluice::migrator {

struct CpuTimes {  // of all processors since the start, in ticks
  std::uint64_t busy = 0;
  std::uint64_t all = 0;
};

// The texts of /proc/stat and /proc/meminfo. Nothing: not of this form.
[[nodiscard]] std::optional<CpuTimes> cpu_times_from(std::string_view stat);
[[nodiscard]] std::optional<double> memory_percent_from(std::string_view meminfo);

class Machine {
 public:
  // Between the last look and this one; at the first, NotApplicable.
  [[nodiscard]] Reading cpu_percent();
  [[nodiscard]] static Reading memory_percent();
  // Of what anybody but root could still write to the file system of `path`.
  [[nodiscard]] static Reading disk_percent(const std::string& path);

 private:
  std::optional<CpuTimes> before_;
};

}  // namespace sluice::migrator
