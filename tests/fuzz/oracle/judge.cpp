#include "tests/fuzz/oracle/judge.hpp"

#include <utility>

namespace sluice::oracle {
namespace {

constexpr std::uint16_t utf8mb4_general_ci = 45;  // what the test client logs in with

}  // namespace

Judge::Judge(const std::vector<gate::ArmedSet>& armed, const std::vector<protocol::TargetIndex>& indexes,
             const std::string& database, proxy::SessionMemory::Tracking tracking)
    : armed_(armed), indexes_(indexes), tracking_(tracking) {
  memory_.set_tracking(tracking);
  memory_.set_multi_statements(protocol::MultiStatements::yes);
  memory_.apply(proxy::LoggedIn{.database = database, .collation = utf8mb4_general_ci}, 0);
}

Found Judge::examine(proxy::Code code, const std::string& body) {
  const proxy::Command command{.code = code, .body = protocol::as_bytes(body)};
  Found found;
  for (std::size_t i = 0; i < armed_.size(); ++i) {
    const auto finding = proxy::examine(command, proxy::Attributes::no, memory_, indexes_[i]);
    for (const gate::Touch& touch : finding.touches) {
      const Name name{armed_[i].tables[touch.table].table.database, armed_[i].tables[touch.table].table.table};
      if (touch.access != gate::Access::none) found.touched.insert(name);
      if (touch.access >= gate::Access::write) found.modified.insert(name);
    }
  }
  effect_ = proxy::effect_of(command, proxy::Attributes::no, memory_);
  return found;
}

void Judge::answered(Answer answer, protocol::StatementId statement) {
  auto effect = std::exchange(effect_, proxy::NoEffect{});
  if (answer == Answer::ok) {
    memory_.apply(std::move(effect), statement);
  } else {
    memory_.apply_failed(effect);
  }
}

void Judge::moved(const std::string& database) {
  if (tracking_ == proxy::SessionMemory::Tracking::yes) memory_.server_says(database, std::nullopt);
}

}  // namespace sluice::oracle
