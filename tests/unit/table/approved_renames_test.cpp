#include "migrator/table/approved_renames.hpp"

#include <gmock/gmock.h>

namespace sluice::migrator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TableDefinition table(const std::vector<std::string>& columns) {
  TableDefinition made;
  for (const std::string& name : columns) made.columns.push_back({.name = name});
  return made;
}

class ApprovedRenames : public testing::Test {
 protected:
  // What is said against it; empty: it is a rename now.
  std::string against(const std::string& approved) {
    const auto problems = approve_renames({approved}, source, shadow, alter);
    return problems.empty() ? "" : problems.front().message;
  }

  TableDefinition source = table({"a", "b", "c"});
  TableDefinition shadow = table({"b", "n"});
  AlterText alter = read_alter("DROP a, DROP c, ADD n INT");
};

TEST_F(ApprovedRenames, join_what_is_dropped_with_what_is_added) {
  EXPECT_EQ(against("A=n"), "");
  EXPECT_THAT(alter.column_renames, ElementsAre(ColumnRename{"A", "n"}));
  EXPECT_THAT(against("c=n"), HasSubstr("renamed already"));
}

TEST_F(ApprovedRenames, leave_the_alter_alone_where_they_do_not_fit) {
  EXPECT_THAT(against("b=n"), HasSubstr("does not drop b"));
  EXPECT_THAT(against("a=b"), HasSubstr("does not add b"));
  EXPECT_THAT(against("a=x"), HasSubstr("does not add x"));
  EXPECT_THAT(against("x=n"), HasSubstr("no column x"));
  shadow.columns.back().generated = Generated::is_virtual;
  EXPECT_THAT(against("a=n"), HasSubstr("computed"));
  EXPECT_THAT(alter.column_renames, IsEmpty());
}

TEST_F(ApprovedRenames, may_say_that_a_column_which_is_made_anew_is_the_old_one) {
  shadow = table({"a", "b"});
  alter = read_alter("DROP a, DROP c, ADD a BIGINT");
  EXPECT_EQ(against("a=a"), "");
}

}  // namespace
}  // namespace sluice::migrator
