// Does a migration give what the server's own ALTER TABLE ... ALGORITHM=COPY gives? Random tables, rows, ALTERs and
// writes; the server is asked what should have come of them.
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/fuzz/alter/refusals.hpp"
#include "tests/fuzz/alter/round.hpp"

namespace {

using namespace sluice::alters;
namespace test = sluice::test;
using Clock = std::chrono::steady_clock;

constexpr std::size_t lanes = 4;  // rounds side by side
constexpr std::uint64_t seeds_a_block = 100;
constexpr std::chrono::seconds usual_time{10};
constexpr std::chrono::hours longest_run{24};

struct Options {
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> rounds;
  std::optional<std::chrono::seconds> time;  // for each server; with `rounds`, they must be over by then
  std::vector<test::Kind> kinds{test::Kind::mysql, test::Kind::mariadb};
};

// Seeds one after the other on one server, in lanes, until time or rounds are over, or the server is gone.
class Run {
 public:
  Run(const Options& options, Clock::time_point deadline) : options_(options), deadline_(deadline) {}

  void on(test::Kind kind) {
    while (!over()) {
      const auto server = test::TestServer::start(kind);
      server.connect().must(std::string("CREATE DATABASE ") + expected_database);
      const auto sluice = test::SluiceProcess::start(server);
      gone_ = false;
      while (!over() && !gone_) block(server, sluice);
      if (gone_) tell_crash(server);
    }
  }

  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
  [[nodiscard]] std::uint64_t done() const { return done_; }

 private:
  [[nodiscard]] bool over() const {
    return (options_.rounds && done_ >= *options_.rounds) || Clock::now() >= deadline_;
  }

  // Rounds under one choice of the server's settings, which follow from the seed alone.
  void block(const test::TestServer& server, const test::SluiceProcess& sluice) {
    const std::uint64_t number = (options_.seed + done_) / seeds_a_block;
    set_up(server, number);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < lanes; ++i) {
      threads.emplace_back([&, number] { lane(server, sluice, (number + 1) * seeds_a_block); });
    }
  }

  static void set_up(const test::TestServer& server, std::uint64_t number) {
    Dice dice(number);
    const std::string own = server.kind() == test::Kind::mysql ? ",TIME_TRUNCATE_FRACTIONAL" : ",TIME_ROUND_FRACTIONAL";
    const std::string mode = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION" +
                             (dice.one_in(2) ? std::string(",NO_ZERO_DATE,NO_ZERO_IN_DATE") : "") +
                             (dice.one_in(4) ? own : "");
    server.connect().must("SET GLOBAL sql_mode = '" + mode + "', GLOBAL time_zone = '" +
                          dice.text({"SYSTEM", "+05:30", "-08:00"}) + "'");
  }

  // The next seed below `end`, if it is time for one.
  [[nodiscard]] std::optional<std::uint64_t> next_seed(std::uint64_t end) {
    const std::scoped_lock lock(mutex_);
    if (gone_ || over() || options_.seed + done_ >= end) return std::nullopt;
    return options_.seed + done_++;
  }

  void lane(const test::TestServer& server, const test::SluiceProcess& sluice, std::uint64_t end) {
    Round round(server, sluice);
    try {
      while (const auto seed = next_seed(end)) round.run(*seed);
    } catch (const test::ConnectFailure&) {
      gone_ = true;
    }
    const std::scoped_lock lock(mutex_);
    tally_.add(round.tally());
  }

  // Servers have bugs of their own; their logs tell what they were doing.
  void tell_crash(const test::TestServer& server) {
    ++crashes_;
    std::ifstream log{server.log()};
    for (std::string line; std::getline(log, line);) {
      if (line.starts_with("Query (")) std::printf("the server crashed, and is started anew: %s\n", line.c_str());
    }
  }

  const Options& options_;
  Clock::time_point deadline_;
  std::atomic<std::uint64_t> done_{0};  // rounds begun
  std::atomic<bool> gone_{false};
  std::mutex mutex_;
  Tally tally_;
  std::uint64_t crashes_ = 0;
};

unsigned long long number(std::uint64_t value) {
  return value;
}

bool run_on(test::Kind kind, const Options& options) {
  const auto began = Clock::now();
  Run run(options, began + options.time.value_or(options.rounds ? longest_run : usual_time));
  run.on(kind);
  const Tally& tally = run.tally();
  const std::chrono::duration<double> took = Clock::now() - began;
  std::printf(
      "%s: seed %llu, %llu rounds (%.1f a second), %llu tables not made, %llu completed, %llu refused by both, "
      "%llu statements written meanwhile, crashes of the server %llu, failures %llu\n",
      name(kind), number(options.seed), number(tally.rounds), static_cast<double>(tally.rounds) / took.count(),
      number(tally.not_made), number(tally.completed), number(tally.refused_by_both), number(tally.writes),
      number(run.crashes()), number(tally.failures));
  for (const auto& [code, count] : tally.refused) {
    std::printf("  refused, though the server would: %s %llu times (%s)\n", code.c_str(), number(count),
                std::string(reason_for(code)).c_str());
  }
  const bool in_time = !options.rounds || run.done() >= *options.rounds;
  if (!in_time) std::printf("  only %llu rounds in the time given\n", number(run.done()));
  std::fflush(stdout);
  return tally.failures == 0 && in_time;
}

std::optional<Options> parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    const std::string_view value = arguments[i + 1];
    if (name == "--kind") {
      if (value != "mysql" && value != "mariadb") return {};
      options.kinds = {value == "mysql" ? test::Kind::mysql : test::Kind::mariadb};
      continue;
    }
    std::uint64_t given = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), given).ptr != value.data() + value.size()) return {};
    if (name == "--seed") {
      options.seed = given;
    } else if (name == "--rounds") {
      options.rounds = given;
    } else if (name == "--seconds") {
      options.time = std::chrono::seconds{given};
    } else {
      return {};
    }
  }
  return count % 2 == 1 ? std::optional(options) : std::nullopt;
}

}  // namespace

int main(int count, char** arguments) {
  const auto options = parse(count, arguments);
  if (!options) {
    std::fputs("usage: alter_oracle [--seed N] [--rounds N] [--seconds N, for each server] [--kind mysql|mariadb]\n",
               stderr);
    return 2;
  }
  try {
    bool good = true;
    for (const test::Kind kind : options->kinds) good = run_on(kind, *options) && good;
    return good ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
