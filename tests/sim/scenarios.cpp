#include "tests/sim/scenarios.hpp"

namespace sluice::sim {
namespace {

constexpr Statement kBegin{Op::begin, 0};
constexpr Statement kCommit{Op::commit, 0};
constexpr Statement kReadOther{Op::read_other_table, 0};
constexpr Statement write(std::uint8_t key) {
  return {Op::write, key};
}
constexpr Statement read(std::uint8_t key) {
  return {Op::read, key};
}

}  // namespace

const std::vector<Scenario>& small_worlds() {
  static const std::vector<Scenario> worlds = {
      {.name = "an old snapshot",
       .clients = {{.statements = {kBegin, kReadOther, read(0), kCommit, read(0)}}, {.statements = {write(0)}}},
       .fence = Fence::lock_tables,
       .attempts = 2,
       .crashes = 1},
      {.name = "one who leaves while waiting",
       .clients = {{.statements = {write(0), read(0)}},
                   {.statements = {write(0)}, .patience = Patience::may_leave},
                   {.statements = {write(0)}}},
       .fence = Fence::lock_tables,
       .attempts = 1},
      {.name = "a transaction and single writes, fenced",
       .clients = {{.statements = {write(0), read(0)}}, {.statements = {kBegin, write(0), write(1), kCommit}}},
       .fence = Fence::lock_tables,
       .attempts = 3,
       .panics = 1},
      {.name = "a transaction and single writes, gate only",
       .clients = {{.statements = {write(0), read(0), write(1)}}, {.statements = {kBegin, write(1), read(0), kCommit}}},
       .attempts = 3,
       .panics = 1},
      {.name = "a bypass writer, gate only",
       .clients = {{.statements = {write(0), read(0)}}, {.path = Path::direct, .statements = {write(0), write(0)}}},
       .attempts = 3,
       .panics = 1},
      {.name = "a bypass transaction, fenced",
       .clients = {{.statements = {write(0), read(0)}},
                   {.path = Path::direct, .statements = {kBegin, write(0), write(1), kCommit, write(0)}}},
       .fence = Fence::lock_tables,
       .attempts = 2},
      {.name = "killed, gate only",
       .clients = {{.statements = {write(0), read(0)}}, {.path = Path::direct, .statements = {write(0), write(0)}}},
       .attempts = 2,
       .crashes = 1},
      {.name = "killed, fenced",
       .clients = {{.statements = {write(0), read(0)}}, {.statements = {kBegin, write(0), kCommit}}},
       .fence = Fence::lock_tables,
       .attempts = 2,
       .crashes = 1},
      {.name = "killed twice",
       .clients = {{.statements = {write(0), read(0)}}, {.path = Path::direct, .statements = {write(0)}}},
       .attempts = 1,
       .crashes = 2},
      {.name = "three at once, and a bypass writer",
       .clients = {{.statements = {write(0)}},
                   {.statements = {kBegin, write(0), kCommit}},
                   {.path = Path::direct, .statements = {write(0)}}},
       .attempts = 1},
  };
  return worlds;
}

Scenario large_world(Fence fence) {
  return {.name = "large",
          .clients = {{.statements = {write(0), read(0), write(1), read(1)}},
                      {.statements = {kBegin, write(0), write(1), kCommit, read(0), read(1)}},
                      {.statements = {kBegin, kReadOther, read(2), write(2), kCommit, read(2)}},
                      {.statements = {kBegin, read(3), write(3), kCommit}, .patience = Patience::may_leave},
                      {.statements = {write(2), write(3), read(2), write(2)}},
                      {.statements = {write(3), read(3)}, .patience = Patience::may_leave},
                      {.path = Path::direct, .statements = {write(0), write(2), write(0), write(2)}},
                      {.path = Path::direct, .statements = {kBegin, write(3), kCommit, write(1)}}},
          .fence = fence,
          .attempts = 3,
          .crashes = 1,
          .panics = 1};
}

}  // namespace sluice::sim
