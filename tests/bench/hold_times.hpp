// What a number of cut-overs took, and its summary in words.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/sluice_process.hpp"

namespace sluice::test {

class HoldTimes {
 public:
  // Of a migration that has completed; asks for its journal. Throws std::runtime_error.
  void add(const SluiceProcess& sluice, const MigrationStatus& status);

  [[nodiscard]] double percentile_ms(std::size_t percent) const;  // of the whole hold; 100 is the maximum
  [[nodiscard]] std::size_t cut_overs() const { return holds_ms_.size(); }
  [[nodiscard]] std::uint64_t held_statements() const { return held_statements_; }
  // The parts of the hold in their order, "drain 1.2  fence 0.8": the median of each, and those of the longest hold.
  [[nodiscard]] std::string medians() const;
  [[nodiscard]] std::string longest() const;

 private:
  using Parts = std::vector<std::pair<std::string, double>>;

  std::vector<double> holds_ms_;
  std::vector<Parts> parts_ms_;  // of each
  std::uint64_t held_statements_ = 0;
};

}  // namespace sluice::test
