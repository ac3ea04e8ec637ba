// The times of the week at which a cut-over may happen. Pure: what time it is comes in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::migrator {

// Minutes since Monday 00:00, of whatever clock the window speaks of.
using WeekMinute = std::uint32_t;
inline constexpr WeekMinute kMinutesADay = 24 * 60;
inline constexpr WeekMinute kMinutesAWeek = 7 * kMinutesADay;

struct CutOverWindow {
  enum class Clock : std::uint8_t { local, utc };  // of the machine that Sluice runs on

  struct Span {
    WeekMinute from = 0;     // less than kMinutesAWeek
    WeekMinute minutes = 0;  // 1 to kMinutesADay; the end is not in it, and may lie beyond the week's end
  };

  std::string text;  // as it was written; empty: at any time
  std::vector<Span> spans;
  Clock clock = Clock::local;
};

// "22:00-04:00", "mon-fri 02:00-04:30; sat,sun 00:00-24:00", either with " UTC" at the end. A time that ends before it
// begins goes on after midnight. nullopt: not of this form, or a time without length. An empty text is no window.
[[nodiscard]] std::optional<CutOverWindow> cut_over_window_from(std::string_view text);

// Always, where there is no window.
[[nodiscard]] bool is_within(const CutOverWindow& window, WeekMinute now);

// When it opens next, for people: "22:00" within a day, "sat 02:00" later, with " UTC" where it speaks of that.
// The window is not empty.
[[nodiscard]] std::string opens_at(const CutOverWindow& window, WeekMinute now);

// What the window's clock shows.
[[nodiscard]] WeekMinute week_minute(CutOverWindow::Clock clock, std::chrono::system_clock::time_point now);

}  // namespace sluice::migrator
