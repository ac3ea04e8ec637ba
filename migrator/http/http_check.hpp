// Asks a URL twice a second whether the migration may go on, on a thread of its own: HEAD, or GET where the server
// knows no HEAD. https is verified against the system's authorities.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "migrator/options.hpp"
#include "migrator/options/http_url.hpp"

namespace sluice::net {
class BlockingStream;
class ClientTls;
}  // namespace sluice::net

namespace sluice::migrator {

class HttpCheck {
 public:
  static constexpr Millis kEvery{500};
  static constexpr Millis kAnswersWithin{1000};

  enum class State : std::uint8_t {
    asked,    // it has not answered yet
    passes,   // with 200
    objects,  // with another status
    silent,   // it does not answer
  };
  struct Answer {
    std::string verdict;
    State state = State::asked;
  };

  // `name` is what verdicts begin with.
  HttpCheck(std::string name, HttpUrl url);
  // Blocks for at most kAnswersWithin, or as long as the host's name is being looked up.
  ~HttpCheck();
  HttpCheck(const HttpCheck&) = delete;
  HttpCheck& operator=(const HttpCheck&) = delete;

  // Why to hold back, in words, in which the URL is not repeated; empty: the last answer was 200. Never blocks.
  [[nodiscard]] std::string verdict() const;
  [[nodiscard]] Answer answer() const;

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] Answer ask(const net::ClientTls* tls);
  [[nodiscard]] std::shared_ptr<net::BlockingStream> next_stream();

  std::string name_;
  HttpUrl url_;
  bool knows_head_ = true;  // the thread's own
  mutable std::mutex mutex_;
  std::condition_variable_any stopped_;
  Answer answer_;
  std::shared_ptr<net::BlockingStream> stream_;  // of the request under way
  std::jthread thread_;
};

}  // namespace sluice::migrator
