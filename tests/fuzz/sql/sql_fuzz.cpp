#include <cstdlib>
#include <iostream>
#include <string_view>

#include "protocol/sql/ddl_comment.hpp"
#include "protocol/sql/digest.hpp"
#include "protocol/sql/scan.hpp"
#include "protocol/sql/statement_context.hpp"
#include "protocol/sql/table_change.hpp"

namespace {

using namespace sluice::protocol;

void require(bool kept, const char* promise) {
  if (kept) return;
  std::cerr << "broken promise: " << promise << '\n';
  std::abort();
}

const TargetIndex& armed() {
  using enum ScanTarget::Kind;
  static const TargetIndex index(
      {{{"d", "t", table}, {"d", "v", alias}, {"d", "caf\u00e9", alias}}, {{"e", "x y", table}}});
  return index;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  constexpr std::size_t digest_bytes = 60;
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  for (const ClientCharset charset : {ClientCharset::utf8, ClientCharset::ascii_compatible, ClientCharset::ambiguous}) {
    const ScanResult here = scan(sql, {.database = "d", .charset = charset}, armed());
    const ScanResult somewhere = scan(sql, {.database = std::nullopt, .charset = charset}, armed());
    require(!here.opaque || here.touches.size() == armed().table_count(), "opaque touches all");
    require(here.touches.size() <= somewhere.touches.size(), "knowing less touches more");
  }
  require(digest(sql, digest_bytes).size() <= digest_bytes, "a digest keeps to its length");
  const auto change = read_table_change(sql, MultiStatements::yes);
  require(!change || change->statement.size() + change->rest.size() <= size, "what stands behind stands behind");
  require(!change || change->way != TableChange::Way::migration || !change->table.empty(), "a change is of a table");
  static_cast<void>(may_change_table(sql));
  static_cast<void>(read_ddl_comment(sql));
  static_cast<void>(look_at(sql, MultiStatements::yes));
  static_cast<void>(look_at(sql, MultiStatements::no));
  return 0;
}
