// What SHOW GRANTS says a user may do. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::migrator {

class Grants {
 public:
  // Lines of SHOW GRANTS (with the roles' own lines among them). Lines that are not understood grant nothing.
  static Grants parse(const std::vector<std::string>& lines);

  // Privileges in upper case, e.g. "REPLICATION SLAVE".
  [[nodiscard]] bool globally(std::string_view privilege) const;
  // Globally, on the database (with its wildcards), or on the table.
  [[nodiscard]] bool on_table(std::string_view privilege, std::string_view database, std::string_view table) const;

 private:
  enum class Effect : std::uint8_t { grant, revoke };
  struct Grant {
    [[nodiscard]] bool gives(std::string_view privilege) const;
    Effect effect = Effect::grant;
    std::set<std::string> privileges;
    std::string database;  // "*": any; else a pattern with % and _ and backslash escapes
    std::string table;     // "*": any
  };
  std::vector<Grant> grants_;
};

// `text` against the pattern of a grant: % any characters, _ one, backslash takes the next literally.
[[nodiscard]] bool matches_grant_pattern(std::string_view pattern, std::string_view text) noexcept;

}  // namespace sluice::migrator
