#include "app/serve.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "app/access_log_file.hpp"
#include "app/exit_code.hpp"
#include "app/killer.hpp"
#include "app/log.hpp"
#include "app/online_ddl.hpp"
#include "app/open_files.hpp"
#include "app/primary.hpp"
#include "app/signals.hpp"
#include "app/telemetry.hpp"
#include "control/server.hpp"
#include "migrator/engine/engine.hpp"
#include "migrator/sql/connection.hpp"
#include "proxy/gate/gate.hpp"
#include "proxy/proxy.hpp"

namespace sluice::app {
namespace {

// How often it is looked whether files have changed.
constexpr std::chrono::seconds FILES_LOOK_INTERVAL{5};

// When files were written last.
class FileTimes {
 public:
  using Times = std::vector<std::optional<std::filesystem::file_time_type>>;  // nothing: it is not there

  explicit FileTimes(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  [[nodiscard]] Times now() const {
    Times times;
    for (const auto& path : paths_) {
      std::error_code error;
      const auto time = std::filesystem::last_write_time(path, error);
      times.push_back(error ? std::nullopt : std::optional{time});
    }
    return times;
  }

 private:
  std::vector<std::string> paths_;
};

// Everything that runs, in an order in which each part outlives those that use it.
class Service {
 public:
  Service(ServeConfig config, std::function<Reasoned<ServeConfig>()> read_again)
      : config_(std::move(config)),
        read_again_(std::move(read_again)),
        log_(config_.log_format),
        telemetry_(log_),
        engine_(migrator::make_engine({.primary = engine_login(config_),
                                       .watch_latency = [this] { return telemetry_.watch_latency(); },
                                       .guard_actions = config_.guard_actions,
                                       .notifier = config_.notifier,
                                       .backup = config_.backup},
                                      gate_, telemetry_)),
        http_(
            config_.http, *engine_, [this] { return telemetry_.text(engine_->list(), gate_); },
            [this] { return listening_ && engine_->ready(); },
            [watch = std::shared_ptr{telemetry_.watch_latency()}] {
              return watch->p99(std::chrono::steady_clock::now());
            }),
        killer_(engine_login(config_), log_),
        access_log_(config_.access_log.empty() ? nullptr
                                               : std::make_unique<AccessLogFile>(config_.access_log, telemetry_, log_)),
        online_ddl_(*engine_, log_),
        proxy_(
            config_.proxy, gate_, telemetry_,
            [this](proxy::Abandoned abandoned, std::function<void()> is_gone) {
              killer_.kill(std::move(abandoned), std::move(is_gone));
            },
            access_log_.get(), &online_ddl_) {}

  [[nodiscard]] int run();

 private:
  // What a step of the start ended with: nothing, and the next one follows; or the process ends with this status.
  using Ended = std::optional<int>;

  void allow_connections();
  [[nodiscard]] Ended await_primary();
  [[nodiscard]] Ended recover();
  void open();
  // Until a signal to stop, which it returns; meanwhile what can be is reloaded.
  [[nodiscard]] int await_end();
  void reload();
  void reload_certificates();
  // By its name; what throws std::runtime_error has not been reloaded.
  void reload(const char* what, const std::function<void()>& how);
  void reload_token();
  void reload_limits();
  void reopen_access_log();
  void close();

  ServeConfig config_;
  const std::function<Reasoned<ServeConfig>()> read_again_;
  std::optional<Signals> signals_{std::in_place, Signals::Hangup::is_waited_for};
  Log log_;
  Telemetry telemetry_;
  gate::Gate gate_;
  std::unique_ptr<migrator::Engine> engine_;
  std::atomic<bool> listening_ = false;
  control::Server http_;
  Killer killer_;
  const std::unique_ptr<AccessLogFile> access_log_;  // nothing: none is kept
  OnlineDdl online_ddl_;
  proxy::Proxy proxy_;
};

void Service::allow_connections() {
  constexpr std::uint64_t FILES_A_CLIENT = 2;  // one on either side
  constexpr std::uint64_t FILES_BESIDES = 100;
  const std::uint64_t files = raise_open_files_limit();
  const std::uint64_t wanted = FILES_A_CLIENT * config_.proxy.limits.connections + FILES_BESIDES;
  if (files >= wanted) return;
  log_.write(Level::warning, "open_files.few", {{"limit", std::to_string(files)}, {"wanted", std::to_string(wanted)}});
}

int Service::run() {
  allow_connections();
  try {
    if (access_log_) access_log_->open();
    http_.start();
    log_.write(Level::info, "http.listening",
               {{"address", net::to_string({.host = config_.http.host, .port = http_.port()})}});
    if (const auto ended = await_primary()) return *ended;
    // A cut-over that was under way must find its table's gate shut before any client comes in.
    if (const auto ended = recover()) return *ended;
    open();
  } catch (const std::runtime_error& error) {
    log_.write(Level::error, "start.failed", {{"reason", error.what()}});
    return exit_code::refused;
  }
  const int signal = await_end();
  log_.write(Level::info, "stopping", {{"signal", std::to_string(signal)}});
  close();
  log_.write(Level::info, "stopped");
  return exit_code::ok;
}

Service::Ended Service::await_primary() {
  const auto login = engine_login(config_);
  const auto address = net::to_string(config_.proxy.primary);
  std::string last_reason;
  for (std::chrono::milliseconds pause{};;) {
    const auto connected = migrator::Connection::connect(login);
    if (connected) break;
    const auto reason = describe(connected.error());
    if (judge_login(connected.error()) == LoginFailure::denied) {
      log_.write(Level::error, "primary.login_denied", {{"primary", address}, {"user", login.user}, {"error", reason}});
      return exit_code::refused;
    }
    if (reason != last_reason) {
      log_.write(Level::warning, "primary.waiting", {{"primary", address}, {"error", reason}});
      last_reason = reason;
    }
    pause = next_login_pause(pause);
    if (const auto signal = signals_->wait_for(pause); signal && *signal != SIGHUP) return exit_code::ok;
  }
  log_.write(Level::info, "primary.reached", {{"primary", address}, {"user", login.user}});
  return std::nullopt;
}

Service::Ended Service::recover() {
  const auto problem = engine_->recover();
  if (!problem) return std::nullopt;
  log_.write(Level::error, "recovery.failed", {{"code", problem->code}, {"reason", problem->message}});
  return exit_code::failure;
}

void Service::open() {
  proxy_.start();
  for (const auto& address : proxy_.addresses()) {
    log_.write(Level::info, "proxy.listening", {{"address", net::to_string(address)}});
  }
  const auto& chosen = proxy_.chosen();
  log_.write(Level::info, "proxy.event_loop",
             {{"event_loop", chosen.event_loop == proxy::EventLoop::io_uring ? "io_uring" : "epoll"},
              {"io_uring_refused", chosen.refused ? chosen.refused.message() : ""}});
  listening_ = true;
  log_.write(Level::info, "ready");
}

int Service::await_end() {
  std::vector<std::string> certificates{config_.proxy.certificate_file, config_.proxy.key_file};
  if (const auto& tls = config_.http.tls)
    certificates.insert(certificates.end(), {tls->certificate_chain, tls->private_key});
  const FileTimes files{std::move(certificates)};
  for (auto seen = files.now();;) {
    const auto signal = signals_->wait_for(FILES_LOOK_INTERVAL);
    if (signal && *signal != SIGHUP) return *signal;
    if (signal) reload();
    const auto now = files.now();
    if (!signal && now != seen) reload_certificates();
    seen = now;
  }
}

void Service::reload() {
  reload_certificates();
  reload_token();
  reload_limits();
  reopen_access_log();
  log_.write(Level::info, "reload.done", {{"not_reloaded", "all other settings: they need a restart"}});
}

void Service::reload_token() {
  if (config_.token_file.empty()) return;
  auto token = read_secret_file(config_.token_file);
  if (token) {
    http_.set_token(std::move(*token));
    log_.write(Level::info, "reloaded", {{"what", "token"}});
  } else {
    log_.write(Level::error, "reload.failed", {{"what", "token"}, {"reason", token.error().text}});
  }
}

void Service::reload_limits() {
  const auto again = read_again_();
  if (!again) {
    log_.write(Level::error, "reload.failed", {{"what", "limits"}, {"reason", again.error().text}});
    return;
  }
  config_.proxy.limits = again->proxy.limits;
  config_.drain_timeout = again->drain_timeout;
  allow_connections();
  proxy_.change_limits(config_.proxy.limits);
  proxy_.change_access_log_sample(again->proxy.access_log_sample);
  log_.write(Level::info, "reloaded", {{"what", "limits"}});
}

void Service::reopen_access_log() {
  if (access_log_) reload("access_log", [this] { access_log_->open(); });
}

void Service::reload_certificates() {
  if (!config_.proxy.certificate_file.empty()) reload("certificate", [this] { proxy_.reload_certificate(); });
  if (config_.http.tls) reload("http_certificate", [this] { http_.reload_certificate(); });
}

void Service::reload(const char* what, const std::function<void()>& how) {
  try {
    how();
    log_.write(Level::info, "reloaded", {{"what", what}});
  } catch (const std::runtime_error& error) {
    log_.write(Level::error, "reload.failed", {{"what", what}, {"reason", error.what()}});
  }
}

void Service::close() {
  listening_ = false;
  signals_.reset();
  proxy_.stop(std::chrono::steady_clock::now() + config_.drain_timeout);
  log_.write(Level::info, "clients.drained");
  engine_->shut_down();
  log_.write(Level::info, "migrations.checkpointed");
  http_.stop();
}

}  // namespace

int serve(ServeConfig config, std::function<Reasoned<ServeConfig>()> read_again) {
  return Service{std::move(config), std::move(read_again)}.run();
}

}  // namespace sluice::app
