#include "migrator/rows/copy_frontier.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

SharedKey key_of(const std::string& type) {
  const Column column{.name = "id", .column_type = type, .data_type = type};
  return {.source_index = "PRIMARY", .shadow_index = "PRIMARY", .columns = {{column, column}}};
}

TEST(CopyFrontier, IsGreaterIntegers) {
  const CopyFrontier frontier(key_of("bigint"), KeyLiterals{"100"});
  EXPECT_TRUE(frontier.is_ahead({"101"}));
  EXPECT_TRUE(frontier.is_ahead({"1000"})) << "as numbers, not as text";
  EXPECT_TRUE(frontier.is_ahead({"18446744073709551615"}));
  EXPECT_FALSE(frontier.is_ahead({"100"}));
  EXPECT_FALSE(frontier.is_ahead({"99"}));
  EXPECT_FALSE(frontier.is_ahead({"-1"}));
}

TEST(CopyFrontier, MayBeBelowZero) {
  const CopyFrontier frontier(key_of("int"), KeyLiterals{"-100"});
  EXPECT_TRUE(frontier.is_ahead({"-99"}));
  EXPECT_TRUE(frontier.is_ahead({"0"}));
  EXPECT_FALSE(frontier.is_ahead({"-100"}));
  EXPECT_FALSE(frontier.is_ahead({"-101"}));
}

TEST(CopyFrontier, IsEverythingBeforeTheFirstChunk) {
  EXPECT_TRUE(CopyFrontier(key_of("varchar"), std::nullopt).is_ahead({"_utf8mb4 x'61'"}));
  EXPECT_TRUE(CopyFrontier(key_of("int"), std::nullopt).is_ahead({"-5"}));
}

TEST(CopyFrontier, IsNothingWhereOnlyTheServerCanCompareOrAllIsCopied) {
  EXPECT_FALSE(CopyFrontier(key_of("varchar"), KeyLiterals{"_utf8mb4 x'61'"}).is_ahead({"_utf8mb4 x'62'"}));
  SharedKey two = key_of("int");
  two.columns.push_back(two.columns.front());
  EXPECT_FALSE(CopyFrontier(two, KeyLiterals{"1", "1"}).is_ahead({"2", "2"}));
  EXPECT_FALSE(CopyFrontier().is_ahead({"1"}));
  SharedKey reordered = key_of("int");
  reordered.order = KeyOrder::other;
  EXPECT_FALSE(CopyFrontier(reordered, std::nullopt).is_ahead({"1"})) << "its chunks don't clear what is gone";
  SharedKey secondary = key_of("int");
  secondary.storage = KeyStorage::secondary;
  EXPECT_FALSE(CopyFrontier(secondary, KeyLiterals{"1"}).is_ahead({"2"})) << "its locks don't show who has the row";
  EXPECT_FALSE(CopyFrontier(key_of("int"), KeyLiterals{"1"}).is_ahead({"what?"}));
}

}  // namespace
}  // namespace sluice::migrator
