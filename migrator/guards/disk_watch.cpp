#include "migrator/guards/disk_watch.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace sluice::migrator {

struct DiskWatch::Shared {
  Shared(std::string of, Probe how) : path(std::move(of)), probe(std::move(how)) {}

  const std::string path;
  const Probe probe;
  std::mutex mutex;  // guards what follows
  std::condition_variable stopped;
  Reading reading;
  std::optional<TimePoint> asked_at;  // while there is no answer
  bool is_over = false;
};

DiskWatch::DiskWatch(std::string path, Probe probe)
    : shared_(std::make_shared<Shared>(std::move(path), std::move(probe))) {
  std::thread([shared = shared_] { run(shared); }).detach();
}

DiskWatch::~DiskWatch() {
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->is_over = true;
  }
  shared_->stopped.notify_all();
}

Reading DiskWatch::reading(TimePoint now) const {
  const std::scoped_lock lock(shared_->mutex);
  if (shared_->asked_at && now - *shared_->asked_at >= kAnswersWithin) {
    return Unevaluable{shared_->path + ": its file system does not answer"};
  }
  return shared_->reading;
}

void DiskWatch::run(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (!shared->is_over) {
    shared->asked_at = std::chrono::steady_clock::now();
    lock.unlock();
    Reading reading = shared->probe(shared->path);
    lock.lock();
    shared->reading = std::move(reading);
    shared->asked_at.reset();
    (void)shared->stopped.wait_for(lock, kEvery, [&] { return shared->is_over; });
  }
}

}  // namespace sluice::migrator
