#include "app/gh_ost_flags.hpp"

#include <array>

namespace sluice::app {
namespace {

using Form = GhOstFlag::Form;
using Use = GhOstFlag::Use;

constexpr GhOstFlag anyhow(std::string_view name) {
  return {.name = name, .use = Use::is_default};
}
constexpr GhOstFlag needless(std::string_view name, Form form, std::string_view why) {
  return {.name = name, .form = form, .use = Use::changes_nothing, .why = why};
}
constexpr GhOstFlag refused(std::string_view name, Form form, std::string_view why) {
  return {.name = name, .form = form, .use = Use::refused, .why = why};
}

constexpr auto FLAG = Form::flag;
constexpr auto VALUE = Form::with_value;

constexpr std::string_view SERVE = "`sluice serve` holds the connection to the primary, and --http says where it is";
constexpr std::string_view ON_PRIMARY = "Sluice stands in front of the primary, and works there";
constexpr std::string_view NO_HOSTS = "nothing about hosts is guessed";
constexpr std::string_view ROW_FORMAT = "the format is read, and another than ROW is refused";
constexpr std::string_view BY_KEY = "progress is told by where the copy is in the key's range, not by counting rows";
constexpr std::string_view AS_LONG = "Sluice tries again for as long as it takes";
constexpr std::string_view CHECKPOINTS = "a migration goes on by itself after a restart";
constexpr std::string_view METADATA_LOCKS = "the swap does not rest on the order of metadata locks";
constexpr std::string_view HTTP_CHECK = "the HTTP check is asked twice a second, and has a second to answer";
constexpr std::string_view JOURNAL = "decisions are in the journal and the log";
constexpr std::string_view API = "the HTTP API takes the place of gh-ost's socket";
constexpr std::string_view BACK_OFF = "attempts are always further and further apart";
constexpr std::string_view ALWAYS_STRICT = "rows are written strictly, and what does not fit fails the migration";
constexpr std::string_view TRIGGER_NAMES = "triggers keep their names";
constexpr std::string_view HINTS = "hooks are told all there is in SLUICE_… variables";
constexpr std::string_view FIXED_NAMES = "the shadow and the old table have fixed names, _TABLE_gho and _TABLE_del";
constexpr std::string_view ON_REPLICA = "all rows are compared before the swap; --postpone-cut-over gives time to look";

constexpr std::array FLAGS{
    anyhow("execute"),
    refused("host", VALUE, SERVE),
    refused("port", VALUE, SERVE),
    refused("user", VALUE, SERVE),
    refused("password", VALUE, SERVE),
    refused("ask-pass", FLAG, SERVE),
    refused("conf", VALUE, SERVE),
    refused("master-user", VALUE, SERVE),
    refused("master-password", VALUE, SERVE),
    refused("assume-master-host", VALUE, SERVE),
    refused("ssl", FLAG, SERVE),
    refused("ssl-ca", VALUE, SERVE),
    refused("ssl-cert", VALUE, SERVE),
    refused("ssl-key", VALUE, SERVE),
    refused("ssl-allow-insecure", FLAG, SERVE),
    refused("mysql-timeout", VALUE, SERVE),
    refused("mysql-wait-timeout", VALUE, SERVE),
    needless("allow-on-master", FLAG, ON_PRIMARY),
    needless("allow-master-master", FLAG, ON_PRIMARY),
    needless("aliyun-rds", FLAG, NO_HOSTS),
    needless("gcp", FLAG, NO_HOSTS),
    needless("azure", FLAG, NO_HOSTS),
    needless("tungsten", FLAG, NO_HOSTS),
    needless("skip-port-validation", FLAG, NO_HOSTS),
    needless("assume-rbr", FLAG, ROW_FORMAT),
    needless("switch-to-rbr", FLAG, ROW_FORMAT),
    needless("replica-server-id", VALUE, "each stream has a high number of its own"),
    needless("binlogsyncer-max-reconnect-attempts", VALUE, AS_LONG),
    needless("default-retries", VALUE, AS_LONG),
    needless("dml-batch-size", VALUE, "how many keys are applied at once follows from the time that the last took"),
    needless("critical-load-interval-millis", VALUE, "a critical_load that is met fails the migration at once"),
    needless("critical-load-hibernate-seconds", VALUE, "a critical_load that is met fails the migration at once"),
    needless("heartbeat-interval-millis", VALUE, "heartbeats follow from --max-lag-millis"),
    needless("replication-lag-query", VALUE, "heartbeats tell the lag"),
    needless("throttle-http-interval-millis", VALUE, HTTP_CHECK),
    needless("throttle-http-timeout-millis", VALUE, HTTP_CHECK),
    needless("ignore-http-errors", FLAG, "an HTTP check that fails throttles"),
    refused("throttle-additional-flag-file", VALUE, "--throttle-flag-file of each migration may be the same file"),
    needless("panic-on-warnings", FLAG, ALWAYS_STRICT),
    needless("skip-strict-mode", FLAG, ALWAYS_STRICT),
    needless("cut-over", VALUE, "there is one kind of cut-over"),
    GhOstFlag{.name = "cut-over-lock-timeout-seconds",
              .form = VALUE,
              .use = Use::seconds,
              .why = "as --drain-timeout-ms and --hold-timeout-ms"},
    needless("cut-over-exponential-backoff", FLAG, BACK_OFF),
    needless("exponential-backoff-max-interval", VALUE, BACK_OFF),
    needless("skip-metadata-lock-check", FLAG, METADATA_LOCKS),
    needless("allow-setup-metadata-lock-instruments", FLAG, METADATA_LOCKS),
    needless("exact-rowcount", FLAG, BY_KEY),
    needless("concurrent-rowcount", FLAG, BY_KEY),
    refused("allow-nullable-unique-key", FLAG, "rows can't be followed by a key that may be NULL"),
    needless("skip-renamed-columns", FLAG, "columns that only one shape has are not copied"),
    needless("skip-foreign-key-checks", FLAG, "foreign keys are always looked at, and taken over where that can be"),
    needless("trigger-suffix", VALUE, TRIGGER_NAMES),
    needless("remove-trigger-suffix-if-exists", FLAG, TRIGGER_NAMES),
    needless("storage-engine", VALUE, "tables are InnoDB's"),
    refused("timestamp-old-table", FLAG, FIXED_NAMES),
    refused("force-table-names", VALUE, FIXED_NAMES),
    needless("checkpoint", FLAG, CHECKPOINTS),
    needless("checkpoint-seconds", VALUE, CHECKPOINTS),
    refused("resume", FLAG, "a migration goes on by itself after a restart; `sluice status` shows it"),
    refused("revert", FLAG, "`sluice revert` undoes a migration that Sluice has completed"),
    refused("old-table", VALUE, "`sluice revert` undoes a migration that Sluice has completed"),
    refused("migrate-on-replica", FLAG, ON_REPLICA),
    refused("test-on-replica", FLAG, ON_REPLICA),
    refused("test-on-replica-skip-replica-stop", FLAG, ON_REPLICA),
    refused("hooks-path", VALUE, "`sluice serve --hooks-path` names the folder for all migrations"),
    needless("hooks-hint", VALUE, HINTS),
    needless("hooks-hint-owner", VALUE, HINTS),
    needless("hooks-hint-token", VALUE, HINTS),
    needless("hooks-status-interval", VALUE, HINTS),
    needless("serve-socket-file", VALUE, API),
    needless("serve-tcp-port", VALUE, API),
    needless("initially-drop-socket-file", FLAG, API),
    needless("force-named-cut-over", FLAG, "`sluice cut-over ID` names it"),
    needless("force-named-panic", FLAG, "`sluice panic ID` names it"),
    refused("check-flag", FLAG, "`sluice migrate --help` lists the flags"),
    needless("debug", FLAG, JOURNAL),
    needless("verbose", FLAG, JOURNAL),
    needless("quiet", FLAG, JOURNAL),
    needless("stack", FLAG, JOURNAL),
};

}  // namespace

std::span<const GhOstFlag> gh_ost_flags() noexcept {
  return FLAGS;
}

std::string gh_ost_reference() {
  const auto fate_of = [](const GhOstFlag& flag) {
    switch (flag.use) {
      case Use::is_default:
        return "what Sluice does anyhow" + std::string{flag.why};
      case Use::changes_nothing:
        return "changes nothing: " + std::string{flag.why};
      case Use::seconds:
        return std::string{flag.why};
      case Use::refused:
        return "refused: " + std::string{flag.why};
    }
    return std::string{};
  };
  std::string table = "| gh-ost | `sluice migrate` |\n|---|---|\n";
  for (const auto& flag : FLAGS) table += "| `--" + std::string{flag.name} + "` | " + fate_of(flag) + " |\n";
  return table;
}

}  // namespace sluice::app
