#include "migrator/guards/machine.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace sluice::migrator {
namespace {

constexpr double kWhole = 100;

std::string text_of(const char* file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

double percent(std::uint64_t part, std::uint64_t all) {
  return kWhole * static_cast<double>(part) / static_cast<double>(all);
}

std::optional<std::uint64_t> kilobytes(std::string_view meminfo, std::string_view name) {
  const auto at = meminfo.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = meminfo.substr(at + name.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  std::uint64_t number = 0;
  if (std::from_chars(rest.data(), rest.data() + rest.size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

}  // namespace

std::optional<CpuTimes> cpu_times_from(std::string_view stat) {
  constexpr std::string_view kAllProcessors = "cpu ";
  constexpr std::size_t kIdle = 3;
  constexpr std::size_t kWaitingForDisks = 4;
  constexpr std::size_t kFields = 8;  // up to stolen time: what guests use stands in user time as well
  if (!stat.starts_with(kAllProcessors)) return std::nullopt;
  stat.remove_prefix(kAllProcessors.size());
  CpuTimes times;
  for (std::size_t field = 0; field < kFields; ++field) {
    stat.remove_prefix(std::min(stat.find_first_not_of(' '), stat.size()));
    std::uint64_t ticks = 0;
    const auto [end, error] = std::from_chars(stat.data(), stat.data() + stat.size(), ticks);
    if (error != std::errc{}) return std::nullopt;
    stat.remove_prefix(static_cast<std::size_t>(end - stat.data()));
    times.all += ticks;
    if (field != kIdle && field != kWaitingForDisks) times.busy += ticks;
  }
  return times;
}

std::optional<double> memory_percent_from(std::string_view meminfo) {
  const auto total = kilobytes(meminfo, "MemTotal:");
  const auto available = kilobytes(meminfo, "MemAvailable:");
  if (!total || !available || *total == 0 || *available > *total) return std::nullopt;
  return percent(*total - *available, *total);
}

Reading Machine::cpu_percent() {
  const auto now = cpu_times_from(text_of("/proc/stat"));
  if (!now) return Unevaluable{"/proc/stat can't be read"};
  const auto before = std::exchange(before_, now);
  if (!before || now->all <= before->all || now->busy < before->busy) return NotApplicable{};
  return percent(now->busy - before->busy, now->all - before->all);
}

Reading Machine::memory_percent() {
  const auto used = memory_percent_from(text_of("/proc/meminfo"));
  if (!used) return Unevaluable{"/proc/meminfo can't be read"};
  return *used;
}

Reading Machine::disk_percent(const std::string& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  if (error) return Unevaluable{path + ": " + error.message()};
  // As df has it: the room that is kept for root counts neither as used nor as free.
  const auto used = space.capacity - space.free;
  if (used + space.available == 0) return NotApplicable{};
  return percent(used, used + space.available);
}

}  // namespace sluice::migrator
