#include "tests/integration/migrate/scripted_clients.hpp"

#include <utility>

namespace sluice::test {

ScriptedClients::ScriptedClients(const SluiceProcess& sluice, unsigned clients, Script script)
    : script_(std::move(script)) {
  constexpr std::uint64_t ids_a_client = 1'000'000;
  for (std::uint64_t n = 1; n <= clients; ++n) {
    threads_.emplace_back([this, &sluice, n](const std::stop_token& stop) { run(sluice, n * ids_a_client, stop); });
  }
}

std::vector<std::string> ScriptedClients::stop() {
  threads_.clear();
  return errors_;
}

void ScriptedClients::run(const SluiceProcess& sluice, std::uint64_t first_id, const std::stop_token& stop) {
  auto client = sluice.connect();
  for (std::uint64_t id = first_id; !stop.stop_requested(); ++id) {
    for (const std::string& sql : script_(id)) {
      const auto reply = client.query(sql);
      if (!reply.ok()) {
        const std::scoped_lock lock(mutex_);
        errors_.push_back(sql + ": " + reply.error->text);
        return;
      }
      ++statements_;
    }
    ++rounds_;
  }
}

}  // namespace sluice::test
