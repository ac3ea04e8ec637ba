// What hangs on a table, drawn at random: a parent that it refers to, and triggers that keep a log. Pure.
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/alter/tables.hpp"

namespace sluice::alters {

// A column that refers to a parent, whose keys are the column's pool.
void add_foreign_key(Table& table, Dice& dice);
void add_triggers(Table& table, Dice& dice);

// "CONSTRAINT name FOREIGN KEY ...", for CREATE and ALTER TABLE.
[[nodiscard]] std::string clause(const ForeignKey& key);
[[nodiscard]] std::string draw_on_change(Kind server, Dice& dice);

// Statements, to be run before the table is made, and when it has its rows.
[[nodiscard]] std::vector<std::string> parent_sql(const Table& table);
[[nodiscard]] std::vector<std::string> triggers_sql(const Table& table);
// The other tables, to be dropped after the table itself.
[[nodiscard]] std::vector<std::string> relatives_of(const Table& table);

// A change of the parent, which may be refused, or change the table as well. There must be one.
[[nodiscard]] std::string draw_parent_write(const Table& table, Dice& dice);

}  // namespace sluice::alters
