// Is there a statement that touches a table and is judged not to? Statements made from a grammar are run on a real
// server; what it says was touched must have been found by the scan.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>

#include "proxy/session/armed_names.hpp"
#include "tests/fuzz/oracle/grammar.hpp"
#include "tests/fuzz/oracle/judge.hpp"
#include "tests/fuzz/oracle/witness.hpp"

namespace {

using namespace sluice::oracle;
namespace test = sluice::test;
namespace proxy = sluice::proxy;
using Clock = std::chrono::steady_clock;

constexpr std::size_t scripts_a_session = 60;

struct Options {
  std::uint64_t seed = 1;
  std::chrono::seconds time{10};  // for each server
};

struct Counts {
  std::uint64_t statements = 0;
  std::uint64_t refused = 0;     // by the server
  std::uint64_t touching = 0;    // statements that touched a table
  std::uint64_t held_whole = 0;  // statements found to touch every table, though they did not
  std::uint64_t pairs = 0;       // of the others that were run: statements times tables
  std::uint64_t false_touches = 0;
  std::uint64_t missed = 0;
};

// The text with everything that a terminal would not show as it is.
std::string shown(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    result += byte < ' ' || byte >= 0x7F ? escaped : std::string(1, c);
  }
  return result;
}

// One client's session after another.
class Run {
 public:
  explicit Run(const test::TestServer& server) : server_(server), admin_(server.connect("")), witness_(server) {
    build_world(admin_, server.kind());
    armed_ = armed_one_by_one(server);
    for (const auto& set : armed_) indexes_.push_back(proxy::target_index_of(set));
  }

  void session(std::uint64_t seed) {
    seed_ = seed;
    Dice dice(seed);
    refill(admin_);
    voice_ = {.server = server_.kind(), .database = dice.text({"shop", "shop", "crm"})};
    client_.emplace(server_.connect(voice_.database));
    tracking_ = dice.one_in(3) ? proxy::SessionMemory::Tracking::no : proxy::SessionMemory::Tracking::yes;
    judge_.emplace(armed_, indexes_, voice_.database, tracking_);
    witness_.watch(*client_);
    for (std::size_t i = 0; i < scripts_a_session; ++i) run(next_script(voice_, dice));
  }

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  void run(const Script& script) {
    const bool in_transaction = script.witness == Script::Witness::locks;
    if (in_transaction) client_->must("START TRANSACTION");
    bool all_done = true;
    for (const Step& step : script.steps) all_done = this->step(step, script.witness) && all_done;
    if (in_transaction) client_->must("ROLLBACK");
    for (const std::string& sql : script.cleanup) static_cast<void>(client_->query(sql));
    if (all_done && script.after.database != voice_.database) judge_->moved(script.after.database);
    if (all_done) voice_ = script.after;
    // A part of it may have been run: nobody knows where the session is.
    if (!all_done && script.steps.front().text.find("USE") != std::string::npos) restart_session();
  }

  void restart_session() {
    client_.emplace(server_.connect(voice_.database));
    const std::string database = voice_.database;
    voice_ = {.server = server_.kind(), .database = database};
    judge_.emplace(armed_, indexes_, database, tracking_);
    witness_.watch(*client_);
  }

  // True: the server took it.
  bool step(const Step& step, Script::Witness how) {
    const bool binary = step.kind == Step::Kind::binary;
    const auto code = step.kind == Step::Kind::init_db ? proxy::Code::init_db
                      : binary                         ? proxy::Code::prepare
                                                       : proxy::Code::query;
    Found found = judge_->examine(code, step.text);
    if (binary) {
      judge_->answered(Judge::Answer::ok, statement_id);
      found = judge_->examine(proxy::Code::execute, std::string("\1\0\0\0", sizeof statement_id));
    }
    std::set<Name> touched;
    const bool done = send(step, how, touched);
    judge_->answered(done ? Judge::Answer::ok : Judge::Answer::error);
    judge_step(step, found, touched, done);
    return done;
  }

  bool send(const Step& step, Script::Witness how, std::set<Name>& touched) {
    if (step.kind == Step::Kind::init_db) return client_->query("USE " + step.text).ok();
    if (how == Script::Witness::guard) {
      auto guarded = witness_.run_guarded(*client_, step.text);
      touched = std::move(guarded.touched);
      // Where the server does not tell what it waited for, anything that is found will do.
      waited_for_something_ = guarded.waited && touched.empty();
      return guarded.reply.ok();
    }
    if (how == Script::Witness::binlog) witness_.mark_binlog();
    const std::set<Name> before = how == Script::Witness::locks ? witness_.locked() : std::set<Name>{};
    bool done = false;
    try {
      done = (step.kind == Step::Kind::binary ? client_->execute(step.text) : client_->query(step.text)).ok();
    } catch (const std::runtime_error&) {  // it could not be prepared
    }
    touched = how == Script::Witness::binlog ? witness_.written() : witness_.locked();
    for (const Name& name : before) touched.erase(name);
    return done;
  }

  void judge_step(const Step& step, const Found& found, const std::set<Name>& touched, bool done) {
    ++counts_.statements;
    if (!done) ++counts_.refused;
    if (!touched.empty()) ++counts_.touching;
    for (const Name& name : touched) {
      if (!found.touched.contains(name)) report(step, name.database + "." + name.name);
    }
    if (std::exchange(waited_for_something_, false) && found.touched.empty()) report(step, "some table");
    if (!done) return;
    if (found.touched.size() == base_tables().size() && touched.size() < base_tables().size()) {
      ++counts_.held_whole;
      return;
    }
    counts_.pairs += base_tables().size();
    for (const Name& name : found.touched) counts_.false_touches += touched.contains(name) ? 0 : 1;
  }

  void report(const Step& step, const std::string& table) {
    ++counts_.missed;
    std::printf("MISSED %s, touched by (seed %llu, %s, database %s)\n  %s\n", table.c_str(),
                static_cast<unsigned long long>(seed_), name(server_.kind()), voice_.database.c_str(),
                shown(step.text).c_str());
  }

  static constexpr sluice::protocol::StatementId statement_id = 1;

  const test::TestServer& server_;
  test::TestClient admin_;
  Witness witness_;
  std::vector<sluice::gate::ArmedSet> armed_;
  std::vector<sluice::protocol::TargetIndex> indexes_;
  std::optional<test::TestClient> client_;
  proxy::SessionMemory::Tracking tracking_{};
  std::optional<Judge> judge_;
  Voice voice_;
  std::uint64_t seed_ = 0;
  bool waited_for_something_ = false;
  Counts counts_;
};

bool run_on(test::Kind kind, const Options& options) {
  std::vector<std::string> arguments;
  arguments.emplace_back("--log-bin-trust-function-creators=1");
  if (kind == test::Kind::mariadb) arguments.emplace_back("--plugin-load-add=metadata_lock_info");
  const auto server = test::TestServer::start(kind, {.arguments = arguments, .program = {}});
  Run run(server);
  const auto deadline = Clock::now() + options.time;
  for (std::uint64_t seed = options.seed; Clock::now() < deadline; ++seed) run.session(seed);
  const Counts& counts = run.counts();
  const auto percent = [](std::uint64_t part, std::uint64_t whole) {
    return 100.0 * static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(whole, 1));
  };
  std::printf("%s: seed %llu, %llu statements (%llu refused), %llu touched a table, missed %llu\n", name(kind),
              static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(counts.statements),
              static_cast<unsigned long long>(counts.refused), static_cast<unsigned long long>(counts.touching),
              static_cast<unsigned long long>(counts.missed));
  std::printf("  not understood, so taken to touch every table: %.1f %%; false touches of the others: %.1f %%\n",
              percent(counts.held_whole, counts.statements), percent(counts.false_touches, counts.pairs));
  std::fflush(stdout);
  return counts.missed == 0 && counts.touching > 0;
}

std::optional<Options> parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view value = arguments[i + 1];
    std::uint64_t number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ptr != value.data() + value.size())
      return {};
    if (std::strcmp(arguments[i], "--seed") == 0) {
      options.seed = number;
    } else if (std::strcmp(arguments[i], "--seconds") == 0) {
      options.time = std::chrono::seconds{number};
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
    std::fputs("usage: scan_oracle [--seed N] [--seconds N, for each server]\n", stderr);
    return 2;
  }
  try {
    bool good = true;
    for (const test::Kind kind : {test::Kind::mysql, test::Kind::mariadb}) good = run_on(kind, *options) && good;
    return good ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
