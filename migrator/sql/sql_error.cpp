#include "migrator/sql/sql_error.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace sluice::migrator {
namespace {

// Errors whose words hold names, numbers of rows and hosts, never a value or a piece of a statement.
constexpr std::array kWithoutValues{1021U, 1040U, 1044U, 1045U, 1048U, 1049U, 1050U, 1051U, 1053U, 1054U,
                                    1060U, 1061U, 1091U, 1099U, 1100U, 1114U, 1118U, 1136U, 1142U, 1143U,
                                    1146U, 1192U, 1205U, 1206U, 1213U, 1226U, 1227U, 1236U, 1264U, 1265U,
                                    1290U, 1317U, 1364U, 1406U, 1412U, 1419U, 1451U, 1452U, 1553U, 1799U,
                                    1836U, 1846U, 1927U, 1969U, 3024U, 3572U, 3819U, 4025U, 4031U};

bool is_client_side(unsigned code) {
  constexpr unsigned kFirst = 2000;
  constexpr unsigned kLast = 2999;
  constexpr unsigned kFirstOfConnectorC = 5000;
  return (code >= kFirst && code <= kLast) || code >= kFirstOfConnectorC;
}

}  // namespace

void throw_exception_from_error(const SqlError& error, const boost::source_location& where) {
  std::fprintf(stderr, "%s: there is no result but an error: %s\n", where.to_string().c_str(), describe(error).c_str());
  std::abort();
}

bool is_lock_conflict(const SqlError& error) noexcept {
  return error.outcome == Outcome::refused &&
         (error.code == server_error::lock_wait_timeout || error.code == server_error::deadlock ||
          error.code == server_error::lock_nowait);
}

bool may_succeed_later(const SqlError& error) noexcept {
  return error.outcome == Outcome::unknown || is_lock_conflict(error);
}

std::string describe(const SqlError& error) {
  return error.text + " (" + std::to_string(error.code) + ")";
}

std::string describe_without_values(const SqlError& error) {
  if (is_client_side(error.code) || std::ranges::find(kWithoutValues, error.code) != kWithoutValues.end()) {
    return describe(error);
  }
  return "error " + std::to_string(error.code) + " (SQLSTATE " + error.sqlstate + ")";
}

}  // namespace sluice::migrator
