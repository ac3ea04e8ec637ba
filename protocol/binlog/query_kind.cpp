#include <algorithm>
#include <array>
#include <cctype>

#include "protocol/binlog/event.hpp"

namespace sluice::protocol::binlog {
namespace {

bool is_space(char c) noexcept {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}
bool is_word(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
char upper(char c) noexcept {
  return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

// Blanks, brackets and comments; of a /*!50000 or /*M! comment only its head, since its body is code.
std::string_view skip_blanks(std::string_view text) noexcept {
  while (!text.empty()) {
    if (is_space(text.front()) || text.front() == '(' || text.starts_with("*/")) {
      text.remove_prefix(text.front() == '*' ? 2 : 1);
    } else if (text.starts_with("/*!") || text.starts_with("/*M!")) {
      text.remove_prefix(text.find('!') + 1);
      while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
    } else if (text.starts_with("/*")) {
      const auto end = text.find("*/", 2);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    } else if (text.front() == '#' || (text.starts_with("--") && (text.size() == 2 || is_space(text[2])))) {
      const auto end = text.find('\n');
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    } else {
      break;
    }
  }
  return text;
}

class Words {
 public:
  explicit Words(std::string_view text) noexcept : rest_(text) {}
  std::string_view next() noexcept {
    rest_ = skip_blanks(rest_);
    const auto length = static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_word) - rest_.begin());
    const auto word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }

 private:
  std::string_view rest_;
};

bool is(std::string_view word, std::string_view keyword) noexcept {
  return std::equal(word.begin(), word.end(), keyword.begin(), keyword.end(),
                    [](char a, char b) { return upper(a) == b; });
}

bool is_dml(std::string_view word) noexcept {
  constexpr std::array<std::string_view, 10> verbs{"INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD",
                                                   "WITH",   "SELECT", "DO",     "CALL",    "VALUES"};
  return std::ranges::any_of(verbs, [word](std::string_view verb) { return is(word, verb); });
}

}  // namespace

QueryKind classify(std::string_view text) noexcept {
  Words words{text};
  const auto first = words.next();
  if (is(first, "BEGIN")) return QueryKind::begin;
  if (is(first, "COMMIT")) return QueryKind::end;
  if (is(first, "SAVEPOINT") || is(first, "RELEASE")) return QueryKind::control;
  if (is(first, "ROLLBACK")) {
    const auto second = words.next();
    return is(second, "TO") || (is(second, "WORK") && is(words.next(), "TO")) ? QueryKind::control : QueryKind::end;
  }
  if (is(first, "XA")) {
    const auto second = words.next();
    if (is(second, "START") || is(second, "BEGIN")) return QueryKind::begin;
    return is(second, "COMMIT") || is(second, "ROLLBACK") ? QueryKind::end : QueryKind::control;
  }
  return is_dml(first) ? QueryKind::dml : QueryKind::definition;
}

}  // namespace sluice::protocol::binlog
