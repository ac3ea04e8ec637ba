// What `sluice serve` needs to know, its checks, and the one table of settings that the command line and the YAML file
// share. Pure, except what reads files.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/server.hpp"
#include "migrator/backup/backup_config.hpp"
#include "migrator/notify/notifier.hpp"
#include "migrator/options/guard.hpp"
#include "migrator/sql/server_address.hpp"
#include "proxy/proxy.hpp"

namespace sluice::app {

enum class LogFormat : std::uint8_t { automatic, text, json };  // automatic: text on a terminal, else JSON

struct ServeConfig {
  proxy::ProxyConfig proxy{.primary = {}};
  std::string user;  // the engine's account at the primary
  std::string password;
  std::string password_file;  // its first line; goes before the environment
  control::ServerConfig http{.port = 8080};
  std::string token_file;  // its first line is the bearer token
  migrator::GuardActions guard_actions;
  migrator::NotifierConfig notifier;
  migrator::BackupConfig backup;
  std::string webhook_secret_file;  // its first line signs webhooks
  LogFormat log_format = LogFormat::automatic;
  std::string access_log;                  // a file, or "stdout"; empty: none is kept
  std::chrono::seconds drain_timeout{20};  // the longest that clients may take to finish once SIGTERM has come
};

struct Reason {
  std::string text;  // a sentence for the person who started the program
};
template <class T>
using Reasoned = boost::system::result<T, Reason>;

// Aborts with a message. Boost.System's hook for reading a value that is not there: `value()`, and after 1.81 `*` too.
[[noreturn]] void throw_exception_from_error(const Reason& reason, const boost::source_location& where);

struct Setting {
  std::string_view name;  // in the YAML file; the flag is "--" and the name with dashes
  std::string_view value_name;
  std::string_view help;
  std::string_view allowed;  // ends the sentence "… must be"
  // False: the text is not what `allowed` says.
  bool (*read)(ServeConfig&, const std::string& text);
  // Of a setting that may be given several times, each of them read: empties the list first. Else nullptr.
  void (*begin_list)(ServeConfig&) = nullptr;
};

[[nodiscard]] std::span<const Setting> settings() noexcept;

// Sets one setting from its texts, of which there is one unless it is a list; the reason calls it `shown_name`.
[[nodiscard]] std::optional<Reason> apply(const Setting& setting, const std::string& shown_name,
                                          std::span<const std::string> texts, ServeConfig& config);

// YAML text: one mapping from setting names to scalars, or to sequences of them for lists. A reason carries the line.
[[nodiscard]] std::optional<Reason> apply_yaml(const std::string& text, ServeConfig& config);
[[nodiscard]] std::optional<Reason> read_config_file(const std::string& path, ServeConfig& config);

// What the environment holds instead of files and flags.
struct Environment {
  std::optional<std::string> password;  // SLUICE_PASSWORD
  std::optional<std::string> token;     // SLUICE_TOKEN, of the commands that call the HTTP API
};

// The first line of a file that holds a password or a token.
[[nodiscard]] Reasoned<std::string> read_secret_file(const std::string& path);
// Password and token, from the files that the configuration names, else the environment.
[[nodiscard]] std::optional<Reason> load_secrets(const Environment& environment, ServeConfig& config);

// Every reason why nothing can be served with this.
[[nodiscard]] std::vector<Reason> problems_of(const ServeConfig& config);

// The engine's way to the primary: the same server and the same trust as the clients' connections.
[[nodiscard]] migrator::ServerAddress engine_login(const ServeConfig& config);

}  // namespace sluice::app
