#include "tests/fuzz/alter/session.hpp"

namespace sluice::alters {
namespace {

struct Session {
  std::string row_image = "DEFAULT";
  std::string row_values = "DEFAULT";  // MySQL
  std::string isolation = "DEFAULT";
  std::string time_zone = "DEFAULT";
  std::string mode = "DEFAULT";
};

std::string set(Kind server, const Session& session) {
  const bool mysql = server == Kind::mysql;
  return "SET SESSION binlog_row_image = " + session.row_image +
         (mysql ? ", SESSION binlog_row_value_options = " + session.row_values : "") + ", SESSION " +
         (mysql ? "transaction_isolation = " : "tx_isolation = ") + session.isolation +
         ", SESSION time_zone = " + session.time_zone + ", SESSION sql_mode = " + session.mode;
}

}  // namespace

std::string draw_session(Kind server, Dice& dice) {
  Session session;
  if (dice.one_in(2)) session.row_image = dice.text({"MINIMAL", "NOBLOB", "FULL"});
  if (dice.one_in(2)) session.row_values = "'PARTIAL_JSON'";
  if (dice.one_in(2)) {
    session.isolation = dice.text({"'READ-UNCOMMITTED'", "'READ-COMMITTED'", "'REPEATABLE-READ'", "'SERIALIZABLE'"});
  }
  if (dice.one_in(2)) session.time_zone = dice.text({"'+00:00'", "'+05:30'", "'-08:00'", "'SYSTEM'"});
  if (dice.one_in(8)) session.mode = "''";
  return set(server, session);
}

std::string default_session(Kind server) {
  return set(server, {});
}

std::string draw_options(const Table& table, Dice& dice) {
  std::string options = "\"chunk_size\": " + std::to_string(dice.one_in(3) ? 1000 : 1 + dice.below(12)) +
                        ", \"copy_threads\": " + std::to_string(1 + dice.below(4));
  const auto with = [&](const char* member) { options += std::string(", ") + member; };
  if (dice.one_in(4)) with("\"verify\": \"off\"");
  if (dice.one_in(4)) with("\"defer_secondary_indexes\": true");
  if (dice.one_in(6)) with("\"attempt_instant_ddl\": true");
  if (dice.one_in(2)) with("\"fence\": \"gate\"");
  if (!table.triggers.empty() && !dice.one_in(10)) with("\"include_triggers\": true");
  return options;
}

}  // namespace sluice::alters
