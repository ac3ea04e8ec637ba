// The schema that the statements are made against: tables with easy and with hard names, and all that leads to them.
#pragma once

#include <string>
#include <vector>

#include "proxy/gate/gate.hpp"
#include "tests/support/server.hpp"

namespace sluice::oracle {

// As the server names it.
struct Name {
  std::string database;
  std::string name;
  auto operator<=>(const Name&) const = default;
};

[[nodiscard]] const std::vector<Name>& base_tables();
// What can be read like a table, the base tables included; what can be written to.
[[nodiscard]] const std::vector<Name>& readable_names();
[[nodiscard]] const std::vector<Name>& writable_names();
[[nodiscard]] const std::vector<Name>& functions();
[[nodiscard]] const std::vector<Name>& procedures();

// Throws std::runtime_error when the server refuses something.
void build_world(test::TestClient& client, test::Kind kind);
// The rows as they were.
void refill(test::TestClient& client);

// One armed set for each base table, with the names that the engine finds for it.
[[nodiscard]] std::vector<gate::ArmedSet> armed_one_by_one(const test::TestServer& server);

}  // namespace sluice::oracle
