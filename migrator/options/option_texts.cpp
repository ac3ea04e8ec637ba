#include "migrator/options/option_texts.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "migrator/options/option_table.hpp"

namespace sluice::migrator {
namespace {

// In the order of the reference.
constexpr std::array TEXTS{
    OptionText{"chunk_size", "The copy", "rows of the first chunk, 1 to 100000"},
    OptionText{
        "chunk_time_ms", "The copy",
        "what a chunk is to take; the size of the next follows from the time of the last, by at most a factor of two"},
    OptionText{"copy_threads", "The copy", "connections, 1 to 32, that copy, compare and apply changes side by side"},
    OptionText{"defer_secondary_indexes", "The copy",
               "the indexes that are neither unique nor `FULLTEXT` or `SPATIAL` are built once the rows are copied, "
               "which is quicker; on a replica the building of one keeps all else waiting for as long as it takes"},
    OptionText{
        "attempt_instant_ddl", "The copy",
        "what the server can do with `ALGORITHM=INSTANT` is done so: the table itself is altered while the clients are "
        "held, which takes milliseconds; there is no old table then. What it can't is copied as ever. Tables that swap "
        "together are always copied, and so is what `approve_renamed_columns` or `discard_foreign_keys` is asked for"},
    OptionText{
        "nice_ratio", "The copy",
        "pauses so many times as long as a chunk took: 1 is half speed; 0 to 100. Changes are applied meanwhile"},
    OptionText{"max_load", "Giving way",
               "`\"Threads_running=25,Threads_connected=500\"`: while a status variable of the server has reached its "
               "value, the migration waits"},
    OptionText{"critical_load", "Giving way",
               "when a status variable has reached its value, in the form of `max_load`, the migration fails, and "
               "nothing is swapped"},
    OptionText{"max_client_latency_ms", "Giving way",
               "copy and comparison are slowed down so far that the clients' p99 stays below so many milliseconds, see "
               "below; 0: no limit"},
    OptionText{"throttle_control_replicas", "Giving way",
               "`\"replica1:3306,replica2:3306\"`, 32 at most: the migration waits while one of them lags by more than "
               "`max_lag_millis`, or can't be reached"},
    OptionText{"max_lag_millis", "Giving way", "the lag of those replicas from which on the migration waits"},
    OptionText{"throttle_query", "Giving way",
               "the migration waits while the first value of this SQL is a number above 0, and while it fails"},
    OptionText{"throttle_http", "Giving way",
               "an `http://` or `https://` URL that is asked twice a second, with `HEAD` (with `GET` where the answer "
               "to that is 405 or 501): the migration waits unless it is answered with 200 within a second. `https` is "
               "verified against the authorities of Sluice's machine"},
    OptionText{"throttle_flag_file", "Giving way", "the migration waits while the file exists"},
    OptionText{
        "panic_flag_file", "Giving way",
        "when the file exists the migration panics: it stops at once, without a swap, and keeps the shadow table"},
    OptionText{"guards", "Guards",
               "at most 32 rules that are looked at twice a second for as long as the migration runs"},
    OptionText{
        "webhooks", "Webhooks",
        "at most 16 URLs, or `{\"url\": \"https://ops.example/sluice\", \"events\": [\"completion\", \"failure\"]}`, "
        "that are told of this migration beside those of [`sluice serve`](serve.md#webhooks-and-hooks)"},
    OptionText{"verify", "Proof", "every row of both tables is compared before the swap; `\"off\"` leaves that out"},
    OptionText{"compatibility_queries", "Proof",
               "at most 100 statements of the application that must work with the new table, see below"},
    OptionText{"postpone_cut_over", "The cut-over",
               "stays `ready` until told to go on: by `cut-over`, or by setting this to false"},
    OptionText{"postpone_cut_over_flag_file", "The cut-over", "stays `ready` while the file exists"},
    OptionText{"cut_over_window", "The cut-over",
               "the times at which the cut-over may happen, see below; `\"\"` takes it away. `cut-over` by hand does "
               "not ask for it"},
    OptionText{
        "drain_timeout_ms", "The cut-over",
        "how long new work on the table may wait for open transactions on it to end; with `on_blocker` `wait` the "
        "first five attempts give up after 100 ms, as whoever is busy still is better waited for with the gate open"},
    OptionText{"hold_timeout_ms", "The cut-over", "how long clients may be held once the table is drained"},
    OptionText{"on_blocker", "The cut-over",
               "who keeps the table from draining is waited for, with the gate open, and the attempt repeated; "
               "`\"kill\"`: is killed after half of `drain_timeout_ms` (Sluice's account then needs "
               "`CONNECTION_ADMIN`); `\"abort\"`: fails the migration"},
    OptionText{"fence", "The cut-over",
               "bypass writers are kept out by `LOCK TABLES` while the swap goes on, where the server can rename under "
               "it (MySQL 8.0.13 and newer); elsewhere what they got in before the swap is brought over right after "
               "it, and DDL of theirs makes the cut-over step back. `\"gate+lock\"` insists on the lock, and is "
               "refused where the server can't; `\"gate\"` never locks"},
    OptionText{"initially_drop_ghost_table", "Tables",
               "drops a `_orders_gho` that is there at the start; else it is a reason to refuse"},
    OptionText{"initially_drop_old_table", "Tables",
               "drops a `_orders_del` that is there at the start; else it is a reason to refuse"},
    OptionText{"ok_to_drop_table", "Tables",
               "drop the old table when its retention is over; never when a straggler had to be left alone "
               "(`cut_over.conflicts`), nor unless the audit passed (`cut_over.audit`)"},
    OptionText{
        "old_table_retention", "Tables",
        "how long the migration can be reverted, counted from its end, and with `ok_to_drop_table` how long the old "
        "table is kept"},
    OptionText{
        "backup", "Tables",
        "what is written to a file before a table is dropped (by a rollback, a cleanup, the end of the retention, or "
        "`initially_drop_ghost_table` and `initially_drop_old_table`): `\"definition\"`, or `\"data\"` with it; "
        "[there](serve.md#backups). What can't be "
        "backed up is not dropped"},
    OptionText{"discard_foreign_keys", "What hangs on the table",
               "the new table is without the foreign keys of the old one; else it has them all, by the same names"},
    OptionText{"include_triggers", "What hangs on the table",
               "the table's triggers go to the new table at the swap; else they are a reason to refuse"},
    OptionText{"approve_renamed_columns", "What hangs on the table",
               "a list of `\"old=new\"`: of an alter that drops `old` and adds `new`, the values of `old` become those "
               "of `new`. What the alter itself renames (`RENAME COLUMN`, `CHANGE`) needs no approval"},
    OptionText{"allow_zero_in_date", "What hangs on the table",
               "dates that are zero, or have a zero month or day, are copied although the server's `sql_mode` "
               "(`NO_ZERO_DATE`, `NO_ZERO_IN_DATE`) forbids them; else they fail the migration, as they would fail the "
               "server's own ALTER"},
};

std::string default_of(const OptionRow& row) {
  if (row.info.name == "guards") return "five that warn";
  const auto value = row.print(Options{});
  const bool is_empty =
      (value.is_string() && value.get_string().empty()) || (value.is_array() && value.get_array().empty());
  if (is_empty) return "none";
  if (value.is_string()) return "`" + boost::json::serialize(value) + "`";
  return value.is_double() ? std::to_string(std::llround(value.get_double())) : boost::json::serialize(value);
}

const OptionRow& row_of(const OptionText& text) {
  const auto rows = option_rows();
  return *std::ranges::find(rows, text.name, [](const OptionRow& row) { return row.info.name; });
}

}  // namespace

std::span<const OptionText> option_texts() noexcept {
  return TEXTS;
}

std::string summary_of(const OptionText& text) {
  std::string summary{text.text.substr(0, std::min(text.text.find("; "), text.text.find(". ")))};
  std::erase(summary, '`');
  return summary;
}

std::string options_reference() {
  std::string page;
  std::string_view group;
  for (const OptionText& text : option_texts()) {
    const OptionRow& row = row_of(text);
    if (std::exchange(group, text.group) != text.group) {
      page += (page.empty() ? "" : "\n") + ("## " + std::string{group}) + "\n\n| option | default | |\n|---|---|---|\n";
    }
    const bool changes = row.info.changes == Changes::while_running;
    page += "| `" + std::string{text.name} + "`" + (changes ? " ✎" : "") + " | " + default_of(row) + " | " +
            std::string{text.text} + " |\n";
  }
  return page;
}

}  // namespace sluice::migrator
