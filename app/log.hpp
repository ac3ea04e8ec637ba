// The log of `sluice serve`, on standard error: one event a line, with fields; as JSON or, for people, as text. Never
// given literals of statements, passwords or tokens. Thread-safe; spdlog stays in the .cpp file.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "app/serve_config.hpp"

namespace sluice::app {

enum class Level : std::uint8_t { info, warning, error };

using Field = std::pair<std::string_view, std::string>;

class Log {
 public:
  explicit Log(LogFormat format);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});
  // One more field "details", whose value is JSON already.
  void write_details(Level level, std::string_view event, std::initializer_list<Field> fields,
                     std::string_view details_json);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::app
