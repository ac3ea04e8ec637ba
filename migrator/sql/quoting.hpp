// Text into SQL, independent of the session's sql_mode.
#pragma once

#include <string>
#include <string_view>

namespace sluice::migrator {

// `name`, with backticks doubled.
[[nodiscard]] std::string quote_identifier(std::string_view name);

// A string literal in utf8mb4: 'text', or in hexadecimal where a backslash would be read differently by sql_mode.
[[nodiscard]] std::string quote_string(std::string_view text);

[[nodiscard]] std::string to_hex(std::string_view bytes);

// A table with its database, in the server's own spelling.
struct TableRef {
  std::string database;
  std::string table;
  bool operator==(const TableRef&) const = default;
};

// `database`.`table`
[[nodiscard]] std::string quote(const TableRef& table);

}  // namespace sluice::migrator
