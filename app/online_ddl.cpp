#include "app/online_ddl.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "app/ddl_terms.hpp"
#include "migrator/table/definition.hpp"

namespace sluice::app {
namespace {

using namespace std::chrono_literals;
using proxy::DdlFailure;

// A table whose last migration is over but for its audit is free in a moment; one that readers of old snapshots still
// hold may take longer.
constexpr auto BUSY_TABLE_PATIENCE = 30s;
constexpr auto BUSY_TABLE_INTERVAL = 100ms;
// For the table to be let go and what is left of the ALTER to be dropped, so that nothing is when it is answered.
constexpr auto TIDY_PATIENCE = 10s;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

bool migrates(const migrator::Status& status, const proxy::DdlRequest& request) {
  return !migrator::has_ended(status.state) && migrator::same_name(status.database, request.database) &&
         migrator::same_name(status.table, request.table);
}

}  // namespace

class OnlineDdlRun final : public proxy::DdlRun, public std::enable_shared_from_this<OnlineDdlRun> {
 public:
  OnlineDdlRun(OnlineDdl& owner, proxy::DdlRequest request)
      : request_(std::move(request)), patient_until_(OnlineDdl::Clock::now() + BUSY_TABLE_PATIENCE), owner_(owner) {}

  proxy::DdlProgress look() override {
    const std::scoped_lock lock{mutex_};
    if (failure_) return *failure_;
    if (id_.empty()) return proxy::DdlStarting{};
    const auto status = owner_.migrations_.status(id_);
    if (!status) return DdlFailure{1105, "HY000", "Sluice migration " + id_ + " is not there any more"};
    const bool has_ended = migrator::has_ended(status->state);
    if (!has_ended || (!is_to_stop_ && is_tidying_up(*status))) return proxy::DdlRunning{id_};
    const bool completed = status->state == migrator::State::completed || status->state == migrator::State::reverted;
    if (completed) return proxy::DdlCompleted{id_};
    return failure_of(*status);
  }

  void stop() override {
    {
      const std::scoped_lock lock{mutex_};
      if (std::exchange(is_to_stop_, true)) return;
    }
    owner_.enqueue({OnlineDdl::Job::What::stop, shared_from_this(), OnlineDdl::Clock::now()});
  }

  // ---- on the owner's thread, but for fail()
  void fail(DdlFailure failure) {
    const std::scoped_lock lock{mutex_};
    if (!failure_) failure_ = std::move(failure);
  }
  void begun(migrator::MigrationId id) {
    const std::scoped_lock lock{mutex_};
    id_ = std::move(id);
  }
  [[nodiscard]] bool is_to_stop() const {
    const std::scoped_lock lock{mutex_};
    return is_to_stop_;
  }
  [[nodiscard]] migrator::MigrationId id() const {
    const std::scoped_lock lock{mutex_};
    return id_;
  }
  [[nodiscard]] const proxy::DdlRequest& request() const noexcept { return request_; }
  [[nodiscard]] OnlineDdl::Clock::time_point patient_until() const noexcept { return patient_until_; }

 private:
  // Under mutex_. Whether the table has still to be let go (by then the shadow of one that failed has been dropped), or
  // the old one dropped, and there is hope that it will be soon.
  [[nodiscard]] bool is_tidying_up(const migrator::Status& status) {
    const auto now = OnlineDdl::Clock::now();
    if (!ended_at_) ended_at_ = now;
    if (now - *ended_at_ > TIDY_PATIENCE) return false;
    if (status.gate) return true;
    if (status.state != migrator::State::completed || status.cut_over.fence == migrator::kInstantFence) return false;
    if (status.cut_over.audit != migrator::kAuditPassed || status.cut_over.conflicts > 0 || keeps_old_table()) {
      return false;
    }
    const auto journal = owner_.migrations_.journal(id_, 0);
    return std::ranges::none_of(journal, [](const auto& entry) { return entry.event == "old_table.dropped"; });
  }
  [[nodiscard]] bool keeps_old_table() const {
    const auto options = options_of_ddl(request_.options, request_.zero_dates);
    return !options || !options->ok_to_drop_table || options->old_table_retention > 0s;
  }

  const proxy::DdlRequest request_;
  const OnlineDdl::Clock::time_point patient_until_;
  OnlineDdl& owner_;
  mutable std::mutex mutex_;
  migrator::MigrationId id_;                              // under mutex_, as all below
  std::optional<DdlFailure> failure_;                     // of its beginning
  std::optional<OnlineDdl::Clock::time_point> ended_at_;  // when it was seen first
  bool is_to_stop_ = false;
};

OnlineDdl::OnlineDdl(migrator::Migrations& migrations, Log& log)
    : migrations_(migrations), log_(log), thread_([this](const std::stop_token& stop) { run(stop); }) {}

OnlineDdl::~OnlineDdl() = default;

std::optional<DdlFailure> OnlineDdl::judge_options(const proxy::DdlOptions& options) {
  const auto read = options_of_ddl(options, proxy::DdlRequest::ZeroDates::as_server);
  return read ? std::nullopt : std::optional{failure_of_options(read.error())};
}

bool OnlineDdl::runs(const std::string& migration) {
  const auto status = migrations_.status(migration);
  return status && !migrator::has_ended(status->state);
}

std::shared_ptr<proxy::DdlRun> OnlineDdl::begin(proxy::DdlRequest request) {
  auto run = std::make_shared<OnlineDdlRun>(*this, std::move(request));
  enqueue({Job::What::begin, run, Clock::now()});
  return run;
}

void OnlineDdl::enqueue(Job job) {
  {
    const std::scoped_lock lock{mutex_};
    const auto waiting = std::ranges::count(jobs_, Job::What::begin, &Job::what);
    if (job.what == Job::What::begin && std::cmp_greater_equal(waiting, WAITING_MAX)) {
      return job.run->fail({1203, "42000", "Too many online schema changes wait to be begun"});
    }
    jobs_.push_back(std::move(job));
  }
  wanted_.notify_one();
}

void OnlineDdl::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (!stop.stop_requested()) {
    const auto due = std::ranges::min_element(jobs_, {}, &Job::not_before);
    if (due == jobs_.end()) {
      wanted_.wait(lock, stop, [this] { return !jobs_.empty(); });
      continue;
    }
    if (due->not_before > Clock::now()) {
      wanted_.wait_until(lock, stop, due->not_before, [] { return false; });
      continue;
    }
    const Job job = std::move(*due);
    jobs_.erase(due);
    lock.unlock();
    work_on(job);
    lock.lock();
  }
}

void OnlineDdl::work_on(const Job& job) {
  switch (job.what) {
    case Job::What::begin:
      return create(job);
    case Job::What::stop:
      return stop(job);
  }
}

void OnlineDdl::stop(const Job& job) {
  const auto id = job.run->id();
  if (id.empty()) return job.run->fail({1317, "70100", "Query execution was interrupted"});
  log_.write(Level::info, "online_ddl.stopped", {{"id", id}});
  // One that has ended meanwhile needs no stop.
  (void)migrations_.act(id, migrator::Action::stop);
}

void OnlineDdl::create(const Job& job) {
  if (job.run->is_to_stop()) return stop(job);
  const auto& request = job.run->request();
  const auto options = options_of_ddl(request.options, request.zero_dates);
  if (!options) return job.run->fail(failure_of_options(options.error()));
  migrator::Specification specification{
      .database = request.database,
      .table = request.table,
      .alter = request.alter,
      .options = *options,
      // As the server's own ALTER leaves nothing, and the next one would find the name of the shadow taken.
      .after_failure = migrator::AfterFailure::drops_shadow};
  auto created = migrations_.create({std::move(specification)}, migrator::Migrations::Run::start);
  const auto fail = [&](std::uint16_t code, const migrator::Problem& problem) {
    job.run->fail({code, "HY000", "Sluice can't change the table: " + problem.message});
  };
  std::visit(Overloaded{
                 [&](const migrator::Status& status) {
                   job.run->begun(status.id);
                   log_.write(Level::info, "online_ddl.began",
                              {{"id", status.id}, {"user", request.user}, {"host", request.host}});
                   // Whoever wanted it to stop found nothing to stop yet.
                   if (job.run->is_to_stop()) (void)migrations_.act(status.id, migrator::Action::stop);
                 },
                 [](const migrator::Plans&) {},
                 [&](const migrator::Refused& refused) { job.run->fail(failure_of(refused.problems, request.table)); },
                 [&](const migrator::Conflict& conflict) {
                   const bool is_over = conflict.problem.code == "table_busy" &&
                                        std::ranges::none_of(migrations_.list(), [&](const migrator::Status& status) {
                                          return migrates(status, request);
                                        });
                   if (!is_over || Clock::now() > job.run->patient_until()) return fail(1105, conflict.problem);
                   enqueue({Job::What::begin, job.run, Clock::now() + BUSY_TABLE_INTERVAL});
                 },
                 [&](const migrator::Invalid& invalid) { fail(1105, invalid.problem); },
                 [&](const migrator::Unavailable& unavailable) { fail(1105, unavailable.problem); },
             },
             created);
}

}  // namespace sluice::app
