#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <map>
#include <sstream>

#include "app/exit_code.hpp"
#include "app/shell_help.hpp"
#include "migrator/options/options_json.hpp"

namespace sluice::app {
namespace {

Message refusal(const std::vector<Reason>& reasons) {
  std::string text;
  for (const auto& reason : reasons) text += "sluice: " + reason.text + "\n";
  return {.text = std::move(text), .exit_code = exit_code::refused};
}

// The arguments of `sluice serve` as they came.
struct ServeArguments {
  std::string config_file;
  std::map<std::string_view, std::vector<std::string>> texts;  // by the name of the setting
};

CLI::App* declare_serve(CLI::App& app, ServeArguments& given) {
  auto* serve = app.add_subcommand("serve", "Stand in front of a primary: proxy, engine and HTTP API");
  serve->add_option("--config", given.config_file, "YAML file with the same settings; flags go before it")
      ->type_name("FILE");
  for (const auto& setting : settings()) {
    const auto keep = [&given, &setting](const std::vector<std::string>& texts) { given.texts[setting.name] = texts; };
    const bool is_list = setting.begin_list != nullptr;
    serve
        ->add_option_function<std::vector<std::string>>(migrator::flag_name(setting.name), keep,
                                                        std::string{setting.help})
        ->type_name(std::string{setting.value_name})
        ->expected(1, 1)
        ->multi_option_policy(is_list ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::Throw);
  }
  return serve;
}

Command serve_command(const ServeArguments& given, const Environment& environment) {
  ServeConfig config;
  if (!given.config_file.empty()) {
    if (const auto reason = read_config_file(given.config_file, config)) return refusal({*reason});
  }
  for (const auto& setting : settings()) {
    const auto texts = given.texts.find(setting.name);
    if (texts == given.texts.end()) continue;
    if (const auto reason = apply(setting, migrator::flag_name(setting.name), texts->second, config))
      return refusal({*reason});
  }
  if (const auto reason = load_secrets(environment, config)) return refusal({*reason});
  const auto problems = problems_of(config);
  if (!problems.empty()) return refusal(problems);
  return config;
}

// The arguments that all commands share which call the API.
struct ApiArguments {
  std::string http = "127.0.0.1:8080";
  std::string token_file;
};

void declare_api(CLI::App& command, ApiArguments& given) {
  command.add_option("--http", given.http, "where sluice serve has its HTTP API (127.0.0.1:8080)")
      ->type_name("HOST:PORT");
  command.add_option("--token-file", given.token_file, "holds the API's bearer token, instead of $SLUICE_TOKEN")
      ->type_name("FILE");
}

Reasoned<Api> read_api(const ApiArguments& given, const Environment& environment) {
  const auto address = net::parse_address(given.http, Api{}.address.port);
  if (!address || address->is_unix()) return Reason{"--http must be HOST:PORT, not \"" + given.http + "\""};
  Api api{.address = *address, .token = environment.token.value_or("")};
  if (given.token_file.empty()) return api;
  const auto token = read_secret_file(given.token_file);
  if (!token) return token.error();
  api.token = *token;
  return api;
}

struct MigrateArguments {
  ApiArguments api;
  std::string database, table, alter;
  std::map<std::string_view, std::vector<std::string>> options;  // by their names in JSON
  bool dry_run = false;
  bool detach = false;
};

CLI::App* declare_migrate(CLI::App& app, MigrateArguments& given) {
  auto* migrate = app.add_subcommand("migrate", "Change the schema of a live table");
  declare_api(*migrate, given.api);
  migrate->add_option("--database", given.database, "the table's database")->type_name("NAME")->required();
  migrate->add_option("--table", given.table, "the table")->type_name("NAME")->required();
  migrate->add_option("--alter", given.alter, "what follows ALTER TABLE t")->type_name("SQL")->required();
  auto* dry_run = migrate->add_flag("--dry-run", given.dry_run, "only check, and print the plan");
  migrate->add_flag("--detach", given.detach, "print the id and end; the migration goes on")->excludes(dry_run);
  for (const auto& option : migrator::known_options()) {
    const auto keep = [&given, &option](const std::vector<std::string>& texts) { given.options[option.name] = texts; };
    auto* flag = migrate->add_option_function<std::vector<std::string>>(migrator::flag_name(option.name), keep,
                                                                        std::string{option.allowed});
    const bool is_list =
        option.form == migrator::OptionForm::text_list || option.form == migrator::OptionForm::json_list;
    const bool is_flag = option.form == migrator::OptionForm::flag;
    flag->group("Options of the migration")->type_name(is_flag ? "" : "VALUE")->expected(is_flag ? 0 : 1, 1);
    flag->multi_option_policy(is_list ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::Throw);
  }
  migrate->footer(
      "Ctrl-C stops the migration, a second one panics it.\n"
      "Ends with 0 when the migration completed, 1 if the API can't be reached, 2 if the request was refused,\n"
      "3 when the migration was stopped, 4 when it panicked, 5 when it failed.");
  return migrate;
}

boost::json::object options_of(const MigrateArguments& given) {
  boost::json::object options;
  for (const auto& option : migrator::known_options()) {
    const auto found = given.options.find(option.name);
    if (found == given.options.end()) continue;
    boost::json::value all;
    for (const auto& text : found->second) {
      auto value = boost::json::parse(migrator::flag_to_json_text(option, text));
      if (all.is_array()) {
        for (auto& element : value.as_array()) all.get_array().push_back(std::move(element));
      } else {
        all = std::move(value);
      }
    }
    options[option.name] = std::move(all);
  }
  return options;
}

Command migrate_command(const MigrateArguments& given, const Environment& environment) {
  const auto api = read_api(given.api, environment);
  if (!api) return refusal({api.error()});
  const boost::json::object body{{"database", given.database},
                                 {"table", given.table},
                                 {"alter", given.alter},
                                 {"options", options_of(given)},
                                 {"dry_run", given.dry_run}};
  Follow follow = given.detach ? Follow::detach : Follow::to_the_end;
  if (given.dry_run) follow = Follow::dry_run;
  return MigrateCommand{.api = *api, .body = boost::json::serialize(body), .follow = follow};
}

struct NamedCommand {
  const char* name;
  const char* help;
};
constexpr NamedCommand STATUS{"status", "Show one migration, or all"};
constexpr std::array ACTIONS{NamedCommand{"pause", "Let a migration rest"},
                             NamedCommand{"resume", "Let a paused migration go on"},
                             NamedCommand{"cut-over", "Swap the tables now, where that was postponed"},
                             NamedCommand{"stop", "End a migration; its shadow table is dropped"},
                             NamedCommand{"panic", "End a migration at once; its shadow table is kept"},
                             NamedCommand{"revert", "Undo a completed migration, keeping every write made since"},
                             NamedCommand{"cleanup", "Drop what an ended migration left behind"}};

struct ActionArguments {
  ApiArguments api;
  std::string id;
  bool json = false;
};

CLI::App* declare_action(CLI::App& app, const NamedCommand& named, ActionArguments& given) {
  auto* command = app.add_subcommand(named.name, named.help);
  declare_api(*command, given.api);
  command->add_option("ID", given.id, "the migration; may be left out where it is clear");
  command->add_flag("--json", given.json, "print what the API answers");
  return command;
}

// What is wrong with it, if anything.
std::optional<Reason> judge_id(const std::string& id) {
  const bool plain = std::ranges::all_of(id, [](unsigned char c) { return std::isalnum(c) != 0; });
  if (plain) return std::nullopt;
  return Reason{"an ID is letters and digits, like m1, not \"" + id + "\""};
}

Command action_command(const std::string& name, const ActionArguments& given, const Environment& environment) {
  const auto api = read_api(given.api, environment);
  if (!api) return refusal({api.error()});
  if (const auto reason = judge_id(given.id)) return refusal({*reason});
  const auto form = given.json ? Form::json : Form::for_people;
  if (name == STATUS.name) return StatusCommand{.api = *api, .id = given.id, .form = form};
  return ActionCommand{.api = *api, .action = name, .id = given.id, .form = form};
}

struct RollbackArguments {
  ActionArguments action;
  std::map<std::string, std::string> texts;                 // fields of the request
  std::map<std::string, std::vector<std::string>> queries;  // the same, as lists
  bool dry_run = false;
  bool report = false;
};

CLI::App* declare_rollback(CLI::App& app, RollbackArguments& given) {
  auto* command = declare_action(app, {"rollback", "Undo a migration that has not swapped its tables"}, given.action);
  const auto text = [&](const char* name, const char* value, const char* help) {
    const auto keep = [&given, name](const std::string& read) { given.texts[name] = read; };
    return command->add_option_function<std::string>(migrator::flag_name(name), keep, help)->type_name(value);
  };
  text("strategy", "NAME", "immediate, graceful (unless another is given) or deferred");
  text("at", "TIME", "when a deferred one is decided, like 2026-01-31T03:00:00Z");
  text("window", "TIMES", "within which a deferred one is decided, like \"22:00-04:00\"");
  text("reason", "TEXT", "for the report");
  text("backup", "WHAT", "none, definition or data: of the shadow table, before it is dropped");
  const auto list = [&](const char* name, const char* flag, const char* help) {
    const auto keep = [&given, name](const std::vector<std::string>& read) { given.queries[name] = read; };
    command->add_option_function<std::vector<std::string>>(flag, keep, help)
        ->type_name("SQL")
        ->expected(1, 1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  list("test_queries", "--test-query", "a SELECT that must work afterwards; may be given several times");
  list("explain", "--explain", "a statement whose plan the report is to show; may be given several times");
  auto* dry_run = command->add_flag("--dry-run", given.dry_run, "only tell how long it may take, and how risky it is");
  command->add_flag("--report", given.report, "only print the report of the last one")->excludes(dry_run);
  return command;
}

Command rollback_command(const RollbackArguments& given, const Environment& environment) {
  const auto api = read_api(given.action.api, environment);
  if (!api) return refusal({api.error()});
  if (const auto reason = judge_id(given.action.id)) return refusal({*reason});
  boost::json::object body;
  for (const auto& [name, value] : given.texts) body[name] = value;
  for (const auto& [name, values] : given.queries) body[name] = boost::json::array(values.begin(), values.end());
  if (given.dry_run) body["dry_run"] = true;
  return RollbackCommand{.api = *api,
                         .id = given.action.id,
                         .body = given.report ? "" : boost::json::serialize(body),
                         .form = given.action.json ? Form::json : Form::for_people};
}

struct ShellHelp {
  const char* name;
  std::string (*text)(const CLI::App&);
};
constexpr std::array SHELL_HELPS{ShellHelp{"bash", bash_completion}, ShellHelp{"zsh", zsh_completion},
                                 ShellHelp{"man", man_page}};

CLI::App* declare_completion(CLI::App& app, std::string& shell) {
  auto* completion = app.add_subcommand("completion", "Print what bash or zsh needs to complete, or the manual page");
  std::vector<std::string> names;
  for (const auto& help : SHELL_HELPS) names.emplace_back(help.name);
  completion->add_option("FOR", shell, "bash, zsh or man")->required()->check(CLI::IsMember(names));
  return completion;
}

Command completion_command(const CLI::App& app, const std::string& shell) {
  const auto* const help = std::ranges::find(SHELL_HELPS, shell, &ShellHelp::name);
  return Message{.text = help->text(app), .exit_code = exit_code::ok};
}

}  // namespace

Command read_command_line(const std::vector<std::string>& arguments, const Environment& environment) {
  CLI::App app{"Sluice: a MySQL proxy that changes the schema of live tables", "sluice"};
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  app.require_subcommand(1);
  ServeArguments serve_given;
  const auto* serve = declare_serve(app, serve_given);
  MigrateArguments migrate_given;
  const auto* migrate = declare_migrate(app, migrate_given);
  ActionArguments action_given;
  declare_action(app, STATUS, action_given);
  for (const auto& action : ACTIONS) declare_action(app, action, action_given);
  RollbackArguments rollback_given;
  const auto* rollback = declare_rollback(app, rollback_given);
  std::string shell;
  const auto* completion = declare_completion(app, shell);
  try {
    app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend() - 1});
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    const int code = app.exit(error, out, out);
    return Message{.text = out.str(), .exit_code = code == 0 ? exit_code::ok : exit_code::refused};
  }
  if (serve->parsed()) return serve_command(serve_given, environment);
  if (migrate->parsed()) return migrate_command(migrate_given, environment);
  if (rollback->parsed()) return rollback_command(rollback_given, environment);
  if (completion->parsed()) return completion_command(app, shell);
  return action_command(app.get_subcommands().front()->get_name(), action_given, environment);
}

}  // namespace sluice::app
