// Real throwaway database servers. Nothing of them is left when the test ends, however it ends.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child.hpp"
#include "tests/support/client.hpp"
#include "tests/support/scratch.hpp"

namespace sluice::test {

enum class Kind : std::uint8_t { mysql, mariadb };

[[nodiscard]] const char* name(Kind kind);

struct ServerOptions {
  std::vector<std::string> arguments;  // for the server's command line, after ours: the last one wins
  std::filesystem::path program;       // a server's binary; empty: the tests' own of that kind
  // The same for what must hold when the data folder is made, too (lower_case_table_names).
  std::vector<std::string> arguments_from_the_start = {};
};

// Where MySQL 9.7 of Debian sid is: $SLUICE_MYSQL_CHROOT, else where `./run deps test` puts it.
[[nodiscard]] std::filesystem::path mysql_folder();

// The `usr` of MariaDB 11.8 of Debian sid, beside that: the server for ServerOptions::program and a client, which run
// as they are, and the client library's plugins for accounts.
[[nodiscard]] std::filesystem::path mariadb_of_sid();

// Which kind a server's binary is (`--version` tells); nothing if it can't be run.
[[nodiscard]] std::optional<Kind> kind_of(const std::filesystem::path& program);

// A primary on 127.0.0.1: binlog on, ROW images, server id 1, `root` with no password over TCP, a database `test`.
// MySQL is Debian sid's in $SLUICE_MYSQL_CHROOT (default /var/cache/sluice/sid), run by its own loader, so no root is
// needed; MariaDB is /usr/sbin/mariadbd. Starts in about a second from a copy of a data folder that is initialised
// once. Throws std::runtime_error, with the end of the server's log, when it cannot be had. Not thread-safe.
class TestServer {
 public:
  [[nodiscard]] static TestServer start(Kind kind, const ServerOptions& options = {});

  TestServer(TestServer&&) noexcept = default;
  TestServer& operator=(TestServer&&) = delete;
  ~TestServer() = default;  // SIGKILL: nothing of it is wanted any more

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::uint16_t port() const { return port_.number(); }
  [[nodiscard]] std::filesystem::path socket_path() const;
  [[nodiscard]] std::filesystem::path data_folder() const;
  [[nodiscard]] std::filesystem::path log() const;
  [[nodiscard]] pid_t pid() const { return process_->pid(); }

  [[nodiscard]] TestClient connect(const std::string& database = "test") const;  // as root; throws ConnectFailure
  // An account for any host. `plugin` empty: the server's default. `privileges` as after GRANT, e.g. "ALL ON test.*".
  void make_user(const std::string& user, const std::string& password, const std::string& privileges,
                 const std::string& plugin = "") const;

  void stop();     // cleanly, by SIGTERM; returns when it has ended
  void kill9();    // as a power cut would; returns when it has ended
  void restart();  // on the same data and port, after stop() or kill9(); returns when it takes connections
  void pause() const;
  void resume() const;

 private:
  TestServer(Kind kind, const ServerOptions& options);
  void launch();

  Kind kind_;
  ServerOptions options_;
  Port port_;
  ScratchFolder folder_;
  std::optional<ChildProcess> process_;
};

}  // namespace sluice::test
