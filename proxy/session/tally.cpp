#include "proxy/session/tally.hpp"

namespace sluice::proxy {

std::optional<Tally::Seat> Tally::take(const std::string& name) {
  if (limit_ != 0) {
    const std::scoped_lock lock{mutex_};
    auto& taken = taken_[name];
    if (taken == limit_) return std::nullopt;
    ++taken;
  }
  return Seat{*this, name};
}

void Tally::leave(const std::string& name) noexcept {
  if (limit_ == 0) return;
  const std::scoped_lock lock{mutex_};
  const auto entry = taken_.find(name);
  if (--entry->second == 0) taken_.erase(entry);
}

}  // namespace sluice::proxy
