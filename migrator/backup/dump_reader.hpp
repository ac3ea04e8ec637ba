// What a file of mysqldump or mariadb-dump holds, told as it is read: how many rows, and whether it is whole. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::migrator {

class DumpReader {
 public:
  static constexpr std::size_t kLineMax = 1024;  // of a line that is no INSERT, so much is looked at

  // The next bytes of the file. In any pieces.
  void read(std::string_view bytes);

  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  // The last line is the one that is written when all else has been.
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  [[nodiscard]] bool has_definition() const noexcept { return has_definition_; }
  // Its INSERTs name values of generated columns, which MySQL refuses to take.
  [[nodiscard]] bool needs_mariadb() const noexcept { return by_mariadb_ && generates_; }

 private:
  enum class In : std::uint8_t { line_start, line, statement, text, escape, name, done };

  void step(char c);
  void in_statement(char c);
  void line_ended();

  In in_ = In::line_start;
  std::string line_;  // its beginning
  std::string word_;  // of an INSERT, outside its quotes and parentheses
  std::uint64_t rows_ = 0;
  unsigned depth_ = 0;
  bool at_values_ = false;
  bool is_whole_ = false;
  bool has_definition_ = false;
  bool by_mariadb_ = false;
  bool generates_ = false;
};

}  // namespace sluice::migrator
