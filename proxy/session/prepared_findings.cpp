#include "proxy/session/prepared_findings.hpp"

namespace sluice::proxy {

Finding PreparedFindings::examine(const Command& command, Attributes attributes, const SessionMemory& memory,
                                  const protocol::TargetIndex& index) {
  const bool is_prepared = command.code == Code::execute || command.code == Code::bulk_execute;
  const std::string* const text = is_prepared ? memory.text_of(command.statement()) : nullptr;
  if (text == nullptr || text->size() > TEXT_BYTES_MAX) return proxy::examine(command, attributes, memory, index);
  const auto& context = memory.context_of(command.statement());
  if (const auto known = found_.find(*text); known != found_.end() && known->second.context == context) {
    return known->second.finding;
  }
  if (found_.size() >= TEXTS_MAX) found_.clear();
  return found_.insert_or_assign(*text, Found{context, proxy::examine(command, attributes, memory, index)})
      .first->second.finding;
}

}  // namespace sluice::proxy
