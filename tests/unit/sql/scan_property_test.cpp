#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <random>

#include "protocol/sql/digest.hpp"
#include "protocol/sql/statement_context.hpp"
#include "tests/unit/sql/scan_world.hpp"

namespace sluice::protocol {
namespace {

constexpr unsigned seed = 20240607;

class Dice {
 public:
  std::size_t roll(std::size_t sides) { return std::uniform_int_distribution<std::size_t>(0, sides - 1)(engine_); }
  template <class T, std::size_t n>
  const T& one_of(const std::array<T, n>& all) {
    return all[roll(n)];
  }

 private:
  std::mt19937 engine_{seed};
};

std::string random_case(std::string text, Dice& dice) {
  for (char& c : text) {
    if (dice.roll(2) == 0 && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string random_name(std::string_view name, Dice& dice) {
  const std::array<std::string, 3> quotes{"", "`", "\""};
  const std::string& quote = dice.one_of(quotes);
  return quote + random_case(std::string(name), dice) + quote;
}

std::string random_gap(Dice& dice) {
  const std::array<std::string, 10> gaps{" ",       "\t\n",  "/**/",        "/* 'orders */", "-- it's\n",
                                         "# \"x\n", "/*!*/", "/*!50000 */", "/*M!100100 */", " \r\n/* ` */ "};
  std::string gap = dice.one_of(gaps);
  while (dice.roll(3) == 0) gap += dice.one_of(gaps);
  return gap;
}

// Words and the places where names of the armed table stand (@).
struct Template {
  std::vector<std::string> words;
  TableAccess at_least;
};

const std::array<Template, 8> templates{{
    {{"update", "@", "set", "a", "=", "'x'"}, TableAccess::write},
    {{"delete", "from", "@"}, TableAccess::write},
    {{"insert", "into", "@", "values", "(", "\"it's\"", ")"}, TableAccess::write},
    {{"select", "'a\\b'", "from", "x", ",", "@"}, TableAccess::read},
    {{"alter", "table", "@", "force"}, TableAccess::definition},
    {{"select", "1", ";", "truncate", "@"}, TableAccess::definition},
    {{"lock", "tables", "x", "read", ",", "@", "write"}, TableAccess::write},
    {{"with", "c", "as", "(", "select", "*", "from", "@", ")", "select", "1"}, TableAccess::read},
}};

std::string dress(const Template& plain, Dice& dice) {
  std::string sql = dice.roll(2) == 0 ? random_gap(dice) : "";
  for (const std::string& word : plain.words) {
    if (word != "@") {
      sql += random_case(word, dice);
    } else if (dice.roll(2) == 0) {
      sql += random_name("orders", dice);
    } else {
      sql += random_name("shop", dice) + (dice.roll(2) == 0 ? random_gap(dice) : "") + "." +
             (dice.roll(2) == 0 ? random_gap(dice) : "") + random_name("orders", dice);
    }
    sql += random_gap(dice);
  }
  return sql;
}

TEST(ScanProperty, NoDressHidesATouch) {
  Dice dice;
  for (int round = 0; round < 20'000; ++round) {
    const Template& plain = dice.one_of(templates);
    const std::string sql = dress(plain, dice);
    const ScanResult result = scan(sql, {.database = "shop", .charset = ClientCharset::utf8}, some_routines());
    ASSERT_FALSE(result.touches.empty()) << sql;
    ASSERT_EQ(result.touches[0].table, 0U) << sql;
    ASSERT_GE(result.touches[0].access, plain.at_least) << sql;
  }
}

TEST(ScanProperty, ATouchOutlivesWhateverStatementsStandAroundIt) {
  Dice dice;
  const std::array<std::string, 7> others{"SELECT 'a;b'",    "SELECT 1 -- ;\n",  "INSERT INTO x VALUES ('orders')",
                                          "COMMIT",          "SET @a = 'it''s'", "SELECT `;`",
                                          "/* ; */ SELECT 2"};
  for (int round = 0; round < 5'000; ++round) {
    const std::string sql = dice.one_of(others) + ";" + dress(dice.one_of(templates), dice) + ";" + dice.one_of(others);
    const ScanResult result = scan(sql, {.database = "shop", .charset = ClientCharset::utf8}, some_routines());
    ASSERT_FALSE(result.touches.empty()) << sql;
  }
}

TEST(ScanProperty, NoTruncationOrNoiseBreaksAnything) {
  Dice dice;
  constexpr std::string_view noise =
      "'\"`\\/*!-#;.@$() \n\x80\xff"
      "5";
  for (int round = 0; round < 300; ++round) {
    std::string sql = dress(dice.one_of(templates), dice);
    for (std::size_t i = 0; i < dice.roll(4); ++i) sql[dice.roll(sql.size())] = noise[dice.roll(noise.size())];
    for (std::size_t length = 0; length <= sql.size(); ++length) {
      const std::string cut = sql.substr(0, length);  // a copy: a read past the end is seen by the sanitizer
      for (const ClientCharset charset : {ClientCharset::utf8, ClientCharset::ambiguous}) {
        const ScanResult result = scan(cut, {.database = "shop", .charset = charset}, some_routines());
        ASSERT_TRUE(!result.opaque || result.touches.size() == 2) << cut;
      }
      ASSERT_LE(digest(cut, 40).size(), 40U) << cut;
      static_cast<void>(look_at(cut, MultiStatements::yes));
    }
  }
}

// Twice the text must not take much more than twice the time, whatever it is made of.
TEST(ScanProperty, CostIsLinear) {
  for (const char* part :
       {"orders,", "'a\\", "\"", "`", "/*", "/*!", "*/", "(", "a.", "-- ", "$$", ";", "/*!50000 x*/"}) {
    const auto cost = [part](std::size_t times) {
      std::string sql = "SELECT orders ";
      for (std::size_t i = 0; i < times; ++i) sql += part;
      auto best = std::chrono::nanoseconds::max();
      for (int i = 0; i < 5; ++i) {
        const auto start = std::chrono::steady_clock::now();
        static_cast<void>(scan(sql, {.database = "shop", .charset = ClientCharset::utf8}, some_routines()));
        best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - start);
      }
      return best;
    };
    constexpr std::size_t times = 2'000;
    // Quadratic would be 64 times as much; the machine may be busy.
    EXPECT_LT(cost(8 * times), 40 * cost(times) + std::chrono::milliseconds(2)) << part;
  }
}

}  // namespace
}  // namespace sluice::protocol
