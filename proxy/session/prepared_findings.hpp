// What was found of prepared statements, which come again and again with the same text. A value of one thread.
#pragma once

#include <string>
#include <unordered_map>

#include "proxy/session/command.hpp"

namespace sluice::proxy {

class PreparedFindings {
 public:
  // Beyond these it begins anew; a longer text is scanned each time.
  static constexpr std::size_t TEXTS_MAX = 512;
  static constexpr std::size_t TEXT_BYTES_MAX = 4096;

  // As proxy::examine(), of which it keeps what is found. `index` is the same at each call.
  [[nodiscard]] Finding examine(const Command& command, Attributes attributes, const SessionMemory& memory,
                                const protocol::TargetIndex& index);
  [[nodiscard]] std::size_t size() const noexcept { return found_.size(); }

 private:
  struct Found {
    protocol::ScanContext context;
    Finding finding;
  };
  std::unordered_map<std::string, Found> found_;  // by text: in another context it is looked at again
};

}  // namespace sluice::proxy
