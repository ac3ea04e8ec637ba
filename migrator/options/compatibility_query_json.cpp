#include "migrator/options/compatibility_query_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "migrator/options/option_values.hpp"
#include "protocol/sql/lexer.hpp"
#include "protocol/sql/text.hpp"

namespace sluice::migrator {
namespace {

namespace json = boost::json;

constexpr std::size_t kQueriesMax = 100;
constexpr std::array<std::string_view, 3> kMembers{"sql", "max_rows", "max_ratio"};
// What can be rolled back, and planned without being run.
constexpr std::array<std::string_view, 6> kStatements{"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "REPLACE"};

Problem invalid(const std::string& what) {
  return {"invalid_option", "option compatibility_queries: " + what};
}

bool is_allowed(std::string_view sql) {
  protocol::sql::Lexer lexer(sql);
  auto first = lexer.next();
  while (first.kind == protocol::sql::Token::Kind::symbol && first.text == "(") first = lexer.next();
  return first.kind == protocol::sql::Token::Kind::word &&
         std::ranges::any_of(kStatements, [&](auto word) { return protocol::sql::equals_folded(first.text, word); });
}

// What is wrong with it, if anything.
std::optional<std::string> read_members(const json::object& object, CompatibilityQuery& query) {
  for (const auto& member : object) {
    if (std::ranges::find(kMembers, std::string_view{member.key()}) == kMembers.end()) return "has an unknown member";
  }
  const auto* sql = object.if_contains("sql");
  if (sql == nullptr || !sql->is_string()) return "needs a string sql";
  query.sql = json::value_to<std::string>(*sql);
  if (const auto* rows = object.if_contains("max_rows")) {
    query.max_rows = whole_number(*rows);
    if (!query.max_rows) return "max_rows must be a whole number";
  }
  if (const auto* ratio = object.if_contains("max_ratio")) {
    if (!ratio->is_number() || !std::isfinite(ratio->to_number<double>()) || ratio->to_number<double>() <= 0) {
      return "max_ratio must be a number above 0";
    }
    query.max_ratio = ratio->to_number<double>();
  }
  return std::nullopt;
}

}  // namespace

OptionResult<std::vector<CompatibilityQuery>> compatibility_queries_from(const json::value& value) {
  if (!value.is_array() || value.get_array().size() > kQueriesMax) return invalid("it must be a list of at most 100");
  std::vector<CompatibilityQuery> queries;
  for (const auto& element : value.get_array()) {
    const std::string number = "number " + std::to_string(queries.size() + 1) + " ";
    CompatibilityQuery query;
    if (element.is_string()) {
      query.sql = json::value_to<std::string>(element);
    } else if (!element.is_object()) {
      return invalid(number + R"(must be SQL, or an object like {"sql","max_rows","max_ratio"})");
    } else if (auto problem = read_members(element.get_object(), query)) {
      return invalid(number + *problem);
    }
    if (!is_allowed(query.sql)) {
      return invalid(number + "must be a SELECT, WITH, INSERT, UPDATE, DELETE or REPLACE, which can be rolled back");
    }
    queries.push_back(std::move(query));
  }
  return queries;
}

json::value compatibility_queries_json(const std::vector<CompatibilityQuery>& queries) {
  json::array array;
  for (const CompatibilityQuery& query : queries) {
    if (!query.max_rows && !query.max_ratio) {
      array.push_back(json::value(query.sql));
      continue;
    }
    json::object object{{"sql", query.sql}};
    if (query.max_rows) object["max_rows"] = *query.max_rows;
    if (query.max_ratio) object["max_ratio"] = *query.max_ratio;
    array.push_back(std::move(object));
  }
  return array;
}

}  // namespace sluice::migrator
