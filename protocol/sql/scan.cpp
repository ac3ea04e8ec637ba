#include "protocol/sql/scan.hpp"

#include <algorithm>

#include "protocol/sql/statement_scan.hpp"
#include "protocol/sql/text.hpp"

namespace sluice::protocol {
namespace {

using sql::Reading;

// What a glance at the raw bytes tells, before anybody knows what is quoted or commented out.
struct Glance {
  bool telling_word = false;  // what may be a target's name, or a telling keyword, stands somewhere as a whole word
  bool dollar_word = false;   // a word begins with $
  unsigned classes = 0;       // of all bytes
};

// The same for a run of word bytes some of which are above 0x7F: where these are no letters, they part words.
bool may_tell_in_high_bytes(std::string_view run, ClientCharset charset, const TargetIndex& index) noexcept {
  for (std::size_t at = 0; at < run.size();) {
    std::size_t end = at;
    while (end < run.size() && !sql::is(run[end], sql::high_byte)) ++end;
    if (end > at && index.matters(run.substr(at, end - at))) return true;
    at = end + 1;
  }
  const bool utf8 = charset == ClientCharset::utf8;
  if (utf8 && !sql::is_utf8(run)) return false;  // a name no server accepts
  return !utf8 || std::ranges::any_of(index.entries(), [run](const TargetIndex::Entry& entry) {
    return sql::may_be_same_name(run, entry.name);
  });
}

// May a name in this run of word bytes, which is of these classes, matter?
bool may_tell(std::string_view run, unsigned classes, ClientCharset charset, const TargetIndex& index) noexcept {
  if (run.empty()) return false;
  if ((classes & sql::high_byte) != 0) return may_tell_in_high_bytes(run, charset, index);
  return index.may_matter(static_cast<unsigned char>(run.front()), run.size()) && index.matters(run);
}

// What follows the number at its beginning, or at most what may be that: "5t" of ".5t", "4e5t" and "5t" of "4e+5t".
bool may_tell_behind_number(std::string_view run, unsigned classes, ClientCharset charset,
                            const TargetIndex& index) noexcept {
  const auto without_digits = [](std::string_view text) {
    std::size_t digits = 0;
    while (digits < text.size() && sql::is(text[digits], sql::digit_byte)) ++digits;
    return text.substr(digits);
  };
  const auto rest = without_digits(run);
  if (may_tell(rest, classes, charset, index)) return true;
  return !rest.empty() && sql::fold(rest.front()) == 'e' &&
         may_tell(without_digits(rest.substr(1)), classes, charset, index);
}

// However a text is read, an unquoted or quoted name of word bytes is a whole run of word bytes in it. The exceptions
// are behind a number, which is looked at, and behind the version of a code comment and dollar quotes; both have marks
// of their own.
Glance glance(std::string_view sql, ClientCharset charset, const TargetIndex& index) noexcept {
  Glance result;
  const char* at = sql.data();
  const char* const end = at + sql.size();
  while (at != end) {
    unsigned bits = sql::class_of(*at);
    if ((bits & sql::word_byte) == 0) {
      result.classes |= bits;
      ++at;
      continue;
    }
    const char* const begin = at;
    unsigned in_word = 0;
    while ((bits & sql::word_byte) != 0) {
      in_word |= bits;
      if (++at == end) break;
      bits = sql::class_of(*at);
    }
    result.classes |= in_word;
    const std::string_view word(begin, static_cast<std::size_t>(at - begin));
    if (*begin == '$') result.dollar_word = true;
    if (result.telling_word) continue;
    result.telling_word = may_tell(word, in_word, charset, index) ||
                          (sql::is(*begin, sql::digit_byte) && may_tell_behind_number(word, in_word, charset, index));
  }
  return result;
}

// Up to `limit` of them.
std::size_t code_comments(std::string_view sql, std::size_t limit) noexcept {
  std::size_t count = 0;
  for (const std::string_view mark : {"/*!", "/*M!"}) {
    for (std::size_t at = sql.find(mark); at < sql.size() && count < limit; at = sql.find(mark, at + 1)) ++count;
  }
  return count;
}

bool has_code_comment(std::string_view sql) noexcept {
  return code_comments(sql, 1) == 1;
}

// Everything that may be read in two ways is read in both.
sql::Findings read_all_ways(std::string_view sql, const ScanContext& context, const TargetIndex& index,
                            const Glance& seen) {
  sql::Findings findings;
  findings.access.resize(index.table_count(), TableAccess::none);
  const std::size_t comments = code_comments(sql, 2);
  const std::size_t code_ways = comments > 0 ? 2 : 1;
  using sql::StatementScan;
  const auto mixture = comments > 1 ? StatementScan::CodeComments::several : StatementScan::CodeComments::at_most_one;
  const std::size_t backslash_ways = (seen.classes & sql::escape_byte) != 0 ? 2 : 1;
  const std::size_t quote_ways = (seen.classes & sql::dquote_byte) != 0 ? 2 : 1;
  for (std::size_t code = 0; code < code_ways; ++code) {
    for (std::size_t backslash = 0; backslash < backslash_ways; ++backslash) {
      for (std::size_t quote = 0; quote < quote_ways; ++quote) {
        const Reading reading{
            .code_comments = code == 0 ? Reading::CodeComments::code : Reading::CodeComments::comments,
            .backslash = backslash == 0 ? Reading::Backslash::escape : Reading::Backslash::literal,
            .double_quotes = quote == 0 ? Reading::DoubleQuotes::string : Reading::DoubleQuotes::identifier};
        StatementScan(index, context, reading, StatementScan::Text::command, mixture, findings).run(sql);
      }
    }
  }
  // If it is refused however it is read, we may be wrong about that.
  if (findings.refused == code_ways * backslash_ways * quote_ways) findings.opaque = true;
  return findings;
}

}  // namespace

ScanResult scan(std::string_view sql, const ScanContext& context, const TargetIndex& index) {
  const Glance seen = glance(sql, context.charset, index);
  // Such bytes may hide or make quotes; and a name with such letters may be spelled with none (swe7).
  const bool unreadable = context.charset == ClientCharset::ambiguous &&
                          ((seen.classes & sql::high_byte) != 0 || index.has_irregular_name());
  if (!seen.telling_word && !seen.dollar_word && !unreadable && !index.has_irregular_name() && !has_code_comment(sql)) {
    return {};
  }
  sql::Findings findings = read_all_ways(sql, context, index, seen);
  if (unreadable) findings.opaque = true;

  ScanResult result{.opaque = findings.opaque};
  for (std::size_t table = 0; table < findings.access.size(); ++table) {
    const TableAccess access =
        findings.opaque ? std::max(findings.access[table], TableAccess::write) : findings.access[table];
    if (access != TableAccess::none) result.touches.push_back({.table = table, .access = access});
  }
  return result;
}

}  // namespace sluice::protocol
