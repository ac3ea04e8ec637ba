#include "tests/fuzz/alter/writes.hpp"

#include <algorithm>

#include "migrator/sql/quoting.hpp"

namespace sluice::alters {

using migrator::quote_identifier;

std::string on_table(const std::string& statement, const std::string& quoted_name) {
  std::string text = statement;
  text.replace(text.find("@t"), 2, quoted_name);
  return text;
}

Writer::Writer(const Table& table, const std::vector<Values>& rows, Dice& dice)
    : table_(table), dice_(dice), base_(base_columns(table)), rows_(rows) {
  if (rows_.empty()) rows_.push_back(draw_row(table, dice));
}

Transaction Writer::next() {
  if (dice_.one_in(8)) return swap_unique();
  Transaction statements;
  for (std::size_t left = dice_.one_in(4) ? 2 + dice_.below(3) : 1; left > 0; --left) statements.push_back(statement());
  return statements;
}

std::string Writer::statement() {
  switch (dice_.below(10)) {
    case 0:
    case 1:
      return insert("INSERT", "");
    case 2:
      return insert("REPLACE", "");
    case 3:
      return insert("INSERT", " ON DUPLICATE KEY UPDATE ") + assignment();
    case 4:
      return "DELETE FROM @t WHERE " + where_one();
    case 5: {  // another key
      const auto keys = key_columns(table_);
      if (keys.empty()) return "DELETE FROM @t WHERE " + where_one();
      return "UPDATE @t SET " + quote_identifier(keys.front()->name) + " = " + draw_value(keys.front()->type, dice_) +
             " WHERE " + where_one();
    }
    case 6:
      return "UPDATE @t SET " + assignment() + ", " + assignment() + " WHERE " + where_one();
    case 7:  // many at once
      return "UPDATE @t SET " + assignment() + " WHERE " + quote_identifier(dice_.of(base_)->name) + " IS NOT NULL";
    default:
      return "UPDATE @t SET " + assignment() + " WHERE " + where_one();
  }
}

std::string Writer::insert(const char* verb, const char* tail) {
  Values row = draw_row(table_, dice_);
  if (dice_.one_in(2)) {  // a key that is there, perhaps
    const Values& other = dice_.of(rows_);
    for (std::size_t i = 0; i < base_.size(); ++i) {
      if (base_[i]->in_key) row[i] = other[i];
    }
  }
  rows_.push_back(row);
  return std::string(verb) + " INTO @t (" + name_list(base_) + ") VALUES " + tuple(row) + tail;
}

std::string Writer::assignment() {
  for (int tries = 0; tries < 10; ++tries) {
    const Column& column = *dice_.of(base_);
    if (!column.in_key) return quote_identifier(column.name) + " = " + draw_value_of(column, dice_);
  }
  const std::string same = quote_identifier(base_.front()->name);
  return same + " = " + same;
}

std::string Writer::where_one() {
  const Values& row = dice_.of(rows_);
  std::string condition;
  for (std::size_t i = 0; i < base_.size(); ++i) {
    const bool names_row = base_[i]->in_key || (table_.invisible_key && i == 0);
    if (!names_row) continue;
    condition += (condition.empty() ? "" : " AND ") + quote_identifier(base_[i]->name) + " <=> " + row[i];
  }
  return condition.empty() ? "1 = 1" : condition;
}

// The rows' values of a unique column change places, by way of a third one.
Transaction Writer::swap_unique() {
  for (const Column* column : base_) {
    const std::string name = quote_identifier(column->name);
    const bool unique = std::ranges::any_of(
        table_.keys, [&](const Key& key) { return key.kind == "UNIQUE KEY" && key.parts == "(" + name + ")"; });
    if (!unique) continue;
    const auto at = static_cast<std::size_t>(std::ranges::find(base_, column) - base_.begin());
    const std::string first = dice_.of(rows_)[at];
    const std::string second = dice_.of(rows_)[at];
    const std::string aside = draw_value(column->type, dice_);
    const auto move = [&](const std::string& from, const std::string& to) {
      return "UPDATE @t SET " + name + " = " + to + " WHERE " + name + " <=> " + from;
    };
    return {move(first, aside), move(second, first), move(aside, second)};
  }
  return {statement()};
}

}  // namespace sluice::alters
