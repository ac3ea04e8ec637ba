#include "tests/sim/walk.hpp"

#include <random>
#include <unordered_set>
#include <vector>

#include "tests/sim/world.hpp"

namespace sluice::sim {
namespace {

constexpr std::size_t kStepsMax = 5'000;  // of a random path; one that is longer goes round in circles

// Time-outs and faults are rare, or hardly any cut-over would come to its end.
constexpr std::uint64_t kRarity = 40;
bool is_rare(Kind kind) {
  return World::is_fault(kind) || kind == Kind::fail || kind == Kind::gate_expires || kind == Kind::vanish ||
         kind == Kind::rename_dies;
}

std::string spell(const std::vector<Action>& path) {
  std::string out;
  for (const Action action : path) out += to_string(action) + " ";
  return out;
}

bool is_end(const std::vector<Action>& actions) {
  for (const Action action : actions) {
    if (!World::is_fault(action.kind)) return false;
  }
  return true;
}

class Walker {
 public:
  explicit Walker(std::size_t states_max) : states_max_(states_max) {}

  // False: stop, a violation was found or the limit reached.
  bool visit(World& world) {
    if (!seen_.insert(world.digest()).second) return true;
    const std::vector<Action> actions = world.actions();
    if (is_end(actions)) {
      ++found_.ends;
      found_.completed += world.model().server.swapped;
      world.check_end();
    }
    if (world.violation() != nullptr) {
      found_.violation = world.violation();
      found_.path = spell(path_);
      return false;
    }
    if (seen_.size() >= states_max_) {
      found_.whole = false;
      return false;
    }
    for (const Action action : actions) {
      World next = world;
      next.apply(action);
      path_.push_back(action);
      if (!visit(next)) return false;
      path_.pop_back();
    }
    return true;
  }

  Found result() {
    found_.states = seen_.size();
    return found_;
  }

 private:
  std::size_t states_max_;
  std::unordered_set<std::uint64_t> seen_;
  std::vector<Action> path_;
  Found found_;
};

}  // namespace

Found walk(const Scenario& scenario, Mutation mutation, std::size_t states_max) {
  Walker walker(states_max);
  World world(scenario, mutation);
  walker.visit(world);
  return walker.result();
}

Found run(const Scenario& scenario, Mutation mutation, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  World world(scenario, mutation);
  std::vector<Action> path;
  Found found;
  while (true) {
    const std::vector<Action> actions = world.actions();
    const bool end = is_end(actions);
    if (end) world.check_end();
    found.violation = world.violation() != nullptr ? world.violation()
                      : path.size() > kStepsMax    ? "the path does not end"
                                                   : "";
    if (end || !found.violation.empty()) break;
    Action action = actions[random() % actions.size()];
    while (is_rare(action.kind) && random() % kRarity != 0) action = actions[random() % actions.size()];
    world.apply(action);
    path.push_back(action);
  }
  found.states = path.size();
  found.ends = 1;
  found.completed = world.model().server.swapped;
  found.path = spell(path);
  return found;
}

}  // namespace sluice::sim
