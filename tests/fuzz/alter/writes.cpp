#include "tests/fuzz/alter/writes.hpp"

#include <algorithm>

#include "migrator/sql/quoting.hpp"
#include "tests/fuzz/alter/relatives.hpp"

namespace sluice::alters {

using migrator::quote_identifier;

Writer::Writer(const Table& table, const std::vector<Values>& rows, Dice& dice)
    : table_(table), name_(quote_identifier(table.name)), dice_(dice), base_(base_columns(table)), rows_(rows) {
  if (rows_.empty()) rows_.push_back(draw_row(table, dice));
}

Transaction Writer::next() {
  if (dice_.one_in(8)) return swap_unique();
  Transaction statements;
  for (std::size_t left = dice_.one_in(4) ? 2 + dice_.below(3) : 1; left > 0; --left) statements.push_back(statement());
  return statements;
}

std::string Writer::statement() {
  if (table_.foreign_key && dice_.one_in(5)) return draw_parent_write(table_, dice_);
  switch (dice_.below(10)) {
    case 0:
    case 1:
      return insert("INSERT", "");
    case 2:
      return insert("REPLACE", "");
    case 3:
      return insert("INSERT", " ON DUPLICATE KEY UPDATE ") + assignment();
    case 4:
      return "DELETE FROM " + name_ + " WHERE " + where_one();
    case 5:
      return change_key();
    case 6:
      return "UPDATE " + name_ + " SET " + assignment() + ", " + assignment() + " WHERE " + where_one();
    case 7:  // many at once
      return "UPDATE " + name_ + " SET " + assignment() + " WHERE " + quote_identifier(dice_.of(base_)->name) +
             " IS NOT NULL";
    default:
      return "UPDATE " + name_ + " SET " + assignment() + " WHERE " + where_one();
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
  return std::string(verb) + " INTO " + name_ + " (" + name_list(base_) + ") VALUES " + tuple(row) + tail;
}

std::string Writer::assignment() {
  for (int tries = 0; tries < 10; ++tries) {
    const Column& column = *dice_.of(base_);
    if (column.in_key) continue;
    const std::string name = quote_identifier(column.name);
    const bool in_part = column.type.family == Family::json && !dice_.one_in(3);
    if (in_part) return name + " = " + dice_.text({"JSON_SET(", "JSON_REPLACE("}) + name + ", '$.a', 7, '$[0]', 'x')";
    return name + " = " + draw_value_of(column, dice_);
  }
  const std::string same = quote_identifier(base_.front()->name);
  return same + " = " + same;
}

std::string Writer::change_key() {
  const auto keys = key_columns(table_);
  if (keys.empty()) return "DELETE FROM " + name_ + " WHERE " + where_one();
  const Column& column = *dice_.of(keys);
  const std::string name = quote_identifier(column.name);
  if (column.type.family == Family::integer && dice_.one_in(4)) {  // each takes the place of the next
    return "UPDATE " + name_ + " SET " + name + " = " + name + " + 1 ORDER BY " + name + " DESC";
  }
  return "UPDATE " + name_ + " SET " + name + " = " + draw_value_of(column, dice_) + " WHERE " + where_one();
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
  std::vector<std::size_t> unique;
  for (std::size_t i = 0; i < base_.size(); ++i) {
    const std::string parts = "(" + quote_identifier(base_[i]->name);
    const bool alone = std::ranges::any_of(table_.keys, [&](const Key& key) {
      return key.kind != "KEY" && (key.parts == parts + ")" || key.parts == parts + " DESC)");
    });
    if (alone) unique.push_back(i);
  }
  if (unique.empty()) return {statement()};
  const std::size_t at = dice_.of(unique);
  const std::string name = quote_identifier(base_[at]->name);
  const std::string first = dice_.of(rows_)[at];
  const std::string second = dice_.of(rows_)[at];
  const std::string aside = draw_value_of(*base_[at], dice_);
  const auto move = [&](const std::string& from, const std::string& to) {
    return "UPDATE " + name_ + " SET " + name + " = " + to + " WHERE " + name + " <=> " + from;
  };
  if (dice_.one_in(3)) return {"DELETE FROM " + name_ + " WHERE " + name + " <=> " + first, move(second, first)};
  return {move(first, aside), move(second, first), move(aside, second)};
}

}  // namespace sluice::alters
