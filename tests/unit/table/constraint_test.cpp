#include "migrator/table/constraint.hpp"

#include <gmock/gmock.h>

#include "migrator/table/names.hpp"

namespace sluice::migrator {
namespace {

using testing::ElementsAre;

const std::string shown =
    "CREATE TABLE `orders` (\n"
    "  `id` int NOT NULL COMMENT 'CONSTRAINT `no` CHECK (1)',\n"
    "  `qty` int DEFAULT NULL CHECK (`qty` > 0),\n"
    "  PRIMARY KEY (`id`),\n"
    "  CONSTRAINT `a``b` FOREIGN KEY (`x`,`y`) REFERENCES `other`.`par ent` (`u`,`v`) ON DELETE SET NULL,\n"
    "  CONSTRAINT `orders_ibfk_1` FOREIGN KEY (`x`) REFERENCES `orders` (`id`),\n"
    "  CONSTRAINT `positive` CHECK ((`qty` > 0)) /*!80016 NOT ENFORCED */,\n"
    "  CONSTRAINT `orders_chk_1` CHECK ((`name` <> _utf8mb4'it''s, \\n'))\n"
    ") ENGINE=InnoDB";

std::vector<std::string> names_of(const std::vector<Constraint>& constraints) {
  std::vector<std::string> names;
  for (const Constraint& one : constraints) names.push_back(one.name);
  return names;
}

ConstraintNames names(const std::vector<std::string>& given) {
  std::vector<Constraint> constraints;
  for (const std::string& name : given) constraints.push_back({.name = name});
  return {"orders", "_orders_gho", constraints};
}

TEST(Constraint, is_read_from_its_line) {
  const auto found = constraints_of(shown);
  ASSERT_THAT(names_of(found), ElementsAre("a`b", "orders_ibfk_1", "positive", "orders_chk_1"));
  EXPECT_EQ(found[0].kind, ConstraintKind::foreign_key);
  EXPECT_EQ(found[2].kind, ConstraintKind::check);
  EXPECT_EQ(text_of(found[2]), "CONSTRAINT `positive` CHECK ((`qty` > 0)) /*!80016 NOT ENFORCED */");
  EXPECT_EQ(found[3].clause, "CHECK ((`name` <> _utf8mb4'it''s, \\n'))");
}

TEST(Constraint, says_what_it_refers_to) {
  const auto found = constraints_of(shown);
  const Reference reference = reference_of(found[0]);
  EXPECT_THAT(reference.columns, ElementsAre("x", "y"));
  EXPECT_EQ(reference.parent, (TableRef{"other", "par ent"}));
  EXPECT_THAT(reference.parent_columns, ElementsAre("u", "v"));
  EXPECT_EQ(reference_of(found[1]).parent, (TableRef{"", "orders"}));
  EXPECT_EQ(referring_to(found[1], "_orders_gho").clause, "FOREIGN KEY (`x`) REFERENCES `_orders_gho` (`id`)");
}

TEST(Indexes, are_read_with_the_whole_columns_they_are_over) {
  const auto found = indexes_of(
      "CREATE TABLE `t` (\n"
      "  `a` int,\n"
      "  PRIMARY KEY (`a`),\n"
      "  UNIQUE KEY `u` (`a`),\n"
      "  KEY `one` (`a`),\n"
      "  KEY `two` (`a`,`b`) /*!80000 INVISIBLE */ COMMENT 'x, y',\n"
      "  KEY `prefix` (`a`(5)),\n"
      "  KEY `down` (`a` DESC),\n"
      "  KEY `computed` ((`a` + 1)),\n"
      "  FULLTEXT KEY `f` (`c`),\n"
      "  KEY `last` (`c`) USING BTREE\n"
      ") ENGINE=InnoDB");
  ASSERT_EQ(found.size(), 6U);
  EXPECT_EQ(found[0].name, "one");
  EXPECT_THAT(found[0].columns, ElementsAre("a"));
  EXPECT_EQ(found[1].text, "KEY `two` (`a`,`b`) /*!80000 INVISIBLE */ COMMENT 'x, y'");
  EXPECT_THAT(found[1].columns, ElementsAre("a", "b"));
  for (const std::size_t i : {2U, 3U, 4U}) EXPECT_THAT(found[i].columns, testing::IsEmpty()) << found[i].text;
  EXPECT_EQ(found[5].text, "KEY `last` (`c`) USING BTREE");
  EXPECT_THAT(found[5].columns, ElementsAre("c"));
}

TEST(ConstraintNames, put_an_underscore_before_or_take_one_away) {
  const auto some = names({"positive", "_there", "orders_ibfk_12", "orders_chk_1", "orders_chk_x"});
  EXPECT_EQ(some.on_shadow("Positive"), "_positive");
  EXPECT_EQ(some.on_shadow("_there"), "there");
  EXPECT_EQ(some.on_shadow("orders_ibfk_12"), "_orders_gho_ibfk_12");
  EXPECT_EQ(some.on_shadow("orders_chk_1"), "_orders_gho_chk_1");
  EXPECT_EQ(some.on_shadow("orders_chk_x"), "_orders_chk_x");
  EXPECT_EQ(some.on_shadow("nothing"), std::nullopt);
  EXPECT_EQ(some.in_the_end("_positive"), "positive");
  EXPECT_EQ(some.in_the_end("_orders_gho_ibfk_12"), "orders_ibfk_12");
  EXPECT_EQ(some.in_the_end("_orders_gho_ibfk_13"), "orders_ibfk_13") << "one that the alter added";
  EXPECT_EQ(some.in_the_end("mine"), "mine");
}

TEST(ConstraintNames, are_all_different_and_no_longer_than_the_server_allows) {
  const auto both = names({"x", "_x"});
  EXPECT_EQ(both.on_shadow("x"), "__x");
  EXPECT_EQ(both.on_shadow("_x"), "___x");
  const std::string longest = std::string(62, 'n') + "é" + "n";
  EXPECT_EQ(names({longest}).on_shadow(longest), "_" + std::string(62, 'n') + "é");
}

TEST(ConstraintNames, replace_those_in_an_alter) {
  const auto some = names({"positive", "up"});
  const auto altered = [&](const char* alter) { return with_names(alter, some); };
  EXPECT_EQ(altered("DROP CHECK positive, DROP FOREIGN KEY `up`,DROP CONSTRAINT IF EXISTS POSITIVE"),
            "DROP CHECK `_positive`, DROP FOREIGN KEY `_up`,DROP CONSTRAINT IF EXISTS `_positive`");
  EXPECT_EQ(altered("ALTER CHECK positive NOT ENFORCED, ALTER CONSTRAINT positive ENFORCED"),
            "ALTER CHECK `_positive` NOT ENFORCED, ALTER CONSTRAINT `_positive` ENFORCED");
  EXPECT_EQ(altered("ADD CONSTRAINT positive CHECK (a > 0), ADD (b INT CONSTRAINT up CHECK (b > 0))"),
            "ADD CONSTRAINT `_positive` CHECK (a > 0), ADD (b INT CONSTRAINT `_up` CHECK (b > 0))");
  EXPECT_EQ(altered("/*! DROP CHECK */ /* x */ positive # end"), "/*! DROP CHECK */ /* x */ `_positive` # end");
  for (const char* same : {"ADD CONSTRAINT other CHECK (positive > 0)", "ADD CONSTRAINT up UNIQUE (a)",
                           "DROP COLUMN positive", "ADD positive INT DEFAULT 'DROP CHECK up'", "DROP KEY up"}) {
    EXPECT_EQ(altered(same), same);
  }
}

}  // namespace
}  // namespace sluice::migrator
