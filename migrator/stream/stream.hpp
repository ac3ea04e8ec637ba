// The primary's binlog as what a migration needs of it: the keys of changed rows, the statements it can't follow, DDL.
// Std and Boost.System only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "migrator/stream/change_consumer.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"

namespace sluice::migrator {

enum class StreamTls : std::uint8_t { off, preferred, required };

struct StreamLogin {
  net::Address address;
  std::string user;  // needs REPLICATION SLAVE
  std::string password;
  StreamTls tls = StreamTls::preferred;
  std::string ca_file;  // empty: the certificate is not verified
};

struct StreamOptions {
  std::uint32_t server_id = 0;  // unique among the primary's replicas; not 0
  std::chrono::milliseconds heartbeat_ms{1000};
  std::chrono::milliseconds connect_timeout_ms{10000};
  // Of the link's silence, heartbeats included, after which it counts as lost.
  std::chrono::milliseconds silence_timeout_ms{10000};
  std::chrono::milliseconds reconnect_min_ms{100};
  std::chrono::milliseconds reconnect_max_ms{5000};
};

// Follows from a position, on a thread of its own, until stop() or an error that trying again can't mend. A lost link
// is taken up again at the beginning of the transaction that was being read: events may come twice, none is left out.
class ChangeStream {
 public:
  // `consumer` must outlive the stream. Returns at once; the first connect happens on the stream's thread.
  // `from` must not lie inside a transaction. Throws std::runtime_error where the CA's file can't be used.
  ChangeStream(StreamLogin login, StreamOptions options, Position from, WatchList watched, ChangeConsumer& consumer);
  ~ChangeStream();  // stop()
  ChangeStream(const ChangeStream&) = delete;
  ChangeStream& operator=(const ChangeStream&) = delete;

  // From any thread. Once a DDL event whose text contains `tag` has been read, what follows is judged by `next`, whose
  // changes carry a watch list's number that is one higher. A later call replaces the rule; nullopt takes it away.
  struct Switch {
    std::string tag;  // not empty
    WatchList next;
  };
  void switch_on_ddl(std::optional<Switch> rule);

  // From any thread but the stream's own: blocks until the thread has ended (a consumer that blocks must heed its stop
  // token). No call of the consumer follows.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::migrator
