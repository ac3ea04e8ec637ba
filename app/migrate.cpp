#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/signals.hpp"
#include "app/view.hpp"

namespace sluice::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned OK = 200;
constexpr unsigned ACCEPTED = 202;
constexpr std::chrono::seconds PLAIN_LINE_INTERVAL{5};
constexpr std::chrono::minutes ACCEPTANCE_LIMIT{11};  // longer than leftovers may be backed up for

// Of the terminal; one that does not tell is as wide as most.
std::size_t columns() {
  constexpr std::size_t USUAL_COLUMNS = 80;
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS;
}

// One line that is written over and over on a terminal; in a pipe a line for each new state and every few seconds.
class Display {
 public:
  explicit Display(Form form) : form_(form) {}

  // `json`: the same as the API told it.
  void show(const MigrationView& migration, const std::string& json) {
    if (terminal_) {
      std::cout << '\r' << fitting(progress_bar(migration), columns() - 1) << "\x1b[K" << std::flush;
      return;
    }
    const auto now = Clock::now();
    if (migration.state == state_ && now - shown_at_ < PLAIN_LINE_INTERVAL) return;
    state_ = migration.state;
    shown_at_ = now;
    std::cout << (form_ == Form::json ? json : progress_line(migration)) << std::endl;
  }
  void say(const std::string& text) const {
    if (form_ == Form::json) {
      std::cerr << text << std::endl;
    } else {
      std::cout << (terminal_ ? "\r\x1b[K" : "") << text << std::endl;
    }
  }

 private:
  Form form_;
  bool terminal_ = form_ == Form::for_people && ::isatty(STDOUT_FILENO) == 1;
  std::string state_;
  Clock::time_point shown_at_;
};

// An attached command, from the migration's acceptance to its end.
class Attached {
 public:
  Attached(const Api& api, std::string id, Form form) : api_(api), id_(std::move(id)), display_(form) {}

  int follow(const Signals& signals) {
    for (auto heard_at = Clock::now();;) {
      if (const auto migration = look()) {
        heard_at = Clock::now();
        display_.show(*migration, json_);
        if (migration->ended()) {
          display_.say(ending_line(*migration));
          return exit_code_of(*migration);
        }
      } else if (Clock::now() - heard_at > SILENCE_LIMIT) {
        display_.say("sluice: " + complaint_ + "; " + id_ + " may go on without us");
        return exit_code::failure;
      }
      if (signals.wait_for(LOOK_INTERVAL) && !interrupted()) return exit_code::failure;
    }
  }

 private:
  std::optional<MigrationView> look() {
    const auto answer = call(api_, "GET", "/migrate/" + id_);
    if (!answer) {
      complain(answer.error().text);
      return std::nullopt;
    }
    auto migration = answer->status == OK ? parse_migration(answer->body) : std::nullopt;
    if (!migration) complain(error_text(answer->status, answer->body));
    if (migration) complaint_.clear();
    if (migration) json_ = answer->body;
    return migration;
  }

  // False: nobody waits for the end any more.
  bool interrupted() {
    ++interruptions_;
    if (interruptions_ > 2) {
      display_.say("left " + id_ + " alone; `sluice status` shows it");
      return false;
    }
    const bool first = interruptions_ == 1;
    display_.say(first ? "stopping " + id_ + "; Ctrl-C again panics it" : "panic of " + id_ + "; Ctrl-C again leaves");
    const auto answer = call(api_, "POST", "/migrate/" + id_ + (first ? "/stop" : "/panic"));
    if (!answer) {
      complain(answer.error().text);
    } else if (answer->status != OK && answer->status != ACCEPTED) {
      complain(error_text(answer->status, answer->body));
    }
    return true;
  }

  // Said once, not at every look.
  void complain(const std::string& text) {
    if (text == complaint_) return;
    complaint_ = text;
    display_.say("sluice: " + text);
  }

  Api api_;
  std::string id_;
  Display display_;
  std::string json_;  // the last status
  std::string complaint_;
  int interruptions_ = 0;
};

}  // namespace

int run(const MigrateCommand& command) {
  const Signals signals;
  for (const auto& remark : command.remarks) std::cerr << "sluice: " << remark << '\n';
  // It may have to back up what it is to drop.
  const auto answer = call(command.api, "POST", "/migrate", command.body,
                           {.limit = ACCEPTANCE_LIMIT, .is_over = [&] { return signals.wait_for({}).has_value(); }});
  if (!answer) {
    std::cerr << "sluice: " << answer.error().text << '\n';
    return exit_code::failure;
  }
  if (answer->status != OK && answer->status != ACCEPTED) {
    std::cerr << "sluice: " << error_text(answer->status, answer->body) << '\n';
    if (command.form == Form::json) std::cout << answer->body << '\n';
    return exit_code::refused;
  }
  if (command.follow == Follow::dry_run) {
    std::cout << answer->body << '\n';
    return exit_code::ok;
  }
  const auto migration = parse_migration(answer->body);
  if (!migration) {
    std::cerr << "sluice: the API's answer is not the status of a migration\n";
    return exit_code::failure;
  }
  if (command.follow == Follow::detach) {
    std::cout << (command.form == Form::json ? answer->body : migration->id) << '\n';
    return exit_code::ok;
  }
  return Attached{command.api, migration->id, command.form}.follow(signals);
}

}  // namespace sluice::app
