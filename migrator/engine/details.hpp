// The details of a journal entry: a small JSON object, built field by field.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::migrator {

class Details {
 public:
  Details();
  ~Details();
  Details(const Details&) = delete;
  Details& operator=(const Details&) = delete;

  Details& add(std::string_view name, std::string_view value);
  Details& add(std::string_view name, std::uint64_t value);
  Details& add(std::string_view name, double value);
  [[nodiscard]] std::string text() const;

 private:
  struct Object;
  std::unique_ptr<Object> object_;
};

}  // namespace sluice::migrator
