#include "migrator/table/constraint.hpp"

#include <algorithm>

#include "migrator/table/alter_text.hpp"
#include "migrator/table/definition.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {

namespace {

constexpr std::string_view line_start = "  CONSTRAINT `";

std::optional<Constraint> constraint_in(std::string_view line) {
  if (!line.starts_with(line_start)) return std::nullopt;
  const Tokens tokens = tokenize(line);  // the clause may hold anything; the name is the second
  if (tokens.tokens.size() < 3) return std::nullopt;
  const Token& name = tokens.tokens[1];
  const Token& word = tokens.tokens[2];
  const bool foreign = is_keyword(tokens.tokens, 2, "FOREIGN");
  if (!foreign && !is_keyword(tokens.tokens, 2, "CHECK")) return std::nullopt;
  return Constraint{.kind = foreign ? ConstraintKind::foreign_key : ConstraintKind::check,
                    .name = name.value,
                    .clause = std::string(line.substr(word.begin))};
}

// Calls `read` with each line, without the comma at its end.
template <class Read>
void each_line(std::string_view text, Read read) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with(',')) line.remove_suffix(1);
    read(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The names between the parenthesis at `i` and its end, which `i` is moved past.
std::vector<std::string> names_in_parentheses(const std::vector<Token>& tokens, std::size_t& i) {
  std::vector<std::string> names;
  for (++i; i < tokens.size() && !is_symbol(tokens, i, ")"); ++i) {
    if (tokens[i].kind != TokenKind::symbol) names.push_back(tokens[i].value);
  }
  ++i;
  return names;
}

struct ParentName {
  TableRef table;
  std::size_t first = 0, last = 0;  // tokens
};

// Of FOREIGN KEY (...) REFERENCES [database.]table (...); `i` is the token after REFERENCES.
ParentName parent_name(const std::vector<Token>& tokens, std::size_t i) {
  ParentName name{.first = i, .last = i};
  if (is_symbol(tokens, i + 1, ".")) {
    name.table.database = tokens[i].value;
    name.last = i + 2;
  }
  if (name.last < tokens.size()) name.table.table = tokens[name.last].value;
  return name;
}

std::size_t after_references(const std::vector<Token>& tokens) {
  std::size_t i = 0;
  while (i < tokens.size() && !is_keyword(tokens, i, "REFERENCES")) ++i;
  return i + 1;
}

std::string spliced(std::string_view text, std::size_t begin, std::size_t end, std::string_view replacement) {
  return std::string(text.substr(0, begin)).append(replacement).append(text.substr(end));
}

// "1" for "orders_ibfk_1" of the table `orders`; nullopt: a name that somebody gave.
std::optional<std::string> generated_suffix(std::string_view name, std::string_view table) {
  if (!name.starts_with(table)) return std::nullopt;
  name.remove_prefix(table.size());
  for (const std::string_view middle : {"_ibfk_", "_chk_"}) {
    if (!name.starts_with(middle) || name.size() == middle.size()) continue;
    const auto digits = name.substr(middle.size());
    if (std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return std::string(name);
  }
  return std::nullopt;
}

bool is_first_byte(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

// By its last characters.
std::string shortened(std::string name) {
  auto characters = static_cast<std::size_t>(std::ranges::count_if(name, is_first_byte));
  while (characters > max_name_length_characters) {
    while (!is_first_byte(name.back())) name.pop_back();
    name.pop_back();
    --characters;
  }
  return name;
}

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const std::string& other) { return same_name(other, name); });
}

// Where the names of constraints stand in an alter.
class NamePlaces {
 public:
  explicit NamePlaces(const std::vector<Token>& tokens) : tokens_(tokens) {}

  [[nodiscard]] std::vector<std::size_t> find() const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (const auto place = name_after(i); place && *place < tokens_.size()) places.push_back(*place);
    }
    return places;
  }

 private:
  [[nodiscard]] std::optional<std::size_t> name_after(std::size_t i) const {
    const bool at_start = i == 0 || is_symbol(tokens_, i - 1, ",");
    if (at_start && (is(i, "DROP") || is(i, "ALTER"))) {
      if (is(i + 1, "CONSTRAINT") || is(i + 1, "CHECK")) return past_if(i + 2);
      if (is(i + 1, "FOREIGN") && is(i + 2, "KEY")) return past_if(i + 3);
    }
    if (is(i, "CONSTRAINT")) {
      const std::size_t name = past_if(i + 1);
      if (is(name + 1, "CHECK") || is(name + 1, "FOREIGN")) return name;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::size_t past_if(std::size_t i) const {
    if (!is(i, "IF")) return i;
    if (is(i + 1, "EXISTS")) return i + 2;
    return is(i + 1, "NOT") && is(i + 2, "EXISTS") ? i + 3 : i;
  }

  [[nodiscard]] bool is(std::size_t i, std::string_view word) const { return is_keyword(tokens_, i, word); }

  const std::vector<Token>& tokens_;
};

}  // namespace

std::vector<Constraint> constraints_of(std::string_view show_create) {
  std::vector<Constraint> constraints;
  each_line(show_create, [&](std::string_view line) {
    if (auto constraint = constraint_in(line)) constraints.push_back(std::move(*constraint));
  });
  return constraints;
}

std::vector<IndexLine> indexes_of(std::string_view show_create) {
  std::vector<IndexLine> indexes;
  each_line(show_create, [&](std::string_view line) {
    if (!line.starts_with("  KEY `")) return;
    const std::vector<Token> tokens = tokenize(line).tokens;
    if (tokens.size() < 4) return;
    IndexLine index{.name = tokens[1].value, .text = std::string(line.substr(2))};
    std::size_t i = 3;
    for (; i < tokens.size() && tokens[i].kind == TokenKind::quoted_identifier; i += 2) {
      index.columns.push_back(tokens[i].value);
      if (!is_symbol(tokens, i + 1, ",")) break;
    }
    if (!is_symbol(tokens, i + 1, ")")) index.columns.clear();
    indexes.push_back(std::move(index));
  });
  return indexes;
}

std::string text_of(const Constraint& constraint) {
  return "CONSTRAINT " + quote_identifier(constraint.name) + " " + constraint.clause;
}

Reference reference_of(const Constraint& foreign_key) {
  const std::vector<Token> tokens = tokenize(foreign_key.clause).tokens;
  Reference reference;
  std::size_t i = 2;  // after FOREIGN KEY
  reference.columns = names_in_parentheses(tokens, i);
  const ParentName parent = parent_name(tokens, after_references(tokens));
  reference.parent = parent.table;
  i = parent.last + 1;
  reference.parent_columns = names_in_parentheses(tokens, i);
  return reference;
}

Constraint referring_to(Constraint foreign_key, const std::string& parent) {
  const std::vector<Token> tokens = tokenize(foreign_key.clause).tokens;
  const ParentName name = parent_name(tokens, after_references(tokens));
  foreign_key.clause =
      spliced(foreign_key.clause, tokens.at(name.first).begin, tokens.at(name.last).end, quote_identifier(parent));
  return foreign_key;
}

ConstraintNames::ConstraintNames(std::string source, std::string shadow, const std::vector<Constraint>& of_source)
    : source_(std::move(source)), shadow_(std::move(shadow)) {
  std::vector<std::string> taken;
  for (const Constraint& constraint : of_source) taken.push_back(constraint.name);
  for (const Constraint& constraint : of_source) {
    const auto suffix = generated_suffix(constraint.name, source_);
    std::string name =
        suffix ? shadow_ + *suffix
               : shortened(constraint.name.starts_with('_') && constraint.name.size() > 1 ? constraint.name.substr(1)
                                                                                          : "_" + constraint.name);
    for (std::size_t n = 0; holds(taken, name) && n < max_name_length_characters; ++n) name = shortened("_" + name);
    taken.push_back(name);
    names_.emplace_back(constraint.name, std::move(name));
  }
}

std::optional<std::string> ConstraintNames::on_shadow(std::string_view of_source) const {
  const auto found = std::ranges::find_if(names_, [&](const auto& pair) { return same_name(pair.first, of_source); });
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

std::string ConstraintNames::in_the_end(const std::string& of_shadow) const {
  const auto found = std::ranges::find_if(names_, [&](const auto& pair) { return same_name(pair.second, of_shadow); });
  if (found != names_.end()) return found->first;
  const auto suffix = generated_suffix(of_shadow, shadow_);
  return suffix ? source_ + *suffix : of_shadow;
}

std::string with_names(std::string_view alter, const ConstraintNames& names) {
  const std::vector<Token> tokens = tokenize(alter).tokens;
  std::string text(alter);
  const std::vector<std::size_t> places = NamePlaces(tokens).find();
  for (auto place = places.rbegin(); place != places.rend(); ++place) {  // so that the places before stay right
    const Token& token = tokens[*place];
    if (const auto name = names.on_shadow(token.value))
      text = spliced(text, token.begin, token.end, quote_identifier(*name));
  }
  return text;
}

}  // namespace sluice::migrator
