#include "migrator/engine/audit_marks.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr AuditMarks::TimePoint kStart{std::chrono::hours(1)};

Position at(std::int64_t offset) {
  return {"binlog.000001", static_cast<std::uint64_t>(offset)};
}

TEST(AuditMarks, KnowNothingBeforeTheFirst) {
  EXPECT_FALSE(AuditMarks{}.oldest());
}

TEST(AuditMarks, BeginWithTheStartOfAMigrationThatIsYoung) {
  AuditMarks marks;
  for (auto time = seconds(0); time < AuditMarks::kAuditedBefore; time += seconds(1))
    marks.note(at(time.count()), kStart + time);
  EXPECT_EQ(marks.oldest(), at(0));
}

TEST(AuditMarks, NeverForgetWhatWasReachedLongEnoughAgo) {
  AuditMarks marks;
  for (auto time = seconds(0); time < minutes(30); time += seconds(1)) {
    marks.note(at(time.count()), kStart + time);
    const auto from = seconds(marks.oldest()->offset);
    EXPECT_LE(from, std::max(seconds(0), time - AuditMarks::kAuditedBefore));
    EXPECT_GE(from, time - AuditMarks::kAuditedBefore - 2 * AuditMarks::kApart) << "no older than need be";
  }
}

TEST(AuditMarks, KeepAnOldOneWhileNothingElseIsNoted) {
  AuditMarks marks;
  marks.note(at(1), kStart);
  marks.note(at(2), kStart + minutes(60));
  EXPECT_EQ(marks.oldest(), at(1));
}

}  // namespace
}  // namespace sluice::migrator
