// Described structs to JSON and back, field by field. Reading passes over what is not known, or is of another type.
#pragma once

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice::migrator {

template <class T>
concept Described = boost::describe::has_describe_members<T>::value;

template <class T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_public>;

inline boost::json::value fields_of(const std::string& text) {
  return boost::json::value(text);
}
template <class T>
  requires std::is_arithmetic_v<T>
boost::json::value fields_of(T value) {
  return value;
}
template <class T>
  requires std::is_enum_v<T>
boost::json::value fields_of(T value) {
  return boost::json::value(to_string(value));
}
template <Described T>
boost::json::value fields_of(const T& value);
template <class T>
boost::json::value fields_of(const std::optional<T>& value) {
  return value ? fields_of(*value) : boost::json::value(nullptr);
}
template <class T>
boost::json::value fields_of(const std::vector<T>& values) {
  boost::json::array array;
  for (const T& value : values) array.push_back(fields_of(value));
  return array;
}
template <Described T>
boost::json::value fields_of(const T& value) {
  boost::json::object object;
  boost::mp11::mp_for_each<MembersOf<T>>([&](auto member) { object[member.name] = fields_of(value.*member.pointer); });
  return object;
}

inline void read_field(const boost::json::value& json, std::string& text) {
  if (json.is_string()) text = boost::json::value_to<std::string>(json);
}
inline void read_field(const boost::json::value& json, bool& flag) {
  if (json.is_bool()) flag = json.get_bool();
}
template <class T>
  requires std::is_arithmetic_v<T>
void read_field(const boost::json::value& json, T& number) {
  boost::system::error_code error;
  if (const auto read = json.to_number<T>(error); !error) number = read;
}
template <Described T>
void read_field(const boost::json::value& json, T& value);
template <class T>
void read_field(const boost::json::value& json, std::optional<T>& value) {
  if (json.is_null()) return;
  value.emplace();
  read_field(json, *value);
}
template <class T>
void read_field(const boost::json::value& json, std::vector<T>& values) {
  if (!json.is_array()) return;
  for (const boost::json::value& element : json.get_array()) read_field(element, values.emplace_back());
}
template <Described T>
void read_field(const boost::json::value& json, T& value) {
  if (!json.is_object()) return;
  boost::mp11::mp_for_each<MembersOf<T>>([&](auto member) {
    if (const auto* field = json.get_object().if_contains(member.name)) read_field(*field, value.*member.pointer);
  });
}

}  // namespace sluice::migrator
