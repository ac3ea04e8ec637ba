#include "protocol/sql/ddl_comment.hpp"

#include <gmock/gmock.h>

namespace sluice::protocol {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(DdlComment, SaysHow) {
  EXPECT_EQ(read_ddl_comment("/* sluice: online */ ALTER TABLE t FORCE").mode, DdlMode::online);
  EXPECT_EQ(read_ddl_comment("/*sluice:detached*/ALTER TABLE t FORCE").mode, DdlMode::detached);
  EXPECT_EQ(read_ddl_comment("/* SLUICE: Direct */ ALTER TABLE t FORCE").mode, DdlMode::direct);
  EXPECT_EQ(read_ddl_comment("-- by hand\n/* why */ /* sluice: off */ ALTER TABLE t FORCE").mode, DdlMode::direct);
}

TEST(DdlComment, CarriesOptions) {
  const auto comment =
      read_ddl_comment("/* sluice: online, chunk_size=500, max_load = 'Threads_running=25,Com_commit=9' */ ALTER");
  EXPECT_EQ(comment.mode, DdlMode::online);
  EXPECT_THAT(comment.options,
              ElementsAre(Pair("chunk_size", "500"), Pair("max_load", "Threads_running=25,Com_commit=9")));
  EXPECT_EQ(comment.problem, "");
}

TEST(DdlComment, OthersCommentsAreTheirs) {
  EXPECT_EQ(read_ddl_comment("/* sluiced: online */ ALTER TABLE t FORCE"), DdlComment{});
  EXPECT_EQ(read_ddl_comment("/*! sluice: online */ ALTER TABLE t FORCE"), DdlComment{});
  EXPECT_EQ(read_ddl_comment("ALTER TABLE t /* sluice: online */ FORCE"), DdlComment{});
  EXPECT_EQ(read_ddl_comment("/* sluice: online"), DdlComment{});
  EXPECT_EQ(read_ddl_comment(""), DdlComment{});
}

TEST(DdlComment, WhatItDoesNotKnowIsAProblem) {
  EXPECT_EQ(read_ddl_comment("/* sluice: onlin */ ALTER").problem, "onlin");
  EXPECT_EQ(read_ddl_comment("/* sluice: online, direct */ ALTER").problem, "direct");
  EXPECT_THAT(read_ddl_comment("/* sluice: */ ALTER").options, IsEmpty());
}

TEST(DdlComment, ModesHaveNames) {
  EXPECT_EQ(ddl_mode_from("ONLINE"), DdlMode::online);
  EXPECT_EQ(ddl_mode_from("off"), DdlMode::direct);
  EXPECT_EQ(ddl_mode_from("on"), std::nullopt);
  EXPECT_EQ(ddl_mode_from(""), std::nullopt);
  EXPECT_TRUE(mentions_ddl_mode("SET @Sluice_DDL := 'online'"));
  EXPECT_FALSE(mentions_ddl_mode("SET @sluice = 1"));
}

}  // namespace
}  // namespace sluice::protocol
