// Who is told what happens: webhooks and command hooks of real migrations.
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/integration/migrate/fixture.hpp"
#include "tests/support/child.hpp"
#include "tests/support/http_stub.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Told : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    make_orders(500);
  }
  SluiceProcess start(std::vector<std::string> arguments) {
    return SluiceProcess::start(server(), {.arguments = std::move(arguments)});
  }
  // The events that a webhook was told of so far.
  static std::vector<std::string> events(const HttpStub& hook, const std::string& member = "/event") {
    std::vector<std::string> all;
    for (const auto& post : hook.posts()) all.push_back(json_at(post.body, member));
    return all;
  }
  static bool comes_to_hear(const HttpStub& hook, const std::string& event) {
    return wait_until([&] { return std::ranges::count(events(hook), event) > 0; }, 30s);
  }
  // As somebody else would check it.
  std::string signed_by_openssl(const std::string& body, const std::string& key) {
    std::ofstream{folder() + "/body", std::ios::binary} << body;
    std::ofstream{folder() + "/signature"}.flush();
    ChildProcess openssl{{.arguments = {"/usr/bin/openssl", "dgst", "-sha256", "-hmac", key, "-r", folder() + "/body"},
                          .environment = {},
                          .output = folder() + "/signature",
                          .account = {}}};
    EXPECT_EQ(openssl.wait(30s), 0);
    const auto told = file("signature");
    return told.substr(0, told.find(' '));
  }
  void hook(const std::string& name, const std::string& script) {
    const auto path = folder_.path() / name;
    std::ofstream{path} << "#!/bin/sh\ncd " << folder_.path().string() << "\n" << script << "\n";
    ::chmod(path.c_str(), 0755);
  }
  std::string file(const std::string& name) {
    std::ifstream in{folder_.path() / name};
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  bool comes_to_be_written(const std::string& name, const std::string& text) {
    return wait_until([&] { return file(name).find(text) != std::string::npos; }, 30s);
  }
  [[nodiscard]] std::string folder() const { return folder_.path(); }
  static constexpr auto add_note = "ADD COLUMN note VARCHAR(10) DEFAULT 'hush'";

 private:
  ScratchFolder folder_{"hooks"};
};
SLUICE_ON_BOTH_SERVERS(Told);

TEST_P(Told, webhooks_hear_the_story_of_a_migration) {
  const HttpStub all;
  const HttpStub ends;
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = add_note,
                                    .options = R"({"webhooks": [")" + all.url("/a?token=1") + R"(", {"url": ")" +
                                               ends.url() + R"(", "events": ["completion", "failure"]}]})"});
  expect_completed(await_end(id));
  EXPECT_TRUE(comes_to_hear(all, "completed"));
  EXPECT_THAT(events(all), ElementsAre("started", "ready", "cut_over.begun", "cut_over.completed", "completed"));
  EXPECT_TRUE(comes_to_hear(ends, "completed"));
  EXPECT_THAT(events(ends), ElementsAre("completed"));
  const auto post = all.posts().back();
  EXPECT_THAT(post.head, StartsWith("POST /a?token=1 HTTP/1.1\r\n"));
  EXPECT_EQ(json_at(post.body, "/kind"), "completion");
  EXPECT_EQ(json_at(post.body, "/migration"), id);
  EXPECT_EQ(json_at(post.body, "/table"), "orders");
  EXPECT_EQ(json_at(post.body, "/state"), "completed");
  EXPECT_THAT(post.body, Not(HasSubstr("hush")));
}

TEST_P(Told, webhooks_of_the_configuration_hear_of_all_and_check_the_signature) {
  const HttpStub hook;
  const auto secret = folder() + "/secret";
  std::ofstream{secret} << "key\n";
  auto watched = start({"--webhooks", hook.url(), "--webhook-secret-file", secret});
  const auto id = watched.migrate({.table = "orders", .alter = add_note, .options = R"({"postpone_cut_over": true,
                                                  "guards": [{"when": "sql:SELECT 1", "threshold": 1}]})"});
  EXPECT_TRUE(comes_to_hear(hook, "guard.fired"));
  EXPECT_TRUE(comes_to_hear(hook, "ready"));
  EXPECT_EQ(watched.post("/migrate/" + id + "/stop").status, 202U);
  EXPECT_TRUE(comes_to_hear(hook, "stopped"));
  EXPECT_THAT(events(hook, "/kind"), Contains("failure"));
  for (const auto& post : hook.posts()) {
    EXPECT_THAT(post.head, testing::EndsWith("\r\nX-Sluice-Signature: sha256=" + signed_by_openssl(post.body, "key")));
  }
  EXPECT_THAT(watched.get("/metrics").body,
              HasSubstr("sluice_notices_total{channel=\"webhook\",outcome=\"delivered\"} "));
}

TEST_P(Told, a_webhook_that_does_not_answer_delays_nothing) {
  HttpStub silent;
  silent.answer(0);
  const auto id = sluice().migrate(
      {.table = "orders", .alter = add_note, .options = R"({"webhooks": [")" + silent.url() + R"("]})"});
  expect_completed(await_end(id));
  EXPECT_TRUE(wait_until([&] { return silent.posts().size() == 1; }));
  silent.answer(200);
  EXPECT_TRUE(comes_to_hear(silent, "completed")) << "tried again, in order";
  EXPECT_THAT(events(silent), Not(IsEmpty()));
}

TEST_P(Told, that_it_is_ready_once_whatever_is_started_again) {
  const HttpStub hook;
  const auto id =
      sluice().migrate({.table = "orders",
                        .alter = add_note,
                        .options = R"({"postpone_cut_over": true, "webhooks": [")" + hook.url() + R"("]})"});
  EXPECT_TRUE(comes_to_hear(hook, "ready"));
  // Who is killed between telling and noting tells it again.
  EXPECT_TRUE(wait_until(
      [&] { return direct().must("SELECT COUNT(*) FROM _sluice.journal WHERE event = 'ready'").value() == "1"; }));
  sluice().kill9();
  sluice().restart();
  EXPECT_EQ(sluice().await_state(id, "ready").state, "ready");
  act(id, "cut-over");
  expect_completed(await_end(id));
  EXPECT_TRUE(comes_to_hear(hook, "completed"));
  EXPECT_THAT(events(hook), ElementsAre("started", "ready", "cut_over.begun", "cut_over.completed", "completed"));
}

TEST_P(Told, values_of_rows_by_nobody_but_the_status) {
  const HttpStub hook;
  direct().must("UPDATE orders SET name = 'hush' WHERE id IN (7, 8)");
  direct().must("UPDATE orders SET name = id WHERE id NOT IN (7, 8)");
  const auto id = sluice().migrate({.table = "orders",
                                    .alter = "ADD UNIQUE KEY by_name (name)",
                                    .options = R"({"webhooks": [")" + hook.url() + R"("]})"});
  EXPECT_EQ(await_end(id).state, "failed");
  EXPECT_THAT(json_at(sluice().status(id).json, "/error/message"), HasSubstr("hush"));
  EXPECT_TRUE(comes_to_hear(hook, "failed"));
  for (const auto& post : hook.posts()) EXPECT_THAT(post.body, Not(HasSubstr("hush")));
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM _sluice.journal WHERE details LIKE '%hush%'").value(), "0");
  EXPECT_EQ(
      direct().must("SELECT COUNT(*) FROM _sluice.journal WHERE details LIKE '%error 1062 (SQLSTATE 23000)%'").value(),
      "1");
  EXPECT_THAT(sluice().log(), Not(HasSubstr("hush")));
}

TEST_P(Told, command_hooks_run_by_the_names_that_gh_ost_uses) {
  for (const auto* name :
       {"startup", "before-row-copy", "row-copy-complete", "before-cut-over", "success", "failure"}) {
    hook(std::string{"gh-ost-on-"} + name + "-write", "echo \"$SLUICE_HOOK $SLUICE_TABLE_NAME\" >> story");
  }
  hook("gh-ost-on-success-env", "env > environment");
  auto hooked = start({"--hooks-path", folder()});
  const auto id = hooked.migrate({.table = "orders", .alter = add_note});
  expect_completed(hooked.await_state(id, "completed"));
  EXPECT_TRUE(comes_to_be_written("story", "gh-ost-on-success orders\n"));
  const auto story = file("story");
  EXPECT_THAT(story, StartsWith("gh-ost-on-startup orders\ngh-ost-on-before-row-copy orders\n"));
  EXPECT_THAT(story, HasSubstr("gh-ost-on-row-copy-complete orders\n"));
  EXPECT_THAT(story, HasSubstr("gh-ost-on-before-cut-over orders\n"));
  EXPECT_THAT(story, Not(HasSubstr("failure")));
  EXPECT_TRUE(comes_to_be_written("environment", "SLUICE_MIGRATION=" + id + "\n"));
  EXPECT_TRUE(comes_to_be_written("environment", "SLUICE_GHOST_TABLE_NAME=_orders_gho\n"));
  EXPECT_THAT(file("environment"), Not(HasSubstr("SLUICE_PASSWORD")));
}

TEST_P(Told, hook_before_the_cut_over_puts_it_off_until_it_agrees) {
  hook("gh-ost-on-before-cut-over", "echo asked >> asked; test -e agreed");
  auto hooked = start({"--hooks-path", folder()});
  const auto id = hooked.migrate({.table = "orders", .alter = add_note});
  EXPECT_TRUE(comes_to_be_written("asked", "asked\nasked\n")) << "it is asked again";
  EXPECT_EQ(json_at(hooked.status(id).json, "/cut_over/last_error"),
            "hook gh-ost-on-before-cut-over: it ends with status 1");
  EXPECT_EQ(hooked.status(id).attempts, 0U);
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM orders").value(), "500");
  std::ofstream{folder() + "/agreed"}.flush();
  expect_completed(hooked.await_state(id, "completed"));
}

TEST_P(Told, hook_before_the_cut_over_that_can_not_be_run_has_not_agreed) {
  hook("gh-ost-on-before-cut-over", "exit 0");
  const auto path = std::filesystem::path{folder()} / "gh-ost-on-before-cut-over";
  ::chmod(path.c_str(), 0644);
  auto hooked = start({"--hooks-path", folder()});
  const auto id = hooked.migrate({.table = "orders", .alter = add_note});
  EXPECT_TRUE(wait_until([&] {
    return json_at(hooked.status(id).json, "/cut_over/last_error") ==
           "hook gh-ost-on-before-cut-over: gh-ost-on-before-cut-over is no executable";
  })) << hooked.status(id).json;
  ::chmod(path.c_str(), 0755);
  expect_completed(hooked.await_state(id, "completed"));
}

TEST_P(Told, hook_before_the_cut_over_may_take_its_time) {
  hook("gh-ost-on-before-cut-over", "sleep 1; echo asked >> asked");
  auto hooked = start({"--hooks-path", folder()});
  const auto id = hooked.migrate({.table = "orders", .alter = add_note});
  expect_completed(hooked.await_state(id, "completed"));
  EXPECT_EQ(file("asked"), "asked\n") << "its word holds until changes were applied";
}

TEST_P(Told, stop_does_not_wait_for_a_hook) {
  hook("gh-ost-on-before-cut-over", "echo asked >> asked; sleep 1000");
  auto hooked = start({"--hooks-path", folder()});
  const auto id = hooked.migrate({.table = "orders", .alter = add_note});
  EXPECT_TRUE(comes_to_be_written("asked", "asked"));
  EXPECT_EQ(hooked.post("/migrate/" + id + "/stop").status, 202U);
  EXPECT_EQ(hooked.await_state(id, "stopped", 10s).state, "stopped");
}

TEST_P(Told, bad_webhooks_are_refused) {
  for (const auto* bad :
       {R"(["ftp://a/"])", R"([1])", R"([{"url": "http://a/", "events": ["lunch"]}])", R"([{"events": []}])",
        R"({"url": "http://a/"})", R"([{"url": "http://a/", "secret": "x"}])"}) {
    const auto response = sluice().post(
        "/migrate",
        body_of({.table = "orders", .alter = add_note, .options = std::string{R"({"webhooks": )"} + bad + "}"}));
    EXPECT_EQ(response.status, 400U) << bad;
    EXPECT_THAT(json_at(response.body, "/error/message"), StartsWith("option webhooks: "));
  }
}

}  // namespace
}  // namespace sluice::test
