// Zero dates under a sql_mode that forbids them: as the server's own ALTER would have it, unless they are allowed.
#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using testing::HasSubstr;

class ZeroDates : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    mode_ = direct().must("SELECT @@GLOBAL.sql_mode").value();
    direct().must("SET SESSION sql_mode = ''");
    direct().must("CREATE TABLE days (id INT PRIMARY KEY, d DATE NOT NULL, t DATETIME NULL) ENGINE=InnoDB");
    direct().must("INSERT INTO days VALUES (1, '0000-00-00', '2020-00-10 01:02:03'), (2, '2020-02-00', NULL)");
    direct().must("SET GLOBAL sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE'");
  }
  void TearDown() override {
    direct().must("SET GLOBAL sql_mode = '" + mode_ + "'");
    BehindSluice::TearDown();
  }
  // What the server's own ALTER says of a copy of the table.
  bool server_takes(const std::string& alter) {
    auto client = server().connect();
    direct().must("DROP TABLE IF EXISTS same");
    direct().must("CREATE TABLE same LIKE days");
    direct().must("INSERT INTO same SELECT * FROM days");
    return client.query("ALTER TABLE same " + alter + ", ALGORITHM = COPY").ok();
  }
  MigrationStatus migrated(const std::string& alter, const std::string& options) {
    return await_end(sluice().migrate({.table = "days", .alter = alter, .options = options}));
  }
  std::string rows(const std::string& table) {
    return direct().must("SELECT GROUP_CONCAT(CONCAT_WS(' ', id, d, t) ORDER BY id) FROM " + table).value();
  }

 private:
  std::string mode_;
};
SLUICE_ON_BOTH_SERVERS(ZeroDates);

TEST_P(ZeroDates, are_refused_where_the_server_would_refuse_them) {
  for (const char* options : {"{}", R"({"allow_zero_in_date": false})"}) {
    ASSERT_FALSE(server_takes("ADD COLUMN note INT"));
    const auto status = migrated("ADD COLUMN note INT", options);
    EXPECT_EQ(status.state, "failed");
    EXPECT_THAT(json_at(status.json, "/error/message"), HasSubstr("Incorrect date value"));
    EXPECT_EQ(rows("days"), "1 0000-00-00 2020-00-10 01:02:03,2 2020-02-00");
    EXPECT_EQ(sluice().post("/migrate/" + status.id + "/cleanup").status, 202U);
  }
}

TEST_P(ZeroDates, are_refused_in_keys_as_well) {
  direct().must("SET SESSION sql_mode = ''");
  direct().must("CREATE TABLE keyed (d DATE PRIMARY KEY)");
  direct().must("INSERT INTO keyed VALUES ('0000-00-00'), ('2020-01-01'), ('2020-02-00'), ('2020-03-01')");
  for (const char* options : {"{}", R"({"chunk_size": 1})", R"({"chunk_size": 2})"}) {
    SCOPED_TRACE(options);
    const auto status =
        await_end(sluice().migrate({.table = "keyed", .alter = "ADD COLUMN c INT", .options = options}));
    EXPECT_EQ(status.state, "failed");
    EXPECT_EQ(json_at(status.json, "/error/code"), "row_refused");
    EXPECT_THAT(json_at(status.json, "/error/message"), HasSubstr("00-00"));
    EXPECT_EQ(sluice().post("/migrate/" + status.id + "/cleanup").status, 202U);
  }
}

TEST_P(ZeroDates, are_copied_where_the_servers_mode_lets_them) {
  direct().must("SET GLOBAL sql_mode = 'STRICT_TRANS_TABLES'");
  ASSERT_TRUE(server_takes("MODIFY d DATETIME NOT NULL"));
  expect_completed(migrated("MODIFY d DATETIME NOT NULL", "{}"));
  EXPECT_EQ(rows("days"), rows("same"));
}

TEST_P(ZeroDates, are_copied_where_they_are_allowed) {
  const auto status = migrated("MODIFY d DATETIME NOT NULL, ADD COLUMN e DATE NOT NULL DEFAULT '0000-00-00'",
                               R"({"allow_zero_in_date": true})");
  expect_completed(status);
  EXPECT_EQ(rows("days"), "1 0000-00-00 00:00:00 2020-00-10 01:02:03,2 2020-02-00 00:00:00");
  EXPECT_EQ(direct().must("SELECT COUNT(*) FROM days WHERE e = '0000-00-00'").value(), "2");
  EXPECT_EQ(sluice().await_audited(status.id, std::chrono::seconds{30}).audit, "passed");
}

TEST_P(ZeroDates, as_defaults_are_the_servers_reason_to_refuse) {
  direct().must("ALTER TABLE days ADD COLUMN e DATE NOT NULL DEFAULT '0000-00-00'");
  const auto response = sluice().post("/migrate", body_of({.table = "days", .alter = "ADD COLUMN note INT"}));
  EXPECT_EQ(response.status, 422U) << response.body;
  EXPECT_THAT(response.body, testing::AllOf(HasSubstr("Invalid default"), HasSubstr("allow_zero_in_date")));
  expect_completed(migrated("ADD COLUMN note INT", R"({"allow_zero_in_date": true})"));
}

TEST_P(ZeroDates, written_by_clients_are_followed) {
  const auto id = sluice().migrate({.table = "days",
                                    .alter = "ADD COLUMN note INT",
                                    .options = R"({"allow_zero_in_date": true, "postpone_cut_over": true})"});
  ASSERT_EQ(sluice().await_state(id, "ready").state, "ready");
  auto client = sluice().connect();
  client.must("SET SESSION sql_mode = ''");
  client.must("INSERT INTO days VALUES (3, '0000-00-00', '0000-00-00 00:00:00')");
  client.must("UPDATE days SET d = '2021-00-00' WHERE id = 1");
  act(id, "cut-over");
  const auto status = await_end(id);
  expect_completed(status);
  EXPECT_EQ(rows("days"), "1 2021-00-00 2020-00-10 01:02:03,2 2020-02-00,3 0000-00-00 0000-00-00 00:00:00");
  EXPECT_EQ(sluice().await_audited(status.id, std::chrono::seconds{30}).audit, "passed");
}

}  // namespace
}  // namespace sluice::test
