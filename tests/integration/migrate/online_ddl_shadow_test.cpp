// What becomes of the shadow table of a client's ALTER that fails: it is dropped, over restarts as well, but where a
// rollback was to back it up.
#include "tests/integration/migrate/altering_online.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class OnlineDdlShadow : public AlterWaiting {
 protected:
  SluiceOptions sluice_options() override {
    return {.arguments = {"--backup-path", folder_.path().string(), "--backup-program", "/bin/false"}};
  }

  // A detached one that waits for its cut-over; qty has to be small. Its id.
  [[nodiscard]] std::string detached() {
    sluice().connect().must(
        "/* sluice: detached, postpone_cut_over=true, attempt_instant_ddl=false */ "
        "ALTER TABLE orders MODIFY qty SMALLINT NOT NULL");
    EXPECT_EQ(sluice().await_state(id(), "ready").state, "ready");
    return id();
  }
  void write_what_does_not_fit() { direct().must("UPDATE orders SET qty = 1000000 WHERE id = 1"); }
  [[nodiscard]] bool comes_to_leave_nothing() {
    return wait_until([this] { return leftovers(direct()).empty(); }, 30s);
  }

 private:
  ScratchFolder folder_{"backups"};
};
SLUICE_ON_BOTH_SERVERS(OnlineDdlShadow);

TEST_P(OnlineDdlShadow, is_kept_where_a_rollback_can_not_back_it_up) {
  auto client = sluice().connect();
  begin(client);
  const auto rolled_back = [this](const std::string& backup) {
    const auto path = "/migrate/" + id() + "/rollback";
    EXPECT_EQ(sluice().post(path, R"({"backup": ")" + backup + "\"}").status, 202U);
    EXPECT_TRUE(wait_until([&] { return json_at(sluice().get(path).body, "/phase") != "running"; }, 60s));
    return json_at(sluice().get(path).body, "/phase");
  };

  EXPECT_EQ(rolled_back("data"), "failed");
  EXPECT_TRUE(answer().error);
  EXPECT_EQ(json_at(migrations(), "/0/error/code"), "rollback_failed");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));

  EXPECT_EQ(sluice().stop(), 0);
  sluice().restart();
  EXPECT_EQ(rolled_back("data"), "failed") << "it would have completed if there were no table any more";
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  EXPECT_EQ(rolled_back("none"), "completed");
  EXPECT_THAT(leftovers(direct()), IsEmpty());
}

TEST_P(OnlineDdlShadow, is_dropped_where_it_fails_after_a_restart) {
  const auto migration = detached();
  EXPECT_EQ(sluice().stop(), 0);
  write_what_does_not_fit();
  sluice().restart();
  EXPECT_EQ(await_end(migration).state, "failed");
  EXPECT_TRUE(comes_to_leave_nothing());
  online().must("ALTER TABLE orders MODIFY qty BIGINT NOT NULL");
}

TEST_P(OnlineDdlShadow, is_dropped_by_the_next_start_where_somebody_used_it) {
  const auto migration = detached();
  auto somebody = server().connect("test");
  somebody.must("BEGIN");
  somebody.must("SELECT COUNT(*) FROM _orders_gho");
  write_what_does_not_fit();
  EXPECT_EQ(await_end(migration).state, "failed");
  sluice().kill9();
  sluice().restart();
  EXPECT_EQ(sluice().status(migration).state, "failed");
  EXPECT_THAT(leftovers(direct()), ElementsAre("_orders_gho"));
  somebody.must("COMMIT");
  EXPECT_TRUE(comes_to_leave_nothing());
}

}  // namespace
}  // namespace sluice::test
