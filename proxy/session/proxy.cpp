#include "proxy/proxy.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "proxy/session/listener.hpp"
#include "proxy/session/worker.hpp"

namespace sluice::proxy {
namespace {

// How often stop() looks whether the last session has gone.
constexpr auto DRAIN_POLL = std::chrono::milliseconds(5);

std::shared_ptr<const net::ServerTls> make_client_side(const ProxyConfig& config) {
  if (config.certificate_file.empty() != config.key_file.empty()) {
    throw std::runtime_error("TLS: give both a certificate file and a key file, or neither");
  }
  return std::make_shared<const net::ServerTls>(
      config.certificate_file.empty() ? net::ServerTls::self_signed()
                                      : net::ServerTls::from_files(config.certificate_file, config.key_file));
}

net::Verify verification(ServerTlsMode mode) {
  switch (mode) {
    case ServerTlsMode::verify_ca:
      return net::Verify::ca;
    case ServerTlsMode::verify_identity:
      return net::Verify::identity;
    case ServerTlsMode::as_client:
    case ServerTlsMode::disabled:
    case ServerTlsMode::preferred:
    case ServerTlsMode::required:
      break;
  }
  return net::Verify::nothing;
}

// Whether the way to the server may be secure where the client's is not.
bool may_be_secure_alone(const ProxyConfig& config) {
  return config.primary.is_unix() ||
         (config.server_tls != ServerTlsMode::disabled && config.server_tls != ServerTlsMode::as_client);
}

}  // namespace

struct Proxy::State {
  State(ProxyConfig given, gate::Gate& gate, ProxyObserver& observer, Killer killer, AccessLog* access_log,
        OnlineDdl* online_ddl)
      : shared{.config = std::move(given),
               .gate = gate,
               .observer = observer,
               .killer = std::move(killer),
               .access_log = access_log,
               .online_ddl = online_ddl} {}

  using Loops = std::vector<std::unique_ptr<net::Loop>>;
  Loops make_loops(unsigned count);
  Loops make_rings(unsigned count);

  Shared shared;
  Chosen chosen;
  std::optional<net::Background> background;  // if the workers' loops need one
  std::vector<std::shared_ptr<Worker>> workers;
  std::unique_ptr<Listener> listener;
  std::vector<net::Address> addresses;
};

Proxy::State::Loops Proxy::State::make_loops(unsigned count) {
  const EventLoop wanted = shared.config.event_loop;
  chosen = {};
  if (wanted != EventLoop::epoll) chosen.refused = net::Loop::io_uring_refused();
  if (wanted != EventLoop::epoll && !chosen.refused) {
    try {
      return make_rings(count);
    } catch (const boost::system::system_error& error) {
      chosen.refused = error.code();
      background.reset();
    }
  }
  if (wanted == EventLoop::io_uring) {
    throw std::runtime_error("io_uring: " + chosen.refused.message() +
                             ": it takes Linux 6.1 and a container that allows it; or start with --event-loop auto");
  }
  Loops loops(count);
  for (auto& loop : loops) loop = std::make_unique<net::Loop>();
  return loops;
}

Proxy::State::Loops Proxy::State::make_rings(unsigned count) {
  background.emplace();
  Loops loops(count);
  for (auto& loop : loops) loop = std::make_unique<net::Loop>(*background);
  chosen.event_loop = EventLoop::io_uring;
  return loops;
}

Proxy::Proxy(ProxyConfig config, gate::Gate& gate, ProxyObserver& observer, Killer killer, AccessLog* access_log,
             OnlineDdl* online_ddl)
    : state_(std::make_unique<State>(std::move(config), gate, observer, std::move(killer), access_log, online_ddl)) {}

Proxy::~Proxy() {
  stop(std::chrono::steady_clock::now());
}

void Proxy::start() {
  Shared& shared = state_->shared;
  const ProxyConfig& config = shared.config;
  if (config.client_tls != ClientTlsMode::disabled) shared.client_side_tls = make_client_side(config);
  if (config.server_tls != ServerTlsMode::disabled) {
    shared.server_side_tls = net::ClientTls::make(verification(config.server_tls), config.ca_file);
  }
  if (may_be_secure_alone(config)) shared.rsa_key.emplace();
  const unsigned threads = config.threads != 0 ? config.threads : std::max(1U, std::thread::hardware_concurrency());
  for (auto& loop : state_->make_loops(threads)) {
    state_->workers.push_back(std::make_shared<Worker>(shared, std::move(loop)));
  }
  auto accepting = state_->background ? boost::asio::any_io_executor{state_->background->context().get_executor()}
                                      : state_->workers.front()->executor();
  state_->listener = std::make_unique<Listener>(shared, state_->workers, std::move(accepting));
  state_->addresses = state_->listener->start();
  for (auto& worker : state_->workers) worker->start();
}

const std::vector<net::Address>& Proxy::addresses() const noexcept {
  return state_->addresses;
}

const Proxy::Chosen& Proxy::chosen() const noexcept {
  return state_->chosen;
}

std::uint16_t Proxy::port() const noexcept {
  const auto tcp = std::ranges::find_if_not(state_->addresses, &net::Address::is_unix);
  return tcp == state_->addresses.end() ? std::uint16_t{0} : tcp->port;
}

void Proxy::reload_certificate() {
  Shared& shared = state_->shared;
  const bool is_from_files = !shared.config.certificate_file.empty();
  if (shared.client_side_tls.load() && is_from_files) shared.client_side_tls = make_client_side(shared.config);
}

void Proxy::change_access_log_sample(std::uint32_t one_in) noexcept {
  state_->shared.access_log_sample = one_in;
}

void Proxy::change_limits(const Limits& limits) {
  state_->shared.limits = std::make_shared<const Limits>(limits);
  for (const auto& worker : state_->workers) worker->change_limits();
}

void Proxy::stop(std::chrono::steady_clock::time_point deadline) {
  if (!state_->listener) return;
  state_->listener->stop();
  for (auto& worker : state_->workers) worker->drain();
  while (state_->shared.connections.load() != 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(DRAIN_POLL);
  }
  for (auto& worker : state_->workers) worker->cut_off();
  for (auto& worker : state_->workers) worker->join();
  if (state_->background) state_->background->end();
  state_->listener.reset();
  state_->workers.clear();
}

}  // namespace sluice::proxy
