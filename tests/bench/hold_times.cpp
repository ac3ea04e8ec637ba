#include "tests/bench/hold_times.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <stdexcept>
#include <string_view>

namespace sluice::test {
namespace {

double percentile_of(std::vector<double> values, std::size_t percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

std::string without_unit(std::string_view part) {
  constexpr std::string_view unit = "_ms";
  return std::string{part.ends_with(unit) ? part.substr(0, part.size() - unit.size()) : part};
}

std::string in_words(const std::string& part, double took_ms) {
  std::array<char, 32> took{};
  std::snprintf(took.data(), took.size(), " %.1f", took_ms);
  return part + took.data();
}

}  // namespace

void HoldTimes::add(const SluiceProcess& sluice, const MigrationStatus& status) {
  holds_ms_.push_back(status.hold_ms);
  held_statements_ += status.held_statements;
  // Attempts that came to nothing have their own entries before the last one's.
  const auto journal = sluice.journal(status.id);
  const auto last = std::find_if(journal.rbegin(), journal.rend(),
                                 [](const JournalEntry& entry) { return entry.event == "cut_over.parts"; });
  if (last == journal.rend()) throw std::runtime_error{"the journal does not tell the parts of the hold"};
  const auto details = boost::json::parse(last->details);
  auto& parts = parts_ms_.emplace_back();
  for (const auto& [part, took] : details.as_object()) {
    // Beside them stands how far the migration was.
    if (part.ends_with("_ms")) parts.emplace_back(without_unit(part), took.to_number<double>());
  }
}

double HoldTimes::percentile_ms(std::size_t percent) const {
  return percentile_of(holds_ms_, percent);
}

std::string HoldTimes::medians() const {
  std::vector<std::pair<std::string, std::vector<double>>> all;
  for (const auto& hold : parts_ms_) {
    for (const auto& [part, took] : hold) {
      auto known = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.first == part; });
      if (known == all.end()) known = all.insert(all.end(), {part, {}});
      known->second.push_back(took);
    }
  }
  std::string text;
  for (const auto& [part, times] : all) text += (text.empty() ? "" : "  ") + in_words(part, percentile_of(times, 50));
  return text;
}

std::string HoldTimes::longest() const {
  const auto at = std::max_element(holds_ms_.begin(), holds_ms_.end()) - holds_ms_.begin();
  std::string text;
  for (const auto& [part, took] : parts_ms_.at(static_cast<std::size_t>(at))) {
    text += (text.empty() ? "" : "  ") + in_words(part, took);
  }
  return text;
}

}  // namespace sluice::test
