#include "tests/support/sluice_process.hpp"

#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/wait.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr auto ready_limit = 60s;
constexpr auto stop_limit = 60s;
constexpr auto status_interval = 20ms;
constexpr std::size_t log_tail_bytes = 8000;
constexpr const char* account = "sluice";
constexpr unsigned accepted = 202;
constexpr unsigned ok = 200;

std::string binary() {
  const char* set = std::getenv("SLUICE_BINARY");
  const std::string path = set != nullptr ? set : SLUICE_BUILT_BINARY;
  if (!std::filesystem::exists(path)) throw std::runtime_error{path + " does not exist; `./run build` makes it"};
  return path;
}

std::string on_loopback(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

std::uint64_t number(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? 0 : value->to_number<std::uint64_t>();
}

double fraction(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? 0 : value->to_number<double>();
}

std::string text(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value == nullptr || !value->is_string() ? std::string{} : std::string{value->as_string()};
}

}  // namespace

bool MigrationStatus::ended() const {
  return state == "completed" || state == "stopped" || state == "panicked" || state == "failed" || state == "reverted";
}

std::string body_of(const Migration& migration) {
  return json::serialize(json::object{{"database", migration.database},
                                      {"table", migration.table},
                                      {"alter", migration.alter},
                                      {"options", json::parse(migration.options)}});
}

MigrationStatus parse_status(const std::string& body) {
  const auto parsed = json::parse(body);
  const auto& object = parsed.as_object();
  MigrationStatus status;
  status.id = text(object, "id");
  status.state = text(object, "state");
  status.progress = fraction(object, "progress");
  status.rows_copied = number(object, "rows_copied");
  status.rows_estimated = number(object, "rows_estimated");
  status.changes_applied = number(object, "changes_applied");
  status.changes_pending = number(object, "changes_pending");
  status.verified_rows = number(object, "verified_rows");
  status.mismatches = number(object, "mismatches");
  if (const auto* cut_over = object.if_contains("cut_over"); cut_over != nullptr && cut_over->is_object()) {
    status.attempts = number(cut_over->get_object(), "attempts");
    status.hold_ms = fraction(cut_over->get_object(), "hold_ms");
    status.held_statements = number(cut_over->get_object(), "held_statements");
    status.stragglers = number(cut_over->get_object(), "stragglers");
    status.audit = text(cut_over->get_object(), "audit");
  }
  if (const auto* error = object.if_contains("error"); error != nullptr && error->is_object()) {
    status.error = text(error->get_object(), "code") + ": " + text(error->get_object(), "message");
  }
  status.json = body;
  if (status.id.empty() || status.state.empty()) throw std::runtime_error{"not the status of a migration: " + body};
  return status;
}

SluiceProcess SluiceProcess::start(const TestServer& primary, const SluiceOptions& options) {
  return SluiceProcess{primary, options};
}

SluiceProcess::SluiceProcess(const TestServer& primary, const SluiceOptions& options)
    : arguments_{options.arguments}, primary_port_{primary.port()}, folder_{"sluice"} {
  const auto known = primary.connect("").must("SELECT COUNT(*) FROM mysql.user WHERE user = 'sluice'").value();
  if (known == "0") primary.make_user(account, std::string{password}, "ALL ON *.*");
  launch();
}

std::filesystem::path SluiceProcess::log_file() const {
  return folder_.path() / "log";
}

std::string SluiceProcess::log() const {
  std::ifstream in{log_file()};
  std::stringstream all;
  all << in.rdbuf();
  const auto whole = all.str();
  return whole.size() <= log_tail_bytes ? whole : whole.substr(whole.size() - log_tail_bytes);
}

void SluiceProcess::launch() {
  Command command{.arguments = {binary(), "serve", "--listen", on_loopback(port()), "--primary",
                                on_loopback(primary_port_), "--http", on_loopback(http_port()), "--user", account},
                  .environment = {{"SLUICE_PASSWORD", std::string{password}}},
                  .output = log_file(),
                  .account = {}};
  command.arguments.insert(command.arguments.end(), arguments_.begin(), arguments_.end());
  process_.emplace(command);
  const auto ready = [this] {
    try {
      return get("/readyz").status == ok;
    } catch (const std::runtime_error&) {
      return false;  // it does not listen yet
    }
  };
  if (!wait_until([&] { return !process_->running() || ready(); }, ready_limit) || !process_->running()) {
    throw std::runtime_error{"sluice did not get ready:\n" + log()};
  }
}

TestClient SluiceProcess::connect(const std::string& database) const {
  return TestClient{{.port = port(), .database = database}};
}

int SluiceProcess::stop() {
  process_->signal(SIGTERM);
  const auto status = process_->wait(stop_limit);
  if (!status) throw std::runtime_error{"sluice did not end after SIGTERM:\n" + log()};
  return *status;
}

void SluiceProcess::kill9() {
  process_->signal(SIGKILL);
  if (!process_->wait(stop_limit)) throw std::runtime_error{"sluice survived SIGKILL"};
}

void SluiceProcess::restart() {
  launch();
}

HttpResponse SluiceProcess::get(const std::string& path) const {
  return request("GET", http_port(), path);
}

HttpResponse SluiceProcess::post(const std::string& path, const std::string& body) const {
  return request("POST", http_port(), path, body);
}

std::string SluiceProcess::migrate(const Migration& migration) const {
  const auto response = post("/migrate", body_of(migration));
  if (response.status != accepted) {
    throw std::runtime_error{"POST /migrate: " + std::to_string(response.status) + " " + response.body};
  }
  return parse_status(response.body).id;
}

MigrationStatus SluiceProcess::status(const std::string& id) const {
  const auto response = get("/migrate/" + id);
  if (response.status != ok) {
    throw std::runtime_error{"GET /migrate/" + id + ": " + std::to_string(response.status) + " " + response.body};
  }
  return parse_status(response.body);
}

MigrationStatus SluiceProcess::await_audited(const std::string& id, std::chrono::milliseconds limit) const {
  auto last = await_state(id, "completed", limit);
  const auto audited = [&] {
    last = status(id);
    return last.audit != "pending";
  };
  if (last.state != "completed" || !wait_until(audited, limit) || last.audit != "passed") {
    throw std::runtime_error{"a migration did not complete with its audit passed: " + last.json};
  }
  return last;
}

std::vector<JournalEntry> SluiceProcess::journal(const std::string& id) const {
  constexpr std::string_view begin = "event: journal";
  constexpr std::string_view data = "data: ";
  std::vector<JournalEntry> entries;
  std::istringstream stream{get("/migrate/" + id + "/events").body};
  bool in_entry = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("event: ")) in_entry = line == begin;
    if (!in_entry || !line.starts_with(data)) continue;
    const auto entry = json::parse(line.substr(data.size()));
    entries.push_back({text(entry.as_object(), "event"), json::serialize(entry.at("details"))});
  }
  return entries;
}

MigrationStatus SluiceProcess::await_state(const std::string& id, const std::string& state,
                                           std::chrono::milliseconds limit) const {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    auto last = status(id);
    if (last.state == state || last.ended() || std::chrono::steady_clock::now() >= deadline) return last;
    std::this_thread::sleep_for(status_interval);
  }
}

}  // namespace sluice::test
