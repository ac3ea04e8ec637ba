#include "tests/support/client.hpp"

#include <mysql.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <type_traits>
#include <utility>

namespace sluice::test {
namespace {

constexpr unsigned client_connect_timeout_s = 10;
constexpr unsigned client_read_timeout_s = 60;
constexpr const char* loopback = "127.0.0.1";

using Flag = std::remove_pointer_t<decltype(MYSQL_BIND::is_null)>;  // bool or my_bool, as the library has it

SqlError error_of(MYSQL* connection) {
  return {mysql_errno(connection), mysql_sqlstate(connection), mysql_error(connection)};
}

SqlError error_of(MYSQL_STMT* statement) {
  return {mysql_stmt_errno(statement), mysql_stmt_sqlstate(statement), mysql_stmt_error(statement)};
}

std::string described(const SqlError& error) {
  return std::to_string(error.code) + " " + error.text;
}

std::vector<std::string> names_of(MYSQL_RES* result) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < mysql_num_fields(result); ++i) names.emplace_back(mysql_fetch_field_direct(result, i)->name);
  return names;
}

void read_text_rows(MYSQL_RES* result, ResultSet& into) {
  const auto width = mysql_num_fields(result);
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    const auto* lengths = mysql_fetch_lengths(result);
    Row cells(width);
    for (unsigned i = 0; i < width; ++i) {
      if (row[i] != nullptr) cells[i].emplace(row[i], lengths[i]);
    }
    into.rows.push_back(std::move(cells));
  }
}

// Where the client library puts a row: every column as text, of whatever length it turns out to have.
class RowBuffer {
 public:
  explicit RowBuffer(unsigned width) : binds_(width), lengths_(width), nulls_(width) {
    for (unsigned i = 0; i < width; ++i) {
      binds_[i] = {};
      binds_[i].buffer_type = MYSQL_TYPE_STRING;
      binds_[i].length = &lengths_[i];
      binds_[i].is_null = &nulls_[i];
    }
  }
  [[nodiscard]] bool bind_to(MYSQL_STMT* statement) { return mysql_stmt_bind_result(statement, binds_.data()) == 0; }
  // The next row; nothing at the end. `error`: set if there is one.
  [[nodiscard]] std::optional<Row> fetch(MYSQL_STMT* statement, std::optional<SqlError>& error) {
    const int fetched = mysql_stmt_fetch(statement);
    if (fetched == MYSQL_NO_DATA) return std::nullopt;
    if (fetched == 1) {
      error = error_of(statement);
      return std::nullopt;
    }
    Row cells(binds_.size());
    for (unsigned i = 0; i < cells.size(); ++i) {
      if (nulls_[i]) continue;
      std::string text(lengths_[i], '\0');
      MYSQL_BIND bind{};
      bind.buffer_type = MYSQL_TYPE_STRING;
      bind.buffer = text.data();
      bind.buffer_length = lengths_[i];
      bind.length = &lengths_[i];
      if (mysql_stmt_fetch_column(statement, &bind, i, 0) != 0) {
        error = error_of(statement);
        return std::nullopt;
      }
      cells[i] = std::move(text);
    }
    return cells;
  }

 private:
  std::vector<MYSQL_BIND> binds_;
  std::vector<unsigned long> lengths_;
  std::deque<Flag> nulls_;
};

std::optional<SqlError> read_binary_rows(MYSQL_STMT* statement, ResultSet& into) {
  RowBuffer buffer{mysql_stmt_field_count(statement)};
  if (!buffer.bind_to(statement) || mysql_stmt_store_result(statement) != 0) return error_of(statement);
  std::optional<SqlError> error;
  while (auto row = buffer.fetch(statement, error)) into.rows.push_back(std::move(*row));
  return error;
}

// Sends the execution.
std::optional<SqlError> run(MYSQL_STMT* statement, const std::vector<Parameter>& parameters) {
  if (mysql_stmt_param_count(statement) != parameters.size()) throw std::logic_error{"wrong number of parameters"};
  std::vector<MYSQL_BIND> binds(std::max<std::size_t>(parameters.size(), 1));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    binds[i] = {};
    binds[i].buffer_type = MYSQL_TYPE_NULL;
    if (const auto* number = std::get_if<std::int64_t>(&parameters[i])) {
      binds[i].buffer_type = MYSQL_TYPE_LONGLONG;
      binds[i].buffer = const_cast<std::int64_t*>(number);
    } else if (const auto* text = std::get_if<std::string>(&parameters[i])) {
      binds[i].buffer_type = MYSQL_TYPE_STRING;
      binds[i].buffer = const_cast<char*>(text->data());
      binds[i].buffer_length = text->size();
    }
  }
  if (mysql_stmt_bind_param(statement, binds.data()) || mysql_stmt_execute(statement) != 0) return error_of(statement);
  return std::nullopt;
}

}  // namespace

const std::vector<Row>& Reply::rows() const {
  if (error) throw std::runtime_error{described(*error)};
  if (results.empty()) throw std::runtime_error{"a reply without a result"};
  return results.front().rows;
}

std::string Reply::value() const {
  const auto& all = rows();
  if (all.empty() || all.front().empty() || !all.front().front()) throw std::runtime_error{"no value in the reply"};
  return *all.front().front();
}

ConnectFailure::ConnectFailure(SqlError why) : std::runtime_error{described(why)}, error{std::move(why)} {}

struct Statement::State {
  MYSQL* connection;
  MYSQL_STMT* handle;
  std::optional<RowBuffer> cursor;  // of an open one
  ~State() { mysql_stmt_close(handle); }
};

Statement::Statement(std::unique_ptr<State> state) : state_{std::move(state)} {}
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

Reply Statement::execute(const std::vector<Parameter>& parameters) {
  MYSQL_STMT* handle = state_->handle;
  Reply reply;
  reply.error = run(handle, parameters);
  if (reply.error) return reply;
  for (int more = 0; more == 0; more = mysql_stmt_next_result(handle)) {
    auto& result = reply.results.emplace_back();
    if (MYSQL_RES* columns = mysql_stmt_result_metadata(handle)) {
      result.columns = names_of(columns);
      mysql_free_result(columns);
      reply.error = read_binary_rows(handle, result);
    }
    result.affected_rows = mysql_stmt_affected_rows(handle);
    result.last_insert_id = mysql_stmt_insert_id(handle);
    mysql_stmt_free_result(handle);
    if (reply.error) return reply;
  }
  if (mysql_stmt_errno(handle) != 0) reply.error = error_of(handle);
  return reply;
}

void Statement::open_cursor(const std::vector<Parameter>& parameters) {
  MYSQL_STMT* handle = state_->handle;
  const unsigned long cursor = CURSOR_TYPE_READ_ONLY;
  mysql_stmt_attr_set(handle, STMT_ATTR_CURSOR_TYPE, &cursor);
  if (const auto error = run(handle, parameters)) throw std::runtime_error{described(*error)};
  state_->cursor.emplace(mysql_stmt_field_count(handle));
  if (!state_->cursor->bind_to(handle)) throw std::runtime_error{described(error_of(handle))};
}

std::optional<Row> Statement::fetch() {
  std::optional<SqlError> error;
  auto row = state_->cursor.value().fetch(state_->handle, error);
  if (error) throw std::runtime_error{described(*error)};
  return row;
}

void Statement::close_cursor() {
  state_->cursor.reset();
  mysql_stmt_free_result(state_->handle);
}

struct TestClient::State {
  MYSQL* connection = mysql_init(nullptr);
  ~State() { mysql_close(connection); }
};

TestClient::TestClient(const ConnectOptions& options) : state_{std::make_unique<State>()} {
  MYSQL* connection = state_->connection;
  mysql_options(connection, MYSQL_OPT_CONNECT_TIMEOUT, &client_connect_timeout_s);
  mysql_options(connection, MYSQL_OPT_READ_TIMEOUT, &client_read_timeout_s);
  mysql_options(connection, MYSQL_OPT_WRITE_TIMEOUT, &client_read_timeout_s);
  const unsigned infile = 1;
  mysql_options(connection, MYSQL_OPT_LOCAL_INFILE, &infile);
  mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
#ifdef MARIADB_PACKAGE_VERSION_ID
  const char encrypted = options.tls == Tls::unverified ? 1 : 0;
  mysql_options(connection, MYSQL_OPT_SSL_ENFORCE, &encrypted);
#else
  const unsigned mode = options.tls == Tls::unverified ? SSL_MODE_REQUIRED : SSL_MODE_DISABLED;
  mysql_options(connection, MYSQL_OPT_SSL_MODE, &mode);
  const bool ask_for_key = true;  // for caching_sha2_password without TLS; Connector/C asks by itself
  mysql_options(connection, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &ask_for_key);
#endif
  if (options.compression == Compression::on) mysql_options(connection, MYSQL_OPT_COMPRESS, nullptr);
  if (!options.plugins.empty()) mysql_options(connection, MYSQL_PLUGIN_DIR, options.plugins.c_str());
  const char* database = options.database.empty() ? nullptr : options.database.c_str();
  const char* socket = options.socket.empty() ? nullptr : options.socket.c_str();
  const char* host = socket == nullptr ? loopback : nullptr;
  const unsigned long flags = CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS;
  if (mysql_real_connect(connection, host, options.user.c_str(), options.password.c_str(), database, options.port,
                         socket, flags) == nullptr) {
    throw ConnectFailure{error_of(connection)};
  }
}

TestClient::TestClient(TestClient&&) noexcept = default;
TestClient& TestClient::operator=(TestClient&&) noexcept = default;
TestClient::~TestClient() = default;

Reply TestClient::query(const std::string& sql) {
  MYSQL* connection = state_->connection;
  Reply reply;
  int more = mysql_real_query(connection, sql.data(), sql.size());
  for (; more == 0; more = mysql_next_result(connection)) {
    auto& result = reply.results.emplace_back();
    if (MYSQL_RES* stored = mysql_store_result(connection)) {
      result.columns = names_of(stored);
      read_text_rows(stored, result);
      mysql_free_result(stored);
    } else {
      result.affected_rows = mysql_affected_rows(connection);
      result.last_insert_id = mysql_insert_id(connection);
    }
    if (mysql_errno(connection) != 0) break;
  }
  if (mysql_errno(connection) != 0) reply.error = error_of(connection);
  return reply;
}

Reply TestClient::must(const std::string& sql) {
  auto reply = query(sql);
  if (reply.error) throw std::runtime_error{sql + ": " + described(*reply.error)};
  return reply;
}

Statement TestClient::prepare(const std::string& sql) {
  auto state =
      std::make_unique<Statement::State>(state_->connection, mysql_stmt_init(state_->connection), std::nullopt);
  if (mysql_stmt_prepare(state->handle, sql.data(), sql.size()) != 0) {
    throw std::runtime_error{sql + ": " + described(error_of(state->handle))};
  }
  return Statement{std::move(state)};
}

Reply TestClient::execute(const std::string& sql, const std::vector<Parameter>& parameters) {
  return prepare(sql).execute(parameters);
}

bool TestClient::ping() {
  return mysql_ping(state_->connection) == 0;
}

void TestClient::use(const std::string& database) {
  check(mysql_select_db(state_->connection, database.c_str()) == 0);
}

void TestClient::change_user(const std::string& user, const std::string& password, const std::string& database) {
  check(!mysql_change_user(state_->connection, user.c_str(), password.c_str(), database.c_str()));
}

void TestClient::reset() {
  check(mysql_reset_connection(state_->connection) == 0);
}

void TestClient::check(bool done) const {
  if (!done) throw std::runtime_error{described(error_of(state_->connection))};
}

std::uint64_t TestClient::connection_id() const {
  return mysql_thread_id(state_->connection);
}

TestClient in_transaction(TestClient client, const std::string& sql) {
  client.must("BEGIN");
  client.must(sql);
  return client;
}

}  // namespace sluice::test
