#include "app/commands.hpp"

#include <fmt/format.h>

#include <iostream>

#include "app/exit_code.hpp"
#include "app/view.hpp"

namespace sluice::app {
namespace {

constexpr unsigned OK = 200;
constexpr unsigned ACCEPTED = 202;

int complain(const std::string& text) {
  std::cerr << "sluice: " << text << '\n';
  return exit_code::failure;
}

int refused(const HttpAnswer& answer) {
  complain(error_text(answer.status, answer.body));
  return exit_code::refused;
}

void print(const MigrationView& migration) {
  std::cout << fmt::format("{:6} {}.{}  {}", migration.id, migration.database, migration.table,
                           progress_line(migration));
  if (!migration.error.empty()) std::cout << "  " << migration.error;
  std::cout << '\n';
}

// The id as given, or the only one that is active; nothing has been done yet if there is a reason.
Reasoned<std::string> find_id(const Api& api, const std::string& id) {
  if (!id.empty()) return {boost::system::in_place_value, id};
  const auto answer = call(api, "GET", "/migrate");
  if (!answer) return answer.error();
  if (answer->status != OK) return Reason{error_text(answer->status, answer->body)};
  const auto migrations = parse_migrations(answer->body);
  if (!migrations) return Reason{"the API's answer is not a list of migrations"};
  return only_active(*migrations);
}

}  // namespace

int run(const StatusCommand& command) {
  const auto answer = call(command.api, "GET", command.id.empty() ? "/migrate" : "/migrate/" + command.id);
  if (!answer) return complain(answer.error().text);
  if (answer->status != OK) return refused(*answer);
  if (command.form == Form::json) {
    std::cout << answer->body << '\n';
    return exit_code::ok;
  }
  std::optional<std::vector<MigrationView>> migrations;
  if (command.id.empty()) {
    migrations = parse_migrations(answer->body);
  } else if (auto one = parse_migration(answer->body)) {
    migrations.emplace({std::move(*one)});
  }
  if (!migrations) return complain("the API's answer can't be read");
  if (migrations->empty()) std::cout << "no migrations\n";
  for (const auto& migration : *migrations) print(migration);
  return exit_code::ok;
}

int run(const ActionCommand& command) {
  const auto id = find_id(command.api, command.id);
  if (!id) return complain(id.error().text);
  const auto answer = call(command.api, "POST", "/migrate/" + *id + "/" + command.action);
  if (!answer) return complain(answer.error().text);
  if (answer->status != OK && answer->status != ACCEPTED) return refused(*answer);
  const auto migration = parse_migration(answer->body);
  if (command.form == Form::json || !migration) {
    std::cout << answer->body << '\n';
  } else {
    print(*migration);
  }
  return exit_code::ok;
}

int run(const RollbackCommand& command) {
  const auto id = find_id(command.api, command.id);
  if (!id) return complain(id.error().text);
  const std::string form = command.form == Form::json ? "json" : "text";
  const auto answer = call(command.api, command.body.empty() ? "GET" : "POST",
                           "/migrate/" + *id + "/rollback?format=" + form, command.body);
  if (!answer) return complain(answer.error().text);
  if (answer->status != OK && answer->status != ACCEPTED) return refused(*answer);
  const auto migration = answer->status == ACCEPTED ? parse_migration(answer->body) : std::nullopt;
  if (command.form == Form::for_people && migration) {
    print(*migration);
  } else {
    std::cout << answer->body << (answer->body.ends_with('\n') ? "" : "\n");
  }
  return exit_code::ok;
}

}  // namespace sluice::app
