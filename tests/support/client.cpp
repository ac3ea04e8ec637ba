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

// Binds as it is read: every column as text, of whatever length it turns out to have.
std::optional<SqlError> read_binary_rows(MYSQL_STMT* statement, ResultSet& into) {
  const auto width = mysql_stmt_field_count(statement);
  std::vector<MYSQL_BIND> binds(width);
  std::vector<unsigned long> lengths(width);
  std::deque<Flag> nulls(width);
  for (unsigned i = 0; i < width; ++i) {
    binds[i] = {};
    binds[i].buffer_type = MYSQL_TYPE_STRING;
    binds[i].length = &lengths[i];
    binds[i].is_null = &nulls[i];
  }
  if (mysql_stmt_bind_result(statement, binds.data()) || mysql_stmt_store_result(statement) != 0) {
    return error_of(statement);
  }
  for (int fetched = mysql_stmt_fetch(statement); fetched != MYSQL_NO_DATA; fetched = mysql_stmt_fetch(statement)) {
    if (fetched == 1) return error_of(statement);
    Row cells(width);
    for (unsigned i = 0; i < width; ++i) {
      if (nulls[i]) continue;
      std::string text(lengths[i], '\0');
      MYSQL_BIND bind{};
      bind.buffer_type = MYSQL_TYPE_STRING;
      bind.buffer = text.data();
      bind.buffer_length = lengths[i];
      bind.length = &lengths[i];
      if (mysql_stmt_fetch_column(statement, &bind, i, 0) != 0) return error_of(statement);
      cells[i] = std::move(text);
    }
    into.rows.push_back(std::move(cells));
  }
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
  ~State() { mysql_stmt_close(handle); }
};

Statement::Statement(std::unique_ptr<State> state) : state_{std::move(state)} {}
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

Reply Statement::execute(const std::vector<Parameter>& parameters) {
  MYSQL_STMT* handle = state_->handle;
  if (mysql_stmt_param_count(handle) != parameters.size()) throw std::logic_error{"wrong number of parameters"};
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
  Reply reply;
  if (mysql_stmt_bind_param(handle, binds.data()) || mysql_stmt_execute(handle) != 0) {
    reply.error = error_of(handle);
    return reply;
  }
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
  const char* database = options.database.empty() ? nullptr : options.database.c_str();
  const unsigned long flags = CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS;
  if (mysql_real_connect(connection, loopback, options.user.c_str(), options.password.c_str(), database, options.port,
                         nullptr, flags) == nullptr) {
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
  auto state = std::make_unique<Statement::State>(state_->connection, mysql_stmt_init(state_->connection));
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

std::uint64_t TestClient::connection_id() const {
  return mysql_thread_id(state_->connection);
}

}  // namespace sluice::test
