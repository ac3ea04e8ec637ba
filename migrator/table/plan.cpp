#include "migrator/table/plan.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "migrator/table/column_kind.hpp"
#include "migrator/table/conversion.hpp"

namespace sluice::migrator {

namespace {

enum class Way : std::uint8_t { there, back };

// How the columns of one table are called in the other.
class Pairing {
 public:
  Pairing(const TableDefinition& source, const TableDefinition& shadow, const AlterText& alter) {
    for (const Column& column : source.columns) {
      if (const Column* other = partner(column, shadow, alter)) pairs_.push_back({column, *other});
    }
  }

  [[nodiscard]] const SharedColumn* of_source(std::string_view name) const {
    const auto found =
        std::ranges::find_if(pairs_, [&](const auto& pair) { return same_name(pair.source.name, name); });
    return found == pairs_.end() ? nullptr : &*found;
  }

  [[nodiscard]] const SharedColumn* of_shadow(std::string_view name) const {
    const auto found =
        std::ranges::find_if(pairs_, [&](const auto& pair) { return same_name(pair.shadow.name, name); });
    return found == pairs_.end() ? nullptr : &*found;
  }

  [[nodiscard]] const std::vector<SharedColumn>& all() const { return pairs_; }

 private:
  static const Column* partner(const Column& column, const TableDefinition& shadow, const AlterText& alter) {
    const auto renamed = std::ranges::find_if(alter.column_renames,
                                              [&](const ColumnRename& r) { return same_name(r.from, column.name); });
    if (renamed != alter.column_renames.end()) return find_column(shadow, renamed->to);
    const bool name_taken =
        std::ranges::any_of(alter.column_renames, [&](const ColumnRename& r) { return same_name(r.to, column.name); });
    const bool dropped = std::ranges::any_of(alter.dropped_columns,
                                             [&](const std::string& name) { return same_name(name, column.name); });
    return name_taken || dropped ? nullptr : find_column(shadow, column.name);
  }

  std::vector<SharedColumn> pairs_;
};

bool follows_rows(const TableDefinition& table, const Key& key) {
  if (!key.unique || !key.searchable) return false;
  return std::ranges::all_of(key.parts, [&](const KeyPart& part) {
    const Column* column = find_column(table, part.column);
    return column != nullptr && !part.prefix && !part.nullable && column->generated == Generated::no &&
           can_be_key(*column);
  });
}

// In the table's order. PRIMARY is the first; where there is none, the servers take the first for it: InnoDB keeps the
// rows by it, and binlog_row_image=MINIMAL names them by it.
std::vector<const Key*> candidates(const TableDefinition& table) {
  std::vector<const Key*> keys;
  for (const Key& key : table.keys) {
    if (follows_rows(table, key)) keys.push_back(&key);
  }
  return keys;
}

// The shadow's unique key over the same columns; one in the same order if there is one.
const Key* same_key(const TableDefinition& shadow, const std::vector<SharedColumn>& columns) {
  const auto names_of = [](const Key& key) {
    std::vector<std::string> names;
    for (const KeyPart& part : key.parts) names.push_back(part.column);
    return names;
  };
  const Key* permuted = nullptr;
  for (const Key& key : shadow.keys) {
    if (!follows_rows(shadow, key) || key.parts.size() != columns.size()) continue;
    const auto names = names_of(key);
    if (std::ranges::equal(names, columns, [](const auto& n, const auto& c) { return same_name(n, c.shadow.name); })) {
      return &key;
    }
    const bool same_set = std::ranges::all_of(columns, [&](const SharedColumn& column) {
      return std::ranges::any_of(names, [&](const std::string& n) { return same_name(n, column.shadow.name); });
    });
    if (same_set && permuted == nullptr) permuted = &key;
  }
  return permuted;
}

struct KeySearch {
  std::optional<SharedKey> key;
  Problems problems;
};

// One candidate: the shared key, or why it is none.
KeySearch try_key(const Key& key, const TableDefinition& shadow, const Pairing& pairing, Way way) {
  SharedKey shared{.source_index = key.name,
                   .storage = key.name == "PRIMARY" ? KeyStorage::clustered : KeyStorage::secondary};
  for (const KeyPart& part : key.parts) {
    const SharedColumn* column = pairing.of_source(part.column);
    if (column == nullptr) {
      return {{},
              {{"key.dropped", "the alter drops the column " + part.column + " of the key " + key.name +
                                   ", which rows would be followed by: keep it, or keep another unique key"}}};
    }
    const bool keeps = way == Way::there ? keeps_key_values(column->source, column->shadow)
                                         : keeps_key_values(column->shadow, column->source);
    if (!keeps) {
      return {{},
              {{"key.converted", "the alter changes the column " + part.column + " of the key " + key.name + " from " +
                                     column->source.column_type + " to " + column->shadow.column_type +
                                     " (or its character set) so that its values may change: rows "
                                     "can't be followed by it; keep its type, or give the table another unique "
                                     "key over columns that are NOT NULL"}}};
    }
    shared.columns.push_back(*column);
  }
  const Key* other = same_key(shadow, shared.columns);
  if (other == nullptr) {
    return {{},
            {{"key.dropped", "the alter drops the key " + key.name +
                                 ", and no other unique key over columns that are NOT NULL is in both shapes of "
                                 "the table: keep one, and drop it in a second migration"}}};
  }
  shared.shadow_index = other->name;
  for (const KeyPart& part : other->parts) shared.shadow_columns.push_back(*find_column(shadow, part.column));
  const bool in_order = std::ranges::equal(shared.columns, shared.shadow_columns, [](const auto& pair, const auto& c) {
    return same_name(pair.shadow.name, c.name) && !changes_collation(pair.source, pair.shadow);
  });
  shared.order = in_order ? KeyOrder::same : KeyOrder::other;
  return {std::move(shared), {}};
}

bool is_timestamp(const Column& column) {
  return column.data_type == "timestamp";
}

// Whether the server's conversions and computations in this copy depend on the session's time zone.
bool needs_server_time_zone(const CopyPlan& plan, const TableDefinition& shadow, const Pairing& pairing) {
  const bool converts = std::ranges::any_of(
      plan.columns, [](const SharedColumn& c) { return is_timestamp(c.source) != is_timestamp(c.shadow); });
  const bool has_timestamp =
      std::ranges::any_of(plan.columns, [](const SharedColumn& c) { return is_timestamp(c.shadow); });
  return converts || std::ranges::any_of(shadow.columns, [&](const Column& column) {
           if (column.generated != Generated::no) return has_timestamp;
           return pairing.of_shadow(column.name) == nullptr && column.default_is_expression && !is_timestamp(column);
         });
}

void sort_columns(CopyPlan& plan, Problems& problems, const TableDefinition& source, const TableDefinition& shadow,
                  const Pairing& pairing, Way way) {
  for (const SharedColumn& pair : pairing.all()) {
    if (pair.shadow.generated != Generated::no) continue;
    plan.columns.push_back(pair);
    if (conversion(pair.source, pair.shadow) == Conversion::own_rules) {
      problems.push_back({"plan.conversion", "from " + pair.source.column_type + " to " + pair.shadow.column_type +
                                                 " (column " + pair.source.name +
                                                 ") ALTER TABLE converts by rules that hold nowhere else: go by way "
                                                 "of another type, or add a new column and fill it yourself"});
    }
  }
  for (const Column& column : source.columns) {
    if (pairing.of_source(column.name) == nullptr) plan.dropped_columns.push_back(column.name);
  }
  for (const Column& column : shadow.columns) {
    if (pairing.of_shadow(column.name) != nullptr) continue;
    plan.added_columns.push_back(column.name);
    const bool fills_itself =
        column.nullable || column.has_default || column.auto_increment || column.generated != Generated::no;
    if (fills_itself) continue;
    if (auto literal = implicit_default(column)) {
      plan.filled_columns.push_back({column.name, std::move(*literal)});
    } else if (way == Way::there) {
      problems.push_back({"plan.new_column_default", "the new column " + column.name + " is NOT NULL and of the type " +
                                                         column.column_type +
                                                         ", which has no value to begin with: give it a DEFAULT"});
    }
  }
}

boost::system::result<CopyPlan, Problems> plan_way(const TableDefinition& source, const TableDefinition& shadow,
                                                   const AlterText& alter, Way way) {
  const Pairing pairing(source, shadow, alter);
  CopyPlan plan{.source = source.name, .shadow = shadow.name};
  Problems problems;
  sort_columns(plan, problems, source, shadow, pairing, way);
  if (plan.columns.empty()) {
    problems.push_back({"plan.no_columns", "the alter leaves no column of the table: nothing could be copied"});
  }

  const bool server_time = needs_server_time_zone(plan, shadow, pairing);
  plan.time_zone = server_time ? "" : "+00:00";
  Problems against_keys;
  std::optional<SharedKey> chosen;
  for (const Key* key : candidates(source)) {
    KeySearch search = try_key(*key, shadow, pairing, way);
    if (search.key && server_time &&
        std::ranges::any_of(search.key->columns, [](const auto& c) { return is_timestamp(c.source); })) {
      search = {{},
                {{"plan.time_zone", "the key " + key->name +
                                        " holds a TIMESTAMP, and the alter converts or computes times in the "
                                        "server's time zone: the two can't be copied exactly together; convert "
                                        "the column in another way, or add a unique key without a TIMESTAMP"}}};
    }
    if (search.key) {
      chosen = std::move(search.key);
      break;
    }
    against_keys.insert(against_keys.end(), search.problems.begin(), search.problems.end());
  }
  if (chosen) {
    plan.key = std::move(*chosen);
  } else if (against_keys.empty()) {
    problems.push_back(missing_key(source));
  } else {
    problems.insert(problems.end(), against_keys.begin(), against_keys.end());
  }
  if (!problems.empty()) return problems;
  return plan;
}

// The pairs of columns are the same, whichever way one goes.
AlterText reversed(AlterText alter) {
  for (ColumnRename& rename : alter.column_renames) std::swap(rename.from, rename.to);
  return alter;
}

}  // namespace

const Key* best_key(const TableDefinition& table) noexcept {
  const auto keys = candidates(table);
  return keys.empty() ? nullptr : keys.front();
}

boost::system::result<CopyPlan, Problems> make_plan(const TableDefinition& source, const TableDefinition& shadow,
                                                    const AlterText& alter) {
  return plan_way(source, shadow, alter, Way::there);
}

boost::system::result<CopyPlan, Problems> make_plan_back(const TableDefinition& source, const TableDefinition& shadow,
                                                         const AlterText& alter) {
  return plan_way(source, shadow, reversed(alter), Way::back);
}

SessionSettings settings_for(const CopyPlan& plan) {
  SessionSettings settings;
  settings.time_zone = plan.time_zone;
  settings.zero_dates = plan.zero_dates;
  settings.foreign_key_checks = ForeignKeyChecks::off;
  return settings;
}

CopyPlan with_tables(CopyPlan plan, TableRef source, TableRef shadow) {
  plan.source = std::move(source);
  plan.shadow = std::move(shadow);
  return plan;
}

Problem missing_key(const TableDefinition& table) {
  return {"key.missing", "the table " + table.name.table +
                             " has no PRIMARY KEY and no unique key over columns that are NOT NULL (without prefixes, "
                             "expressions, floating-point columns, UUID or INET6): rows can't be followed; add one"};
}

void throw_exception_from_error(const Problems& problems, const boost::source_location& where) {
  std::fprintf(stderr, "%s: there is no result but an error: %s\n", where.to_string().c_str(),
               problems.empty() ? "no reason" : problems.front().message.c_str());
  std::abort();
}

}  // namespace sluice::migrator
