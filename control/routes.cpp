#include "control/routes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "control/embedded.hpp"
#include "control/json_text.hpp"
#include "control/request_body.hpp"
#include "migrator/options/options_json.hpp"
#include "migrator/rollback/request_json.hpp"

namespace sluice::control {
namespace {

using migrator::Action;
using migrator::MigrationId;

enum class Place : std::uint8_t {
  page,
  page_file,
  health,
  readiness,
  metrics,
  contract,
  migrations,
  clients,
  overview,
  migration,
  events,
  journal,
  rollback,
  action
};

struct Path {
  Place place;
  MigrationId id;
  std::string action;
};

struct FixedPath {
  std::string_view text;
  Place place;
};
constexpr std::array<FixedPath, 8> FIXED_PATHS{{{"/", Place::page},
                                                {"/healthz", Place::health},
                                                {"/readyz", Place::readiness},
                                                {"/metrics", Place::metrics},
                                                {"/openapi.yaml", Place::contract},
                                                {"/migrate", Place::migrations},
                                                {"/clients", Place::clients},
                                                {"/events", Place::overview}}};

struct NamedAction {
  std::string_view name;
  Action action;
};
constexpr std::array<NamedAction, 6> ACTIONS{{{"pause", Action::pause},
                                              {"resume", Action::resume},
                                              {"cut-over", Action::cut_over},
                                              {"stop", Action::stop},
                                              {"panic", Action::panic},
                                              {"cleanup", Action::cleanup}}};
constexpr std::string_view REVERT = "revert";

constexpr std::string_view MIGRATION_PREFIX = "/migrate/";

std::optional<Action> action_of(std::string_view name) {
  const auto found = std::ranges::find(ACTIONS, name, &NamedAction::name);
  return found == ACTIONS.end() ? std::nullopt : std::optional{found->action};
}

std::optional<Path> path_of(std::string_view target) {
  target = target.substr(0, target.find('?'));
  const auto fixed = std::ranges::find(FIXED_PATHS, target, &FixedPath::text);
  if (fixed != FIXED_PATHS.end()) return Path{fixed->place, "", ""};
  if (page_file(target) != nullptr) return Path{Place::page_file, "", ""};
  if (!target.starts_with(MIGRATION_PREFIX)) return std::nullopt;
  target.remove_prefix(MIGRATION_PREFIX.size());
  const auto slash = target.find('/');
  const MigrationId id{target.substr(0, slash)};
  if (id.empty()) return std::nullopt;
  if (slash == std::string_view::npos) return Path{Place::migration, id, ""};
  const auto what = target.substr(slash + 1);
  if (what == "events") return Path{Place::events, id, ""};
  if (what == "journal") return Path{Place::journal, id, ""};
  if (what == "rollback") return Path{Place::rollback, id, ""};
  if (action_of(what) || what == REVERT) {
    return Path{Place::action, id, std::string{what}};
  }
  return std::nullopt;
}

std::string_view methods_of(Place place) {
  switch (place) {
    case Place::migrations:
    case Place::rollback:
      return "GET, POST";
    case Place::migration:
      return "GET, PATCH";
    case Place::action:
      return "POST";
    case Place::page:
    case Place::page_file:
    case Place::health:
    case Place::readiness:
    case Place::metrics:
    case Place::contract:
    case Place::clients:
    case Place::overview:
    case Place::events:
    case Place::journal:
      return "GET";
  }
  return "";
}

bool allows(std::string_view methods, std::string_view method) {
  for (const auto known : {"GET", "POST", "PATCH"}) {
    if (method == known) return methods.find(method) != std::string_view::npos;
  }
  return false;
}

Response not_found(const MigrationId& id) {
  return error_response(404, {"not_found", "there is no migration " + id + "; GET /migrate lists them"});
}

// One for each alternative of Created and Acted.
struct ResponseOf {
  MigrationId id;

  Response operator()(const migrator::Status& status) const { return {.status = 202, .body = status_text(status)}; }
  Response operator()(const migrator::Plans& plans) const { return {.status = 200, .body = plans_text(plans)}; }
  Response operator()(const migrator::Refused& refused) const { return refused_response(refused.problems); }
  Response operator()(const migrator::Conflict& conflict) const { return error_response(409, conflict.problem); }
  Response operator()(const migrator::Invalid& invalid) const { return error_response(400, invalid.problem); }
  Response operator()(const migrator::Unavailable& down) const { return error_response(503, down.problem); }
  Response operator()(const migrator::RollbackReport& report) const { return {.body = migrator::to_json(report)}; }
  Response operator()(const migrator::NotFound&) const { return not_found(id); }
};

Response create(const Request& request, const Services& services) {
  auto wanted = create_request(request.body);
  if (!wanted) return error_response(400, wanted.error());
  return std::visit(ResponseOf{}, services.migrations.create(std::move(wanted->tables), wanted->run));
}

Response status_of(const MigrationId& id, const Services& services) {
  const auto status = services.migrations.status(id);
  return status ? Response{.body = status_text(*status)} : not_found(id);
}

Response act(const Path& path, const Request& request, const Services& services) {
  if (auto problem = empty_request(request.body)) return error_response(400, *problem);
  if (const auto action = action_of(path.action)) {
    return std::visit(ResponseOf{path.id}, services.migrations.act(path.id, *action));
  }
  return std::visit(ResponseOf{path.id}, services.migrations.revert(path.id));
}

Response change(const MigrationId& id, const Request& request, const Services& services) {
  const auto wanted = change_request(request.body);
  if (!wanted) return error_response(400, wanted.error());
  const auto edit = [&](migrator::Options& current) { return migrator::change_options(current, wanted->options); };
  auto response = std::visit(ResponseOf{id}, services.migrations.change(id, edit));
  if (response.status == 202) response.status = 200;  // it is done, not only accepted
  return response;
}

// What a report is asked for as; nothing: as what there is not.
enum class Form : std::uint8_t { json, text };
std::optional<Form> form_of(const Request& request) {
  constexpr std::string_view PARAMETER = "format=";
  const std::string_view target = request.target;
  const auto query = target.find('?');
  if (query != std::string_view::npos && target.substr(query + 1).starts_with(PARAMETER)) {
    const auto format = target.substr(query + 1 + PARAMETER.size());
    if (format == "text") return Form::text;
    return format == "json" ? std::optional{Form::json} : std::nullopt;
  }
  const bool text = request.accept.find("text/plain") != std::string::npos &&
                    request.accept.find("application/json") == std::string::npos;
  return text ? Form::text : Form::json;
}

Response report_response(const migrator::RollbackReport& report, Form form) {
  if (form == Form::json) return {.body = migrator::to_json(report)};
  return {.content_type = "text/plain; charset=utf-8", .body = migrator::to_text(report)};
}

Response rollback(const MigrationId& id, const Request& request, const Services& services) {
  const auto form = form_of(request);
  if (!form) return error_response(400, {"invalid_field", "format must be json or text"});
  const bool posted = request.method == "POST";
  std::optional<migrator::RollbackRequest> wanted;
  if (posted) {
    auto read = migrator::rollback_request_from(request.body, std::chrono::system_clock::now());
    if (!read) return error_response(400, read.error());
    wanted = std::move(*read);
  }
  auto answer = posted ? services.migrations.roll_back(id, *wanted) : services.migrations.rollback_report(id);
  const auto* report = std::get_if<migrator::RollbackReport>(&answer);
  if (report == nullptr) return std::visit(ResponseOf{id}, std::move(answer));
  if (!posted || wanted->run == migrator::RollbackRun::dry) return report_response(*report, *form);
  auto response = status_of(id, services);
  response.status = 202;
  return response;
}

Answer subscribe(const MigrationId& id, const Request& request, const Services& services) {
  if (!services.migrations.status(id)) return not_found(id);
  Subscription subscription{.id = id};
  if (request.last_event_id.empty()) return subscription;
  const auto* end = request.last_event_id.data() + request.last_event_id.size();
  const auto [stop, error] = std::from_chars(request.last_event_id.data(), end, subscription.after);
  if (error == std::errc{} && stop == end) return subscription;
  return error_response(400, {"invalid_field", "Last-Event-ID must be the number of a journal entry"});
}

Response journal_of(const MigrationId& id, const Services& services) {
  const auto status = services.migrations.status(id);
  if (!status) return not_found(id);
  return {.body = export_text(*status, services.migrations.journal(id, 0)), .file_name = id + "-journal.json"};
}

Response readiness(const Services& services) {
  if (services.ready()) return {.body = R"({"status":"ready"})"};
  return error_response(503,
                        {"not_ready", "the primary does not answer yet, or what was unfinished is being taken up"});
}

Response page_response(std::string_view path) {
  const auto* file = page_file(path);
  return {.content_type = std::string{file->content_type}, .body = std::string{file->text}};
}

Answer answer(const Path& path, const Request& request, const Services& services) {
  const bool posted = request.method == "POST";
  switch (path.place) {
    case Place::page:
      return page_response("/page/index.html");
    case Place::page_file:
      return page_response(request.target.substr(0, request.target.find('?')));
    case Place::health:
      return Response{.body = R"({"status":"ok"})"};
    case Place::readiness:
      return readiness(services);
    case Place::metrics:
      return Response{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = services.metrics_text()};
    case Place::contract:
      return Response{.content_type = "application/yaml", .body = std::string{OPENAPI}};
    case Place::migrations:
      return posted ? create(request, services) : Response{.body = list_text(services.migrations.list())};
    case Place::clients:
      return Response{.body = latency_text(services.latency(0))};
    case Place::overview:
      return Overview{};
    case Place::journal:
      return journal_of(path.id, services);
    case Place::migration:
      return request.method == "PATCH" ? change(path.id, request, services) : status_of(path.id, services);
    case Place::events:
      return subscribe(path.id, request, services);
    case Place::rollback:
      return rollback(path.id, request, services);
    case Place::action:
      return act(path, request, services);
  }
  return Response{};
}

}  // namespace

Cost cost_of(const Request& request) {
  const auto path = path_of(request.target);
  if (!path) return Cost::none;
  switch (path->place) {
    case Place::page:
    case Place::page_file:
    case Place::health:
    case Place::contract:
      return Cost::none;
    case Place::readiness:
    case Place::metrics:
    case Place::clients:
    case Place::overview:
    case Place::events:
    case Place::journal:
    case Place::migration:
      return Cost::quick;
    case Place::migrations:
      return request.method == "POST" ? Cost::asking : Cost::quick;
    case Place::rollback:
      return Cost::asking;
    case Place::action:
      return path->action == "cleanup" || path->action == REVERT ? Cost::asking : Cost::quick;
  }
  return Cost::none;
}

Answer route(const Request& request, const Services& services) {
  const auto path = path_of(request.target);
  if (!path) return error_response(404, {"not_found", "there is no such path; GET /openapi.yaml describes the API"});
  const auto methods = methods_of(path->place);
  if (allows(methods, request.method)) return answer(*path, request, services);
  auto response = error_response(405, {"method_not_allowed", "allowed here: " + std::string{methods}});
  response.allow = methods;
  return response;
}

}  // namespace sluice::control
