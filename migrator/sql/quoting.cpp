#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

namespace {

std::string double_up(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out += quote;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  return double_up(name, '`');
}

std::string quote_string(std::string_view text) {
  if (text.find('\\') != std::string_view::npos || text.find('\0') != std::string_view::npos) {
    return "_utf8mb4 x'" + to_hex(text) + "'";
  }
  return double_up(text, '\'');
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

std::string quote(const TableRef& table) {
  return quote_identifier(table.database) + "." + quote_identifier(table.table);
}

}  // namespace sluice::migrator
