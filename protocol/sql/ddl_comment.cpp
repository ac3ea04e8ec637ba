#include "protocol/sql/ddl_comment.hpp"

#include <algorithm>
#include <array>

#include "protocol/sql/text.hpp"

namespace sluice::protocol {
namespace {

constexpr std::string_view MARK = "sluice:";
constexpr std::string_view VARIABLE = "sluice_ddl";
constexpr std::array<std::pair<std::string_view, DdlMode>, 4> MODES{{{"online", DdlMode::online},
                                                                     {"detached", DdlMode::detached},
                                                                     {"off", DdlMode::direct},
                                                                     {"direct", DdlMode::direct}}};

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && sql::is(text.front(), sql::space_byte)) text.remove_prefix(1);
  while (!text.empty() && sql::is(text.back(), sql::space_byte)) text.remove_suffix(1);
  return text;
}

// The inside of the block comment, or nothing of the line comment, that the text begins with, which goes with the white
// space around it. Nothing: it begins with none.
std::optional<std::string_view> take_comment(std::string_view& text) noexcept {
  while (!text.empty() && sql::is(text.front(), sql::space_byte)) text.remove_prefix(1);
  const bool is_line = text.starts_with('#') || text.starts_with("-- ") || text.starts_with("--\n");
  const bool is_block = text.starts_with("/*") && !text.starts_with("/*!") && !text.starts_with("/*M!");
  if (!is_line && !is_block) return std::nullopt;
  const auto end = text.find(is_line ? "\n" : "*/", is_line ? 0 : 2);
  if (end == std::string_view::npos) return std::nullopt;
  const auto inside = is_line ? std::string_view{} : text.substr(2, end - 2);
  text.remove_prefix(end + (is_line ? 1 : 2));
  while (!text.empty() && sql::is(text.front(), sql::space_byte)) text.remove_prefix(1);
  return inside;
}

// Up to the next comma outside of quotes; both go.
std::string_view take_item(std::string_view& text) noexcept {
  char quote = 0;
  std::size_t at = 0;
  for (; at < text.size() && (quote != 0 || text[at] != ','); ++at) {
    if (quote == text[at]) {
      quote = 0;
    } else if (quote == 0 && (text[at] == '\'' || text[at] == '"')) {
      quote = text[at];
    }
  }
  const auto item = trimmed(text.substr(0, at));
  text.remove_prefix(std::min(at + 1, text.size()));
  return item;
}

std::string_view without_quotes(std::string_view value) noexcept {
  const bool quoted =
      value.size() > 1 && (value.front() == '\'' || value.front() == '"') && value.back() == value.front();
  return quoted ? value.substr(1, value.size() - 2) : value;
}

void read_item(std::string_view item, DdlComment& comment) {
  if (item.empty()) return;
  const auto equals = item.find('=');
  if (equals != std::string_view::npos) {
    comment.options.emplace_back(trimmed(item.substr(0, equals)), without_quotes(trimmed(item.substr(equals + 1))));
    return;
  }
  const auto mode = ddl_mode_from(item);
  if (mode && (!comment.mode || comment.mode == mode)) {
    comment.mode = mode;
  } else if (comment.problem.empty()) {
    comment.problem = item;
  }
}

}  // namespace

DdlComment read_ddl_comment(std::string_view text) {
  DdlComment comment;
  while (const auto inside = take_comment(text)) {
    auto said = trimmed(*inside);
    if (!sql::equals_folded(said.substr(0, MARK.size()), MARK)) continue;
    said.remove_prefix(MARK.size());
    while (!said.empty()) read_item(take_item(said), comment);
  }
  return comment;
}

std::string_view skip_comments(std::string_view text) noexcept {
  while (take_comment(text)) {
  }
  return text;
}

std::optional<DdlMode> ddl_mode_from(std::string_view word) noexcept {
  const auto* const known =
      std::ranges::find_if(MODES, [&](const auto& mode) { return sql::equals_folded(mode.first, word); });
  return known == MODES.end() ? std::nullopt : std::optional{known->second};
}

bool mentions_ddl_mode(std::string_view text) noexcept {
  const auto found = std::ranges::search(text, VARIABLE, {}, sql::fold);
  return !found.empty();
}

}  // namespace sluice::protocol
