// The statements that move and compare rows, for one plan on one kind of server. Pure text; tables are never aliased,
// so that all of it runs under LOCK TABLES too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/rows/key_literals.hpp"
#include "migrator/sql/dialect.hpp"
#include "migrator/table/plan.hpp"

namespace sluice::migrator {

// More keys a statement would make MariaDB turn the list into a subquery (from 1000 on), and hold locks for long.
inline constexpr std::size_t max_keys_per_batch = 200;

// (above, up_to]: keys above `above` up to and with `up_to`, in the key's order.
struct KeyRange {
  std::optional<KeyLiterals> above;  // nullopt: from the first
  std::optional<KeyLiterals> up_to;  // nullopt: to the last
};

enum class Side : std::uint8_t { source, shadow };
enum class SourceLock : std::uint8_t { none, wait, fail };  // shared locks on the source's rows

// A WHERE condition for either side: made of keys or of a range.
class RowSql {
 public:
  RowSql(CopyPlan plan, ServerFlavor server);

  [[nodiscard]] const CopyPlan& plan() const noexcept { return plan_; }

  // Conditions. `keys` is not empty and at most max_keys_per_batch.
  [[nodiscard]] std::string where_keys(Side side, Keys keys) const;
  [[nodiscard]] std::string where_range(Side side, const KeyRange& range) const;

  // What makes the server say by which literals the change stream of the shadow names these keys: rows of the key's
  // place among `keys`, from 0, and its literals.
  [[nodiscard]] std::string in_shadows_terms(Keys keys) const;

  // Statements.
  [[nodiscard]] std::string remove(const std::string& where_shadow) const;
  [[nodiscard]] std::string insert(const std::string& where_source, SourceLock lock) const;
  // Where the plan has kept_columns: before remove(), what the shadow's rows have in these is put by, in a temporary
  // table of the session in schema _sluice; then the rows that have something there are inserted with it, and the
  // others, of which not_put_by() is a further condition, by insert().
  [[nodiscard]] std::vector<std::string> put_by(const std::string& where_shadow) const;
  [[nodiscard]] std::string insert_as_put_by(const std::string& where_source, SourceLock lock) const;
  [[nodiscard]] std::string not_put_by() const;
  // Rows of: the row's hash (NULL where it could not be computed: never equal), then the key's literals.
  [[nodiscard]] std::string hashes(Side side, const std::string& where, SourceLock lock) const;
  // One row: COUNT(*) and the XOR of the hashes, 256 bits of them or on MariaDB 64; a hash that could not be computed
  // counts as a random one, so that it equals nothing.
  [[nodiscard]] std::string checksum(Side side, const std::string& where) const;
  // Rows of the key's literals.
  [[nodiscard]] std::string key_list(Side side, const std::string& where) const;

  // The same three over a range of the source's key. On the side of the shadow: its rows that have a partner there, or,
  // where a range is one in both tables, whatever is in it. Two tables in one statement: not under LOCK TABLES.
  [[nodiscard]] std::string hashes_in(Side side, const KeyRange& range) const;
  [[nodiscard]] std::string checksum_in(Side side, const KeyRange& range) const;
  [[nodiscard]] std::string keys_in(Side side, const KeyRange& range) const;

  // The shadow by itself: its own keys in their own order, as Side::source.
  [[nodiscard]] RowSql of_shadow_alone() const;
  // Rows of the key's literals, in the source's terms, of the shadow's rows in a range of its own key that the source
  // has not got.
  [[nodiscard]] std::string strays_in(const KeyRange& range_of_shadow) const;

  // At most one row: the key `rows` rows above `above`.
  [[nodiscard]] std::string nth_key_above(const std::optional<KeyLiterals>& above, std::uint64_t rows) const;
  // Locks the source's rows, and nothing else. Rows of: 1.
  [[nodiscard]] std::string lock_rows(const std::string& where_source, SourceLock lock) const;

 private:
  struct Copied {
    std::string into, from;  // lists of columns
  };
  [[nodiscard]] Copied copied_columns() const;
  [[nodiscard]] std::string is_put_by() const;                                // a row of the source
  [[nodiscard]] std::string table(Side side) const;                           // `d`.`t` FORCE INDEX (`k`)
  [[nodiscard]] std::string key_select_list(Side side) const;                 // literals, as SQL expressions
  [[nodiscard]] std::string rows_in(Side side, const KeyRange& range) const;  // what follows FROM
  [[nodiscard]] std::string partner_of(Side side) const;                      // of a row of the other side, joined
  [[nodiscard]] std::string hashes_of(Side side, const std::string& rows) const;
  [[nodiscard]] std::string checksum_of(Side side, const std::string& rows) const;
  [[nodiscard]] std::string_view lock_clause(SourceLock lock) const;
  CopyPlan plan_;
  ServerFlavor server_;
};

}  // namespace sluice::migrator
