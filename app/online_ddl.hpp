// The proxy's OnlineDdl, done by the migrator: each ALTER of a client is one migration, begun on a thread of this
// object's own, as that takes queries.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "app/log.hpp"
#include "migrator/api.hpp"
#include "proxy/online_ddl.hpp"

namespace sluice::app {

class OnlineDdlRun;

class OnlineDdl final : public proxy::OnlineDdl {
 public:
  // More that wait to be begun are refused.
  static constexpr std::size_t WAITING_MAX = 256;

  // Both must outlive it.
  OnlineDdl(migrator::Migrations& migrations, Log& log);
  ~OnlineDdl() override;
  OnlineDdl(const OnlineDdl&) = delete;
  OnlineDdl& operator=(const OnlineDdl&) = delete;

  [[nodiscard]] std::optional<proxy::DdlFailure> judge_options(const proxy::DdlOptions& options) override;
  [[nodiscard]] bool runs(const std::string& migration) override;
  [[nodiscard]] std::shared_ptr<proxy::DdlRun> begin(proxy::DdlRequest request) override;

 private:
  friend class OnlineDdlRun;
  using Clock = std::chrono::steady_clock;
  struct Job {
    enum class What : std::uint8_t { begin, stop } what = What::begin;
    std::shared_ptr<OnlineDdlRun> run;
    Clock::time_point not_before;
  };

  void run(const std::stop_token& stop);
  void enqueue(Job job);
  void work_on(const Job& job);
  // Begins it, or leaves it for later.
  void create(const Job& job);
  void stop(const Job& job);

  migrator::Migrations& migrations_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::deque<Job> jobs_;  // under mutex_
  std::jthread thread_;
};

}  // namespace sluice::app
