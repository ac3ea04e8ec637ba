// One I/O thread: its event loop, and the sessions that live on it. Costs an Asio translation unit.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <unordered_set>

#include "net/loop.hpp"
#include "net/stream.hpp"
#include "protocol/sql/scan.hpp"
#include "protocol/wire/rsa_key.hpp"
#include "proxy/proxy.hpp"
#include "proxy/session/buffer.hpp"
#include "proxy/session/prepared_findings.hpp"
#include "proxy/session/tally.hpp"

namespace sluice::proxy {

class Session;

// What all sessions of a proxy share. Read-only after start, except the counts, the limits, the sample and the
// certificate.
struct Shared {
  ProxyConfig config;
  gate::Gate& gate;
  ProxyObserver& observer;
  Killer killer;
  AccessLog* access_log = nullptr;  // nobody keeps one
  OnlineDdl* online_ddl = nullptr;  // nobody runs it
  // As they are now: they may be changed while the proxy runs.
  std::atomic<std::shared_ptr<const Limits>> limits{std::make_shared<const Limits>(config.limits)};
  std::atomic<std::uint32_t> access_log_sample{config.access_log_sample};  // the same
  Tally users;
  Tally addresses;
  std::atomic<std::shared_ptr<const net::ServerTls>> client_side_tls;  // none: not offered
  std::optional<net::ClientTls> server_side_tls;
  std::optional<protocol::RsaKey> rsa_key;  // for clients without TLS in front of a server with it
  std::atomic<std::size_t> connections{0};  // accepted and not gone yet
};

// The gate's armed names, compiled for the scanner once an epoch and thread.
struct ArmedIndex {
  std::shared_ptr<const gate::ArmedSet> set;
  protocol::TargetIndex index;
  PreparedFindings prepared{};
};

class Worker : public std::enable_shared_from_this<Worker> {
 public:
  Worker(Shared& shared, std::unique_ptr<net::Loop> loop) : shared_(shared), loop_(std::move(loop)) {}

  void start();
  // From any thread. Sessions end as soon as nothing is open in them; new ones are not taken.
  void drain();
  // From any thread: the limits are others now.
  void change_limits();
  // From any thread. Whoever is left is cut off; the thread ends when they are gone.
  void cut_off();
  void join();

  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return loop_->executor(); }

  // ---- on the worker's own thread
  void adopt(net::Stream client);
  void forget(const std::shared_ptr<Session>& session);
  [[nodiscard]] Shared& shared() noexcept { return shared_; }
  [[nodiscard]] BlockPool& blocks() noexcept { return blocks_; }
  [[nodiscard]] protocol::FrameWriter& frame_writer() noexcept { return frame_writer_; }
  // Whether the access log takes this one of the statements that it needn't take. By chance, for a client's statements
  // come in patterns.
  [[nodiscard]] bool takes_sample() noexcept {
    return random_() % shared_.access_log_sample.load(std::memory_order_relaxed) == 0;
  }
  // The names armed now, which may be newer than the epoch that made the caller ask.
  [[nodiscard]] ArmedIndex& armed();

 private:
  enum class Stage : std::uint8_t { serving, draining, cutting_off };

  Shared& shared_;
  std::unique_ptr<net::Loop> loop_;
  BlockPool blocks_;
  protocol::FrameWriter frame_writer_;
  std::optional<ArmedIndex> armed_;
  std::minstd_rand random_{std::random_device{}()};
  std::unordered_set<std::shared_ptr<Session>> sessions_;
  Stage stage_ = Stage::serving;
  std::thread thread_;
};

}  // namespace sluice::proxy
