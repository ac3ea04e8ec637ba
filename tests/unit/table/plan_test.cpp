#include "migrator/table/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migrator/table/column_kind.hpp"

namespace sluice::migrator {
namespace {

Column column(const std::string& name, const std::string& type = "int") {
  Column made{.name = name, .column_type = type, .data_type = type.substr(0, type.find_first_of(" ("))};
  if (kind_of(made) == ColumnKind::text) made.charset = "utf8mb4";
  return made;
}

Key unique(const std::string& name, const std::vector<std::string>& columns) {
  Key key{.name = name, .unique = true, .searchable = true};
  for (const auto& part : columns) key.parts.push_back({.column = part});
  return key;
}

TableDefinition table(const std::vector<Column>& columns, const std::vector<Key>& keys) {
  TableDefinition made{.name = {"d", "t"}, .engine = "InnoDB", .columns = columns, .keys = keys};
  for (std::size_t i = 0; i < made.columns.size(); ++i) made.columns[i].ordinal = i;
  return made;
}

std::vector<std::string> codes(const boost::system::result<CopyPlan, Problems>& plan) {
  std::vector<std::string> words;
  if (!plan) {
    for (const auto& problem : plan.error()) words.push_back(problem.code);
  }
  return words;
}

using testing::ElementsAre;

TEST(Plan, follows_rows_by_the_primary_key_first) {
  const auto both = table({column("id"), column("u")}, {unique("PRIMARY", {"id"}), unique("u", {"u"})});
  const auto plan = make_plan(both, both, {});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->key.source_index, "PRIMARY");
  EXPECT_EQ(plan->key.storage, KeyStorage::clustered);
  EXPECT_EQ(plan->time_zone, "+00:00");
  EXPECT_EQ(plan->columns.size(), 2U);
}

TEST(Plan, refuses_conversions_for_which_alter_table_has_rules_of_its_own) {
  const auto with = [](const std::string& type) {
    return table({column("id"), column("v", type)}, {unique("PRIMARY", {"id"})});
  };
  const auto becomes = [&](const std::string& from, const std::string& to) {
    return codes(make_plan(with(from), with(to), {}));
  };
  EXPECT_THAT(becomes("varchar(9)", "bit(8)"), ElementsAre("plan.conversion"));
  EXPECT_THAT(becomes("bit(64)", "double"), ElementsAre("plan.conversion"));
  EXPECT_THAT(becomes("bit(8)", "varchar(9)"), ElementsAre("plan.conversion"));
  EXPECT_THAT(becomes("time", "bit(64)"), ElementsAre("plan.conversion"));
  EXPECT_THAT(becomes("float", "enum('a')"), ElementsAre("plan.conversion"));
  EXPECT_THAT(becomes("json", "int"), ElementsAre("plan.conversion"));
  EXPECT_THAT(becomes("date", "year"), ElementsAre("plan.conversion"));
  EXPECT_THAT(becomes("vector(3)", "text"), ElementsAre("plan.conversion"));
  EXPECT_THAT(becomes("vector(3)", "json"), ElementsAre("plan.conversion"));
  EXPECT_THAT(becomes("varchar(9)", "int"), ElementsAre());
  EXPECT_THAT(becomes("float", "varchar(9)"), ElementsAre());
  EXPECT_THAT(becomes("datetime", "date"), ElementsAre());
  EXPECT_THAT(becomes("json", "longtext"), ElementsAre());
  EXPECT_THAT(becomes("point", "point"), ElementsAre());
}

TEST(ColumnKind, tells_members_as_literals) {
  EXPECT_THAT(member_literals(column("v", R"(enum('a','it''s','back\\','x,y'))")),
              ElementsAre("'a'", "'it''s'", R"('back\\')", "'x,y'"));
  EXPECT_THAT(member_literals(column("v", "varchar(9)")), ElementsAre());
}

TEST(Plan, prefers_the_first_of_the_other_keys_and_none_that_could_be_null_or_cut) {
  auto nullable = unique("a", {"a"});
  nullable.parts[0].nullable = true;
  auto prefix = unique("b", {"b"});
  prefix.parts[0].prefix = true;
  auto hidden = unique("c", {"c"});
  hidden.searchable = false;
  const auto both = table({column("a"), column("b"), column("c"), column("d"), column("f", "float")},
                          {nullable, prefix, hidden, unique("f", {"f"}), unique("w", {"c", "d"}), unique("x", {"d"})});
  const auto plan = make_plan(both, both, {});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->key.source_index, "w");
  EXPECT_EQ(plan->key.storage, KeyStorage::secondary);
}

TEST(Plan, refuses_where_no_key_survives) {
  const auto source = table({column("id"), column("v")}, {unique("PRIMARY", {"id"})});
  EXPECT_THAT(codes(make_plan(source, table({column("id"), column("v")}, {}), {})), ElementsAre("key.dropped"));
  EXPECT_THAT(codes(make_plan(source, table({column("v")}, {}), {})), ElementsAre("key.dropped"));
  EXPECT_THAT(codes(make_plan(table({column("id")}, {}), table({column("id")}, {}), {})), ElementsAre("key.missing"));
  EXPECT_THAT(
      codes(make_plan(source, table({column("id", "varchar(9)"), column("v")}, {unique("PRIMARY", {"id"})}), {})),
      ElementsAre("key.converted"));
}

TEST(Plan, keeps_to_keys_whose_values_stay_what_they_are) {
  const auto keeps = [](const std::string& from, const std::string& to) {
    return keeps_key_values(column("k", from), column("k", to));
  };
  EXPECT_TRUE(keeps("int", "bigint unsigned"));
  EXPECT_TRUE(keeps("char(5)", "varchar(9)"));
  EXPECT_FALSE(keeps("varchar(5)", "char(9)"));
  EXPECT_FALSE(keeps("varchar(5)", "varbinary(5)"));
  EXPECT_TRUE(keeps("enum('a','b')", "enum('a','b','c')"));
  EXPECT_FALSE(keeps("enum('a','b')", "enum('b','a')"));
  EXPECT_FALSE(keeps("double", "double"));
  EXPECT_FALSE(keeps("datetime", "timestamp"));
  auto precise = column("k", "datetime(6)");
  precise.fraction_digits = 6;
  EXPECT_FALSE(keeps_key_values(precise, column("k", "datetime")));
  EXPECT_TRUE(keeps_key_values(column("k", "datetime"), precise));
  auto japanese = column("k", "varchar(5)");
  japanese.charset = "sjis";
  EXPECT_TRUE(keeps_key_values(japanese, japanese));
  EXPECT_FALSE(keeps_key_values(japanese, column("k", "varchar(5)"))) << "characters that don't map back";
}

TEST(Plan, knows_where_a_range_of_the_key_is_none_in_the_shadow) {
  const auto source = table({column("a", "varchar(5)"), column("b")}, {unique("PRIMARY", {"a", "b"})});
  EXPECT_EQ(make_plan(source, source, {})->key.order, KeyOrder::same);
  auto longer = source;
  longer.columns[0].column_type = "varchar(50)";
  EXPECT_EQ(make_plan(source, longer, {})->key.order, KeyOrder::same);
  auto collated = source;
  collated.columns[0].collation = "utf8mb4_bin";
  EXPECT_EQ(make_plan(source, collated, {})->key.order, KeyOrder::other);
  auto converted = source;
  converted.columns[0].charset = "latin1";
  EXPECT_EQ(make_plan(source, converted, {})->key.order, KeyOrder::other);
  const auto turned = table(source.columns, {unique("PRIMARY", {"b", "a"})});
  const auto plan = make_plan(source, turned, {});
  EXPECT_EQ(plan->key.order, KeyOrder::other);
  EXPECT_EQ(plan->key.columns[0].source.name, "a");
  EXPECT_EQ(plan->key.shadow_columns[0].name, "b");
}

TEST(Plan, follows_renames_said_in_the_alter_and_guesses_none) {
  const auto source = table({column("id"), column("a"), column("b")}, {unique("PRIMARY", {"id"})});
  const auto shadow = table({column("key_"), column("b"), column("a")}, {unique("PRIMARY", {"key_"})});
  const auto plan =
      make_plan(source, shadow, read_alter("CHANGE id key_ INT, RENAME COLUMN a TO b, RENAME COLUMN b TO a"));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->key.columns[0].shadow.name, "key_");
  EXPECT_EQ(plan->columns[1].source.name, "a");
  EXPECT_EQ(plan->columns[1].shadow.name, "b");
  EXPECT_THAT(plan->dropped_columns, testing::IsEmpty());

  const auto guess =
      make_plan(source, table({column("id"), column("x"), column("b")}, {unique("PRIMARY", {"id"})}), {});
  ASSERT_TRUE(guess);
  EXPECT_THAT(guess->dropped_columns, ElementsAre("a"));
  EXPECT_THAT(guess->added_columns, ElementsAre("x"));
}

TEST(Plan, takes_a_column_dropped_and_added_again_for_a_new_one) {
  const auto both = table({column("id"), column("a")}, {unique("PRIMARY", {"id"})});
  const auto plan = make_plan(both, both, read_alter("DROP a, ADD a INT"));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->columns.size(), 1U);
  EXPECT_THAT(plan->added_columns, ElementsAre("a"));
}

TEST(Plan, leaves_computed_columns_to_the_server) {
  auto computed = column("g");
  computed.generated = Generated::is_virtual;
  const auto source = table({column("id"), computed}, {unique("PRIMARY", {"id"})});
  const auto kept = make_plan(source, source, {});
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->columns.size(), 1U);
  const auto made_real = make_plan(source, table({column("id"), column("g")}, {unique("PRIMARY", {"id"})}), {});
  ASSERT_TRUE(made_real);
  EXPECT_EQ(made_real->columns.size(), 2U) << "a computed column can be read";
}

TEST(Plan, uses_the_servers_time_zone_where_timestamps_are_converted) {
  const auto source = table({column("id"), column("at", "timestamp")}, {unique("PRIMARY", {"id"})});
  const auto shadow = table({column("id"), column("at", "datetime")}, {unique("PRIMARY", {"id"})});
  EXPECT_EQ(make_plan(source, shadow, {})->time_zone, "");
  EXPECT_EQ(make_plan(source, source, {})->time_zone, "+00:00");
  auto key_source = source;
  key_source.columns.push_back(column("k", "timestamp"));
  key_source.keys = {unique("PRIMARY", {"k"})};
  auto key_shadow = shadow;
  key_shadow.columns.push_back(column("k", "timestamp"));
  key_shadow.keys = key_source.keys;
  EXPECT_THAT(codes(make_plan(key_source, key_shadow, {})), ElementsAre("plan.time_zone"));
}

}  // namespace
}  // namespace sluice::migrator
