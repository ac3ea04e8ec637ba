#include "migrator/table/alter_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AlterText, is_empty_without_words) {
  for (const auto* text : {"", "  \n", ";", "-- nothing", "/* nothing */", "# nothing"}) {
    EXPECT_TRUE(read_alter(text).empty) << text;
  }
  EXPECT_FALSE(read_alter("ENGINE=InnoDB").empty);
}

TEST(AlterText, has_a_second_statement_only_after_a_real_semicolon) {
  EXPECT_TRUE(read_alter("ADD a INT; DROP TABLE t").second_statement);
  EXPECT_TRUE(read_alter("ADD a INT /*! ; DROP TABLE t */").second_statement);
  EXPECT_FALSE(read_alter("ADD a INT;").second_statement);
  EXPECT_FALSE(read_alter("ADD a INT; -- the end").second_statement);
  EXPECT_FALSE(read_alter("ADD a VARCHAR(9) DEFAULT ';x' COMMENT \"a;b\"").second_statement);
  EXPECT_FALSE(read_alter("ADD `a;b` INT /* ; */ # ;").second_statement);
  EXPECT_FALSE(read_alter(R"(ADD a VARCHAR(9) DEFAULT 'it\'s; x')").second_statement);
  EXPECT_FALSE(read_alter("ADD a VARCHAR(9) DEFAULT 'it''s; x'").second_statement);
}

TEST(AlterText, is_unterminated_while_a_quote_or_comment_is_open) {
  for (const auto* text :
       {"ADD a INT COMMENT 'x", "ADD `a", "ADD a INT \"", "ADD a INT /* x", "ADD a /*! INT", "'\\"}) {
    EXPECT_TRUE(read_alter(text).unterminated) << text;
  }
  EXPECT_FALSE(read_alter("ADD a INT /*!80000 INVISIBLE */").unterminated);
}

TEST(AlterText, stays_calm_at_every_truncation) {
  const std::string text =
      "RENAME COLUMN `a``b` TO c, CHANGE IF EXISTS d 'x\\'' INT, DROP COLUMN e, ENGINE = InnoDB /*! x */";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const auto alter = read_alter(std::string_view(text).substr(0, length));
    EXPECT_FALSE(alter.second_statement);
  }
}

TEST(AlterText, renames_the_table_but_not_by_renaming_columns_or_keys) {
  for (const auto* text :
       {"RENAME TO u", "RENAME u", "ADD a INT, RENAME AS u", "rename /* x */ to u", "/*! RENAME u */"}) {
    EXPECT_TRUE(read_alter(text).renames_table) << text;
  }
  for (const auto* text : {"RENAME COLUMN a TO b", "RENAME INDEX a TO b", "RENAME KEY a TO b", "ADD `rename` INT",
                           "ADD a INT COMMENT 'RENAME TO u'"}) {
    EXPECT_FALSE(read_alter(text).renames_table) << text;
  }
}

TEST(AlterText, tells_renamed_columns) {
  EXPECT_THAT(read_alter("RENAME COLUMN a TO b, CHANGE COLUMN `c``c` d INT, change e f int").column_renames,
              ElementsAre(ColumnRename{"a", "b"}, ColumnRename{"c`c", "d"}, ColumnRename{"e", "f"}));
  EXPECT_THAT(read_alter("CHANGE COLUMN IF EXISTS a b INT").column_renames, ElementsAre(ColumnRename{"a", "b"}));
  EXPECT_THAT(read_alter("CHANGE a A BIGINT, ADD `change` INT, MODIFY x INT").column_renames, IsEmpty());
}

TEST(AlterText, tells_dropped_columns_from_dropped_keys) {
  EXPECT_THAT(read_alter("DROP a, DROP COLUMN b, DROP COLUMN IF EXISTS c").dropped_columns, ElementsAre("a", "b", "c"));
  EXPECT_THAT(
      read_alter("DROP KEY a, DROP INDEX b, DROP PRIMARY KEY, DROP FOREIGN KEY f, DROP CHECK c").dropped_columns,
      IsEmpty());
}

TEST(AlterText, tells_what_a_copy_cannot_do) {
  EXPECT_TRUE(read_alter("DROP PARTITION p0").moves_data);
  EXPECT_TRUE(read_alter("TRUNCATE PARTITION p0").moves_data);
  EXPECT_TRUE(read_alter("EXCHANGE PARTITION p0 WITH TABLE u").moves_data);
  EXPECT_TRUE(read_alter("DISCARD TABLESPACE").moves_data);
  EXPECT_FALSE(read_alter("ADD PARTITION (PARTITION p1 VALUES LESS THAN (5))").moves_data);
  EXPECT_EQ(read_alter("ADD a INT, ENGINE MyISAM").engine, "MyISAM");
  EXPECT_EQ(read_alter("ROW_FORMAT=DYNAMIC ENGINE=MyISAM").engine, "MyISAM");
  EXPECT_EQ(read_alter("ADD engine VARCHAR(9)").engine, "");
  EXPECT_TRUE(read_alter("ALTER TABLE t ADD a INT").starts_with_alter_table);
  EXPECT_FALSE(read_alter("ALTER COLUMN a SET DEFAULT 5").starts_with_alter_table);
}

}  // namespace
}  // namespace sluice::migrator
