// Who is told of what, and in which words.
#include "migrator/notify/notice.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace sluice::migrator {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Optional;
using testing::Pair;

Notice a_notice() {
  Notice notice;
  notice.status.id = "m7";
  notice.status.database = "shop";
  notice.status.table = "orders";
  notice.status.alter = "ADD c TEXT DEFAULT 'hush'";
  notice.status.shadow_table = "_orders_gho";
  notice.status.rows_copied = 12;
  notice.entry = {
      .number = 3, .at = "2026-01-31T12:00:00.123Z", .event = "guard.fired", .details = R"({"guard":"cpu"})"};
  return notice;
}

TEST(Notice, KindsAreMadeOfJournalEntries) {
  EXPECT_THAT(notice_kind_of("started"), Optional(NoticeKind::start));
  EXPECT_THAT(notice_kind_of("ready"), Optional(NoticeKind::ready));
  EXPECT_THAT(notice_kind_of("cut_over.begun"), Optional(NoticeKind::cut_over));
  EXPECT_THAT(notice_kind_of("completed"), Optional(NoticeKind::completion));
  EXPECT_THAT(notice_kind_of("panicked"), Optional(NoticeKind::failure));
  EXPECT_THAT(notice_kind_of("guard.fired"), Optional(NoticeKind::guard));
  EXPECT_THAT(notice_kind_of("rollback.begun"), Optional(NoticeKind::rollback));
  for (const auto* event : {"", "cut_over.parts", "cut_over.waiting", "copied", "guardian"}) {
    EXPECT_EQ(notice_kind_of(event), std::nullopt) << event;
  }
}

TEST(Notice, ItsBodySaysWhatHappenedToWhatButNoSql) {
  const auto text = body_of(a_notice(), NoticeKind::guard);
  EXPECT_THAT(text, Not(HasSubstr("hush")));
  const auto body = boost::json::parse(text);
  EXPECT_EQ(body.at("kind"), "guard");
  EXPECT_EQ(body.at("event"), "guard.fired");
  EXPECT_EQ(body.at("migration"), "m7");
  EXPECT_EQ(body.at("rows_copied"), 12);
  EXPECT_EQ(body.at_pointer("/details/guard"), "cpu");
}

TEST(Notice, IsSignedAsOthersCanCheck) {
  // printf 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe; RFC 4231 has it too
  EXPECT_EQ(signature_of("what do ya want for nothing?", "Jefe"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Notice, HooksHaveTheNamesThatGhOstUses) {
  EXPECT_THAT(hooks_of("started", "{}"),
              ElementsAre("gh-ost-on-startup", "gh-ost-on-validated", "gh-ost-on-before-row-copy"));
  EXPECT_THAT(hooks_of("copied", "{}"), ElementsAre("gh-ost-on-row-copy-complete"));
  EXPECT_THAT(hooks_of("cut_over.waiting", R"({"for":"postpone_cut_over"})"), ElementsAre("gh-ost-on-begin-postponed"));
  EXPECT_THAT(hooks_of("cut_over.waiting", R"({"for":"behind"})"), IsEmpty());
  EXPECT_THAT(hooks_of("completed", "{}"), ElementsAre("gh-ost-on-success"));
  EXPECT_THAT(hooks_of("stopped", "{}"), ElementsAre("gh-ost-on-failure"));
  EXPECT_THAT(hooks_of("guard.fired", "{}"), ElementsAre("sluice-on-guard"));
  EXPECT_THAT(hooks_of("verified", "{}"), IsEmpty());
}

TEST(Notice, HooksAreToldInVariables) {
  const auto environment = environment_of(a_notice(), "sluice-on-guard");
  EXPECT_THAT(environment, Contains(Pair("SLUICE_HOOK", "sluice-on-guard")));
  EXPECT_THAT(environment, Contains(Pair("SLUICE_EVENT", "guard.fired")));
  EXPECT_THAT(environment, Contains(Pair("SLUICE_GHOST_TABLE_NAME", "_orders_gho")));
  EXPECT_THAT(environment, Contains(Pair("SLUICE_COPIED_ROWS", "12")));
  for (const auto& [name, value] : environment) EXPECT_TRUE(name.starts_with("SLUICE_")) << name;
  auto long_alter = a_notice();
  long_alter.status.alter = std::string(1'000'000, 'x');
  EXPECT_THAT(environment_of(long_alter, "x"), Contains(Pair("SLUICE_DDL", std::string(65'536, 'x'))));
}

}  // namespace
}  // namespace sluice::migrator
