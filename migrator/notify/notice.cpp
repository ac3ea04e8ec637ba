#include "migrator/notify/notice.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace sluice::migrator {
namespace {

namespace json = boost::json;

struct Told {
  std::string_view event;  // or how it begins, if it ends in a dot
  NoticeKind kind;
};
constexpr std::array<Told, 12> kTold{{{"started", NoticeKind::start},
                                      {"ready", NoticeKind::ready},
                                      {"cut_over.begun", NoticeKind::cut_over},
                                      {"cut_over.completed", NoticeKind::cut_over},
                                      {"cut_over.again", NoticeKind::cut_over},
                                      {"completed", NoticeKind::completion},
                                      {"failed", NoticeKind::failure},
                                      {"stopped", NoticeKind::failure},
                                      {"panicked", NoticeKind::failure},
                                      {"guard.", NoticeKind::guard},
                                      {"rollback.", NoticeKind::rollback},
                                      {"revert.", NoticeKind::rollback}}};

bool is_for(const Told& told, std::string_view event) {
  return told.event == event || (told.event.ends_with('.') && event.starts_with(told.event));
}

// The system takes no variable of more than 128 KiB.
std::string bounded(std::string text) {
  constexpr std::size_t kVariableBytesMax = 64U << 10U;
  if (text.size() > kVariableBytesMax) text.resize(kVariableBytesMax);
  return text;
}

json::value parsed(const std::string& details) {
  boost::system::error_code error;
  auto value = json::parse(details, error);
  return error ? json::value(details) : value;
}

}  // namespace

std::string_view to_string(NoticeChannel channel) noexcept {
  switch (channel) {
    case NoticeChannel::webhook:
      return "webhook";
    case NoticeChannel::hook:
      return "hook";
  }
  return "";
}

std::string_view to_string(NoticeOutcome outcome) noexcept {
  switch (outcome) {
    case NoticeOutcome::delivered:
      return "delivered";
    case NoticeOutcome::retried:
      return "retried";
    case NoticeOutcome::given_up:
      return "given_up";
    case NoticeOutcome::dropped:
      return "dropped";
  }
  return "";
}

std::optional<NoticeKind> notice_kind_of(std::string_view event) noexcept {
  const auto* const found = std::ranges::find_if(kTold, [&](const Told& told) { return is_for(told, event); });
  return found == kTold.end() ? std::nullopt : std::optional(found->kind);
}

std::string body_of(const Notice& notice, NoticeKind kind) {
  const Status& status = notice.status;
  return json::serialize(json::object{{"kind", to_string(kind)},
                                      {"event", notice.entry.event},
                                      {"at", notice.entry.at},
                                      {"number", notice.entry.number},
                                      {"migration", status.id},
                                      {"database", status.database},
                                      {"table", status.table},
                                      {"state", to_string(status.state)},
                                      {"progress", status.progress},
                                      {"rows_copied", status.rows_copied},
                                      {"rows_estimated", status.rows_estimated},
                                      {"shadow_table", status.shadow_table},
                                      {"old_table", status.old_table},
                                      {"details", parsed(notice.entry.details)}});
}

std::string signature_of(std::string_view body, std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data(), &size);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "sha256=";
  for (std::size_t i = 0; i < size; ++i) {
    constexpr unsigned kHalf = 4;
    constexpr unsigned kLowHalf = 0x0F;
    text += kDigits[digest.at(i) >> kHalf];
    text += kDigits[digest.at(i) & kLowHalf];
  }
  return text;
}

std::vector<std::string> hooks_of(std::string_view event, std::string_view details) {
  if (event == "started") return {"gh-ost-on-startup", "gh-ost-on-validated", "gh-ost-on-before-row-copy"};
  if (event == "copied") return {"gh-ost-on-row-copy-complete"};
  if (event == "ready") return {"sluice-on-ready"};
  if (event == "cut_over.waiting") {
    const bool postponed = details.find("\"postpone_cut_over") != std::string_view::npos;
    return postponed ? std::vector<std::string>{"gh-ost-on-begin-postponed"} : std::vector<std::string>{};
  }
  if (event == "completed") return {"gh-ost-on-success"};
  const auto kind = notice_kind_of(event);
  if (kind == NoticeKind::failure) return {"gh-ost-on-failure"};
  if (kind == NoticeKind::guard) return {"sluice-on-guard"};
  if (kind == NoticeKind::rollback) return {"sluice-on-rollback"};
  return {};
}

Environment environment_of(const Notice& notice, std::string_view hook) {
  const Status& status = notice.status;
  return {{"SLUICE_HOOK", std::string(hook)},
          {"SLUICE_EVENT", notice.entry.event},
          {"SLUICE_AT", notice.entry.at},
          {"SLUICE_DETAILS", bounded(notice.entry.details)},
          {"SLUICE_MIGRATION", status.id},
          {"SLUICE_STATE", to_string(status.state)},
          {"SLUICE_DATABASE_NAME", status.database},
          {"SLUICE_TABLE_NAME", status.table},
          {"SLUICE_GHOST_TABLE_NAME", status.shadow_table},
          {"SLUICE_OLD_TABLE_NAME", status.old_table},
          {"SLUICE_DDL", bounded(status.alter)},
          {"SLUICE_STARTED_AT", status.started_at},
          {"SLUICE_COPIED_ROWS", std::to_string(status.rows_copied)},
          {"SLUICE_ESTIMATED_ROWS", std::to_string(status.rows_estimated)},
          {"SLUICE_PROGRESS", std::to_string(status.progress)},
          {"SLUICE_ETA_SECONDS", status.eta_seconds < 0 ? "" : std::to_string(status.eta_seconds)},
          {"SLUICE_ERROR", status.error ? bounded(status.error->message) : ""}};
}

}  // namespace sluice::migrator
