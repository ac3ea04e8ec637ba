// Migrations of a table `things` beside what the server's own ALTER makes of a copy of it.
#pragma once

#include <string>
#include <vector>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {

class AsTheServersOwn : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    direct().must("SET time_zone = '+00:00'");
  }
  std::vector<Row> rows_of(const std::string& table) {
    return direct().must("SELECT * FROM " + table + " ORDER BY id").rows();
  }

  // Migrates `things`, and has the server alter a copy of it.
  void becomes_as_the_servers_own(const std::string& alter) {
    SCOPED_TRACE(alter);
    direct().must("DROP TABLE IF EXISTS copy, _things_del");
    direct().must("CREATE TABLE copy LIKE things");
    const auto columns = direct()
                             .must(
                                 "SELECT GROUP_CONCAT('`', column_name, '`' ORDER BY ordinal_position) FROM "
                                 "information_schema.columns WHERE table_schema = 'test' AND table_name = 'things' AND "
                                 "COALESCE(generation_expression, '') = ''")
                             .value();
    direct().must("INSERT INTO copy (" + columns + ") SELECT " + columns + " FROM things");
    direct().must("ALTER TABLE copy " + alter + ", ALGORITHM = COPY");
    complete({.table = "things", .alter = alter});
    EXPECT_EQ(definition(direct(), "things"), definition(direct(), "copy"));
    EXPECT_EQ(rows_of("things"), rows_of("copy"));
  }
};

}  // namespace sluice::test
