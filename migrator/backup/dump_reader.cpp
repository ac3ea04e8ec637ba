#include "migrator/backup/dump_reader.hpp"

namespace sluice::migrator {
namespace {

constexpr std::string_view kInsert = "INSERT INTO ";

}  // namespace

void DumpReader::read(std::string_view bytes) {
  for (const char c : bytes) step(c);
}

void DumpReader::step(char c) {
  switch (in_) {
    case In::line_start:
    case In::line:
      if (c == '\n') return line_ended();
      in_ = In::line;
      is_whole_ = false;
      if (line_.size() < kLineMax) line_ += c;
      if (line_ == kInsert) {
        in_ = In::statement;
        at_values_ = false;
        depth_ = 0;
        word_.clear();
        line_.clear();
        return;
      }
      return;
    case In::statement:
      return in_statement(c);
    case In::text:
      if (c == '\\') in_ = In::escape;
      if (c == '\'') in_ = In::statement;
      return;
    case In::escape:
      in_ = In::text;
      return;
    case In::name:
      if (c == '`') in_ = In::statement;
      return;
    case In::done:
      if (c == '\n') in_ = In::line_start;
      return;
  }
}

void DumpReader::in_statement(char c) {
  switch (c) {
    case '\'':
      in_ = In::text;
      return;
    case '`':
      in_ = In::name;
      return;
    case '(':
      if (depth_++ == 0 && at_values_) ++rows_;
      return;
    case ')':
      if (depth_ > 0) --depth_;
      return;
    case ';':
      if (depth_ == 0) in_ = In::done;
      return;
    default:
      break;
  }
  if (depth_ > 0 || at_values_) return;
  const bool is_space = c == ' ' || c == '\n';
  if (is_space) word_.clear();
  if (!is_space) word_ += c;
  at_values_ = word_ == "VALUES";
}

void DumpReader::line_ended() {
  in_ = In::line_start;
  if (!line_.empty()) is_whole_ = line_.starts_with("-- Dump completed");
  if (line_.starts_with("-- MariaDB dump")) by_mariadb_ = true;
  if (line_.starts_with("CREATE TABLE ")) has_definition_ = true;
  if (line_.starts_with("  `") && line_.find(" GENERATED ALWAYS AS ") != std::string::npos) generates_ = true;
  line_.clear();
}

}  // namespace sluice::migrator
