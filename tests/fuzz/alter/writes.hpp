// What a client writes while its table is migrated, drawn at random. Pure.
#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/alter/tables.hpp"

namespace sluice::alters {

// Statements of one transaction; a single one runs with autocommit.
using Transaction = std::vector<std::string>;

// Writes to rows of these keys and to new ones. All base columns are given: no default is asked for.
class Writer {
 public:
  Writer(const Table& table, const std::vector<Values>& rows, Dice& dice);
  [[nodiscard]] Transaction next();

 private:
  [[nodiscard]] std::string statement();
  [[nodiscard]] std::string insert(const char* verb, const char* tail);
  [[nodiscard]] std::string assignment();  // of a column that is not in the key
  [[nodiscard]] std::string where_one();
  [[nodiscard]] std::string change_key();
  [[nodiscard]] Transaction swap_unique();

  const Table& table_;
  const std::string name_;  // quoted
  Dice& dice_;
  std::vector<const Column*> base_;
  std::vector<Values> rows_;  // that were written, or tried
};

}  // namespace sluice::alters
