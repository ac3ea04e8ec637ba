#include "protocol/sql/keyword.hpp"

#include <algorithm>
#include <array>

#include "protocol/sql/text.hpp"

namespace sluice::protocol::sql {
namespace {

struct Spelling {
  std::string_view text;
  Keyword keyword;
};

// By text.
constexpr std::array<Spelling, 67> spellings{{{"alter", Keyword::alter},
                                              {"analyze", Keyword::analyze},
                                              {"atomic", Keyword::atomic},
                                              {"begin", Keyword::begin},
                                              {"binlog", Keyword::binlog},
                                              {"call", Keyword::call},
                                              {"case", Keyword::case_},
                                              {"character", Keyword::character},
                                              {"charset", Keyword::charset},
                                              {"check", Keyword::check},
                                              {"checksum", Keyword::checksum},
                                              {"create", Keyword::create},
                                              {"database", Keyword::database},
                                              {"deallocate", Keyword::deallocate},
                                              {"declare", Keyword::declare},
                                              {"delete", Keyword::delete_},
                                              {"desc", Keyword::desc},
                                              {"describe", Keyword::describe},
                                              {"drop", Keyword::drop},
                                              {"event", Keyword::event},
                                              {"execute", Keyword::execute},
                                              {"exists", Keyword::exists},
                                              {"explain", Keyword::explain},
                                              {"flush", Keyword::flush},
                                              {"for", Keyword::for_},
                                              {"from", Keyword::from},
                                              {"function", Keyword::function},
                                              {"grant", Keyword::grant},
                                              {"handler", Keyword::handler},
                                              {"help", Keyword::help},
                                              {"if", Keyword::if_},
                                              {"index", Keyword::index},
                                              {"insert", Keyword::insert},
                                              {"lock", Keyword::lock},
                                              {"loop", Keyword::loop},
                                              {"names", Keyword::names},
                                              {"not", Keyword::not_},
                                              {"on", Keyword::on},
                                              {"package", Keyword::package},
                                              {"prepare", Keyword::prepare},
                                              {"procedure", Keyword::procedure},
                                              {"read", Keyword::read},
                                              {"references", Keyword::references},
                                              {"rename", Keyword::rename},
                                              {"repeat", Keyword::repeat},
                                              {"replace", Keyword::replace},
                                              {"revoke", Keyword::revoke},
                                              {"schema", Keyword::schema},
                                              {"select", Keyword::select},
                                              {"set", Keyword::set},
                                              {"share", Keyword::share},
                                              {"show", Keyword::show},
                                              {"statement", Keyword::statement},
                                              {"table", Keyword::table},
                                              {"tables", Keyword::tables},
                                              {"temporary", Keyword::temporary},
                                              {"trigger", Keyword::trigger},
                                              {"truncate", Keyword::truncate},
                                              {"update", Keyword::update},
                                              {"use", Keyword::use},
                                              {"user", Keyword::user},
                                              {"values", Keyword::values},
                                              {"view", Keyword::view},
                                              {"while", Keyword::while_},
                                              {"with", Keyword::with},
                                              {"work", Keyword::work},
                                              {"xa", Keyword::xa}}};
static_assert(std::ranges::is_sorted(spellings, {}, &Spelling::text));

constexpr std::size_t longest =
    std::ranges::max(spellings, {}, [](const Spelling& s) { return s.text.size(); }).text.size();

}  // namespace

Keyword keyword_of(std::string_view word) noexcept {
  if (word.empty() || word.size() > longest || is(word[0], digit_byte)) return Keyword::none;
  std::array<char, longest> folded{};
  std::ranges::transform(word, folded.begin(), [](char c) { return static_cast<char>(fold(c)); });
  const std::string_view text(folded.data(), word.size());
  const auto* found = std::ranges::lower_bound(spellings, text, {}, &Spelling::text);
  return found != spellings.end() && found->text == text ? found->keyword : Keyword::none;
}

}  // namespace sluice::protocol::sql
