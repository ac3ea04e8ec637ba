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

std::string Details::text() const {
  return boost::json::serialize(object_->fields);
}

}  // namespace sluice::migrator
