#include "migrator/options/cut_over_window.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace sluice::migrator {
namespace {

constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr WeekMinute kMinutesAnHour = 60;
constexpr std::string_view kUtc = " UTC";
constexpr std::size_t kTextMax = 1000;

using Days = std::array<bool, kDays.size()>;

// What stands before the next `separator`, which is taken away too; the rest, where there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return part;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<unsigned> two_digits(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 2 || !is_digit(text[0]) || !is_digit(text[1])) return std::nullopt;
  return static_cast<unsigned>(text[0] - '0') * 10 + static_cast<unsigned>(text[1] - '0');
}

// "02:30"; 24:00 is the day's end.
std::optional<WeekMinute> minute_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = two_digits(text.substr(0, 2));
  const auto minute = two_digits(text.substr(3));
  if (!hour || !minute || *minute >= kMinutesAnHour) return std::nullopt;
  const WeekMinute result = *hour * kMinutesAnHour + *minute;
  return result <= kMinutesADay ? std::optional(result) : std::nullopt;
}

// "22:00-04:00", from the day's beginning.
std::optional<CutOverWindow::Span> span_of_day(std::string_view text) {
  const auto from = minute_of_day(trimmed(take_until(text, '-')));
  const auto to = minute_of_day(trimmed(text));
  if (!from || !to || *from == *to || *from == kMinutesADay) return std::nullopt;
  return CutOverWindow::Span{.from = *from, .minutes = *to > *from ? *to - *from : *to + kMinutesADay - *from};
}

std::optional<std::size_t> day(std::string_view text) {
  const auto found = std::ranges::find(kDays, text);
  return found == kDays.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - kDays.begin()));
}

// "sat,sun" or "mon-fri" or "fri-mon", into `days`; false: something else.
bool read_days(std::string_view text, Days& days) {
  if (text.empty() || text.ends_with(',')) return false;
  while (!text.empty()) {
    auto range = take_until(text, ',');
    const bool is_range = range.find('-') != std::string_view::npos;
    const auto first = day(take_until(range, '-'));
    const auto last = is_range ? day(range) : first;
    if (!first || !last) return false;
    for (std::size_t at = *first;; at = (at + 1) % days.size()) {
      days[at] = true;
      if (at == *last) break;
    }
  }
  return true;
}

// "sat,sun 00:00-24:00, ..." or times alone, which are of every day.
bool read_group(std::string_view text, std::vector<CutOverWindow::Span>& spans) {
  text = trimmed(text);
  Days days{};
  const auto blank = text.find(' ');
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') {
    if (blank == std::string_view::npos || !read_days(text.substr(0, blank), days)) return false;
    text = text.substr(blank + 1);
  } else {
    days.fill(true);
  }
  if (text.empty() || text.ends_with(',')) return false;
  while (!text.empty()) {
    const auto span = span_of_day(trimmed(take_until(text, ',')));
    if (!span) return false;
    for (std::size_t at = 0; at < days.size(); ++at) {
      if (!days[at]) continue;
      spans.push_back({.from = static_cast<WeekMinute>(at) * kMinutesADay + span->from, .minutes = span->minutes});
    }
  }
  return true;
}

// How long after `from` it is, round the week.
WeekMinute after(WeekMinute from, WeekMinute now) {
  return (now + kMinutesAWeek - from) % kMinutesAWeek;
}

}  // namespace

std::optional<CutOverWindow> cut_over_window_from(std::string_view text) {
  CutOverWindow window;
  text = trimmed(text);
  if (text.empty()) return window;
  if (text.size() > kTextMax) return std::nullopt;
  window.text = text;
  if (text.ends_with(kUtc)) {
    window.clock = CutOverWindow::Clock::utc;
    text.remove_suffix(kUtc.size());
  }
  if (trimmed(text).ends_with(';')) return std::nullopt;
  while (!text.empty()) {
    if (!read_group(take_until(text, ';'), window.spans)) return std::nullopt;
  }
  return window;
}

bool is_within(const CutOverWindow& window, WeekMinute now) {
  return window.text.empty() || std::ranges::any_of(window.spans, [&](const CutOverWindow::Span& span) {
           return after(span.from, now) < span.minutes;
         });
}

std::string opens_at(const CutOverWindow& window, WeekMinute now) {
  const auto next = std::ranges::min_element(window.spans, {},
                                             [&](const CutOverWindow::Span& span) { return after(now, span.from); });
  if (next == window.spans.end()) return {};
  const WeekMinute minute = next->from % kMinutesADay;
  std::array<char, 8> time{};
  std::snprintf(time.data(), time.size(), "%02u:%02u", minute / kMinutesAnHour % 24, minute % kMinutesAnHour);
  std::string text = time.data();
  if (after(now, next->from) >= kMinutesADay) text = std::string(kDays[next->from / kMinutesADay]) + " " + text;
  if (window.clock == CutOverWindow::Clock::utc) text += kUtc;
  return text;
}

WeekMinute week_minute(CutOverWindow::Clock clock, std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm time{};
  switch (clock) {
    case CutOverWindow::Clock::local:
      localtime_r(&seconds, &time);
      break;
    case CutOverWindow::Clock::utc:
      gmtime_r(&seconds, &time);
      break;
  }
  const unsigned days_since_monday = (static_cast<unsigned>(time.tm_wday) + 6) % 7;  // tm's week begins on Sunday
  return days_since_monday * kMinutesADay + static_cast<unsigned>(time.tm_hour) * kMinutesAnHour +
         static_cast<unsigned>(time.tm_min);
}

}  // namespace sluice::migrator
