#include "control/request_body.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <span>

namespace sluice::control {
namespace {

namespace json = boost::json;
using migrator::OptionResult;
using migrator::Problem;

constexpr std::size_t NAME_BYTES_SHOWN_MAX = 64;

enum class Type : std::uint8_t { text, object, flag, list };
enum class Presence : std::uint8_t { required, optional };

struct Field {
  std::string_view name;
  Type type;
  Presence presence;
};

constexpr Field CREATE_FIELDS[]{
    {"database", Type::text, Presence::required},  {"table", Type::text, Presence::optional},
    {"alter", Type::text, Presence::optional},     {"tables", Type::list, Presence::optional},
    {"options", Type::object, Presence::optional}, {"dry_run", Type::flag, Presence::optional},
};
constexpr Field TABLE_FIELDS[]{{"table", Type::text, Presence::required}, {"alter", Type::text, Presence::required}};
constexpr Field CHANGE_FIELDS[]{{"options", Type::object, Presence::required}};

bool is_of(const json::value& value, Type type) {
  switch (type) {
    case Type::text:
      return value.is_string();
    case Type::object:
      return value.is_object();
    case Type::flag:
      return value.is_bool();
    case Type::list:
      return value.is_array();
  }
  return false;
}

std::string_view name_of(Type type) {
  switch (type) {
    case Type::text:
      return "a string";
    case Type::object:
      return "an object";
    case Type::flag:
      return "true or false";
    case Type::list:
      return "a list";
  }
  return "";
}

std::string names_of(std::span<const Field> fields) {
  std::string names;
  for (const auto& field : fields) names += (names.empty() ? "" : ", ") + std::string{field.name};
  return names.empty() ? "none" : names;
}

std::optional<Problem> unknown_field(const json::object& object, std::span<const Field> fields) {
  for (const auto& member : object) {
    const auto known = std::ranges::any_of(fields, [&](const Field& field) { return field.name == member.key(); });
    if (known) continue;
    return Problem{"unknown_field", "unknown field " + std::string{member.key().substr(0, NAME_BYTES_SHOWN_MAX)} +
                                        "; the fields are: " + names_of(fields)};
  }
  return std::nullopt;
}

std::optional<Problem> check(const json::object& object, std::span<const Field> fields) {
  if (auto problem = unknown_field(object, fields)) return problem;
  for (const auto& field : fields) {
    const auto* member = object.if_contains(field.name);
    if (member == nullptr && field.presence == Presence::optional) continue;
    const std::string name{field.name};
    if (member == nullptr) return Problem{"missing_field", "field " + name + " is missing"};
    if (!is_of(*member, field.type)) {
      return Problem{"invalid_field", "field " + name + " must be " + std::string{name_of(field.type)}};
    }
  }
  return std::nullopt;
}

OptionResult<json::object> fields_of(std::string_view body, std::span<const Field> fields) {
  boost::system::error_code error;
  auto value = json::parse(body, error);
  if (error) return Problem{"malformed_json", "the body is not valid JSON: " + error.message()};
  if (!value.is_object()) return Problem{"malformed_json", "the body must be a JSON object"};
  auto& object = value.get_object();
  if (auto problem = check(object, fields)) return *problem;
  return std::move(object);
}

// {"table","alter"} stands for a list of one, "tables" for those that swap together.
OptionResult<std::vector<migrator::Specification>> tables_of(const json::object& fields) {
  const auto* list = fields.if_contains("tables");
  if (list != nullptr && (fields.contains("table") || fields.contains("alter"))) {
    return Problem{"invalid_field", "say either table and alter, or tables"};
  }
  std::vector<migrator::Specification> tables;
  const auto add = [&](const json::object& entry) -> std::optional<Problem> {
    if (auto problem = check(entry, TABLE_FIELDS)) return problem;
    const auto text = [&](std::string_view name) { return json::value_to<std::string>(entry.at(name)); };
    if (std::ranges::find(tables, text("table"), &migrator::Specification::table) != tables.end()) {
      return Problem{"invalid_field", "tables names " + text("table") + " twice"};
    }
    tables.push_back({.database = json::value_to<std::string>(fields.at("database")),
                      .table = text("table"),
                      .alter = text("alter"),
                      .options = {}});
    return std::nullopt;
  };
  if (list == nullptr) {
    json::object single;
    for (const auto& field : TABLE_FIELDS) {
      if (const auto* value = fields.if_contains(field.name)) single[field.name] = *value;
    }
    if (auto problem = add(single)) return *problem;
    return tables;
  }
  for (const json::value& entry : list->get_array()) {
    if (!entry.is_object()) return Problem{"invalid_field", R"(tables must be a list of {"table","alter"})"};
    if (auto problem = add(entry.get_object())) return *problem;
  }
  if (tables.empty()) return Problem{"invalid_field", "tables is empty"};
  return tables;
}

}  // namespace

OptionResult<CreateRequest> create_request(std::string_view body) {
  auto fields = fields_of(body, CREATE_FIELDS);
  if (!fields) return fields.error();
  CreateRequest request;
  auto tables = tables_of(*fields);
  if (!tables) return tables.error();
  request.tables = std::move(*tables);
  if (const auto* options = fields->if_contains("options")) {
    auto parsed = migrator::options_from_json_text(json::serialize(*options));
    if (!parsed) return parsed.error();
    for (auto& table : request.tables) table.options = *parsed;
  }
  if (const auto* dry_run = fields->if_contains("dry_run"); dry_run != nullptr && dry_run->get_bool()) {
    request.run = migrator::Migrations::Run::dry;
  }
  return request;
}

OptionResult<ChangeRequest> change_request(std::string_view body) {
  auto fields = fields_of(body, CHANGE_FIELDS);
  if (!fields) return fields.error();
  return ChangeRequest{json::serialize(fields->at("options"))};
}

std::optional<Problem> empty_request(std::string_view body) {
  if (body.empty()) return std::nullopt;
  auto fields = fields_of(body, {});
  if (!fields) return fields.error();
  return std::nullopt;
}

}  // namespace sluice::control
