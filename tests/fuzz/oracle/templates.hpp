// The grammar: words and symbols between single spaces, and placeholders.
//
//   %r  a name to read from          %w  a name to write to            %b  a base table
//   %f  a call of a stored function  %p  a stored procedure's name     %t  the name, FROM its database (SHOW)
//   %1  %2  aliases, the same in all the statement, perhaps named like tables
//   %q  a SELECT                     %e  an expression                 %c  a condition
//   %l  a string literal             %n  a number                      %k  a key that is there
//   %x  %y  names of nothing
//
// A template that begins with my: or ma: is only for MySQL or for MariaDB.
#pragma once

#include <span>

namespace sluice::oracle {

[[nodiscard]] std::span<const char* const> select_templates();  // %q
[[nodiscard]] std::span<const char* const> read_templates();
[[nodiscard]] std::span<const char* const> write_templates();
[[nodiscard]] std::span<const char* const> guarded_templates();  // they commit, or change definitions

}  // namespace sluice::oracle
