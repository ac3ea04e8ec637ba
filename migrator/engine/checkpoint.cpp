#include "migrator/engine/checkpoint.hpp"

#include <boost/json.hpp>
#include <charconv>

namespace sluice::migrator {
namespace {

namespace json = boost::json;

json::value from(const std::optional<KeyLiterals>& key) {
  if (!key) return nullptr;
  json::array literals;
  for (const std::string& literal : *key) literals.emplace_back(literal);
  return literals;
}

json::value from(const Position& position) {
  return {{"file", position.file}, {"offset", position.offset}};
}

std::optional<KeyLiterals> key_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return std::nullopt;
  KeyLiterals key;
  for (const json::value& literal : value->as_array()) {
    if (literal.is_string()) key.emplace_back(literal.as_string());
  }
  return key;
}

std::uint64_t number_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::uint64_t>(error);
  return error ? 0 : number;
}

bool flag_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<Position> position_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_object()) return std::nullopt;
  return Position{text_at(value->get_object(), "file"), number_at(value->get_object(), "offset")};
}

json::value from(const std::vector<TimedPart>& parts) {
  json::array array;
  for (const TimedPart& part : parts) array.push_back({{"part", to_string(part.part)}, {"ms", part.ms}});
  return array;
}

json::value from(const std::vector<DeferredIndex>& indexes) {
  json::array array;
  for (const DeferredIndex& index : indexes) array.push_back({{"name", index.name}, {"clause", index.clause}});
  return array;
}

std::vector<DeferredIndex> indexes_at(const json::object& object, std::string_view name) {
  std::vector<DeferredIndex> indexes;
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return indexes;
  for (const json::value& element : value->get_array()) {
    if (!element.is_object()) continue;
    indexes.push_back({text_at(element.get_object(), "name"), text_at(element.get_object(), "clause")});
  }
  return indexes;
}

double real_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  boost::system::error_code error;
  const auto number = value == nullptr ? 0 : value->to_number<double>(error);
  return error ? 0 : number;
}

std::vector<TimedPart> parts_at(const json::object& object, std::string_view name) {
  std::vector<TimedPart> parts;
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return parts;
  for (const json::value& element : value->get_array()) {
    if (!element.is_object()) continue;
    for (std::size_t i = 0; i < kHoldParts; ++i) {
      const auto part = static_cast<HoldPart>(i);
      if (text_at(element.get_object(), "part") != to_string(part)) continue;
      parts.push_back({part, real_at(element.get_object(), "ms")});
    }
  }
  return parts;
}

json::value from(const CutOverStatus& cut_over) {
  return {{"attempts", cut_over.attempts},
          {"hold_ms", cut_over.hold_ms},
          {"held_statements", cut_over.held_statements},
          {"stragglers", cut_over.stragglers},
          {"conflicts", cut_over.conflicts},
          {"fence", cut_over.fence},
          {"last_error", cut_over.last_error},
          {"audit", cut_over.audit},
          {"parts", from(cut_over.parts)}};
}

CutOverStatus cut_over_at(const json::object& object, std::string_view name) {
  CutOverStatus status;
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_object()) return status;
  const json::object& fields = value->get_object();
  status.attempts = number_at(fields, "attempts");
  status.hold_ms = real_at(fields, "hold_ms");
  status.held_statements = number_at(fields, "held_statements");
  status.stragglers = number_at(fields, "stragglers");
  status.conflicts = number_at(fields, "conflicts");
  status.fence = text_at(fields, "fence");
  status.last_error = text_at(fields, "last_error");
  status.parts = parts_at(fields, "parts");
  status.audit = text_at(fields, "audit");
  return status;
}

json::value from(const Revert& revert) {
  return {{"of", revert.of}, {"back", revert.direction == AlterDirection::back}, {"taken", from(revert.taken)}};
}

std::optional<Revert> revert_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_object()) return std::nullopt;
  const bool back = flag_at(value->get_object(), "back");
  return Revert{text_at(value->get_object(), "of"), back ? AlterDirection::back : AlterDirection::there,
                position_at(value->get_object(), "taken").value_or(Position{})};
}

// Triggers, and the defaults of binary columns in definitions, may hold bytes that are no UTF-8.
std::string unhex(std::string_view digits) {
  std::string bytes;
  for (; digits.size() >= 2; digits.remove_prefix(2)) {
    unsigned char byte = 0;
    std::from_chars(digits.data(), digits.data() + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

json::value from(const Attachments& attachments) {
  json::array keys;
  for (const Constraint& key : attachments.foreign_keys) keys.push_back({{"name", key.name}, {"clause", key.clause}});
  json::array parents;
  for (const TableRef& parent : attachments.parents) {
    parents.push_back({{"database", parent.database}, {"table", parent.table}});
  }
  json::array triggers;
  for (const Trigger& trigger : attachments.triggers) {
    triggers.push_back({{"name", trigger.name},
                        {"sql_mode", trigger.sql_mode},
                        {"character_set_client", trigger.character_set_client},
                        {"collation_connection", trigger.collation_connection},
                        {"statement_hex", to_hex(trigger.statement)}});
  }
  return {{"foreign_keys", std::move(keys)}, {"parents", std::move(parents)}, {"triggers", std::move(triggers)}};
}

template <class Read>
void each_at(const json::object& object, std::string_view name, Read read) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return;
  for (const json::value& element : value->get_array()) {
    if (element.is_object()) read(element.get_object());
  }
}

Attachments attachments_at(const json::object& object, std::string_view name) {
  Attachments attachments;
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_object()) return attachments;
  each_at(value->get_object(), "foreign_keys", [&](const json::object& key) {
    attachments.foreign_keys.push_back(
        {.kind = ConstraintKind::foreign_key, .name = text_at(key, "name"), .clause = text_at(key, "clause")});
  });
  each_at(value->get_object(), "parents", [&](const json::object& parent) {
    attachments.parents.push_back({text_at(parent, "database"), text_at(parent, "table")});
  });
  each_at(value->get_object(), "triggers", [&](const json::object& trigger) {
    attachments.triggers.push_back({.name = text_at(trigger, "name"),
                                    .sql_mode = text_at(trigger, "sql_mode"),
                                    .character_set_client = text_at(trigger, "character_set_client"),
                                    .collation_connection = text_at(trigger, "collation_connection"),
                                    .statement = unhex(text_at(trigger, "statement_hex"))});
  });
  return attachments;
}

}  // namespace

std::string to_json(const Checkpoint& checkpoint) {
  json::object object{{"server", checkpoint.server},
                      {"applied", from(checkpoint.applied)},
                      {"copied_to", from(checkpoint.copied_to)},
                      {"copied", checkpoint.copied},
                      {"verified_to", from(checkpoint.verified_to)},
                      {"verified", checkpoint.verified},
                      {"verified_at", checkpoint.verified_at},
                      {"deferred_indexes", from(checkpoint.deferred_indexes)},
                      {"altered_from_hex", to_hex(checkpoint.altered_from)},
                      {"cut_over_asked", checkpoint.cut_over_asked},
                      {"rows_copied", checkpoint.rows_copied},
                      {"rows_estimated", checkpoint.rows_estimated},
                      {"changes_applied", checkpoint.changes_applied},
                      {"verified_rows", checkpoint.verified_rows},
                      {"mismatches", checkpoint.mismatches},
                      {"worked_ms", checkpoint.worked.count()},
                      {"seconds_estimated", checkpoint.seconds_estimated},
                      {"cut_over", from(checkpoint.cut_over)},
                      {"attachments", from(checkpoint.attachments)},
                      {"drops_shadow_after_failure", checkpoint.drops_shadow_after_failure}};
  if (checkpoint.caught_up) object["caught_up"] = from(*checkpoint.caught_up);
  if (checkpoint.renamed) object["renamed"] = from(*checkpoint.renamed);
  if (checkpoint.revert) object["revert"] = from(*checkpoint.revert);
  if (checkpoint.audit_from) object["audit_from"] = from(*checkpoint.audit_from);
  return json::serialize(object);
}

boost::system::result<Checkpoint> checkpoint_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error) return error;
  if (!value.is_object()) return make_error_code(json::error::not_object);
  const json::object& object = value.get_object();
  Checkpoint checkpoint;
  checkpoint.server = text_at(object, "server");
  if (auto applied = position_at(object, "applied")) checkpoint.applied = *applied;
  checkpoint.caught_up = position_at(object, "caught_up");
  checkpoint.audit_from = position_at(object, "audit_from");
  checkpoint.renamed = position_at(object, "renamed");
  checkpoint.revert = revert_at(object, "revert");
  checkpoint.copied_to = key_at(object, "copied_to");
  checkpoint.copied = flag_at(object, "copied");
  checkpoint.verified_to = key_at(object, "verified_to");
  checkpoint.verified = flag_at(object, "verified");
  checkpoint.verified_at = text_at(object, "verified_at");
  checkpoint.deferred_indexes = indexes_at(object, "deferred_indexes");
  checkpoint.altered_from = unhex(text_at(object, "altered_from_hex"));
  checkpoint.cut_over_asked = flag_at(object, "cut_over_asked");
  checkpoint.rows_copied = number_at(object, "rows_copied");
  checkpoint.rows_estimated = number_at(object, "rows_estimated");
  checkpoint.changes_applied = number_at(object, "changes_applied");
  checkpoint.verified_rows = number_at(object, "verified_rows");
  checkpoint.mismatches = number_at(object, "mismatches");
  checkpoint.worked = Millis{static_cast<std::int64_t>(number_at(object, "worked_ms"))};
  checkpoint.seconds_estimated = number_at(object, "seconds_estimated");
  checkpoint.cut_over = cut_over_at(object, "cut_over");
  checkpoint.attachments = attachments_at(object, "attachments");
  checkpoint.drops_shadow_after_failure = flag_at(object, "drops_shadow_after_failure");
  return checkpoint;
}

}  // namespace sluice::migrator
