#include "proxy/session/tally.hpp"

namespace sluice::proxy {

std::optional<Tally::Seat> Tally::take(const std::string& name, std::size_t limit) {
  const std::scoped_lock lock{mutex_};
  auto& taken = taken_[name];
  if (limit != 0 && taken >= limit) return std::nullopt;
  ++taken;
  return Seat{*this, name};
}

void Tally::leave(const std::string& name) noexcept {
  const std::scoped_lock lock{mutex_};
  const auto entry = taken_.find(name);
  if (--entry->second == 0) taken_.erase(entry);
}

}  // namespace sluice::proxy
