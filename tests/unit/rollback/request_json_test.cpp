#include "migrator/rollback/request_json.hpp"

#include <gmock/gmock.h>

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

const std::chrono::system_clock::time_point kNow =
    std::chrono::sys_days{std::chrono::January / 31 / 2026} + 12h;  // a Saturday

RollbackRequest read(std::string_view body) {
  auto request = rollback_request_from(body, kNow);
  EXPECT_TRUE(request.has_value()) << body << ": " << (request ? "" : request.error().message);
  return request ? *request : RollbackRequest{};
}

TEST(RollbackRequest, IsGracefulUnlessToldOtherwise) {
  for (const auto* body : {"", "{}", R"({"dry_run": false})"}) {
    EXPECT_EQ(read(body).strategy, RollbackStrategy::graceful);
    EXPECT_EQ(read(body).run, RollbackRun::start);
    EXPECT_EQ(read(body).backup, std::nullopt);
  }
}

TEST(RollbackRequest, HasAllItsFields) {
  const auto request = read(R"({"strategy": "immediate", "reason": "no", "backup": "data", "dry_run": true,
                                "test_queries": ["SELECT 1", "with x as (select 1) select * from x"],
                                "explain": ["UPDATE t SET a = 1"]})");
  EXPECT_EQ(request.strategy, RollbackStrategy::immediate);
  EXPECT_EQ(request.reason, "no");
  EXPECT_THAT(request.backup, Optional(BackupKind::data));
  EXPECT_EQ(request.run, RollbackRun::dry);
  EXPECT_EQ(request.test_queries.size(), 2U);
  EXPECT_THAT(request.explain, ElementsAre("UPDATE t SET a = 1"));
}

TEST(RollbackRequest, IsDeferredToATimeInAnyZone) {
  EXPECT_EQ(read(R"({"strategy": "deferred", "at": "2026-01-31T13:00:00Z"})").at, "2026-01-31T13:00:00.000Z");
  EXPECT_EQ(read(R"({"strategy": "deferred", "at": "2026-01-31T14:00+01:00"})").at, "2026-01-31T13:00:00.000Z");
}

TEST(RollbackRequest, IsDeferredToAWindow) {
  EXPECT_EQ(read(R"({"strategy": "deferred", "window": "22:00-04:00 UTC"})").window.text, "22:00-04:00 UTC");
}

TEST(RollbackRequest, WhatIsWrongWithItIsNamed) {
  struct Case {
    std::string body, code, says;
  };
  const std::vector<Case> cases{
      {"{", "malformed_json", "valid JSON"},
      {"[]", "malformed_json", "object"},
      {R"({"stratgy": "immediate"})", "unknown_field", "the fields are: strategy, at, window"},
      {R"({"strategy": "gentle"})", "invalid_field", "immediate, graceful or deferred"},
      {R"({"strategy": 1})", "invalid_field", "immediate, graceful or deferred"},
      {R"({"strategy": "deferred"})", "invalid_field", "either at or window"},
      {R"({"strategy": "deferred", "at": "2026-01-31T13:00:00Z", "window": "22:00-04:00"})", "invalid_field",
       "one of the two"},
      {R"({"strategy": "deferred", "at": "2026-01-31T11:59:59Z"})", "invalid_field", "is in the past"},
      {R"({"strategy": "deferred", "at": "2026-01-31T13:30:00+02:00"})", "invalid_field", "is in the past"},
      {R"({"strategy": "deferred", "at": "tomorrow"})", "invalid_field", "a time like"},
      {R"({"strategy": "deferred", "at": "2026-02-30T00:00:00Z"})", "invalid_field", "a time like"},
      {R"({"strategy": "deferred", "at": "2026-02-01 00:00:00"})", "invalid_field", "a time like"},
      {R"({"strategy": "deferred", "window": "at night"})", "invalid_field", "times of the day"},
      {R"({"strategy": "deferred", "window": ""})", "invalid_field", "times of the day"},
      {R"({"at": "2026-02-01T00:00:00Z"})", "invalid_field", "for the strategy deferred alone"},
      {R"({"strategy": "immediate", "window": "22:00-04:00"})", "invalid_field", "for the strategy deferred alone"},
      {R"({"backup": "/etc/passwd"})", "invalid_field", "none, definition or data"},
      {R"({"reason": 7})", "invalid_field", "reason"},
      {R"({"dry_run": "yes"})", "invalid_field", "true or false"},
      {R"({"test_queries": "SELECT 1"})", "invalid_field", "a list"},
      {R"({"test_queries": ["DELETE FROM t"]})", "invalid_field", "nothing but SELECTs"},
      {R"({"test_queries": ["SELECT 1 INTO OUTFILE '/tmp/x'"]})", "invalid_field", "nothing but SELECTs"},
      {R"({"test_queries": ["SELECT /*! 1 INTO DUMPFILE '/tmp/x' */"]})", "invalid_field", "nothing but SELECTs"},
      {R"({"explain": ["ANALYZE DELETE FROM t"]})", "invalid_field", "nothing but SELECT"},
  };
  for (const auto& wrong : cases) {
    const auto request = rollback_request_from(wrong.body, kNow);
    ASSERT_TRUE(request.has_error()) << wrong.body;
    EXPECT_EQ(request.error().code, wrong.code) << wrong.body;
    EXPECT_THAT(request.error().message, HasSubstr(wrong.says)) << wrong.body;
  }
}

TEST(Moment, IsReadStrictly) {
  EXPECT_THAT(moment_from("2026-01-31T12:00:00Z"), Optional(kNow));
  EXPECT_THAT(moment_from("2026-01-31T12:00:00.25Z"), Optional(kNow));
  EXPECT_THAT(moment_from("2026-01-31T07:30-04:30"), Optional(kNow));
  for (const auto* wrong : {"", "2026", "2026-01-31", "2026-01-31T12:00", "2026-01-31T12:00:00", "2026-13-01T00:00Z",
                            "2026-01-31T24:00Z", "2026-01-31T12:00:00Zulu", "2026-01-31T12:00+0100"}) {
    EXPECT_EQ(moment_from(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace sluice::migrator
