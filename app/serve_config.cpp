#include "app/serve_config.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace sluice::app {
namespace {

Reason at_line(const YAML::Mark& mark, const std::string& what) {
  return {"line " + std::to_string(mark.line + 1) + ": " + what};
}

// Whether nobody but this machine can reach it. A name other than localhost may resolve to anything.
bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

migrator::TlsPolicy policy(proxy::ServerTlsMode mode) {
  switch (mode) {
    case proxy::ServerTlsMode::required:
      return migrator::TlsPolicy::required;
    case proxy::ServerTlsMode::verify_ca:
      return migrator::TlsPolicy::verify_ca;
    case proxy::ServerTlsMode::verify_identity:
      return migrator::TlsPolicy::verify_identity;
    case proxy::ServerTlsMode::as_client:
    case proxy::ServerTlsMode::disabled:
    case proxy::ServerTlsMode::preferred:
      break;
  }
  return migrator::TlsPolicy::off;
}

std::optional<Reason> apply_entry(const YAML::Node& key, const YAML::Node& value, std::set<std::string>& seen,
                                  ServeConfig& config) {
  if (!key.IsScalar()) return at_line(key.Mark(), "expected the name of a setting");
  const auto name = key.Scalar();
  const auto setting = std::ranges::find(settings(), name, &Setting::name);
  if (setting == settings().end()) return at_line(key.Mark(), "there is no setting \"" + name + "\"");
  if (!seen.insert(name).second) return at_line(key.Mark(), name + " is there twice");
  const bool is_list = setting->begin_list != nullptr && value.IsSequence();
  std::vector<std::string> texts;
  if (value.IsScalar()) texts.push_back(value.Scalar());
  for (std::size_t i = 0; is_list && i < value.size(); ++i) {
    if (value[i].IsScalar()) texts.push_back(value[i].Scalar());
  }
  if (texts.empty() || texts.size() != (is_list ? value.size() : 1)) {
    return at_line(value.Mark(), name + " must be " + std::string{setting->allowed});
  }
  const auto reason = apply(*setting, name, texts, config);
  return reason ? std::optional{at_line(value.Mark(), reason->text)} : std::nullopt;
}

}  // namespace

std::optional<Reason> apply_yaml(const std::string& text, ServeConfig& config) {
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return std::nullopt;
    if (!root.IsMap()) return at_line(root.Mark(), "expected \"setting: value\" lines");
    std::set<std::string> seen;
    for (const auto& entry : root) {
      if (auto reason = apply_entry(entry.first, entry.second, seen, config)) return reason;
    }
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    return at_line(error.mark, error.msg);
  }
}

std::optional<Reason> read_config_file(const std::string& path, ServeConfig& config) {
  std::ifstream in{path};
  std::stringstream text;
  if (!in || !(text << in.rdbuf())) return Reason{"the configuration file " + path + " can't be read, or is empty"};
  const auto reason = apply_yaml(text.str(), config);
  return reason ? std::optional{Reason{path + ", " + reason->text}} : std::nullopt;
}

Reasoned<std::string> read_secret_file(const std::string& path) {
  std::ifstream in{path};
  std::string line;
  if (!in || !std::getline(in, line)) return Reason{path + " can't be read, or is empty"};
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return Reason{"the first line of " + path + " is empty"};
  return {boost::system::in_place_value, std::move(line)};
}

std::optional<Reason> load_secrets(const Environment& environment, ServeConfig& config) {
  config.password = environment.password.value_or("");
  if (!config.password_file.empty()) {
    const auto password = read_secret_file(config.password_file);
    if (!password) return password.error();
    config.password = *password;
  }
  if (!config.token_file.empty()) {
    const auto token = read_secret_file(config.token_file);
    if (!token) return token.error();
    config.http.token = *token;
  }
  if (!config.webhook_secret_file.empty()) {
    const auto secret = read_secret_file(config.webhook_secret_file);
    if (!secret) return secret.error();
    config.notifier.webhook_secret = *secret;
  }
  return std::nullopt;
}

std::vector<Reason> problems_of(const ServeConfig& config) {
  std::vector<Reason> problems;
  const auto add = [&](std::string text) { problems.push_back({std::move(text)}); };
  const auto& primary = config.proxy.primary;
  if (primary.host.empty()) add("--primary ADDRESS is missing: the server to stand in front of");
  const auto& listen = config.proxy.listen;
  for (auto each = listen.begin(); each != listen.end(); ++each) {
    if (*each == primary) add("--listen and --primary are the same address");
    if (std::find(listen.begin(), each, *each) != each) add("--listen " + net::to_string(*each) + " is there twice");
  }
  const auto& hooks = config.notifier.hooks_path;
  if (std::error_code error; !hooks.empty() && !std::filesystem::is_directory(hooks, error)) {
    add("--hooks-path " + hooks + " is no folder");
  }
  const auto& backups = config.backup.folder;
  if (std::error_code error; !backups.empty() && !std::filesystem::is_directory(backups, error)) {
    add("--backup-path " + backups + " is no folder");
  }
  if (config.user.empty()) add("--user NAME is missing: the account that changes tables");
  if (!is_loopback(config.http.host) && config.http.token.empty()) {
    add("--http " + config.http.host + " can be reached from other machines: give --token-file FILE, or use 127.0.0.1");
  }
  if (config.proxy.certificate_file.empty() != config.proxy.key_file.empty()) {
    add("--certificate and --key go together");
  }
  if (config.http.tls && (config.http.tls->certificate_chain.empty() || config.http.tls->private_key.empty())) {
    add("--http-certificate and --http-key go together");
  }
  return problems;
}

migrator::ServerAddress engine_login(const ServeConfig& config) {
  return {.host = config.proxy.primary.host,
          .port = config.proxy.primary.port,
          .user = config.user,
          .password = config.password,
          .tls = policy(config.proxy.server_tls),
          .tls_ca_file = config.proxy.ca_file};
}

void throw_exception_from_error(const Reason& reason, const boost::source_location& where) {
  std::fprintf(stderr, "%s: there is no result but an error: %s\n", where.to_string().c_str(), reason.text.c_str());
  std::abort();
}

}  // namespace sluice::app
