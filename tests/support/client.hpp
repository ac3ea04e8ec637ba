// A small blocking MySQL client over the client library, for tests and the demo: straight to a server or through the
// proxy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace sluice::test {

struct SqlError {
  unsigned code = 0;  // the server's, or the client library's (2000 and above)
  std::string sqlstate;
  std::string text;
};

using Cell = std::optional<std::string>;  // empty: NULL
using Row = std::vector<Cell>;

struct ResultSet {
  std::vector<std::string> columns;  // empty for a statement that returns no rows
  std::vector<Row> rows;
  std::uint64_t affected_rows = 0;
  std::uint64_t last_insert_id = 0;
};

// What one query packet or one execution was answered with. After an error `results` holds what came before it.
struct Reply {
  std::vector<ResultSet> results;
  std::optional<SqlError> error;

  [[nodiscard]] bool ok() const { return !error; }
  // Of the first result; these throw std::runtime_error with the server's text if the reply is an error.
  [[nodiscard]] const std::vector<Row>& rows() const;
  [[nodiscard]] std::string value() const;  // the first cell; throws as well if there is none or it is NULL
};

struct ConnectFailure : std::runtime_error {
  explicit ConnectFailure(SqlError why);
  SqlError error;
};

enum class Tls : std::uint8_t { off, unverified };
enum class Compression : std::uint8_t { off, on };

struct ConnectOptions {
  std::uint16_t port = 0;  // of 127.0.0.1
  std::string socket;      // the path of a unix socket, instead of the port
  std::string user = "root";
  std::string password;
  std::string database;
  Tls tls = Tls::off;
  Compression compression = Compression::off;
  std::string plugins;  // a folder of plugins for accounts; empty: the client library's own
};

using Parameter = std::variant<std::nullptr_t, std::int64_t, std::string>;

// A server-side prepared statement, executed with the binary protocol. Must not outlive its client.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();
  [[nodiscard]] Reply execute(const std::vector<Parameter>& parameters = {});

  // Runs it with a cursor at the server, which sends a row when it is asked for one (COM_STMT_FETCH). These throw
  // std::runtime_error with the server's text.
  void open_cursor(const std::vector<Parameter>& parameters = {});
  [[nodiscard]] std::optional<Row> fetch();  // nothing: that was the last
  void close_cursor();

 private:
  friend class TestClient;
  struct State;
  explicit Statement(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One connection, for one thread at a time. Every call blocks, for no longer than a minute (client_read_timeout_s).
class TestClient {
 public:
  explicit TestClient(const ConnectOptions& options);  // throws ConnectFailure
  TestClient(TestClient&&) noexcept;
  TestClient& operator=(TestClient&&) noexcept;
  ~TestClient();

  // One COM_QUERY, which may hold several statements; reads every result to its end.
  [[nodiscard]] Reply query(const std::string& sql);
  // The same for what has to succeed: throws std::runtime_error with the statement and the server's text.
  Reply must(const std::string& sql);
  // Throws std::runtime_error with the server's text when the statement cannot be prepared.
  [[nodiscard]] Statement prepare(const std::string& sql);
  // prepare, execute, close.
  [[nodiscard]] Reply execute(const std::string& sql, const std::vector<Parameter>& parameters = {});
  [[nodiscard]] bool ping();
  [[nodiscard]] std::uint64_t connection_id() const;

  // COM_INIT_DB, COM_CHANGE_USER, COM_RESET_CONNECTION. Throw std::runtime_error with the server's text.
  void use(const std::string& database);
  void change_user(const std::string& user, const std::string& password, const std::string& database);
  void reset();

 private:
  struct State;
  void check(bool done) const;
  std::unique_ptr<State> state_;
};

// The client in the midst of a transaction in which it has said that. Throws as must() does.
[[nodiscard]] TestClient in_transaction(TestClient client, const std::string& sql);

}  // namespace sluice::test
