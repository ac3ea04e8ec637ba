#include <array>
#include <charconv>

#include "app/serve_config.hpp"
#include "migrator/options/http_url.hpp"

namespace sluice::app {
namespace {

using protocol::ProxyHeaderVersion;
using proxy::ClientTlsMode;
using proxy::EventLoop;
using proxy::ServerTlsMode;

constexpr std::uint16_t LISTEN_PORT = 3307;
constexpr std::uint16_t PRIMARY_PORT = 3306;
constexpr std::uint16_t HTTP_PORT = 8080;
constexpr unsigned THREADS_MAX = 256;
constexpr std::size_t CONNECTIONS_MAX = 1'000'000;
constexpr std::size_t ACCESS_SAMPLE_MAX = 1'000'000;
constexpr unsigned DRAIN_SECONDS_MAX = 3600;
constexpr unsigned CONNECT_SECONDS_MAX = 3600;
constexpr unsigned IDLE_SECONDS_MAX = 31'536'000;  // MySQL's largest wait_timeout

std::optional<std::size_t> number_in(const std::string& text, std::size_t least, std::size_t most) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

bool read_listen(ServeConfig& config, const std::string& text) {
  const auto address = net::parse_address(text, LISTEN_PORT);
  if (address) config.proxy.listen.push_back(*address);
  return address.has_value();
}
void listen_nowhere(ServeConfig& config) {
  config.proxy.listen.clear();
}

bool read_primary(ServeConfig& config, const std::string& text) {
  const auto address = net::parse_address(text, PRIMARY_PORT);
  if (address) config.proxy.primary = *address;
  return address.has_value();
}

bool read_http(ServeConfig& config, const std::string& text) {
  const auto address = net::parse_address(text, HTTP_PORT);
  if (!address || address->is_unix()) return false;
  config.http.host = address->host;
  config.http.port = address->port;
  return true;
}

template <std::string ServeConfig::* Field>
bool read_text(ServeConfig& config, const std::string& text) {
  config.*Field = text;
  return !text.empty();
}

template <std::string control::TlsFiles::* Field>
bool read_http_tls(ServeConfig& config, const std::string& text) {
  if (!config.http.tls) config.http.tls.emplace();
  (*config.http.tls).*Field = text;
  return !text.empty();
}

template <std::string proxy::ProxyConfig::* Field>
bool read_proxy_text(ServeConfig& config, const std::string& text) {
  config.proxy.*Field = text;
  return !text.empty();
}

template <class Enum>
struct Word {
  std::string_view text;
  Enum value;
};
constexpr std::array<Word<ClientTlsMode>, 3> CLIENT_TLS{{{"disabled", ClientTlsMode::disabled},
                                                         {"preferred", ClientTlsMode::preferred},
                                                         {"required", ClientTlsMode::required}}};
constexpr std::array<Word<ServerTlsMode>, 6> SERVER_TLS{{{"as-client", ServerTlsMode::as_client},
                                                         {"disabled", ServerTlsMode::disabled},
                                                         {"preferred", ServerTlsMode::preferred},
                                                         {"required", ServerTlsMode::required},
                                                         {"verify-ca", ServerTlsMode::verify_ca},
                                                         {"verify-identity", ServerTlsMode::verify_identity}}};
constexpr std::array<Word<EventLoop>, 3> EVENT_LOOPS{
    {{"auto", EventLoop::automatic}, {"io_uring", EventLoop::io_uring}, {"epoll", EventLoop::epoll}}};
constexpr std::array<Word<std::optional<ProxyHeaderVersion>>, 3> PROXY_HEADERS{
    {{"off", std::nullopt}, {"v1", ProxyHeaderVersion::v1}, {"v2", ProxyHeaderVersion::v2}}};
constexpr std::array<Word<LogFormat>, 3> LOG_FORMATS{
    {{"auto", LogFormat::automatic}, {"text", LogFormat::text}, {"json", LogFormat::json}}};

constexpr std::array<Word<protocol::DdlMode>, 4> DDL_MODES{{{"off", protocol::DdlMode::direct},
                                                            {"on", protocol::DdlMode::online},
                                                            // As some programs write YAML.
                                                            {"false", protocol::DdlMode::direct},
                                                            {"true", protocol::DdlMode::online}}};

template <class Enum, std::size_t Size>
bool read_word(const std::array<Word<Enum>, Size>& words, const std::string& text, Enum& value) {
  for (const auto& word : words) {
    if (word.text != text) continue;
    value = word.value;
    return true;
  }
  return false;
}

bool read_client_tls(ServeConfig& config, const std::string& text) {
  return read_word(CLIENT_TLS, text, config.proxy.client_tls);
}
bool read_server_tls(ServeConfig& config, const std::string& text) {
  return read_word(SERVER_TLS, text, config.proxy.server_tls);
}
bool read_log_format(ServeConfig& config, const std::string& text) {
  return read_word(LOG_FORMATS, text, config.log_format);
}

bool read_event_loop(ServeConfig& config, const std::string& text) {
  return read_word(EVENT_LOOPS, text, config.proxy.event_loop);
}
bool read_threads(ServeConfig& config, const std::string& text) {
  const auto threads = number_in(text, 0, THREADS_MAX);
  if (threads) config.proxy.threads = static_cast<unsigned>(*threads);
  return threads.has_value();
}
template <std::size_t proxy::Limits::* Field, std::size_t Least>
bool read_limit(ServeConfig& config, const std::string& text) {
  const auto connections = number_in(text, Least, CONNECTIONS_MAX);
  if (connections) config.proxy.limits.*Field = *connections;
  return connections.has_value();
}
bool read_connect_timeout(ServeConfig& config, const std::string& text) {
  const auto seconds = number_in(text, 1, CONNECT_SECONDS_MAX);
  if (!seconds) return false;
  config.proxy.limits.connect_deadline_ms = config.proxy.limits.handshake_deadline_ms = std::chrono::seconds{*seconds};
  return true;
}
bool read_idle_timeout(ServeConfig& config, const std::string& text) {
  const auto seconds = number_in(text, 0, IDLE_SECONDS_MAX);
  if (seconds) config.proxy.limits.idle_deadline_ms = std::chrono::seconds{*seconds};
  return seconds.has_value();
}
bool read_client_write_timeout(ServeConfig& config, const std::string& text) {
  const auto seconds = number_in(text, 0, IDLE_SECONDS_MAX);
  if (seconds) config.proxy.limits.client_write_deadline_ms = std::chrono::seconds{*seconds};
  return seconds.has_value();
}
bool read_trusted_balancer(ServeConfig& config, const std::string& text) {
  const auto network = protocol::parse_ip_network(text);
  if (network) config.proxy.proxy_header_from.push_back(*network);
  return network.has_value();
}
void trust_no_balancer(ServeConfig& config) {
  config.proxy.proxy_header_from.clear();
}
bool read_proxy_header_to_primary(ServeConfig& config, const std::string& text) {
  return read_word(PROXY_HEADERS, text, config.proxy.proxy_header_to_primary);
}
bool read_online_ddl(ServeConfig& config, const std::string& text) {
  return read_word(DDL_MODES, text, config.proxy.ddl_mode);
}
bool read_access_sample(ServeConfig& config, const std::string& text) {
  const auto one_in = number_in(text, 1, ACCESS_SAMPLE_MAX);
  if (one_in) config.proxy.access_log_sample = static_cast<std::uint32_t>(*one_in);
  return one_in.has_value();
}
bool read_webhook(ServeConfig& config, const std::string& text) {
  if (!migrator::http_url_from(text)) return false;
  config.notifier.webhooks.push_back({.url = text, .events = {}});
  return true;
}
void tell_no_webhook(ServeConfig& config) {
  config.notifier.webhooks.clear();
}
bool read_hooks_path(ServeConfig& config, const std::string& text) {
  config.notifier.hooks_path = text;
  return !text.empty();
}

template <std::string migrator::BackupConfig::* Field>
bool read_backup(ServeConfig& config, const std::string& text) {
  config.backup.*Field = text;
  return !text.empty();
}

// "critical=panic"
bool read_guard_action(ServeConfig& config, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) return false;
  const auto severity = migrator::severity_from(std::string_view{text}.substr(0, equals));
  const auto action = migrator::guard_action_from(std::string_view{text}.substr(equals + 1));
  if (!severity || !action) return false;
  config.guard_actions.of.at(static_cast<std::size_t>(*severity)) = *action;
  return true;
}
void reset_guard_actions(ServeConfig& config) {
  config.guard_actions = {};
}
bool read_drain_timeout(ServeConfig& config, const std::string& text) {
  const auto seconds = number_in(text, 0, DRAIN_SECONDS_MAX);
  if (seconds) config.drain_timeout = std::chrono::seconds{*seconds};
  return seconds.has_value();
}

constexpr std::string_view AN_ADDRESS = "HOST:PORT";
constexpr std::string_view AN_ADDRESS_OR_PATH = "HOST:PORT or unix:/PATH";
constexpr std::string_view A_FILE = "the path of a file";

constexpr std::array SETTINGS{
    Setting{"listen", "ADDRESS",
            "where clients connect: HOST:PORT or unix:/PATH; may be given several times (127.0.0.1:3307)",
            AN_ADDRESS_OR_PATH, read_listen, listen_nowhere},
    Setting{"primary", "ADDRESS", "the MySQL or MariaDB server to stand in front of: HOST:PORT or unix:/PATH",
            AN_ADDRESS_OR_PATH, read_primary},
    Setting{"http", "HOST:PORT", "the HTTP API and the status page (127.0.0.1:8080)", AN_ADDRESS, read_http},
    Setting{"user", "NAME", "the account that changes tables; its password is in $SLUICE_PASSWORD", "an account's name",
            read_text<&ServeConfig::user>},
    Setting{"password_file", "FILE", "holds the account's password, instead of $SLUICE_PASSWORD", A_FILE,
            read_text<&ServeConfig::password_file>},
    Setting{"token_file", "FILE", "holds the bearer token of the HTTP API; without one it is for this machine only",
            A_FILE, read_text<&ServeConfig::token_file>},
    Setting{"http_certificate", "FILE", "PEM certificate chain: the HTTP API speaks TLS", A_FILE,
            read_http_tls<&control::TlsFiles::certificate_chain>},
    Setting{"http_key", "FILE", "PEM private key of that certificate", A_FILE,
            read_http_tls<&control::TlsFiles::private_key>},
    Setting{"client_tls", "MODE", "TLS with clients: disabled, preferred (the default) or required",
            "disabled, preferred or required", read_client_tls},
    Setting{"certificate", "FILE", "PEM certificate chain shown to clients (a self-signed one is made)", A_FILE,
            read_proxy_text<&proxy::ProxyConfig::certificate_file>},
    Setting{"key", "FILE", "PEM private key of that certificate", A_FILE,
            read_proxy_text<&proxy::ProxyConfig::key_file>},
    Setting{
        "server_tls", "MODE",
        "TLS with the primary: as-client (the default), disabled, preferred, required, verify-ca or verify-identity",
        "as-client, disabled, preferred, required, verify-ca or verify-identity", read_server_tls},
    Setting{"ca", "FILE", "PEM authorities that the primary's certificate must lead to (the system's)", A_FILE,
            read_proxy_text<&proxy::ProxyConfig::ca_file>},
    Setting{"threads", "N", "threads that carry clients (0: one for each processor)", "a number from 0 to 256",
            read_threads},
    Setting{"event_loop", "WHAT", "by what these threads wait: auto (io_uring where it is allowed), io_uring or epoll",
            "auto, io_uring or epoll", read_event_loop},
    Setting{"max_connections", "N", "clients at the same time (10000)", "a number from 1 to 1000000",
            read_limit<&proxy::Limits::connections, 1>},
    Setting{"max_user_connections", "N", "clients of one user at the same time (0: any number)",
            "a number from 0 to 1000000", read_limit<&proxy::Limits::connections_per_user, 0>},
    Setting{"max_connections_per_address", "N", "clients from one address at the same time (0: any number)",
            "a number from 0 to 1000000", read_limit<&proxy::Limits::connections_per_address, 0>},
    Setting{"connect_timeout_seconds", "N", "how long a client's login may take, and a connection to the primary (10)",
            "a number of seconds from 1 to 3600", read_connect_timeout},
    Setting{"idle_timeout_seconds", "N", "clients idle for so long are disconnected (0: never by Sluice)",
            "a number of seconds from 0 to 31536000", read_idle_timeout},
    Setting{"client_write_timeout_seconds", "N",
            "clients that take nothing of their answer for so long are disconnected (600; 0: never by Sluice)",
            "a number of seconds from 0 to 31536000", read_client_write_timeout},
    Setting{"proxy_protocol_from", "CIDR",
            "load balancers that begin with a header of the PROXY protocol; may be given several times",
            "an address or a network, like 10.0.0.0/8", read_trusted_balancer, trust_no_balancer},
    Setting{"proxy_protocol_to_primary", "VERSION",
            "tells the primary who the client is by the PROXY protocol: v1, v2 or off (the default)", "v1, v2 or off",
            read_proxy_header_to_primary},
    Setting{"online_ddl", "on|off",
            "ALTER TABLE, CREATE INDEX and DROP INDEX of clients are run as migrations, unless a client says otherwise "
            "(off: only where it asks for that)",
            "on or off", read_online_ddl},
    Setting{"drain_timeout_seconds", "N", "how long clients may take to finish after SIGTERM (20)",
            "a number of seconds from 0 to 3600", read_drain_timeout},
    Setting{"access_log", "FILE", "a line of JSON for each statement, without its text; stdout: standard output (none)",
            A_FILE, read_text<&ServeConfig::access_log>},
    Setting{"access_log_sample", "N", "of so many statements one is written down, and each that fails (1: all)",
            "a number from 1 to 1000000", read_access_sample},
    Setting{"guard_actions", "SEVERITY=ACTION",
            "what guards with a severity do, a flag for each; low=warn, medium=throttle, high=pause, critical=stop "
            "unless it is given",
            "low, medium, high or critical, =, and warn, throttle, pause, stop or panic", read_guard_action,
            reset_guard_actions},
    Setting{"webhooks", "URL", "is told of all migrations, by HTTP; may be given several times",
            "a URL like https://ops.example/sluice", read_webhook, tell_no_webhook},
    Setting{"webhook_secret_file", "FILE", "holds the secret that webhooks are signed with", A_FILE,
            read_text<&ServeConfig::webhook_secret_file>},
    Setting{"hooks_path", "FOLDER", "of executables that are run when something happens", "the path of a folder",
            read_hooks_path},
    Setting{"backup_path", "FOLDER", "where backups of tables that are dropped are written to (none are)",
            "the path of a folder", read_backup<&migrator::BackupConfig::folder>},
    Setting{"backup_program", "FILE",
            "mysqldump or mariadb-dump, which writes them (whichever of the two is in PATH, the server's own first)",
            "the name or the path of a program", read_backup<&migrator::BackupConfig::program>},
    Setting{"log_format", "FORMAT", "text, json or auto: text on a terminal (the default)", "auto, text or json",
            read_log_format},
};

}  // namespace

std::span<const Setting> settings() noexcept {
  return SETTINGS;
}

std::optional<Reason> apply(const Setting& setting, const std::string& shown_name, std::span<const std::string> texts,
                            ServeConfig& config) {
  if (setting.begin_list != nullptr) setting.begin_list(config);
  for (const auto& text : texts) {
    if (setting.read(config, text)) continue;
    return Reason{shown_name + " must be " + std::string{setting.allowed} + ", not \"" + text + "\""};
  }
  return std::nullopt;
}

}  // namespace sluice::app
