#include "app/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/json.hpp>

namespace sluice::app {
namespace {

namespace json = boost::json;

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string quoted(std::string_view text) {
  return json::serialize(json::value(json::string{text}));
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \"=\n\r\t") != std::string_view::npos;
}

}  // namespace

struct Log::Impl {
  enum class Form : std::uint8_t { text, json };

  // The rest of the line, after the time and the level that the pattern puts there.
  [[nodiscard]] std::string line(std::string_view event, std::initializer_list<Field> fields,
                                 std::string_view details) const {
    std::string line = form == Form::json ? "\"event\":" + quoted(event) : std::string{event};
    for (const auto& [name, value] : fields) {
      if (form == Form::json) {
        line += "," + quoted(name) + ":" + quoted(value);
      } else {
        line += " " + std::string{name} + "=" + (needs_quotes(value) ? quoted(value) : value);
      }
    }
    if (details.empty()) return line;
    return line + (form == Form::json ? ",\"details\":" : " ") + std::string{details};
  }

  Form form;
  spdlog::logger logger;
};

Log::Log(LogFormat format) {
  const bool text = format == LogFormat::text || (format == LogFormat::automatic && ::isatty(STDERR_FILENO) == 1);
  impl_ = std::make_unique<Impl>(
      Impl{.form = text ? Impl::Form::text : Impl::Form::json,
           .logger = spdlog::logger{"sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>()}});
  impl_->logger.set_pattern(text ? "%Y-%m-%d %H:%M:%S.%e %l %v" : R"({"at":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                            text ? spdlog::pattern_time_type::local : spdlog::pattern_time_type::utc);
  impl_->logger.flush_on(spdlog::level::info);
}

Log::~Log() = default;

void Log::write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  write_details(level, event, fields, {});
}

void Log::write_details(Level level, std::string_view event, std::initializer_list<Field> fields,
                        std::string_view details_json) {
  impl_->logger.log(level_of(level), impl_->line(event, fields, details_json));
}

}  // namespace sluice::app
