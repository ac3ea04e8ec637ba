#include "migrator/table/grants.hpp"

#include <algorithm>

#include "migrator/table/alter_text.hpp"
#include "migrator/table/definition.hpp"

namespace sluice::migrator {

namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

bool is_word(const Token& token, std::string_view word) {
  return token.kind == TokenKind::word && same_name(token.value, word);
}

// The privileges between GRANT and ON; those limited to columns, "SELECT (a, b)", are left out. Returns ON's index.
std::size_t read_privileges(const std::vector<Token>& tokens, std::set<std::string>& privileges) {
  std::string words;
  bool limited = false;
  int depth = 0;
  std::size_t i = 1;
  const auto finish = [&] {
    if (!words.empty() && !limited) privileges.insert(words);
    words.clear();
    limited = false;
  };
  for (; i < tokens.size() && !(depth == 0 && is_word(tokens[i], "ON")); ++i) {
    const Token& token = tokens[i];
    if (token.value == "(") ++depth;
    if (token.value == ")") --depth;
    if (depth > 0) limited = true;
    if (depth > 0 || token.value == ")") continue;
    if (token.kind == TokenKind::symbol && token.value == ",") {
      finish();
    } else {
      words += (words.empty() ? "" : " ") + upper(token.value);
    }
  }
  finish();
  return i;
}

}  // namespace

bool matches_grant_pattern(std::string_view pattern, std::string_view text) noexcept {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '%') {
    const auto rest = pattern.substr(1);
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (matches_grant_pattern(rest, text.substr(i))) return true;
    }
    return false;
  }
  if (text.empty()) return false;
  if (pattern.front() == '\\' && pattern.size() > 1) {
    return pattern[1] == text.front() && matches_grant_pattern(pattern.substr(2), text.substr(1));
  }
  return (pattern.front() == '_' || pattern.front() == text.front()) &&
         matches_grant_pattern(pattern.substr(1), text.substr(1));
}

Grants Grants::parse(const std::vector<std::string>& lines) {
  Grants grants;
  for (const std::string& line : lines) {
    const auto tokens = tokenize(line).tokens;
    if (tokens.empty() || !(is_word(tokens[0], "GRANT") || is_word(tokens[0], "REVOKE"))) continue;
    Grant grant;
    grant.effect = is_word(tokens[0], "GRANT") ? Effect::grant : Effect::revoke;
    const std::size_t on = read_privileges(tokens, grant.privileges);
    // ON database . table: a role has no ON, a routine has a word more, PROXY an @.
    if (on + 3 >= tokens.size() || tokens[on + 2].value != ".") continue;
    grant.database = tokens[on + 1].value;
    grant.table = tokens[on + 3].value;
    grants.grants_.push_back(std::move(grant));
  }
  return grants;
}

bool Grants::Grant::gives(std::string_view privilege) const {
  return privileges.contains(std::string(privilege)) || privileges.contains("ALL PRIVILEGES") ||
         privileges.contains("ALL");
}

bool Grants::globally(std::string_view privilege) const {
  return std::ranges::any_of(grants_, [&](const Grant& grant) {
    return grant.effect == Effect::grant && grant.database == "*" && grant.gives(privilege);
  });
}

bool Grants::on_table(std::string_view privilege, std::string_view database, std::string_view table) const {
  // MySQL's partial revokes take a database out of a global grant only.
  const bool revoked = std::ranges::any_of(grants_, [&](const Grant& grant) {
    return grant.effect == Effect::revoke && grant.gives(privilege) && matches_grant_pattern(grant.database, database);
  });
  if (!revoked && globally(privilege)) return true;
  return std::ranges::any_of(grants_, [&](const Grant& grant) {
    return grant.effect == Effect::grant && grant.database != "*" && grant.gives(privilege) &&
           matches_grant_pattern(grant.database, database) && (grant.table == "*" || grant.table == table);
  });
}

}  // namespace sluice::migrator
