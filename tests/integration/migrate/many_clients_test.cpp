// Tables of several shapes change several times in a row under 32 clients: each acknowledged write is there, nobody
// sees an error, and the table is what the server's own ALTER would have made of it.
#include <functional>
#include <string>
#include <vector>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t rows = 3000;

struct Shape {
  std::string columns;
  std::string attributes;
  std::vector<std::string> alters;
  std::function<std::string(Key)> id = WorkloadOptions::default_id;
};

class ManyClients : public BehindSluice {
 protected:
  void goes_through(const Shape& shape) {
    direct().must("CREATE TABLE orders (" + shape.columns + ") " + shape.attributes);
    direct().must("CREATE TABLE reference LIKE orders");
    auto options = clients_of_orders();
    options.clients = 32;
    options.think_time = 20ms;
    options.id = shape.id;
    Workload workload{options};
    workload.fill(direct(), rows);
    workload.start();
    for (const auto& alter : shape.alters) {
      SCOPED_TRACE(alter);
      direct().must("DROP TABLE IF EXISTS _orders_del");
      ASSERT_TRUE(writes_go_on(workload));
      const auto status = complete({.table = "orders", .alter = alter});
      if (HasFailure()) break;
      EXPECT_GE(status.verified_rows, rows / 2);
      EXPECT_EQ(status.mismatches, 0U);
      direct().must("ALTER TABLE reference " + alter);
      EXPECT_EQ(definition(direct(), "orders"), definition(direct(), "reference"));
    }
    EXPECT_TRUE(writes_go_on(workload));
    expect_unharmed(workload);
  }

 private:
  static bool writes_go_on(const Workload& workload) {
    const auto before = workload.acknowledged();
    return wait_until([&] { return workload.acknowledged() > before + 500; }, 30s);
  }
};
SLUICE_ON_BOTH_SERVERS(ManyClients);

TEST_P(ManyClients, of_a_table_with_an_int_key_that_becomes_a_bigint) {
  goes_through({.columns = "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL, "
                           "at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY by_qty (qty)",
                .alters = {"ADD COLUMN note VARCHAR(64) NOT NULL DEFAULT ''",
                           "MODIFY id BIGINT NOT NULL AUTO_INCREMENT, MODIFY qty BIGINT NOT NULL",
                           "ADD INDEX by_name (name)", "DROP COLUMN note, DROP INDEX by_qty"}});
}

TEST_P(ManyClients, of_a_table_with_a_composite_key_of_a_case_insensitive_text_and_a_number) {
  goes_through({.columns = "region VARCHAR(20) NOT NULL DEFAULT (ELT(1 + id % 3, 'north', 'NORTH', 'Süd')), "
                           "id INT NOT NULL, qty INT NOT NULL, name VARCHAR(64) NOT NULL, "
                           "PRIMARY KEY (region, id), UNIQUE KEY by_id (id)",
                .attributes = "DEFAULT CHARSET = latin1 COLLATE = latin1_swedish_ci",
                .alters = {"CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
                           "MODIFY name VARCHAR(100) NOT NULL FIRST",
                           "ADD COLUMN weight DECIMAL(10, 3), ADD INDEX (qty, name)"}});
}

TEST_P(ManyClients, of_a_table_with_unsigned_keys_at_the_upper_end_and_a_second_unique_key) {
  goes_through(
      {.columns = "id BIGINT UNSIGNED NOT NULL PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL, "
                  "tag VARCHAR(20) NOT NULL DEFAULT 'plain', UNIQUE KEY by_name (name)",
       .alters = {"CHANGE tag label VARCHAR(40) NOT NULL DEFAULT 'none'", "MODIFY qty BIGINT NOT NULL AFTER name",
                  "ADD COLUMN extra JSON, ADD INDEX by_label (label)", "DROP COLUMN label"},
       .id = [](Key key) { return std::to_string(18446744073709551615U - key); }});
}

TEST_P(ManyClients, of_a_table_with_a_text_key) {
  goes_through({.columns = "id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL PRIMARY KEY, "
                           "qty INT NOT NULL, name VARCHAR(64) CHARACTER SET latin1 NOT NULL",
                .alters = {"MODIFY name VARCHAR(64) CHARACTER SET utf8mb4 NOT NULL",
                           "ADD INDEX (name), ADD COLUMN at DATETIME(6)",
                           "MODIFY id VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL"},
                .id = [](Key key) { return "Schlüssel " + std::to_string(key) + " 🗝"; }});
}

TEST_P(ManyClients, of_a_table_with_a_binary_key) {
  goes_through({.columns = "id VARBINARY(40) NOT NULL PRIMARY KEY, qty INT NOT NULL, name VARCHAR(64) NOT NULL",
                .alters = {"ADD COLUMN note TEXT", "MODIFY id VARBINARY(100) NOT NULL, DROP COLUMN note",
                           "MODIFY qty BIGINT NOT NULL FIRST"},
                .id = [](Key key) { return "\x01ÿ" + std::to_string(key) + " é "; }});
}

TEST_P(ManyClients, of_a_table_with_a_unique_key_in_place_of_a_primary_key) {
  goes_through(
      {.columns = "qty INT NOT NULL, name VARCHAR(64) NOT NULL, id BIGINT NOT NULL, UNIQUE KEY by_id (id), KEY (qty)",
       .alters = {"ADD COLUMN note VARCHAR(64)", "CHANGE note remark VARCHAR(90), ADD INDEX (name)",
                  "DROP COLUMN remark"}});
}

}  // namespace
}  // namespace sluice::test
