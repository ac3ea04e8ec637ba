#include "migrator/stream/stream.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "migrator/stream/change_reader.hpp"
#include "migrator/stream/dump_link.hpp"
#include "net/error.hpp"

namespace sluice::migrator {
namespace {

net::ClientTls tls_of(const StreamLogin& login) {
  return net::ClientTls::make(login.ca_file.empty() ? net::Verify::nothing : net::Verify::ca, login.ca_file);
}

}  // namespace

struct ChangeStream::State {
  State(StreamLogin its_login, const StreamOptions& its_options, Position from, WatchList watched,
        ChangeConsumer& its_consumer)
      : login(std::move(its_login)),
        options(its_options),
        tls(tls_of(login)),
        consumer(its_consumer),
        reader(std::move(from), std::move(watched), its_consumer) {}

  void run(const std::stop_token& stop);
  // Until the link is lost; why it was.
  StreamError follow(const std::stop_token& stop, DumpLink& link);
  void take_rule();

  const StreamLogin login;
  const StreamOptions options;
  const net::ClientTls tls;
  ChangeConsumer& consumer;
  ChangeReader reader;  // of the stream's thread
  std::chrono::milliseconds pause_ms{};

  std::mutex mutex;
  std::condition_variable_any stopping;
  DumpLink* current = nullptr;                       // to be interrupted; guarded
  std::optional<std::optional<Switch>> rule_to_set;  // guarded
  std::jthread thread;                               // the last: it uses all the others
};

void ChangeStream::State::take_rule() {
  const std::lock_guard lock{mutex};
  if (!rule_to_set) return;
  if (*rule_to_set) {
    reader.switch_on_ddl(std::move((*rule_to_set)->tag), std::move((*rule_to_set)->next));
  } else {
    reader.forget_switch();
  }
  rule_to_set.reset();
}

StreamError ChangeStream::State::follow(const std::stop_token& stop, DumpLink& link) {
  reader.restart();
  if (auto error = link.open(reader.resume_position())) return std::move(*error);
  for (;;) {
    auto event = link.next_event();
    if (auto* error = std::get_if<StreamError>(&event)) return std::move(*error);
    // Only now: a rule set before its DDL was run is here before the DDL's event can be.
    take_rule();
    if (const auto error = reader.read(std::get<protocol::Bytes>(event), stop)) {
      return {error, 0, {}, error.message() + " at " + to_string(reader.resume_position())};
    }
    if (stop.stop_requested()) return {net::Errc::interrupted, 0, {}, {}};
    pause_ms = options.reconnect_min_ms;
  }
}

void ChangeStream::State::run(const std::stop_token& stop) {
  pause_ms = options.reconnect_min_ms;
  while (!stop.stop_requested()) {
    DumpLink link{login, options, tls};
    {
      const std::lock_guard lock{mutex};
      current = &link;
    }
    // A stop before this line has not seen the link: it is noticed here; one after it interrupts the link.
    const auto error = stop.stop_requested() ? StreamError{} : follow(stop, link);
    std::unique_lock lock{mutex};
    current = nullptr;
    if (stop.stop_requested()) return;
    lock.unlock();
    if (!is_passing(error)) return consumer.on_ended(error);
    consumer.on_link_lost(error, stop);
    lock.lock();
    stopping.wait_for(lock, stop, pause_ms, [] { return false; });
    pause_ms = std::min(pause_ms * 2, options.reconnect_max_ms);
  }
}

ChangeStream::ChangeStream(StreamLogin login, StreamOptions options, Position from, WatchList watched,
                           ChangeConsumer& consumer)
    : state_(std::make_unique<State>(std::move(login), options, std::move(from), std::move(watched), consumer)) {
  state_->thread = std::jthread{[state = state_.get()](const std::stop_token& stop) { state->run(stop); }};
}

ChangeStream::~ChangeStream() {
  stop();
}

void ChangeStream::switch_on_ddl(std::optional<Switch> rule) {
  if (rule && rule->tag.empty()) {
    std::fputs("ChangeStream::switch_on_ddl: an empty tag would fit any statement\n", stderr);
    std::abort();
  }
  const std::lock_guard lock{state_->mutex};
  state_->rule_to_set.emplace(std::move(rule));
}

void ChangeStream::stop() {
  state_->thread.request_stop();
  {
    const std::lock_guard lock{state_->mutex};
    if (state_->current != nullptr) state_->current->interrupt();
  }
  if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace sluice::migrator
