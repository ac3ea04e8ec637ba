#include "tests/race/disturber.hpp"

namespace sluice::test {

Disturber::Disturber(const TestServer& server)
    : client_{server.connect()}, thread_{[this](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          client_.must("BEGIN");
          // An error is no lock: there is no such table between two migrations.
          if (client_.query("SELECT 1 FROM _tb_gho LIMIT 1").ok()) std::this_thread::sleep_for(held_for);
          client_.must("COMMIT");
          std::this_thread::sleep_for(apart);
        }
      }} {}

}  // namespace sluice::test
