// A file system that answers, and one that does not.
#include "migrator/guards/disk_watch.hpp"

#include <gmock/gmock.h>

#include <future>

#include "migrator/guards/guards.hpp"
#include "tests/support/http_stub.hpp"
#include "tests/support/wait.hpp"

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using test::wait_until;
using testing::HasSubstr;

auto now() {
  return std::chrono::steady_clock::now();
}

TEST(DiskWatch, TellsHowFullItIs) {
  const DiskWatch watch{"/"};
  EXPECT_TRUE(wait_until([&] { return std::holds_alternative<double>(watch.reading(now())); }));
}

TEST(DiskWatch, OneThatIsNotThereCanNotBeRead) {
  const DiskWatch watch{"/nowhere/at/all"};
  EXPECT_TRUE(wait_until([&] { return std::holds_alternative<Unevaluable>(watch.reading(now())); }));
}

TEST(DiskWatch, OneThatHangsKeepsNobodyWaiting) {
  std::promise<void> answers;
  auto answered = std::make_shared<std::shared_future<void>>(answers.get_future().share());
  const std::weak_ptr<std::shared_future<void>> watched = answered;
  {
    const DiskWatch watch{"/mnt/nfs", [answered](const std::string&) -> Reading {
                            answered->wait();
                            return 1.0;
                          }};
    EXPECT_TRUE(std::holds_alternative<NotApplicable>(watch.reading(now())));
    // The thread may not have begun to ask yet.
    EXPECT_TRUE(wait_until(
        [&] { return std::holds_alternative<Unevaluable>(watch.reading(now() + DiskWatch::kAnswersWithin)); }));
    const auto reading = watch.reading(now() + DiskWatch::kAnswersWithin);
    EXPECT_THAT(std::get<Unevaluable>(reading).why, HasSubstr("/mnt/nfs"));
  }  // does not wait either
  answered.reset();
  EXPECT_FALSE(watched.expired());
  answers.set_value();
  EXPECT_TRUE(wait_until([&] { return watched.expired(); })) << "its thread ends once it can";
}

Guard asking(const std::string& query) {
  Guard guard;
  guard.name = "query";
  guard.measure = GuardMeasure::sql;
  guard.subject = query;
  guard.threshold = 1;
  return guard;
}

TEST(Guards, QuestionsThatAreNotAnsweredKeepNobodyWaiting) {
  test::HttpStub silent;  // who connects waits for the greeting of a server
  silent.answer(0);
  Guards guards({.host = "127.0.0.1", .port = silent.port(), .user = "root"}, {});
  const auto began = now();
  for (const char* query : {"SELECT 1", "SELECT 2", "SELECT 3"}) {
    EXPECT_TRUE(guards.look({asking(query)}, {}, now()).empty());
  }
  guards.stop();
  EXPECT_LT(now() - began, 1s);
}

}  // namespace
}  // namespace sluice::migrator
