// ./run race: the same clients and the same disturber under gh-ost's cut-over, re-enacted, and under Sluice's.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/race/disturber.hpp"
#include "tests/race/gh_ost.hpp"
#include "tests/race/inserters.hpp"
#include "tests/support/sluice_process.hpp"
#include "tests/support/wait.hpp"

namespace {

using namespace sluice::test;
using namespace std::chrono_literals;

constexpr unsigned clients = 8;
constexpr unsigned bypass_clients = 4;
constexpr unsigned cut_overs_between_checks = 4;
constexpr std::uint64_t inserts_between_cut_overs = 50;
constexpr auto inserts_limit = 30s;
constexpr auto migration_limit = 60s;

// One migration of the table; how long its cut-over kept clients waiting, in milliseconds.
using Migrate = std::function<double()>;

struct Score {
  Inserters::Account inserts;
  double longest_hold_ms = 0;
};

Score play(const TestServer& server, Inserters& inserters, unsigned cut_overs, const Migrate& migrate) {
  auto direct = server.connect();
  Score score;
  inserters.start();
  for (unsigned i = 1; i <= cut_overs; ++i) {
    const auto before = inserters.acknowledged();
    const auto busy = [&] { return inserters.acknowledged() >= before + inserts_between_cut_overs; };
    if (!wait_until(busy, inserts_limit)) throw std::runtime_error{"the clients do not get on"};
    score.longest_hold_ms = std::max(score.longest_hold_ms, migrate());
    if (i % cut_overs_between_checks == 0) inserters.settle(direct);
  }
  inserters.stop();
  inserters.settle(direct);
  score.inserts = inserters.account();
  return score;
}

void print(const TestServer& server, const char* who, unsigned cut_overs, const Score& score) {
  std::printf(
      "%-8s %-34s %4u cut-overs  %8llu inserts acknowledged  %6llu lost  %llu client errors  longest hold %6.1f ms\n",
      name(server.kind()), who, cut_overs, static_cast<unsigned long long>(score.inserts.acknowledged),
      static_cast<unsigned long long>(score.inserts.lost), static_cast<unsigned long long>(score.inserts.client_errors),
      score.longest_hold_ms);
  for (const auto& problem : score.inserts.problems) std::printf("  %s\n", problem.c_str());
  std::fflush(stdout);
}

Score re_enact(const TestServer& server, unsigned cut_overs, const char* who) {
  auto direct = server.connect();
  make_table(direct);
  Inserters inserters{std::vector(clients, server.port())};
  GhOst gh_ost{server};
  auto score = play(server, inserters, cut_overs, [&] { return gh_ost.migrate().count(); });
  print(server, who, cut_overs, score);
  return score;
}

double migrate(const SluiceProcess& sluice, std::uint64_t number) {
  const auto id = sluice.migrate({.table = Inserters::table,
                                  .alter = number % 2 == 0 ? "ADD COLUMN note INT" : "DROP COLUMN note",
                                  .options = R"({"initially_drop_old_table": true})"});
  return sluice.await_audited(id, migration_limit).hold_ms;
}

// True if nothing is lost.
bool hold(const TestServer& server, unsigned writers_past_the_proxy, unsigned cut_overs) {
  auto direct = server.connect();
  make_table(direct);
  const auto sluice = SluiceProcess::start(server);
  std::vector ports(clients, sluice.port());
  ports.insert(ports.end(), writers_past_the_proxy, server.port());
  Inserters inserters{ports};
  const Disturber disturber{server};
  std::uint64_t migrations = 0;
  const auto score = play(server, inserters, cut_overs, [&] { return migrate(sluice, migrations++); });
  print(server, writers_past_the_proxy == 0 ? "Sluice" : "Sluice, and writers that bypass it", cut_overs, score);
  return score.inserts.lost == 0 && score.inserts.client_errors == 0;
}

bool compare(unsigned cut_overs) {
  bool as_claimed = true;
  {
    const auto mysql = TestServer::start(Kind::mysql);
    (void)re_enact(mysql, cut_overs, "gh-ost's cut-over, undisturbed");
    {
      const Disturber disturber{mysql};
      as_claimed &= re_enact(mysql, cut_overs, "gh-ost's cut-over").inserts.lost > 0;
    }
    as_claimed &= hold(mysql, 0, cut_overs);
    as_claimed &= hold(mysql, bypass_clients, cut_overs);
  }
  const auto mariadb = TestServer::start(Kind::mariadb);
  as_claimed &= hold(mariadb, 0, cut_overs);
  as_claimed &= hold(mariadb, bypass_clients, cut_overs);
  return as_claimed;
}

std::optional<unsigned> number_in(const char* text) {
  unsigned number = 0;
  const auto* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number == 0) return std::nullopt;
  return number;
}

}  // namespace

int main(int count, char** arguments) {
  const auto cut_overs = count == 2 ? number_in(arguments[1]) : std::nullopt;
  if (!cut_overs) {
    std::fputs("usage: race_lab CUT_OVERS   (./run race does it)\n", stderr);
    return 2;
  }
  try {
    return compare(*cut_overs) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "race_lab: %s\n", error.what());
    return 1;
  }
}
