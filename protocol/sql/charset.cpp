#include "protocol/sql/charset.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "protocol/sql/text.hpp"

namespace sluice::protocol {
namespace {

constexpr std::array<std::string_view, 4> utf8_names{"utf8", "utf8mb3", "utf8mb4", "ascii"};
constexpr std::array<std::string_view, 27> compatible_names{
    "latin1", "latin2", "latin5",  "latin7", "cp1250", "cp1251", "cp1256", "cp1257",   "cp850",
    "cp852",  "cp866",  "greek",   "hebrew", "koi8r",  "koi8u",  "macce",  "macroman", "keybcs2",
    "hp8",    "dec8",   "geostd8", "tis620", "ujis",   "euckr",  "gb2312", "eucjpms",  "armscii8"};

struct Range {
  std::uint16_t first;
  std::uint16_t last;
};

// MariaDB's NOPAD collations are those above 1024, its UCA 14 ones start at 2048 (utf8mb3) and 2304 (utf8mb4).
constexpr std::array<Range, 21> utf8_ids{
    {{11, 11},     {33, 33},     {45, 46},     {65, 65},     {76, 76},     {83, 83},     {192, 215},
     {223, 247},   {255, 323},   {576, 578},   {608, 610},   {1035, 1035}, {1057, 1057}, {1069, 1070},
     {1089, 1089}, {1107, 1107}, {1216, 1216}, {1238, 1238}, {1248, 1248}, {1270, 1270}, {2048, 2559}}};

// Below 100 all are compatible but: big5 1, 84; swe7 10, 82; sjis 13, 88; gbk 28, 87; ucs2 35, 90; utf16 54-56, 62;
// utf32 60, 61; binary 63; cp932 95, 96.
constexpr std::array<Range, 9> compatible_ids{
    {{2, 9}, {12, 12}, {14, 27}, {29, 34}, {36, 53}, {57, 59}, {64, 81}, {85, 86}, {89, 89}}};
constexpr std::array<Range, 2> more_compatible_ids{{{91, 94}, {97, 99}}};

bool contains(std::span<const Range> ranges, std::uint16_t id) noexcept {
  return std::ranges::any_of(ranges, [id](Range range) { return range.first <= id && id <= range.last; });
}

bool contains(std::span<const std::string_view> names, std::string_view name) noexcept {
  return std::ranges::any_of(names, [name](std::string_view known) { return sql::equals_folded(known, name); });
}

}  // namespace

ClientCharset charset_of_collation(std::uint16_t collation) noexcept {
  if (contains(utf8_ids, collation)) return ClientCharset::utf8;
  if (contains(compatible_ids, collation) || contains(more_compatible_ids, collation)) {
    return ClientCharset::ascii_compatible;
  }
  return ClientCharset::ambiguous;
}

ClientCharset charset_of_name(std::string_view name) noexcept {
  if (contains(utf8_names, name)) return ClientCharset::utf8;
  if (contains(compatible_names, name)) return ClientCharset::ascii_compatible;
  return ClientCharset::ambiguous;
}

}  // namespace sluice::protocol
