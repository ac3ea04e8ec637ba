#include "app/shell_help.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace sluice::app {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// Those that have a long name, and are shown.
std::vector<const CLI::Option*> flags_of(const CLI::App& command) {
  return command.get_options(
      [](const CLI::Option* option) { return !option->get_lnames().empty() && !option->get_group().empty(); });
}

std::string flag_of(const CLI::Option& option) {
  return "--" + option.get_lnames().front();
}

bool takes_value(const CLI::Option& option) {
  return option.get_expected_max() > 0;
}

bool may_be_repeated(const CLI::Option& option) {
  return option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

std::string with_escapes(std::string_view text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

// Within single quotes of a shell.
std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return result + "'";
}

// Text of a manual page: no line of it is taken for a macro, and hyphens stay hyphens.
std::string roff(std::string_view text) {
  std::string result = with_escapes(text, "\\-");
  if (result.starts_with('.') || result.starts_with('\'')) result.insert(0, "\\&");
  return result;
}

std::string zsh_argument(const CLI::Option& option) {
  const std::string help = with_escapes(option.get_description(), "[]:\\");
  std::string text = fmt::format("{}{}[{}]", may_be_repeated(option) ? "*" : "", flag_of(option), help);
  if (takes_value(option)) {
    text += ":" + option.get_type_name() + ":" + (option.get_type_name() == "FILE" ? "_files" : "");
  }
  return in_quotes(text);
}

std::string man_options(const CLI::App& command) {
  std::string text;
  for (const auto* option : flags_of(command)) {
    const std::string value = takes_value(*option) ? " \\fI" + roff(option->get_type_name()) + "\\fR" : "";
    text += ".TP\n\\fB" + roff(flag_of(*option)) + "\\fR" + value + "\n" + roff(option->get_description()) + "\n";
  }
  return text;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string names;
  std::string cases;
  std::vector<std::string> of_files;
  for (const auto* command : commands_of(app)) {
    names += command->get_name() + " ";
    std::string flags;
    for (const auto* option : flags_of(*command)) {
      flags += flag_of(*option) + " ";
      if (option->get_type_name() == "FILE") of_files.push_back(flag_of(*option));
    }
    cases += fmt::format("    {}) words='{}' ;;\n", command->get_name(), flags);
  }
  std::ranges::sort(of_files);
  of_files.erase(std::unique(of_files.begin(), of_files.end()), of_files.end());
  return fmt::format(
      "# sluice completion bash\n"
      "_sluice() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} words='{}--help --version'\n"
      "  case \"${{COMP_WORDS[COMP_CWORD - 1]}}\" in\n"
      "    {}) mapfile -t COMPREPLY < <(compgen -f -- \"$current\") && return ;;\n"
      "  esac\n"
      "  [ \"$COMP_CWORD\" = 1 ] || case \"${{COMP_WORDS[1]}}\" in\n"
      "{}"
      "  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "}}\n"
      "complete -F _sluice sluice\n",
      names, fmt::join(of_files, " | "), cases);
}

std::string zsh_completion(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const auto* command : commands_of(app)) {
    commands += "    " + in_quotes(with_escapes(command->get_name(), ":") + ":" + command->get_description()) + "\n";
    cases += "    " + command->get_name() + ")\n      _arguments";
    for (const auto* option : flags_of(*command)) cases += " \\\n        " + zsh_argument(*option);
    cases += "\n      ;;\n";
  }
  return fmt::format(
      "#compdef sluice\n"
      "_sluice() {{\n"
      "  local -a commands=(\n{}  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $command in\n"
      "{}"
      "  esac\n"
      "}}\n"
      "compdef _sluice sluice\n"
      "[[ $funcstack[1] != _sluice ]] || _sluice\n",
      commands, cases);
}

std::string man_page(const CLI::App& app) {
  std::string text = ".TH SLUICE 1 \"\" \"sluice " SLUICE_VERSION
                     "\" \"User Commands\"\n"
                     ".ad l\n.nh\n"
                     ".SH NAME\nsluice \\- a MySQL proxy that changes the schema of live tables\n"
                     ".SH SYNOPSIS\n.B sluice\n\\fICOMMAND\\fR [\\fIOPTION\\fR]...\n.SH COMMANDS\n";
  for (const auto* command : commands_of(app)) {
    text += ".SS sluice " + roff(command->get_name()) + "\n" + roff(command->get_description()) + ".\n";
    text += man_options(*command);
    if (command->get_footer().empty()) continue;
    text += ".PP\n" + roff(command->get_footer()) + "\n";
  }
  text +=
      ".SH ENVIRONMENT\n"
      ".TP\n.B SLUICE_PASSWORD\nthe password of the account that changes tables, for \\fBsluice serve\\fR\n"
      ".TP\n.B SLUICE_TOKEN\nthe bearer token of the HTTP API, for all other commands\n";
  return text;
}

}  // namespace sluice::app
