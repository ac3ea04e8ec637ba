#include "migrator/engine/checkpoint.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

Checkpoint full() {
  Checkpoint checkpoint;
  checkpoint.server = "a1b2";
  checkpoint.applied = {"binlog.000007", 4711};
  checkpoint.caught_up = Position{"binlog.000007", 4800};
  checkpoint.audit_from = Position{"binlog.000006", 154};
  checkpoint.copied_to = KeyLiterals{"17", "_utf8mb4 x'6122'"};
  checkpoint.copied = true;
  checkpoint.cut_over_asked = true;
  checkpoint.drops_shadow_after_failure = true;
  checkpoint.deferred_indexes = {{"by `qty`", "KEY `by ``qty``` (`qty`)"}};
  checkpoint.altered_from = "CREATE TABLE `t` (\n  `id` binary(1) DEFAULT '\xc3')";
  checkpoint.verified_to = KeyLiterals{"9", "'2026-01-01'"};
  checkpoint.verified_at = "2026-01-01T00:00:00Z";
  checkpoint.renamed = Position{"binlog.000009", 99};
  checkpoint.revert = Revert{"m7", AlterDirection::there, Position{"binlog.000010", 4}};
  checkpoint.rows_copied = 18'446'744'073'709'551'615U;
  checkpoint.rows_estimated = 3;
  checkpoint.cut_over = {.attempts = 2,
                         .hold_ms = 12.5,
                         .held_statements = 7,
                         .stragglers = 1,
                         .conflicts = 1,
                         .fence = "lock",
                         .last_error = "fence: \"x\"",
                         .audit = "passed",
                         .parts = {{HoldPart::drain, 1.5}, {HoldPart::release, 0.25}}};
  checkpoint.attachments = {
      .foreign_keys = {{ConstraintKind::foreign_key, "up", "FOREIGN KEY (`a`) REFERENCES `b` (`c`)"}},
      .parents = {{"shop", "b"}},
      .triggers = {{.name = "t",
                    .sql_mode = "ANSI_QUOTES",
                    .character_set_client = "latin1",
                    .collation_connection = "latin1_bin",
                    .statement = "CREATE TRIGGER t ... '\xe9'"}}};
  return checkpoint;
}

TEST(Checkpoint, ComesBackAsItWas) {
  const auto read = checkpoint_from_json(to_json(full()));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->server, "a1b2");
  EXPECT_EQ(read->applied, full().applied);
  EXPECT_EQ(read->caught_up, full().caught_up);
  EXPECT_EQ(read->audit_from, full().audit_from);
  EXPECT_EQ(read->renamed, full().renamed);
  ASSERT_TRUE(read->revert.has_value());
  EXPECT_EQ(read->revert->of, "m7");
  EXPECT_EQ(read->revert->direction, AlterDirection::there);
  EXPECT_EQ(read->revert->taken, (Position{"binlog.000010", 4}));
  EXPECT_EQ(read->copied_to, full().copied_to);
  EXPECT_TRUE(read->copied);
  EXPECT_TRUE(read->drops_shadow_after_failure);
  ASSERT_EQ(read->deferred_indexes.size(), 1U);
  EXPECT_EQ(read->deferred_indexes[0].name, "by `qty`");
  EXPECT_EQ(read->deferred_indexes[0].clause, "KEY `by ``qty``` (`qty`)");
  EXPECT_EQ(read->altered_from, full().altered_from);
  EXPECT_EQ(read->verified_to, full().verified_to);
  EXPECT_FALSE(read->verified);
  ASSERT_EQ(read->attachments.foreign_keys.size(), 1U);
  EXPECT_EQ(text_of(read->attachments.foreign_keys[0]), "CONSTRAINT `up` FOREIGN KEY (`a`) REFERENCES `b` (`c`)");
  EXPECT_EQ(read->attachments.parents, full().attachments.parents);
  ASSERT_EQ(read->attachments.triggers.size(), 1U);
  const Trigger& trigger = read->attachments.triggers[0];
  EXPECT_EQ(trigger.name + trigger.sql_mode + trigger.character_set_client + trigger.collation_connection,
            "tANSI_QUOTESlatin1latin1_bin");
  EXPECT_EQ(trigger.statement, "CREATE TRIGGER t ... '\xe9'");
  EXPECT_EQ(read->verified_at, full().verified_at);
  EXPECT_TRUE(read->cut_over_asked);
  EXPECT_EQ(read->rows_copied, full().rows_copied);
  EXPECT_EQ(read->cut_over.hold_ms, 12.5);
  EXPECT_EQ(read->cut_over.last_error, "fence: \"x\"");
  EXPECT_EQ(read->cut_over.parts, full().cut_over.parts);
  EXPECT_EQ(read->cut_over.audit, kAuditPassed);
}

TEST(Checkpoint, IsRefusedWhereItIsCutAnywhere) {
  const std::string text = to_json(full());
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_TRUE(checkpoint_from_json(text.substr(0, length)).has_error()) << length;
  }
  EXPECT_TRUE(checkpoint_from_json(text + "x").has_error());
  EXPECT_TRUE(checkpoint_from_json("[]").has_error());
}

TEST(Checkpoint, KeepsDefaultsWhereMembersAreMissingOrOfAnotherKind) {
  const auto read =
      checkpoint_from_json(R"({"applied": 3, "copied": "yes", "rows_copied": -1, "copied_to": {}, "new": 1})");
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->applied.file.empty());
  EXPECT_FALSE(read->copied);
  EXPECT_EQ(read->rows_copied, 0U);
  EXPECT_FALSE(read->copied_to.has_value());
}

}  // namespace
}  // namespace sluice::migrator
