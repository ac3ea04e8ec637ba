#include "migrator/table/deferred_indexes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

constexpr const char* create = R"(CREATE TABLE `t` (
  `id` int NOT NULL,
  `n` int NOT NULL AUTO_INCREMENT,
  `c` varchar(20) COMMENT '  KEY `not one` (`c`)',
  PRIMARY KEY (`id`),
  UNIQUE KEY `once` (`c`),
  KEY `counter` (`n`),
  KEY `a ``b` (`c`(10),`id` DESC) COMMENT 'x, y' /*!80000 INVISIBLE */,
  KEY `plain` (`c`),
  FULLTEXT KEY `words` (`c`)
) ENGINE=InnoDB)";

TableDefinition table() {
  TableDefinition made{.name = {"d", "t"}};
  made.columns = {{.name = "id"}, {.name = "n", .auto_increment = true}, {.name = "c"}};
  const auto key = [](const std::string& name, const std::string& column) {
    return Key{.name = name, .parts = {{.column = column}}};
  };
  made.keys = {key("PRIMARY", "id"), key("once", "c"),  key("a `b", "c"),
               key("counter", "n"),  key("plain", "c"), key("words", "c")};
  return made;
}

TEST(DeferredIndexes, AreThoseThatNoRuleDependsOn) {
  const auto indexes = deferrable_indexes(create, table());
  ASSERT_EQ(indexes.size(), 2U) << "no row may change while one for words is built";
  EXPECT_EQ(indexes[0].name, "a `b");
  EXPECT_EQ(indexes[0].clause, "KEY `a ``b` (`c`(10),`id` DESC) COMMENT 'x, y' /*!80000 INVISIBLE */");
  EXPECT_EQ(indexes[1].name, "plain");
  EXPECT_EQ(indexes[1].clause, "KEY `plain` (`c`)");
}

TEST(DeferredIndexes, AreDroppedTogetherAndAddedWhereTheyAreMissing) {
  const auto indexes = deferrable_indexes(create, table());
  EXPECT_EQ(drop_indexes({"d", "t"}, indexes), "ALTER TABLE `d`.`t` DROP INDEX `a ``b`, DROP INDEX `plain`");
  auto without = table();
  std::erase_if(without.keys, [](const Key& key) { return key.name == "plain"; });
  EXPECT_EQ(add_missing_indexes(without, indexes), "ALTER TABLE `d`.`t` ADD KEY `plain` (`c`)");
  EXPECT_EQ(add_missing_indexes(table(), indexes), "");
}

}  // namespace
}  // namespace sluice::migrator
