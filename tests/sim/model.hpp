// The plain data of the model world: clients, two tables, the binlog, the metadata locks, the engine's memory and what
// it has written down. Bytes only, so that a state can be compared by its bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace sluice::sim {

inline constexpr std::size_t kClientsMax = 8;
inline constexpr std::size_t kKeysMax = 4;
inline constexpr std::size_t kEventsMax = 48;
inline constexpr std::uint8_t kNobody = 0xff;

// ---- what a world is made of (fixed for a walk)

enum class Op : std::uint8_t { begin, write, read, read_other_table, commit };
struct Statement {
  Op op = Op::write;
  std::uint8_t key = 0;
};
enum class Path : std::uint8_t { proxied, direct };       // direct: a bypass writer
enum class Patience : std::uint8_t { stays, may_leave };  // may_leave: may hang up while it waits at the gate
struct Script {
  Path path = Path::proxied;
  std::vector<Statement> statements;
  Patience patience = Patience::stays;
};
enum class Fence : std::uint8_t { none, lock_tables };
struct Scenario {
  const char* name = "";
  std::vector<Script> clients;
  Fence fence = Fence::none;
  std::uint8_t attempts = 1;
  std::uint8_t crashes = 0;
  std::uint8_t panics = 0;
};

// ---- what changes

// Where a client's statement is. `executed` and `logged` are the two halves of a commit: the event is in the binlog
// before the row is visible and unlocked.
enum class At : std::uint8_t { client, waiting, woken, server, executed, logged };

struct Client {
  std::uint8_t next = 0;  // index of its statement
  At at = At::client;
  std::uint8_t in_transaction = 0;    // as the server says
  std::uint8_t told_transaction = 0;  // as the last answer said
  std::uint8_t told_snapshot = 0;
  std::uint8_t snapshot = 0;         // holds one
  std::uint8_t snapshot_is_old = 0;  // opened before the swap
  std::uint8_t left = 0;
  std::uint8_t orphan = 0;                   // its proxy died: the server works on, nobody hears the answer
  std::uint8_t metadata_lock = 0;            // on the source before the swap, on the new table after it
  std::array<std::uint8_t, kKeysMax> own{};  // the version of its last acknowledged write
};

// A version is the place of the write in the binlog, from 1; 0 is what was there before.
struct Row {
  std::uint8_t visible = 0;
  std::uint8_t logged = 0;
  std::uint8_t owner = kNobody;  // whose lock
};
enum class Table : std::uint8_t { source, shadow };

struct Event {
  Table table = Table::source;
  std::uint8_t key = 0;
  std::uint8_t through_gate = 0;
};

enum class Lock : std::uint8_t { none, waiting, held };
enum class Rename : std::uint8_t { none, waiting, orphan };  // orphan: waits at the server, its connection is lost

struct Server {
  std::array<std::array<Row, kKeysMax>, 2> rows{};
  std::array<Event, kEventsMax> log{};
  std::uint8_t events = 0;
  std::array<std::uint8_t, kKeysMax> acknowledged{};  // the newest version that any client was told of
  Lock fence = Lock::none;
  Rename rename = Rename::none;
  std::uint8_t swapped = 0;
  std::uint8_t swapped_at = 0;   // events before the RENAME's own
  std::uint8_t handed_over = 0;  // the new table has its triggers
};

struct Engine {
  std::uint8_t up = 1;
  std::uint8_t armed = 0;
  std::uint8_t over = 0;   // no further attempt
  std::uint8_t phase = 0;  // within the step
  std::uint8_t attempt = 0;
  std::uint8_t panics = 0, crashes = 0;
  std::uint8_t read = 0;     // events taken from the stream
  std::uint8_t pending = 0;  // keys, a bit each
  std::uint8_t head = 0;
  std::uint8_t stragglers = 0;
  std::uint8_t conflicts = 0;
  std::uint8_t drained = 0;  // the deadline of this hold was extended: it doesn't run out any more
  // Durable.
  std::uint8_t checkpoint = 0;
  std::uint8_t recorded = 0;
  std::uint8_t recorded_at = 0;
};

struct Model {
  std::array<Client, kClientsMax> clients{};
  Server server;
  Engine engine;
  std::array<std::uint8_t, kClientsMax> arrivals{};  // who waits or was woken, in arrival order
  std::uint8_t arrived = 0;
};
static_assert(std::has_unique_object_representations_v<Model>, "states are compared by their bytes");

}  // namespace sluice::sim
