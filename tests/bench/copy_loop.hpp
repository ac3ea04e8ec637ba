// The least that an extra hop can cost: bytes copied between two sockets on one thread, and nothing looked at.
#pragma once

#include <cstdint>

namespace sluice::test {

// Listens on 127.0.0.1 and carries each connection to `target` there, on one epoll loop a processor. Never returns.
[[noreturn]] void run_copy_loop(std::uint16_t port, std::uint16_t target);

}  // namespace sluice::test
