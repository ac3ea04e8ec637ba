#include "migrator/engine/crew.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

namespace sluice::migrator {

Crew::Crew(ServerAddress primary, SessionSettings settings, CopyPlan plan)
    : primary_(std::move(primary)), settings_(std::move(settings)), plan_(std::move(plan)) {}

SqlResult<void> Crew::gather(std::size_t count) {
  while (hands_.size() > count) hands_.pop_back();
  while (hands_.size() < count) {
    auto connection = Connection::connect(primary_, settings_);
    // Where the server has no room for more, fewer do it.
    if (connection.has_error() && connection.error().outcome == Outcome::refused && !hands_.empty()) return {};
    if (connection.has_error()) return connection.error();
    RowSql sql(plan_, connection->flavor());
    hands_.push_back({std::move(*connection), std::move(sql)});
  }
  return {};
}

void Crew::run(std::size_t count, const std::function<void(Hand&)>& work) {
  if (count == 0 || count > hands_.size()) {
    std::fputs("crew: as many hands are set to work as were gathered, and at least one\n", stderr);
    std::abort();
  }
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < count; ++i) others.emplace_back([&work, &hand = hands_[i]] { work(hand); });
  work(hands_.front());
}

}  // namespace sluice::migrator
