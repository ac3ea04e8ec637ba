// ./run suites: what connectors' own tests say directly, through HAProxy and through Sluice, in turn. The exit status
// is 0 if none has another outcome through Sluice than directly.
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/hops.hpp"
#include "tests/suites/suite.hpp"

namespace {

using namespace sluice::test;

// Of the whole suite; `--smoke`: every so many.
constexpr std::size_t SMOKE_STEP = 12;
// A test may depend on the time: its outcomes differ if they do every time.
constexpr int TRIES = 3;

const std::string OTHERS =
    std::string{
        "SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user WHERE user NOT LIKE 'mysql.%' AND user NOT "
        "LIKE 'mariadb.%' AND user NOT IN ('root', 'sluice', '"} +
    suite_user + "')";

struct Way {
  std::unique_ptr<Hop> hop;
  std::map<Outcome, int> outcomes;
};

class Comparison {
 public:
  Comparison(const Suite& suite, const TestServer& server) : suite_(suite), server_(server) {
    ways_.push_back({direct_hop(server), {}});
    ways_.push_back({haproxy_hop(server), {}});
    ways_.push_back({sluice_hop(server), {}});
  }

  // The number of tests that differ.
  [[nodiscard]] int run(std::size_t step, std::string_view only) {
    int differ = 0;
    const auto tests = suite_.tests();
    for (std::size_t n = 0; n < tests.size(); n += step) {
      if (tests[n].find(only) != std::string::npos && !is_same(tests[n])) ++differ;
    }
    std::printf("%s on %s\n", suite_.name().c_str(), name(server_.kind()));
    for (const auto& [hop, outcomes] : ways_) {
      std::printf("  %-8s", hop->name().c_str());
      for (const auto& [outcome, count] : outcomes) std::printf(" %d %s", count, to_string(outcome));
      std::printf("\n");
    }
    std::fflush(stdout);
    return differ;
  }

 private:
  // Of tests that don't tidy up, and would then find what the way before them left.
  void drop_leftover_accounts() const {
    auto client = server_.connect("mysql");
    client.must("FLUSH PRIVILEGES");  // some delete rows of mysql.user
    const auto others = client.must(OTHERS);
    for (const auto& row : others.rows()) client.must("DROP USER " + row.at(0).value_or("''"));
  }
  bool is_same(const std::string& test) {
    std::string told;
    for (int attempt = 0; attempt < TRIES; ++attempt) {
      std::vector<Outcome> outcomes;
      for (const auto& way : ways_) {
        drop_leftover_accounts();
        outcomes.push_back(suite_.run(test, server_, way.hop->port()));
        told += std::string{way.hop->name()} + ": " + to_string(outcomes.back()) + "\n" + suite_.output();
      }
      const bool same = outcomes.front() == outcomes.back();
      if (!same && attempt + 1 < TRIES) continue;
      for (std::size_t way = 0; way < ways_.size(); ++way) ++ways_[way].outcomes[outcomes[way]];
      if (!same || attempt > 0) {
        std::printf("  %s %s:\n%s\n", test.c_str(), same ? "differed, then no more" : "differs", told.c_str());
      }
      return same;
    }
    return false;
  }

  const Suite& suite_;
  const TestServer& server_;
  std::vector<Way> ways_;
};

int run(std::size_t step, std::string_view only) {
  std::vector<std::unique_ptr<Suite>> suites;
  suites.push_back(client_test_suite());
  suites.push_back(go_driver_suite());
  int differ = 0;
  for (const auto kind : {Kind::mysql, Kind::mariadb}) {
    const auto server = TestServer::start(kind);
    server.make_user(suite_user, suite_password, "ALL ON *.*");
    server.connect().must(std::string{"GRANT GRANT OPTION ON *.* TO '"} + suite_user + "'");
    for (const auto& suite : suites) differ += Comparison{*suite, server}.run(step, only);
  }
  std::printf("%d tests differ between a direct connection and Sluice\n", differ);
  return differ == 0 ? 0 : 1;
}

}  // namespace

// `--smoke`: a part of the tests. Any other argument: those whose name holds it.
int main(int argc, char** argv) {
  const std::string_view argument = argc > 1 ? argv[1] : "";
  try {
    return argument == "--smoke" ? run(SMOKE_STEP, "") : run(1, argument);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
