// The access log as lines of JSON, in a file or on standard output, written by a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "app/log.hpp"
#include "metrics/metrics.hpp"
#include "proxy/access_log.hpp"

namespace sluice::app {

// What a line tells: all of it in one JSON object, with the end of the statement as "at".
[[nodiscard]] std::string access_line(std::chrono::system_clock::time_point at, const proxy::AccessEntry& entry);

class AccessLogFile final : public proxy::AccessLog {
 public:
  // Entries that wait to be written; more are dropped, and counted.
  static constexpr std::size_t WAITING_MAX = 16'384;

  // `path`: "stdout" is standard output. `metrics` and `log` must outlive it.
  AccessLogFile(std::string path, metrics::Metrics& metrics, Log& log);
  // Writes what waits, as far as it is taken at once.
  ~AccessLogFile() override;
  AccessLogFile(const AccessLogFile&) = delete;
  AccessLogFile& operator=(const AccessLogFile&) = delete;

  // To be called before the first write, and again when somebody has moved the file away: appends to the file of that
  // name from now on, which is made if there is none, with mode 0640. Throws std::runtime_error with a sentence; then
  // the old file is written on.
  void open();

  void write(proxy::AccessEntry entry) noexcept override;

 private:
  class File {
   public:
    File() = default;
    explicit File(const std::string& path);
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&& other) noexcept {
      std::swap(descriptor_, other.descriptor_);
      return *this;
    }
    ~File();
    // Waits while nobody takes it, until `give_up` says so (asked now and then). Returns 0 or what was wrong, an errno.
    [[nodiscard]] int append(std::string_view text, const std::function<bool()>& give_up) const;

   private:
    int descriptor_ = -1;
  };
  struct Waiting {
    std::chrono::system_clock::time_point at;
    proxy::AccessEntry entry;
  };

  void run(const std::stop_token& stop);
  void put(const std::vector<Waiting>& entries, const std::stop_token& stop);

  const std::string path_;
  metrics::Metrics& metrics_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::vector<Waiting> waiting_;  // under mutex_
  std::optional<File> opened_;    // under mutex_; takes the place of file_
  File file_;                     // its own thread's
  int last_problem_ = 0;          // its own thread's
  std::jthread thread_;
};

}  // namespace sluice::app
