// Which armed tables does a client's command touch, and how? A tokenizer answers, not a parser, and it errs only
// towards touching: a statement that it cannot understand touches them all.
//
// Pure functions, no blocking; a TargetIndex is immutable and may be read from every thread.
// Sources of the lexical rules: MySQL 9.7 Reference Manual 11.1-11.7 (Language Structure), MariaDB Knowledge Base
// "Comment Syntax" and "SQL Language Structure", both servers' sql_lex.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/sql/charset.hpp"

namespace sluice::protocol {

// Ordered: the more it may do, the greater. Between read and write, doubt is write. `definition` is DDL that names the
// table itself where it changes it; other DDL that mentions it is read or write.
enum class TableAccess : std::uint8_t { none, read, write, definition };

// A name that leads to an armed table.
struct ScanTarget {
  enum class Kind : std::uint8_t {
    table,  // the table itself
    alias,  // a view, a routine, a table whose triggers write it, a foreign-key relative
  };
  std::string database;
  std::string name;  // both UTF-8, in any case: names are always compared without regard to it
  Kind kind = Kind::table;
};

// All names that lead to one armed table.
using ScanTargets = std::vector<ScanTarget>;

// Do the targets name every stored procedure that leads to their tables? If not, every CALL is opaque. Stored functions
// look like built-in ones: those that lead to a table must always be among its targets.
enum class RoutinesKnown : std::uint8_t { all, some };

// The armed names, compiled once for many scans.
class TargetIndex {
 public:
  struct Entry {
    std::string database;  // folded
    std::string name;      // folded
    std::size_t table = 0;
    ScanTarget::Kind kind = ScanTarget::Kind::table;
    bool word = true;  // nothing but A-Z a-z 0-9 _ $: stands in every spelling as a run of these
  };

  // `tables[i]` are the names of the armed table that results call `i`.
  explicit TargetIndex(const std::vector<ScanTargets>& tables, RoutinesKnown routines = RoutinesKnown::some);

  [[nodiscard]] std::size_t table_count() const noexcept { return table_count_; }
  [[nodiscard]] RoutinesKnown routines() const noexcept { return routines_; }
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
  // Some name may be spelled so that its bytes do not stand in the text as one word: then the text is always read.
  [[nodiscard]] bool has_irregular_name() const noexcept { return irregular_; }

  // False: no word of this length that begins so is a target's name, or a keyword that makes a statement worth reading.
  [[nodiscard]] bool may_matter(unsigned char first, std::size_t length) const noexcept {
    return (lengths_by_first_[first] >> (length < length_bits ? length : length_bits - 1) & 1U) != 0;
  }
  // The same, exactly.
  [[nodiscard]] bool matters(std::string_view word) const noexcept;

 private:
  static constexpr std::size_t length_bits = 64;
  void note(std::string_view word) noexcept;

  std::vector<Entry> entries_;
  std::size_t table_count_ = 0;
  RoutinesKnown routines_;
  bool irregular_ = false;
  std::array<std::uint64_t, 256> lengths_by_first_{};
};

// What the session knows as the command begins.
struct ScanContext {
  std::optional<std::string> database;  // the default database; nullopt or empty: unknown
  ClientCharset charset = ClientCharset::ambiguous;
  bool operator==(const ScanContext&) const = default;
};

struct TableTouch {
  std::size_t table = 0;  // index into the vector that the TargetIndex was made of
  TableAccess access = TableAccess::none;
  bool operator==(const TableTouch&) const = default;
};

struct ScanResult {
  std::vector<TableTouch> touches;  // by ascending table; no entry: none
  bool opaque = false;              // not understood: every table is in `touches`, as a write or more
  bool operator==(const ScanResult&) const = default;
};

// The payload of a COM_QUERY or COM_STMT_PREPARE, without the command byte and query attributes. Several statements in
// it count as one: the union of what they touch. Linear in the size of `sql`; about 1 ns a byte where no name occurs.
[[nodiscard]] ScanResult scan(std::string_view sql, const ScanContext& context, const TargetIndex& index);

}  // namespace sluice::protocol
