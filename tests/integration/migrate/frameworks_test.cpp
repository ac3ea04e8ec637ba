// What frameworks and tools for migrations do to a database's schema, with all of it online, and nothing of it changed
// for that.
#include <fstream>
#include <sstream>

#include "tests/integration/migrate/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class Frameworks : public BehindSluice {
 protected:
  void SetUp() override {
    BehindSluice::SetUp();
    sluice_.emplace(SluiceProcess::start(server(), {.arguments = {"--online-ddl", "on"}}));
  }

  // What the program prints; it must end well.
  std::string run(const std::string& program, const std::string& script, std::uint16_t port) {
    const ScratchFolder folder{"frameworks"};
    const auto output = folder.path() / "output";
    ChildProcess child{{.arguments = {program, std::string{SLUICE_CLIENTS_FOLDER} + "/" + script, std::to_string(port)},
                        .environment = {{"PYTHONDONTWRITEBYTECODE", "1"}},
                        .output = output,
                        .account = {}}};
    const auto status = child.wait(120s);
    std::ifstream in{output};
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_EQ(status, 0) << text.str();
    return text.str();
  }
  // Through Sluice and then without it, which makes the same of the table.
  void expect_the_same(const std::string& program, const std::string& script, const std::string& table) {
    const auto told = run(program, script, sluice_->port());
    const auto made = definition(direct(), table);
    const auto rows = direct().must("CHECKSUM TABLE " + table).rows().at(0).at(1);
    const auto tables = direct().must("SHOW TABLES").rows();
    EXPECT_GE(json_size(sluice_->get("/migrate").body, ""), 4U);
    EXPECT_THAT(leftovers(direct()), IsEmpty());
    EXPECT_THAT(sluice_->get("/metrics").body, AllOf(HasSubstr("sluice_online_ddl_total{outcome=\"failed\"} 0"),
                                                     HasSubstr("sluice_online_ddl_total{outcome=\"refused\"} 0")));
    direct().must("DROP DATABASE test");
    direct().must("CREATE DATABASE test CHARACTER SET utf8mb4");
    direct().must("USE test");
    EXPECT_EQ(run(program, script, server().port()), told);
    EXPECT_EQ(definition(direct(), table), made);
    EXPECT_EQ(direct().must("CHECKSUM TABLE " + table).rows().at(0).at(1), rows);
    EXPECT_EQ(direct().must("SHOW TABLES").rows(), tables);
  }

 private:
  std::optional<SluiceProcess> sluice_;
};

SLUICE_ON_BOTH_SERVERS(Frameworks);

TEST_P(Frameworks, rails_migrates_online) {
  expect_the_same("/usr/bin/ruby", "rails/migrate.rb", "parcels");
}

TEST_P(Frameworks, liquibase_migrates_online) {
  expect_the_same("/bin/sh", "liquibase/migrate.sh", "crates");
}

TEST_P(Frameworks, django_migrates_online) {
  expect_the_same("/usr/bin/python3", "django/migrate.py", "shop_parcel");
}

}  // namespace
}  // namespace sluice::test
