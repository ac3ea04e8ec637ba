#include "tests/support/server.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/support/wait.hpp"

namespace sluice::test {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;
constexpr auto initialise_limit = 120s;
constexpr auto start_limit = 60s;
constexpr auto stop_limit = 60s;
constexpr std::size_t log_tail_bytes = 4000;

fs::path program_of(Kind kind, const ServerOptions& options) {
  auto program = kind == Kind::mysql ? mysql_folder() / "usr/sbin/mysqld" : fs::path{"/usr/sbin/mariadbd"};
  if (!options.program.empty()) program = options.program;
  if (!fs::exists(program)) {
    throw std::runtime_error{std::string{name(kind)} + " is not here: " + program.string() +
                             " does not exist; `./run deps test` installs it"};
  }
  return program;
}

// Where the folders are that a server's files are in.
fs::path prefix_of(const fs::path& program) {
  return fs::canonical(program).parent_path().parent_path();
}

// The program with the options that let it find its own files.
std::vector<std::string> command_of(Kind kind, const ServerOptions& options) {
  const auto program = program_of(kind, options);
  if (kind == Kind::mariadb) {
    return {program.string(), "--no-defaults", "--basedir=" + prefix_of(program).string()};
  }
  if (!options.program.empty()) return {program.string(), "--no-defaults"};
  const auto root = mysql_folder().string();
  return {root + "/lib64/ld-linux-x86-64.so.2",
          "--library-path",
          root + "/usr/lib/x86_64-linux-gnu",
          program.string(),
          "--no-defaults",
          "--basedir=" + root + "/usr",
          "--lc-messages-dir=" + root + "/usr/share/mysql",
          "--character-sets-dir=" + root + "/usr/share/mysql/charsets",
          "--plugin-dir=" + root + "/usr/lib/mysql/plugin"};
}

std::string tail_of(const fs::path& file) {
  std::ifstream in{file};
  std::stringstream text;
  text << in.rdbuf();
  const auto all = text.str();
  return all.size() <= log_tail_bytes ? all : all.substr(all.size() - log_tail_bytes);
}

void give_to(const std::optional<Account>& account, const fs::path& path) {
  if (account && ::lchown(path.c_str(), account->user, account->group) != 0) {
    throw fs::filesystem_error{"chown", path, std::error_code{errno, std::generic_category()}};
  }
}

// A folder for temporary files of its own: at its start a server deletes what it takes for leftovers of an earlier one,
// and would take the files of all others with it, who crash of that.
std::map<std::string, std::string> with_temporary_folder(const fs::path& folder,
                                                         const std::optional<Account>& account) {
  fs::create_directories(folder);
  give_to(account, folder);
  return {{"TMPDIR", folder.string()}};
}

void initialise(Kind kind, const ServerOptions& options, const fs::path& data) {
  const auto account = unprivileged_account();
  const fs::path temporary = data.string() + ".tmp";
  Command command{.arguments = {},
                  .environment = with_temporary_folder(temporary, account),
                  .output = data.string() + ".log",
                  .account = account};
  if (kind == Kind::mysql) {
    command.arguments = command_of(kind, options);
    for (const char* more : {"--initialize-insecure", "--innodb-redo-log-capacity=16M"}) {
      command.arguments.emplace_back(more);
    }
  } else {
    const auto prefix = prefix_of(program_of(kind, options));
    command.arguments = {prefix / "bin/mariadb-install-db",
                         "--no-defaults",
                         "--basedir=" + prefix.string(),
                         "--skip-test-db",
                         "--force",
                         "--auth-root-authentication-method=normal"};
  }
  command.arguments.push_back("--datadir=" + data.string());
  command.arguments.insert(command.arguments.end(), options.arguments_from_the_start.begin(),
                           options.arguments_from_the_start.end());
  fs::create_directories(data);
  give_to(account, data);
  std::ofstream{command.output}.close();
  give_to(account, command.output);
  if (ChildProcess{command}.wait(initialise_limit) != 0) {
    throw std::runtime_error{std::string{name(kind)} + " could not make a data folder:\n" + tail_of(command.output)};
  }
  fs::remove_all(temporary);
}

// A data folder as the server makes it at first, kept for all tests of this binary.
fs::path template_folder(Kind kind, const ServerOptions& options) {
  const auto program = fs::canonical(program_of(kind, options));
  const auto age = fs::last_write_time(program).time_since_epoch().count();
  auto described = program.string() + std::to_string(age);
  for (const auto& argument : options.arguments_from_the_start) described += " " + argument;
  const auto key = std::hash<std::string>{}(described);
  const auto folder = cache_root() / ("template." + std::string{name(kind)} + "." + std::to_string(key));
  const FileLock one_at_a_time{folder.string() + ".lock"};
  if (!fs::exists(folder)) {
    const fs::path unfinished = folder.string() + ".unfinished";
    fs::remove_all(unfinished);
    initialise(kind, options, unfinished);
    fs::rename(unfinished, folder);
  }
  return folder;
}

void copy_for(const std::optional<Account>& account, const fs::path& from, const fs::path& to) {
  fs::copy(from, to, fs::copy_options::recursive);
  fs::remove(to / "auto.cnf");  // each server makes its own UUID
  give_to(account, to);
  for (const auto& entry : fs::recursive_directory_iterator{to}) give_to(account, entry.path());
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

fs::path mariadb_of_sid() {
  return mysql_folder() / "opt/mariadb/usr";
}

fs::path mysql_folder() {
  const char* set = std::getenv("SLUICE_MYSQL_CHROOT");
  return set != nullptr ? fs::path{set} : fs::path{"/var/cache/sluice/sid"};
}

const char* name(Kind kind) {
  switch (kind) {
    case Kind::mysql:
      return "mysql";
    case Kind::mariadb:
      return "mariadb";
  }
  std::abort();
}

std::optional<Kind> kind_of(const fs::path& program) {
  const ScratchFolder folder{"version"};
  const auto output = folder.path() / "output";
  ChildProcess child{
      {.arguments = {program.string(), "--version"}, .environment = {}, .output = output, .account = {}}};
  if (child.wait(10s) != 0) return std::nullopt;
  return tail_of(output).find("MariaDB") == std::string::npos ? Kind::mysql : Kind::mariadb;
}

TestServer TestServer::start(Kind kind, const ServerOptions& options) {
  return TestServer{kind, options};
}

TestServer::TestServer(Kind kind, const ServerOptions& options) : kind_{kind}, options_{options}, folder_{name(kind)} {
  const auto account = unprivileged_account();
  give_to(account, folder_.path());
  copy_for(account, template_folder(kind, options), data_folder());
  launch();
  connect("").must("CREATE DATABASE IF NOT EXISTS test");
}

fs::path TestServer::socket_path() const {
  return folder_.path() / "socket";
}
fs::path TestServer::data_folder() const {
  return folder_.path() / "data";
}
fs::path TestServer::log() const {
  return folder_.path() / "log";
}

void TestServer::launch() {
  auto arguments = command_of(kind_, options_);
  for (const auto& more : std::initializer_list<std::string>{
           "--datadir=" + data_folder().string(), "--socket=" + socket_path().string(),
           "--pid-file=" + (folder_.path() / "pid").string(), "--port=" + std::to_string(port()),
           "--bind-address=127.0.0.1", "--log-bin=binlog", "--binlog-format=ROW", "--server-id=1",
           "--innodb-buffer-pool-size=128M", "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0",
           "--max-connections=500", "--secure-file-priv=", "--local-infile=ON"}) {
    arguments.push_back(more);
  }
  if (kind_ == Kind::mysql) {
    arguments.emplace_back("--mysqlx=OFF");
    arguments.emplace_back("--innodb-redo-log-capacity=64M");
  }
  for (const auto* more : {&options_.arguments_from_the_start, &options_.arguments}) {
    arguments.insert(arguments.end(), more->begin(), more->end());
  }
  const auto account = unprivileged_account();
  std::ofstream{log(), std::ios::app}.close();
  give_to(account, log());
  process_.emplace(Command{.arguments = arguments,
                           .environment = with_temporary_folder(folder_.path() / "tmp", account),
                           .output = log(),
                           .account = account});

  const auto answers = [this] {
    try {
      return connect("").ping();
    } catch (const ConnectFailure&) {
      return false;
    }
  };
  if (!wait_until([&] { return !process_->running() || answers(); }, start_limit) || !process_->running()) {
    throw std::runtime_error{std::string{name(kind_)} + " did not start:\n" + tail_of(log())};
  }
}

TestClient TestServer::connect(const std::string& database) const {
  return TestClient{{.port = port(), .database = database}};
}

void TestServer::make_user(const std::string& user, const std::string& password, const std::string& privileges,
                           const std::string& plugin) const {
  std::string identified = " IDENTIFIED BY " + quoted(password);
  if (!plugin.empty()) {
    identified = kind_ == Kind::mysql ? " IDENTIFIED WITH " + plugin + " BY " + quoted(password)
                                      : " IDENTIFIED VIA " + plugin + " USING PASSWORD(" + quoted(password) + ")";
  }
  auto root = connect("");
  root.must("CREATE USER " + quoted(user) + "@'%'" + identified);
  root.must("GRANT " + privileges + " TO " + quoted(user) + "@'%'");
}

void TestServer::stop() {
  process_->signal(SIGCONT);
  process_->signal(SIGTERM);
  if (!process_->wait(stop_limit)) throw std::runtime_error{"the server did not stop:\n" + tail_of(log())};
}

void TestServer::kill9() {
  process_->signal(SIGKILL);
  if (!process_->wait(stop_limit)) throw std::runtime_error{"the server survived SIGKILL"};
}

void TestServer::restart() {
  launch();
}
void TestServer::pause() const {
  process_->suspend();
}
void TestServer::resume() const {
  process_->signal(SIGCONT);
}

}  // namespace sluice::test
