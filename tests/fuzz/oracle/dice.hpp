// Seeded randomness: the same seed, the same statements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>

namespace sluice::oracle {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  [[nodiscard]] std::size_t below(std::size_t sides) { return static_cast<std::size_t>(engine_() % sides); }
  [[nodiscard]] bool one_in(std::size_t sides) { return below(sides) == 0; }
  template <class List>
  [[nodiscard]] const auto& of(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(below(std::size(list))));
  }
  [[nodiscard]] std::string text(std::initializer_list<const char*> list) { return of(list); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sluice::oracle
