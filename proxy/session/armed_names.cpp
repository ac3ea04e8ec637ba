#include "proxy/session/armed_names.hpp"

#include <vector>

namespace sluice::proxy {

protocol::TargetIndex target_index_of(const gate::ArmedSet& set) {
  std::vector<protocol::ScanTargets> tables;
  for (const auto& armed : set.tables) {
    auto& targets = tables.emplace_back();
    for (const auto& target : armed.targets) {
      const auto kind = target.kind == gate::Target::Kind::table ? protocol::ScanTarget::Kind::table
                                                                 : protocol::ScanTarget::Kind::alias;
      targets.push_back({target.name.database, target.name.table, kind});
    }
  }
  return protocol::TargetIndex{tables};
}

}  // namespace sluice::proxy
