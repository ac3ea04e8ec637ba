// What a command of a client does to its session, and what the gate is asked about it. Pure decisions; nothing is
// copied but what must be remembered. A command of an unknown code touches everything.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/wire/command.hpp"
#include "proxy/gate/gate.hpp"
#include "proxy/observer.hpp"
#include "proxy/session/session_memory.hpp"

namespace sluice::protocol {
class TargetIndex;
}

namespace sluice::proxy {

using protocol::Attributes;
using protocol::Command;
using Code = protocol::CommandCode;

// How much of a packet must be seen before its command can be dealt with; at most its length.
[[nodiscard]] std::size_t bytes_to_see(Code code, std::size_t length) noexcept;
// The same where the gate is to judge it.
[[nodiscard]] std::size_t bytes_to_judge(Code code, std::size_t length) noexcept;

[[nodiscard]] CommandKind kind_of(Code code) noexcept;

// What the command does to the session if it succeeds.
[[nodiscard]] Effect effect_of(const Command& command, Attributes attributes, const SessionMemory& memory);

// Whether it is one statement, which begins no transaction and takes no lock that outlasts it.
[[nodiscard]] bool ends_by_itself(const Effect& effect) noexcept;

// What the gate is asked: the armed tables that it touches, and the text that a blocker is shown with.
struct Finding {
  std::vector<gate::Touch> touches;
  std::string statement;
};
[[nodiscard]] Finding examine(const Command& command, Attributes attributes, const SessionMemory& memory,
                              const protocol::TargetIndex& index);
// The most that it does to any of them.
[[nodiscard]] TableTouch touch_of(const Finding& finding) noexcept;

}  // namespace sluice::proxy
