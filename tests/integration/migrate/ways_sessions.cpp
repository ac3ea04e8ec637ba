#include <array>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "tests/integration/migrate/ways_of_writing.hpp"

namespace sluice::test {
namespace {

Changes written(Writer& writer, const std::string& table) {
  const auto change = writer.any();
  writer.write(writer.sql(change, table));
  return {change};
}

Changes through_use(Writer& writer) {
  const auto changes = writer.some(2);
  writer.must("USE elsewhere");
  writer.write(writer.sql(changes[0], "test.orders"));
  writer.must("/* back */ USE `test`");
  writer.write(writer.sql(changes[1], "orders"));
  return changes;
}

Changes through_init_db(Writer& writer) {
  writer.client().use("elsewhere");
  writer.must("INSERT INTO orders VALUES (1)");  // another table of that name
  writer.client().use("test");
  return written(writer, "orders");
}

Changes through_use_in_a_packet(Writer& writer) {
  const auto change = writer.any();
  writer.must("USE elsewhere; INSERT INTO orders VALUES (2); USE test; " + writer.sql(change, "orders") +
              "; USE elsewhere");
  return {change};
}

Changes as_somebody_else(Writer& writer) {
  writer.client().change_user("somebody", "secret", "elsewhere");
  writer.must("INSERT INTO orders VALUES (3)");
  writer.client().change_user("root", "", "test");
  return written(writer, "orders");
}

// Each reset closes what was prepared.
Changes after_reset(Writer& writer) {
  const auto change = writer.any();
  {
    auto statement = writer.client().prepare(writer.sql(change, "orders"));
    const auto reply = statement.execute();
    if (reply.error) throw std::runtime_error{reply.error->text};
  }
  writer.client().reset();
  return {change};
}

// What was begun is rolled back by it.
Changes reset_in_transaction(Writer& writer) {
  writer.must("BEGIN");
  writer.write(writer.insertion());
  writer.client().reset();
  return written(writer, "orders");
}

WayOfWriting loaded(const std::filesystem::path& folder, const std::string& name, const std::string& how) {
  return way(name, [folder, how](Writer& writer) {
    const Changes changes{writer.insertion(), writer.insertion(), writer.update()};
    const auto path = folder / std::to_string(writer.number());
    std::ofstream file{path};
    for (const auto& change : changes) {
      file << change.key << '\t' << change.after->qty << '\t' << change.after->name << '\n';
    }
    file.close();
    writer.must("LOAD DATA LOCAL INFILE '" + path.string() + "' " + how + " INTO TABLE orders (id, qty, name)");
    return changes;
  });
}

constexpr const char* name_in_code = "/*!40000 orders */";
constexpr const char* name_in_code_of_mariadb = "/*M! orders */";

WayOfWriting spelled(std::string name, std::string setting, std::vector<std::string> spellings) {
  return {std::move(name), [setting = std::move(setting), spellings = std::move(spellings)](Writer& writer) -> Write {
            if (!setting.empty()) writer.must(setting);
            return [&writer, spellings, turn = std::size_t{0}]() mutable {
              return written(writer, spellings.at(turn++ % spellings.size()));
            };
          }};
}

}  // namespace

Ways with_changed_sessions(const std::filesystem::path& folder) {
  return {
      way("USE", through_use),
      way("COM_INIT_DB", through_init_db),
      way("USE in a packet", through_use_in_a_packet),
      way("COM_CHANGE_USER", as_somebody_else),
      way("COM_RESET_CONNECTION", after_reset),
      way("reset in a transaction", reset_in_transaction),
      loaded(folder, "LOAD DATA LOCAL", "REPLACE"),
      slow_transaction(),
  };
}

Ways in_every_spelling(Kind server) {
  std::vector<std::string> plain{
      "orders",       "`orders`",           "test.orders",         "`test`.`orders`",      "test . orders",
      "test .orders", "`test` .\t`orders`", "test/**/./**/orders", "/* a */orders/* b */", "-- test\n orders",
      "# `\n orders", name_in_code,         "test./*! orders*/",   "test.`orders`"};
  if (server == Kind::mariadb) {
    plain.emplace_back(name_in_code_of_mariadb);
    plain.emplace_back("/*M!100100 test.*/orders");
  } else {
    plain.emplace_back("/*M! nothing */ orders");
    plain.emplace_back("/*!99999 nothing */ orders");
  }
  const std::string add = "SET sql_mode = CONCAT(@@sql_mode, ',";
  return {
      spelled("plain names", "", plain),
      spelled("ANSI_QUOTES", add + "ANSI_QUOTES')",
              {"\"orders\"", "\"test\".\"orders\"", "`orders`", "test.\"orders\"", "\"test\" . orders"}),
      spelled("NO_BACKSLASH_ESCAPES", add + "NO_BACKSLASH_ESCAPES')", {"orders", "/* \\' */ `orders`"}),
      spelled("latin1", "SET NAMES latin1", {"orders", "`test`.orders /* \xE9 */"}),
      spelled("gbk", "SET NAMES gbk", {"orders", "`orders` /* \x81\x60 */"}),
      slow_transaction(),
  };
}

}  // namespace sluice::test
