// What the proxy would find: its own code, put together as its session does it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "protocol/sql/scan.hpp"
#include "proxy/session/command.hpp"
#include "tests/fuzz/oracle/world.hpp"

namespace sluice::oracle {

struct Found {
  std::set<Name> touched;   // at all
  std::set<Name> modified;  // as a write or more
};

class Judge {
 public:
  // `armed` has one table each, `indexes` are theirs; both outlive the judge.
  Judge(const std::vector<gate::ArmedSet>& armed, const std::vector<protocol::TargetIndex>& indexes,
        const std::string& database, proxy::SessionMemory::Tracking tracking);

  // Before the command goes to the server. `body`: what follows the command byte.
  [[nodiscard]] Found examine(proxy::Code code, const std::string& body);
  // The answer to the command that was examined last.
  enum class Answer : std::uint8_t { ok, error };
  void answered(Answer answer, protocol::StatementId statement = 0);
  // The session has moved to another database, which a client with session tracking is told.
  void moved(const std::string& database);

 private:
  const std::vector<gate::ArmedSet>& armed_;
  const std::vector<protocol::TargetIndex>& indexes_;
  proxy::SessionMemory::Tracking tracking_;
  proxy::SessionMemory memory_;
  proxy::Effect effect_;
};

}  // namespace sluice::oracle
