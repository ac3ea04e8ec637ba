// Clients, and the server as they see it: metadata locks, row locks, the binlog, what is visible.

#include <algorithm>

#include "tests/sim/world.hpp"

namespace sluice::sim {

using gate::GateFsm;
using gate::SessionId;

const Statement& World::statement(std::uint8_t who) const {
  return scenario_->clients[who].statements[model_.clients[who].next];
}
bool World::has_more(std::uint8_t who) const {
  return model_.clients[who].left == 0 && model_.clients[who].next < scenario_->clients[who].statements.size();
}
bool World::touches(const Statement& statement) const {
  return statement.op == Op::write || statement.op == Op::read;
}
bool World::proxied(std::uint8_t who) const {
  return scenario_->clients[who].path == Path::proxied;
}
bool World::at_server(std::uint8_t who) const {
  return model_.clients[who].at >= At::server;
}
Table World::live() const {
  return model_.server.swapped != 0 ? Table::shadow : Table::source;
}
Row& World::row(Table table, std::uint8_t key) {
  return model_.server.rows[static_cast<std::size_t>(table)][key];
}
const Row& World::row(Table table, std::uint8_t key) const {
  return model_.server.rows[static_cast<std::size_t>(table)][key];
}
bool World::exclusive() const {
  return model_.server.fence != Lock::none || model_.server.rename != Rename::none;
}
bool World::nobody_inside() const {
  return std::ranges::none_of(model_.clients, [](const Client& client) { return client.metadata_lock != 0; });
}

bool World::can_send(std::uint8_t who) const {
  const Client& client = model_.clients[who];
  if (client.at == At::woken) return true;
  return client.at == At::client && has_more(who) && (!proxied(who) || model_.engine.up != 0);
}

bool World::can_execute(std::uint8_t who) const {
  const Client& client = model_.clients[who];
  if (client.at != At::server) return false;
  const Statement& what = statement(who);
  if (!touches(what)) return true;
  if (client.metadata_lock == 0 && exclusive()) return false;
  const std::uint8_t owner = row(live(), what.key).owner;
  return what.op == Op::read || owner == kNobody || owner == who;
}

void World::send(std::uint8_t who) {
  Client& client = model_.clients[who];
  if (proxied(who) && gate_ && touches(statement(who))) {
    switch (judge(who)) {
      case GateFsm::Decision::pass:
        gate_->start(SessionId{who}, work(who), {});
        break;
      case GateFsm::Decision::wait:
        if (std::find(model_.arrivals.begin(), model_.arrivals.begin() + model_.arrived, who) ==
            model_.arrivals.begin() + model_.arrived) {
          model_.arrivals[model_.arrived++] = who;
        }
        gate_->enqueue(SessionId{who});
        client.at = At::waiting;
        return;
      case GateFsm::Decision::refuse_snapshot:
        return refuse(who);
    }
  }
  client.at = At::server;
}

// The proxy answers 1412 itself; the transaction stays open.
void World::refuse(std::uint8_t who) {
  require(model_.clients[who].in_transaction != 0, "a client without a transaction was refused");
  require(model_.clients[who].told_snapshot != 0, "a client was refused that has no snapshot");
  ++model_.clients[who].next;
  answered(who);
}

void World::execute(std::uint8_t who) {
  Client& client = model_.clients[who];
  const Statement what = statement(who);
  switch (what.op) {
    case Op::begin:
      client.in_transaction = 1;
      return finish(who);
    case Op::read_other_table:
      client.snapshot = client.in_transaction;
      client.at = At::logged;
      return;
    case Op::commit:
      client.at = At::executed;
      return;
    case Op::read:
      return execute_read(who, what);
    case Op::write:
      require(client.left == 0, "a statement ran whose client had left before it was sent");
      require(client.snapshot_is_old == 0 || client.orphan != 0,
              "a transaction with an old snapshot wrote to the new table");
      row(live(), what.key).owner = who;
      client.metadata_lock = 1;
      if (client.in_transaction == 0) {
        client.at = At::executed;
        return;
      }
      return finish(who);
  }
}

void World::execute_read(std::uint8_t who, const Statement& what) {
  Client& client = model_.clients[who];
  const bool heard = client.orphan == 0;
  require(client.snapshot_is_old == 0 || !heard, "an old snapshot reads the new table, which looks empty to it");
  const Row& seen = row(live(), what.key);
  if (seen.owner != who && client.snapshot == 0 && proxied(who) && heard) {
    require(seen.visible >= client.own[what.key], "a client does not see its own acknowledged write");
    require(seen.visible >= model_.server.acknowledged[what.key], "a client does not see an acknowledged write");
  }
  client.snapshot = client.in_transaction;
  client.metadata_lock = client.in_transaction;
  finish(who);
}

void World::log(std::uint8_t who) {
  Server& server = model_.server;
  for (std::uint8_t key = 0; key < kKeysMax; ++key) {
    Row& mine = row(live(), key);
    if (mine.owner != who) continue;
    const bool through_gate = proxied(who) && model_.clients[who].orphan == 0;
    require(!through_gate || live() == Table::source || server.handed_over != 0,
            "a client's write met no trigger of the new table");
    server.log[server.events++] = {live(), key, static_cast<std::uint8_t>(through_gate ? 1 : 0)};
    mine.logged = server.events;
  }
  model_.clients[who].at = At::logged;
}

// The statement is over: a commit becomes visible and gives its locks up; the answer goes out, if anybody is there.
void World::finish(std::uint8_t who) {
  Client& client = model_.clients[who];
  const Op op = statement(who).op;
  const bool commits = op == Op::commit || client.in_transaction == 0;
  const bool heard = client.orphan == 0 && client.left == 0;
  if (commits) {
    for (std::uint8_t key = 0; key < kKeysMax; ++key) {
      Row& mine = row(live(), key);
      if (mine.owner != who) continue;
      mine.visible = mine.logged;
      if (!heard) continue;
      client.own[key] = mine.logged;
      model_.server.acknowledged[key] = std::max(model_.server.acknowledged[key], mine.logged);
    }
    end_transaction(client);
  }
  if (client.orphan != 0) {
    client.orphan = 0;
    client.at = At::client;
    if (commits) {
      ++client.next;
      return;
    }
    end_transaction(client);
    return skip_transaction(client, who);
  }
  ++client.next;
  answered(who);
}

void World::answered(std::uint8_t who) {
  Client& client = model_.clients[who];
  client.at = At::client;
  if (!proxied(who)) return;
  client.told_transaction = client.in_transaction;
  const bool only_begun = client.next > 0 && scenario_->clients[who].statements[client.next - 1U].op == Op::begin;
  client.told_snapshot = client.in_transaction != 0 && !only_begun ? 1 : 0;
  if (!gate_) return;
  if (client.told_snapshot == 0) gate_->has_no_snapshot(SessionId{who});
  forget_arrival(who);
  wake(gate_->finish(SessionId{who}, client.told_snapshot != 0 ? GateFsm::Ending::keeps_table : GateFsm::Ending::free,
                     {}));
}

// Releases what the transaction holds; what it had not committed is gone.
void World::end_transaction(Client& client) {
  const auto who = static_cast<std::uint8_t>(&client - model_.clients.data());
  for (auto& table : model_.server.rows) {
    for (Row& each : table) {
      if (each.owner == who) each.owner = kNobody;
    }
  }
  client.in_transaction = client.snapshot = client.snapshot_is_old = client.metadata_lock = 0;
}

void World::skip_transaction(Client& client, std::uint8_t who) {
  while (has_more(who) && statement(who).op != Op::commit) ++client.next;
  if (has_more(who)) ++client.next;
}

void World::leave(std::uint8_t who) {
  Client& client = model_.clients[who];
  end_transaction(client);
  if (mutation_ == Mutation::execute_for_the_departed) {
    client.left = 1;
    return;
  }
  client.left = 1;
  client.at = At::client;
  client.told_transaction = client.told_snapshot = 0;
  forget_arrival(who);
  wake(gate_->leave(SessionId{who}, {}));
}

void World::vanish(std::uint8_t who) {
  Client& client = model_.clients[who];
  const bool transaction = client.in_transaction != 0;
  end_transaction(client);
  client.orphan = 0;
  client.at = At::client;
  if (transaction) return skip_transaction(client, who);
  ++client.next;
}

}  // namespace sluice::sim
