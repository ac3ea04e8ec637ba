// What is written down of single commands of clients, where that is wanted.
#pragma once

#include <string>
#include <vector>

#include "proxy/gate/types.hpp"
#include "proxy/observer.hpp"

namespace sluice::proxy {

// Never holds the command's text: literals are in it.
struct AccessEntry {
  Statement statement;
  gate::ConnectionId connection{};  // the server's number
  std::string user;
  std::string client;                   // the host that it came from, behind balancers
  std::uint64_t answer_bytes = 0;       // packets, headers included, without compression
  std::uint16_t error = 0;              // the answer's; 0: none
  std::vector<gate::TableName> tables;  // that are being migrated, and that it touches
};

// Called on the I/O threads, from several at once: must be thread-safe and never block.
class AccessLog {
 public:
  virtual ~AccessLog() = default;
  virtual void write(AccessEntry entry) noexcept = 0;
};

}  // namespace sluice::proxy
