#include "migrator/engine/details.hpp"

#include <boost/json.hpp>

namespace sluice::migrator {

struct Details::Object {
  boost::json::object fields;
};

Details::Details() : object_(std::make_unique<Object>()) {}
Details::~Details() = default;

Details& Details::add(std::string_view name, std::string_view value) {
  object_->fields[name] = value;
  return *this;
}

Details& Details::add(std::string_view name, std::uint64_t value) {
  object_->fields[name] = value;
  return *this;
}

Details& Details::add(std::string_view name, double value) {
  object_->fields[name] = value;
  return *this;
}

std::string with_whereabouts(std::string details, const Whereabouts& then) {
  const boost::json::object at{
      {"position", then.position}, {"rows_copied", then.rows_copied}, {"changes_applied", then.changes_applied}};
  boost::system::error_code error;
  auto value = boost::json::parse(details, error);
  if (error || !value.is_object()) return details;
  value.get_object().emplace("at", at);
  return boost::json::serialize(value);
}

std::string without_rows(std::string details) {
  boost::system::error_code error;
  auto value = boost::json::parse(details, error);
  if (error || !value.is_object()) return details;
  std::size_t named = 0;
  for (const char* member : {"key", "examples"}) named += value.get_object().erase(member);
  return named == 0 ? details : boost::json::serialize(value);
}

std::string Details::text() const {
  return boost::json::serialize(object_->fields);
}

}  // namespace sluice::migrator
