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

// Where a migration was when an entry was written.
struct Whereabouts {
  std::string position;  // in the binlog
  std::uint64_t rows_copied = 0;
  std::uint64_t changes_applied = 0;
};
// The JSON object `details` with one more member, "at", unless it has it already.
[[nodiscard]] std::string with_whereabouts(std::string details, const Whereabouts& then);
// Without the members that name rows by their keys: for the log and for webhooks and hooks.
[[nodiscard]] std::string without_rows(std::string details);

}  // namespace sluice::migrator
