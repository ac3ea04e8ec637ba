// Which times of the week a window's text means.
#include "migrator/options/cut_over_window.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace sluice::migrator {
namespace {

enum Day : WeekMinute { mon, tue, wed, thu, fri, sat, sun };

constexpr WeekMinute at(Day day, WeekMinute hour, WeekMinute minute = 0) {
  return day * kMinutesADay + hour * 60 + minute;
}

CutOverWindow window(std::string_view text) {
  auto read = cut_over_window_from(text);
  EXPECT_TRUE(read) << text;
  return read.value_or(CutOverWindow{});
}

TEST(CutOverWindow, is_always_open_where_there_is_none) {
  EXPECT_TRUE(is_within(window(""), at(wed, 12)));
  EXPECT_TRUE(is_within(CutOverWindow{}, at(wed, 12)));
}

TEST(CutOverWindow, holds_its_first_minute_and_not_its_end) {
  const auto night = window("02:00-04:30");
  EXPECT_FALSE(is_within(night, at(wed, 1, 59)));
  EXPECT_TRUE(is_within(night, at(wed, 2)));
  EXPECT_TRUE(is_within(night, at(sun, 4, 29)));
  EXPECT_FALSE(is_within(night, at(wed, 4, 30)));
}

TEST(CutOverWindow, goes_on_after_midnight_and_after_the_weeks_end) {
  const auto night = window("22:00-04:00");
  EXPECT_TRUE(is_within(night, at(sun, 23, 59)));
  EXPECT_TRUE(is_within(night, at(mon, 0)));
  EXPECT_TRUE(is_within(night, at(mon, 3, 59)));
  EXPECT_FALSE(is_within(night, at(mon, 4)));
  EXPECT_FALSE(is_within(night, at(mon, 21, 59)));
}

TEST(CutOverWindow, belongs_to_the_day_on_which_it_begins) {
  const auto saturday = window("sat 22:00-04:00");
  EXPECT_FALSE(is_within(saturday, at(sat, 3)));
  EXPECT_TRUE(is_within(saturday, at(sat, 22)));
  EXPECT_TRUE(is_within(saturday, at(sun, 3, 59)));
  EXPECT_FALSE(is_within(saturday, at(sun, 22)));
}

TEST(CutOverWindow, has_several_times_and_days) {
  const auto some = window("sat,sun 00:00-24:00; mon-thu 02:00-03:00, 14:00-14:30");
  EXPECT_TRUE(is_within(some, at(sat, 0)));
  EXPECT_TRUE(is_within(some, at(sun, 23, 59)));
  EXPECT_FALSE(is_within(some, at(mon, 0)));
  EXPECT_TRUE(is_within(some, at(tue, 2, 30)));
  EXPECT_TRUE(is_within(some, at(thu, 14, 29)));
  EXPECT_FALSE(is_within(some, at(fri, 2, 30)));
}

TEST(CutOverWindow, days_may_go_round_the_weeks_end) {
  const auto some = window("fri-mon 01:00-02:00");
  for (const Day day : {fri, sat, sun, mon}) EXPECT_TRUE(is_within(some, at(day, 1))) << day;
  for (const Day day : {tue, wed, thu}) EXPECT_FALSE(is_within(some, at(day, 1))) << day;
}

TEST(CutOverWindow, says_when_it_opens) {
  EXPECT_EQ(opens_at(window("22:00-04:00"), at(wed, 12)), "22:00");
  EXPECT_EQ(opens_at(window("02:00-03:00, 20:05-21:00 UTC"), at(wed, 3)), "20:05 UTC");
  EXPECT_EQ(opens_at(window("sat 00:00-24:00"), at(wed, 12)), "sat 00:00");
  EXPECT_EQ(opens_at(window("mon 02:00-03:00"), at(sun, 12)), "02:00");
}

TEST(CutOverWindow, that_says_something_else_is_refused) {
  for (const auto* text : {"22:00",
                           "22-04",
                           "22:00-22:00",
                           "24:00-02:00",
                           "25:00-26:00",
                           "10:60-11:00",
                           "1:00-2:00",
                           "22:00-04:00,",
                           ",22:00-04:00",
                           "22:00-04:00;",
                           ";",
                           "sat",
                           "sat,",
                           "sat 22:00",
                           "someday 01:00-02:00",
                           "sat-, 01:00-02:00",
                           "Sat 01:00-02:00",
                           "22:00-04:00 CET",
                           "22:00-04:00 +01:00",
                           "UTC",
                           " UTC",
                           "24:00-24:00",
                           "22:00-24:01",
                           "-1:00-02:00",
                           "22:00--04:00",
                           "sat sun 01:00-02:00"}) {
    EXPECT_FALSE(cut_over_window_from(text)) << text;
  }
}

class InZone : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    ::tzset();
  }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static std::chrono::system_clock::time_point utc(const char* text) {
    std::tm time{};
    EXPECT_NE(::strptime(text, "%Y-%m-%d %H:%M", &time), nullptr);
    return std::chrono::system_clock::from_time_t(::timegm(&time));
  }
};

TEST_F(InZone, the_clock_is_the_machines_or_utc) {
  const auto wednesday = utc("2026-07-01 23:30");
  EXPECT_EQ(week_minute(CutOverWindow::Clock::utc, wednesday), at(wed, 23, 30));
  EXPECT_EQ(week_minute(CutOverWindow::Clock::local, wednesday), at(thu, 1, 30));
}

TEST_F(InZone, the_hour_that_is_skipped_or_comes_twice_does_no_harm) {
  const auto night = window("02:00-03:00");
  const auto open = [&](const char* text) { return is_within(night, week_minute(night.clock, utc(text))); };
  EXPECT_FALSE(open("2026-03-29 00:59"));  // 01:59
  EXPECT_FALSE(open("2026-03-29 01:00"));  // 03:00
  EXPECT_TRUE(open("2026-10-25 00:30"));   // 02:30
  EXPECT_TRUE(open("2026-10-25 01:30"));   // 02:30 again
  EXPECT_FALSE(open("2026-10-25 02:00"));  // 03:00
}

}  // namespace
}  // namespace sluice::migrator
