#include "tests/fuzz/alter/alters.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "migrator/sql/quoting.hpp"
#include "tests/fuzz/alter/relatives.hpp"

namespace sluice::alters {
namespace {

using migrator::quote_identifier;

// Draws clauses one after the other; no column is named in two of them.
class Drawer {
 public:
  Drawer(const Table& table, Dice& dice) : table_(table), dice_(dice) {}

  Alter draw(Scope scope) {
    for (std::size_t left = 1 + dice_.below(3); left > 0; --left) {
      std::optional<std::string> clause;
      for (int tries = 0; tries < 20 && !clause; ++tries) clause = scope == Scope::harmless ? harmless() : any();
      if (clause) alter_.text += (alter_.text.empty() ? "" : ", ") + *clause;
    }
    if (alter_.text.empty()) alter_.text = "FORCE";
    alter_.text += tail_;
    return std::move(alter_);
  }

 private:
  using Clause = std::optional<std::string>;

  Clause harmless() {
    switch (dice_.below(4)) {
      case 0:
        return add_column_with_default();
      case 1:
        return add_plain_key();
      case 2:
        return option();
      default:
        return reorder();
    }
  }

  Clause any() {
    using Maker = Clause (Drawer::*)();
    static constexpr std::array<Maker, 34> makers{&Drawer::add_column,  &Drawer::add_column,
                                                  &Drawer::add_column,  &Drawer::add_generated,
                                                  &Drawer::drop_column, &Drawer::drop_column,
                                                  &Drawer::modify,      &Drawer::modify,
                                                  &Drawer::modify,      &Drawer::modify,
                                                  &Drawer::modify,      &Drawer::modify,
                                                  &Drawer::modify,      &Drawer::change,
                                                  &Drawer::change,      &Drawer::rename,
                                                  &Drawer::set_default, &Drawer::add_key,
                                                  &Drawer::add_key,     &Drawer::drop_key,
                                                  &Drawer::drop_key,    &Drawer::change_primary_key,
                                                  &Drawer::convert,     &Drawer::option,
                                                  &Drawer::option,      &Drawer::order_by,
                                                  &Drawer::partition,   &Drawer::visibility,
                                                  &Drawer::check,       &Drawer::widen,
                                                  &Drawer::reorder,     &Drawer::rename_key,
                                                  &Drawer::check,       &Drawer::foreign_key};
    return (this->*dice_.of(makers))();
  }

  const Column* fresh_column() {
    const Column& column = dice_.of(table_.columns);
    return named_.insert(column.name).second ? &column : nullptr;
  }

  std::string position() {
    if (dice_.one_in(4)) return " FIRST";
    if (!dice_.one_in(3)) return "";
    const Column& column = dice_.of(table_.columns);
    return named_.contains(column.name) ? "" : " AFTER " + quote_identifier(column.name);
  }

  std::string new_name() { return (dice_.one_in(4) ? "order" : "n") + std::to_string(++names_); }

  Column new_column() {
    Column column = draw_column(table_, new_name(), dice_);
    if (column.fallback.find("CURRENT_TIMESTAMP") != std::string::npos) alter_.unpredictable.insert(column.name);
    return column;
  }

  Clause add_column() { return "ADD COLUMN " + definition(new_column()) + position(); }

  Clause add_column_with_default() {
    Column column = new_column();
    column.nullable = true;
    return "ADD COLUMN " + definition(column) + position();
  }

  Clause add_generated() {
    const std::string expression = draw_generated(table_, dice_);
    if (expression.empty()) return {};
    return "ADD COLUMN " + new_name() + dice_.text({" BIGINT", " VARCHAR(60)", " DOUBLE"}) + expression + position();
  }

  Clause drop_column() {
    const Column* column = fresh_column();
    if (column == nullptr || (column->in_key && !dice_.one_in(8))) return {};
    return "DROP COLUMN " + quote_identifier(column->name);
  }

  // The column in its new shape. Of a key's text, only the collation may change.
  Column changed(Column column) {
    if (!column.generated.empty()) return column;
    const bool retype = column.in_key ? dice_.one_in(3) : !dice_.one_in(4);
    if (retype) {
      const Type before = column.type;
      column.type = draw_changed(column.type, table_.server, dice_);
      if (column.in_key && !before.collation.empty()) {
        column.type = before;
        if (dice_.one_in(2)) column.type.collation = draw_collation(table_.server, dice_);
      }
      if (column.in_key && before.collation.empty() && !column.type.collation.empty()) column.type = before;
      if (column.type.name != before.name) column.fallback.clear();
      if (is_blob(column.type) || !column.type.members.empty()) column.fallback.clear();
      if (column.type.family == Family::timestamp && before.family != Family::timestamp) column.nullable = true;
    }
    // Of a NULL in a TIMESTAMP that is no longer to be one the servers make what time it is, or a zero.
    const bool of_time = column.type.family == Family::timestamp;
    if (!column.in_key && !of_time && dice_.one_in(4)) column.nullable = !column.nullable;
    if (!column.nullable && column.fallback.find("NULL") != std::string::npos) column.fallback.clear();
    if (column.type.family != Family::integer) column.attributes.clear();
    return column;
  }

  Clause modify() {
    const Column* column = fresh_column();
    if (column == nullptr) return {};
    return "MODIFY COLUMN " + definition(changed(*column)) + position();
  }

  Clause change() {
    const Column* column = fresh_column();
    if (column == nullptr) return {};
    Column after = changed(*column);
    after.name = new_name();
    return "CHANGE COLUMN " + quote_identifier(column->name) + " " + definition(after) + position();
  }

  Clause rename() {
    const Column* column = fresh_column();
    if (column == nullptr) return {};
    return "RENAME COLUMN " + quote_identifier(column->name) + " TO " + new_name();
  }

  Clause widen() {
    const Column* column = fresh_column();
    if (column == nullptr || !column->generated.empty()) return {};
    Column after = *column;
    if (after.type.name.ends_with("INT")) {
      after.type.name = "BIGINT";
    } else if (after.type.name.starts_with("VAR") && after.type.size > 0) {
      after.type.size += 10;
    } else {
      return {};
    }
    return "MODIFY COLUMN " + definition(after);
  }

  Clause reorder() {
    const Column* column = fresh_column();
    if (column == nullptr || !column->generated.empty()) return {};
    return "MODIFY COLUMN " + definition(*column) + " FIRST";
  }

  Clause set_default() {
    const Column* column = fresh_column();
    if (column == nullptr || !column->generated.empty() || column->in_key) return {};
    const std::string alter = "ALTER COLUMN " + quote_identifier(column->name);
    if (dice_.one_in(3)) return alter + " DROP DEFAULT";
    if (column->type.family == Family::integer) return alter + " SET DEFAULT 5";
    if (column->type.family == Family::text && !is_blob(column->type)) return alter + " SET DEFAULT 'd'";
    return {};
  }

  Clause add_key() {
    const Key key = draw_secondary_key(table_, "new" + std::to_string(++names_), dice_);
    if (key.kind.empty()) return {};
    return "ADD " + key.kind + " " + key.name + " " + key.parts;
  }

  Clause add_plain_key() {
    const Key key = draw_secondary_key(table_, "new" + std::to_string(++names_), dice_);
    if (key.kind != "KEY") return {};
    return "ADD KEY " + key.name + " " + key.parts;
  }

  Clause drop_key() {
    if (table_.keys.empty()) return {};
    const Key& key = dice_.of(table_.keys);
    if (key.name == "PRIMARY" || !dropped_.insert(key.name).second) return {};
    return "DROP KEY " + quote_identifier(key.name);
  }

  Clause rename_key() {
    if (table_.keys.empty()) return {};
    const Key& key = dice_.of(table_.keys);
    if (key.name == "PRIMARY" || !dropped_.insert(key.name).second) return {};
    return "RENAME KEY " + quote_identifier(key.name) + " TO `other key`";
  }

  [[nodiscard]] bool names_nullable_timestamp(const Key& key) const {
    return std::ranges::any_of(table_.columns, [&](const Column& column) {
      return column.type.family == Family::timestamp && column.nullable &&
             key.parts.find(quote_identifier(column.name)) != std::string::npos;
    });
  }

  Clause change_primary_key() {
    const auto unique = std::ranges::find_if(table_.keys, [](const Key& key) { return key.kind == "UNIQUE KEY"; });
    if (unique == table_.keys.end() || names_nullable_timestamp(*unique) || !dropped_.insert("PRIMARY").second)
      return {};
    const bool has_primary = table_.keys.front().name == "PRIMARY";
    return std::string(has_primary ? "DROP PRIMARY KEY, " : "") + "ADD PRIMARY KEY " + unique->parts;
  }

  // MariaDB takes the bytes of members in these character sets for what they are to become.
  [[nodiscard]] bool spoils_members(const Type& type) const {
    const std::string charset = charset_of(type.collation);
    return table_.server == Kind::mariadb && !type.members.empty() &&
           (charset == "ucs2" || charset == "utf16" || charset == "utf32");
  }

  Clause convert() {
    for (const Column& column : table_.columns) {
      if (column.in_key && !column.type.collation.empty() && !dice_.one_in(2)) return {};
      if (spoils_members(column.type)) return {};
    }
    if (!named_.empty()) return {};
    for (const Column& column : table_.columns) named_.insert(column.name);
    const std::string collation = draw_collation(table_.server, dice_);
    return "CONVERT TO CHARACTER SET " + charset_of(collation) + " COLLATE " + collation;
  }

  Clause option() {
    return dice_.text({"FORCE", "ENGINE=InnoDB", "ROW_FORMAT=DYNAMIC", "ROW_FORMAT=COMPACT", "ROW_FORMAT=REDUNDANT",
                       "ROW_FORMAT=COMPRESSED", "COMMENT='new ''words'''", "STATS_PERSISTENT=1", "AUTO_INCREMENT=1000",
                       "DEFAULT CHARACTER SET latin1", "KEY_BLOCK_SIZE=8"});
  }

  Clause order_by() {
    if (!tail_.empty() || table_.keys.empty() || table_.invisible_key) return {};
    return "ORDER BY " + quote_identifier(dice_.of(table_.columns).name);
  }

  Clause partition() {
    if (!tail_.empty()) return {};
    tail_ = !table_.partition.empty() && dice_.one_in(2) ? " REMOVE PARTITIONING" : draw_partition(table_, dice_);
    return "FORCE";
  }

  Clause visibility() {
    const Column& column = dice_.of(table_.columns);
    const bool mysql = table_.server == Kind::mysql;
    if (mysql && dice_.one_in(2)) {
      return "ALTER COLUMN " + quote_identifier(column.name) + " SET " + dice_.text({"INVISIBLE", "VISIBLE"});
    }
    if (table_.keys.empty()) return {};
    const Key& key = dice_.of(table_.keys);
    if (key.name == "PRIMARY" || !dropped_.insert(key.name).second) return {};
    return "ALTER INDEX " + quote_identifier(key.name) + (mysql ? " INVISIBLE" : " IGNORED");
  }

  Clause check() {
    if (table_.checks.empty() || !dice_.one_in(2)) {
      return "ADD " + clause(draw_check(table_, "new check ", dice_));
    }
    const bool mysql = table_.server == Kind::mysql;
    const std::string& given = table_.checks.front().name;
    if (given.empty() && mysql) return {};
    const std::string name = given.empty() ? "CONSTRAINT_1" : quote_identifier(given);
    if (!dropped_.insert(name).second) return {};
    if (mysql && dice_.one_in(3)) return "ALTER CHECK " + name + " NOT ENFORCED";
    return (mysql && dice_.one_in(2) ? "DROP CHECK " : "DROP CONSTRAINT ") + name;
  }

  Clause foreign_key() {
    if (!table_.foreign_key || !dropped_.insert(table_.foreign_key->name).second) return {};
    ForeignKey key = *table_.foreign_key;
    const std::string drop = "DROP FOREIGN KEY " + quote_identifier(key.name);
    if (dice_.one_in(2)) return drop;
    key.name = "other " + key.name;
    key.on_change = draw_on_change(table_.server, dice_);
    return drop + ", ADD " + clause(key);
  }

  const Table& table_;
  Dice& dice_;
  Alter alter_;
  std::string tail_;  // what must come last
  std::set<std::string> named_;
  std::set<std::string> dropped_;
  int names_ = 0;
};

}  // namespace

Alter draw_alter(const Table& table, Scope scope, Dice& dice) {
  return Drawer(table, dice).draw(scope);
}

}  // namespace sluice::alters
