// Posts to a real HTTP server.
#include "migrator/notify/webhooks.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "tests/support/http_stub.hpp"
#include "tests/support/wait.hpp"

namespace sluice::migrator {
namespace {

using namespace std::chrono_literals;
using test::HttpStub;
using test::wait_until;
using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class WebhooksTest : public testing::Test {
 protected:
  Webhooks::Report report() {
    return [this](NoticeOutcome outcome, const std::string& to, const std::string& why) {
      const std::scoped_lock lock{mutex_};
      reports_.push_back(std::string{to_string(outcome)} + " " + to + (why.empty() ? "" : ": " + why));
    };
  }
  std::vector<std::string> reports() {
    const std::scoped_lock lock{mutex_};
    return reports_;
  }
  static Delivery to(const std::string& url, const std::string& id = "1") {
    return {.url = url, .id = id, .kind = "guard", .body = R"({"a":1})"};
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> reports_;
};

TEST_F(WebhooksTest, ArePostedAndSigned) {
  HttpStub server;
  Webhooks webhooks{"Jefe", report()};
  webhooks.post(to(server.url("/hook?token=hush")));
  EXPECT_TRUE(wait_until([&] { return !reports().empty(); }));
  const auto posts = server.posts();
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_THAT(posts[0].head, StartsWith("POST /hook?token=hush HTTP/1.1\r\n"));
  EXPECT_THAT(posts[0].head, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(posts[0].head, HasSubstr("X-Sluice-Event: guard\r\n"));
  EXPECT_THAT(posts[0].head, HasSubstr("X-Sluice-Delivery: 1\r\n"));
  EXPECT_THAT(posts[0].head, HasSubstr("X-Sluice-Signature: " + signature_of(R"({"a":1})", "Jefe")));
  EXPECT_EQ(posts[0].body, R"({"a":1})");
  EXPECT_EQ(reports()[0], "delivered 127.0.0.1:" + std::to_string(server.port())) << "the path may hold a token";
}

TEST_F(WebhooksTest, AreNotSignedWithoutASecret) {
  HttpStub server;
  Webhooks webhooks{"", report()};
  webhooks.post(to(server.url()));
  EXPECT_TRUE(wait_until([&] { return !reports().empty(); }));
  EXPECT_THAT(server.posts().at(0).head, Not(HasSubstr("Signature")));
}

TEST_F(WebhooksTest, AreTriedAgainUntilTheyAreTaken) {
  HttpStub server;
  server.answer(503);
  Webhooks webhooks{"", report()};
  webhooks.post(to(server.url(), "1"));
  EXPECT_TRUE(wait_until([&] { return !reports().empty(); }));
  EXPECT_THAT(reports(), Contains(HasSubstr("retried 127.0.0.1")));
  server.answer(204);
  EXPECT_TRUE(wait_until([&] { return server.posts().size() == 2; }));
  EXPECT_THAT(server.posts()[1].head, EndsWith("X-Sluice-Delivery: 1")) << "so that it is known again";
  EXPECT_TRUE(wait_until([&] { return reports().back().starts_with("delivered"); }));
}

TEST_F(WebhooksTest, ThatGoNowhereKeepNoOthersWaiting) {
  HttpStub server;
  Webhooks webhooks{"", report()};
  webhooks.post(to("http://127.0.0.1:1/"));
  webhooks.post(to(server.url()));
  EXPECT_TRUE(wait_until([&] { return server.posts().size() == 1; }));
}

TEST_F(WebhooksTest, ThatAreSilentKeepNoOthersWaiting) {
  std::vector<std::unique_ptr<HttpStub>> silent;
  HttpStub server;
  Webhooks webhooks{"", report()};
  while (silent.size() + 1 < Webhooks::kAtOnceMax) {
    auto& stub = silent.emplace_back(std::make_unique<HttpStub>());
    stub->answer(0);
    webhooks.post(to(stub->url()));
  }
  EXPECT_TRUE(
      wait_until([&] { return std::ranges::all_of(silent, [](const auto& s) { return !s->posts().empty(); }); }));
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) webhooks.post(to(server.url()));
  EXPECT_TRUE(wait_until([&] { return server.posts().size() == 3; }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, Webhooks::kAnswersWithin - 1s);
  EXPECT_EQ(silent.front()->posts().size(), 1U) << "they are still waited for";
}

TEST_F(WebhooksTest, EndAtOnceInTheMiddleOfARequest) {
  HttpStub server;
  server.answer(0);
  std::chrono::steady_clock::time_point began;
  {
    Webhooks webhooks{"", report()};
    webhooks.post(to(server.url()));
    EXPECT_TRUE(wait_until([&] { return server.posts().size() == 1; }));
    began = std::chrono::steady_clock::now();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 900ms);
}

}  // namespace
}  // namespace sluice::migrator
