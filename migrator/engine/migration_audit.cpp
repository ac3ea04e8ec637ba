// The audit of a migration whose tables were swapped, right after the swap or at the next start.
#include <boost/json.hpp>
#include <utility>

#include "migrator/engine/audit.hpp"
#include "migrator/engine/details.hpp"
#include "migrator/engine/follow.hpp"
#include "migrator/engine/hand_over.hpp"
#include "migrator/engine/migration.hpp"
#include "migrator/engine/watch.hpp"
#include "migrator/table/names.hpp"

namespace sluice::migrator {
namespace {

// The stragglers that were left alone, by their keys.
std::set<std::string> told_conflicts(const std::vector<JournalEntry>& journal, const std::string& table) {
  std::set<std::string> keys;
  for (const JournalEntry& entry : journal) {
    if (entry.event != "cut_over.conflict") continue;
    boost::system::error_code error;
    const auto details = boost::json::parse(entry.details, error);
    const auto* key = error ? nullptr : details.find_pointer("/key", error);
    const auto* of = error ? nullptr : details.find_pointer("/table", error);
    if (key == nullptr || !key->is_string() || of == nullptr || !of->is_string()) continue;
    if (of->get_string() != table) continue;
    keys.emplace(key->get_string());
  }
  return keys;
}

std::string examples_of(const Audit::Report& report) {
  std::string text;
  for (const KeyLiterals& key : report.examples) text += (text.empty() ? "" : ", ") + describe(key);
  return text;
}

}  // namespace

bool Migration::audit_is_due() const {
  const std::scoped_lock lock(mutex_);
  return fsm_.state() == State::completed && checkpoint_.cut_over.audit == kAuditPending;
}

Audit::Report Migration::look_back() {
  const auto impossible = [](std::string why) {
    return Audit::Report{.verdict = Audit::Report::Verdict::impossible, .why = std::move(why)};
  };
  if (!checkpoint_.audit_from) return impossible("where the binlog stood before the swap is not known");
  while (!connect() || !find_tables()) {
    if (stopping()) return {};
    if (connection_ && !plan_) return impossible("the old table or the new one is gone");
  }
  Audit audit({.primary = parts_.primary,
               .login = stream_login(parts_.primary),
               .stream = stream_options(id_),
               .observer = parts_.observer,
               .from = *checkpoint_.audit_from,
               .rename_tag = group_->tag(),
               .before = watch(source(), *source_definition_, plan_->key, Side::source),
               .after = watch(source(), *shadow_definition_, plan_->key, Side::shadow),
               .plan = with_tables(*plan_, old_table(source()), source()),
               .known = told_conflicts(journal(0), source().table),
               .expected = statements_of({.old_table = old_table(source()),
                                          .new_table = source(),
                                          .attachments = checkpoint_.attachments,
                                          .tag = group_->hand_over_tag()}),
               .rest = [this](Millis time) { rest(time); },
               .shutting_down = [this] { return stopping(); }});
  return audit.run();
}

void Migration::audit() {
  if (!audit_is_due()) return;
  const auto began = gate::Clock::now();
  const Audit::Report report = look_back();
  const auto took_ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<Millis>(gate::Clock::now() - began).count());
  std::string& audit = checkpoint_.cut_over.audit;
  switch (report.verdict) {
    case Audit::Report::Verdict::interrupted:
      return;  // the next start makes up for it
    case Audit::Report::Verdict::passed:
      audit = kAuditPassed;
      note("audit.passed", Details().add("keys", report.keys).add("ms", took_ms).text());
      break;
    case Audit::Report::Verdict::failed:
      audit = kAuditFailed;
      note("audit.failed", Details()
                               .add("keys", report.keys)
                               .add("missing", report.missing)
                               .add("different", report.different)
                               .add("returned", report.returned)
                               .add("examples", examples_of(report))
                               .add("ms", took_ms)
                               .text());
      break;
    case Audit::Report::Verdict::impossible:
      audit = "impossible: " + report.why;
      note("audit.impossible", Details().add("why", report.why).add("ms", took_ms).text());
      break;
  }
  publish({});
  save_in_the_end();
}

}  // namespace sluice::migrator
