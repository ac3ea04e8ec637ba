#include "migrator/sql/connection.hpp"

#include <mysql.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <mutex>
#include <utility>

#include "migrator/sql/quoting.hpp"

namespace sluice::migrator {

namespace {

using Handle = std::unique_ptr<MYSQL, decltype(&mysql_close)>;
using Result = std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)>;

constexpr unsigned wait_timeout_seconds = 28800;  // the engine's pauses may be long; its end closes the connection

bool is_client_side(unsigned code) noexcept {
  return (code >= 2000 && code <= 2999) || (code >= 5000 && code <= 5999);
}

// Codes with which a server says good-bye: what it did before is not known.
bool ends_connection(unsigned code) noexcept {
  constexpr unsigned server_shutdown = 1053;
  constexpr unsigned connection_killed = 1927;
  constexpr unsigned idle_disconnect = 4031;
  return is_client_side(code) || code == server_shutdown || code == connection_killed || code == idle_disconnect;
}

SqlError last_error(MYSQL* handle) {
  const unsigned code = mysql_errno(handle);
  return {ends_connection(code) ? Outcome::unknown : Outcome::refused, code, mysql_sqlstate(handle),
          mysql_error(handle)};
}

int socket_of(MYSQL* handle) noexcept {
#ifdef MARIADB_PACKAGE_VERSION_ID
  return static_cast<int>(mysql_get_socket(handle));
#else
  return static_cast<int>(handle->net.fd);
#endif
}

void set_tls(MYSQL* handle, const ServerAddress& address) {
  if (!address.tls_ca_file.empty()) {
    mysql_options(handle, MYSQL_OPT_SSL_CA, address.tls_ca_file.c_str());
  } else if (address.tls == TlsPolicy::verify_ca || address.tls == TlsPolicy::verify_identity) {
    // Left without authorities, Connector/C would check no chain for verify_ca, and Oracle's library would refuse.
    mysql_options(handle, MYSQL_OPT_SSL_CAPATH, X509_get_default_cert_dir());
  }
#ifdef MARIADB_PACKAGE_VERSION_ID
  my_bool enforce = address.tls == TlsPolicy::off ? 0 : 1;
  my_bool identity = address.tls == TlsPolicy::verify_identity ? 1 : 0;
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &identity);
#else
  unsigned mode = SSL_MODE_DISABLED;
  switch (address.tls) {
    case TlsPolicy::off:
      break;
    case TlsPolicy::required:
      mode = SSL_MODE_REQUIRED;
      break;
    case TlsPolicy::verify_ca:
      mode = SSL_MODE_VERIFY_CA;
      break;
    case TlsPolicy::verify_identity:
      mode = SSL_MODE_VERIFY_IDENTITY;
      break;
  }
  mysql_options(handle, MYSQL_OPT_SSL_MODE, &mode);
  bool fetch_key = true;  // caching_sha2_password without TLS; Connector/C asks by itself
  mysql_options(handle, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &fetch_key);
#endif
}

void set_timeouts(MYSQL* handle, const SessionSettings& settings) {
  const auto connect = static_cast<unsigned>(settings.connect_timeout.count());
  const auto reply = static_cast<unsigned>(settings.reply_timeout.count());
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &reply);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &reply);
}

std::string settings_statement(const SessionSettings& settings, const ServerFlavor& flavor,
                               std::string_view global_sql_mode) {
  std::string sql = "SET SESSION sql_mode = " + quote_string(storing_sql_mode(global_sql_mode, settings.zero_dates));
  sql += ", time_zone = ";
  sql += time_zone_value(settings.time_zone);
  sql += ", autocommit = ";
  sql += settings.autocommit == Autocommit::on ? "1" : "0";
  sql += settings.foreign_key_checks == ForeignKeyChecks::on ? ", foreign_key_checks = 1" : ", foreign_key_checks = 0";
  sql += ", lock_wait_timeout = " + std::to_string(settings.lock_wait_timeout.count());
  sql += ", innodb_lock_wait_timeout = " + std::to_string(settings.innodb_lock_wait_timeout.count());
  sql += ", wait_timeout = " + std::to_string(wait_timeout_seconds);
  sql += ", sql_safe_updates = 0, sql_select_limit = DEFAULT, sql_big_selects = 1, completion_type = 'NO_CHAIN'";
  return sql.append(flavor_settings(flavor, settings.select_limit));
}

std::string_view isolation_statement(Isolation isolation) noexcept {
  switch (isolation) {
    case Isolation::read_committed:
      return "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
    case Isolation::repeatable_read:
      return "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
  }
  return {};
}

}  // namespace

struct Connection::Impl {
  Handle handle{nullptr, &mysql_close};
  ServerFlavor flavor;
  std::uint64_t id = 0;
  std::mutex socket_mutex;  // guards socket: close_now() may come while the connection is being closed
  int socket = -1;

  ~Impl() {
    const std::lock_guard lock(socket_mutex);
    socket = -1;
  }
};

Connection::Connection(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

SqlResult<Connection> Connection::connect(const ServerAddress& address, const SessionSettings& settings) {
  // Oracle's library wants its first call from one thread alone.
  static const int library = mysql_library_init(0, nullptr, nullptr);
  if (library != 0) return SqlError{Outcome::refused, 2000, "HY000", "the client library can't be initialised"};

  auto impl = std::make_unique<Impl>();
  impl->handle.reset(mysql_init(nullptr));
  if (!impl->handle) return SqlError{Outcome::refused, 2008, "HY001", "out of memory"};
  MYSQL* handle = impl->handle.get();
  const bool is_unix = address.host.starts_with('/');
  const unsigned protocol = is_unix ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
  mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  set_tls(handle, address);
  set_timeouts(handle, settings);
  const char* const host = is_unix ? "localhost" : address.host.c_str();
  const char* const path = is_unix ? address.host.c_str() : nullptr;
  if (mysql_real_connect(handle, host, address.user.c_str(), address.password.c_str(), nullptr, address.port, path,
                         0) == nullptr) {
    return last_error(handle);
  }
  impl->socket = socket_of(handle);
  impl->id = mysql_thread_id(handle);

  Connection connection(std::move(impl));
  const auto server = connection.query("SELECT VERSION(), @@global.sql_mode");
  if (!server) return server.error();
  const Row& row = server->rows.at(0);
  connection.impl_->flavor = parse_flavor(row[0].value_or(""));
  if (auto set = connection.execute(settings_statement(settings, connection.flavor(), row[1].value_or(""))); !set) {
    return set.error();
  }
  if (auto set = connection.execute(isolation_statement(settings.isolation)); !set) return set.error();
  return connection;
}

SqlResult<Rows> Connection::query(std::string_view sql) {
  MYSQL* handle = impl_->handle.get();
  if (mysql_real_query(handle, sql.data(), sql.size()) != 0) return last_error(handle);
  const Result result(mysql_store_result(handle), &mysql_free_result);
  if (!result) {
    if (mysql_errno(handle) != 0) return last_error(handle);
    return Rows{};  // a statement without a result set
  }
  const unsigned width = mysql_num_fields(result.get());
  const MYSQL_FIELD* fields = mysql_fetch_fields(result.get());
  Rows rows;
  for (unsigned i = 0; i < width; ++i) rows.columns.emplace_back(fields[i].name);
  rows.rows.reserve(mysql_num_rows(result.get()));
  while (const MYSQL_ROW values = mysql_fetch_row(result.get())) {
    const auto* lengths = mysql_fetch_lengths(result.get());
    Row row;
    row.reserve(width);
    for (unsigned i = 0; i < width; ++i) {
      row.push_back(values[i] == nullptr ? Value{} : Value{std::string(values[i], lengths[i])});
    }
    rows.rows.push_back(std::move(row));
  }
  return rows;
}

SqlResult<Affected> Connection::execute(std::string_view sql) {
  MYSQL* handle = impl_->handle.get();
  if (mysql_real_query(handle, sql.data(), sql.size()) != 0) return last_error(handle);
  if (mysql_field_count(handle) != 0) {
    // A result set nobody asked for (a CALL, an ANALYZE) must be read, or the next statement would be out of step.
    const Result result(mysql_store_result(handle), &mysql_free_result);
    if (!result) return last_error(handle);
  }
  return Affected{mysql_affected_rows(handle), mysql_warning_count(handle)};
}

std::uint64_t Connection::connection_id() const noexcept {
  return impl_->id;
}

const ServerFlavor& Connection::flavor() const noexcept {
  return impl_->flavor;
}

void Connection::close_now() noexcept {
  const std::lock_guard lock(impl_->socket_mutex);
  if (impl_->socket >= 0) ::shutdown(impl_->socket, SHUT_RDWR);
}

std::string time_zone_value(const std::string& time_zone) {
  return time_zone == server_time_zone ? "@@global.time_zone" : quote_string(time_zone);
}

}  // namespace sluice::migrator
