#include "migrator/options/webhook_json.hpp"

#include <boost/json.hpp>

#include "migrator/options/http_url.hpp"

namespace sluice::migrator {
namespace {

namespace json = boost::json;

Problem invalid(const std::string& what) {
  return {"invalid_option", "option webhooks: " + what};
}

// What is wrong with it, if anything.
std::optional<std::string> read_members(const json::object& object, Webhook& webhook) {
  for (const auto& member : object) {
    if (member.key() != "url" && member.key() != "events") return "has an unknown member";
  }
  if (const auto* url = object.if_contains("url"); url != nullptr && url->is_string()) {
    webhook.url = json::value_to<std::string>(*url);
  }
  const auto* events = object.if_contains("events");
  if (events == nullptr) return std::nullopt;
  if (!events->is_array()) return "events must be a list";
  for (const auto& event : events->get_array()) {
    const auto kind = event.is_string() ? notice_kind_from(std::string_view{event.get_string()}) : std::nullopt;
    if (!kind) return "events may be start, ready, cut_over, completion, failure, guard and rollback";
    webhook.events.push_back(*kind);
  }
  return std::nullopt;
}

}  // namespace

OptionResult<std::vector<Webhook>> webhooks_from(const json::value& value) {
  if (!value.is_array() || value.get_array().size() > kWebhooksMax) return invalid("it must be a list of at most 16");
  std::vector<Webhook> webhooks;
  for (const auto& element : value.get_array()) {
    const std::string number = "number " + std::to_string(webhooks.size() + 1) + " ";
    Webhook webhook;
    if (element.is_string()) {
      webhook.url = json::value_to<std::string>(element);
    } else if (!element.is_object()) {
      return invalid(number + R"(must be a URL, or an object like {"url","events"})");
    } else if (auto problem = read_members(element.get_object(), webhook)) {
      return invalid(number + *problem);
    }
    if (!http_url_from(webhook.url)) {
      return invalid(number + "needs a URL like \"https://ops.example/sluice\", without a user name in it");
    }
    webhooks.push_back(std::move(webhook));
  }
  return webhooks;
}

json::value webhooks_json(const std::vector<Webhook>& webhooks) {
  json::array array;
  for (const Webhook& webhook : webhooks) {
    if (webhook.events.empty()) {
      array.push_back(json::value(webhook.url));
      continue;
    }
    json::array events;
    for (const NoticeKind kind : webhook.events) events.push_back(json::string(to_string(kind)));
    array.push_back({{"url", webhook.url}, {"events", std::move(events)}});
  }
  return array;
}

}  // namespace sluice::migrator
