// Webhooks as JSON. Pure. Only the files of this folder include it.
#pragma once

#include <boost/json/value.hpp>
#include <vector>

#include "migrator/options/options_json.hpp"
#include "migrator/options/webhook.hpp"

namespace sluice::migrator {

// A list of at most kWebhooksMax URLs or {"url","events":[…]}. The problem names the webhook by its number: a URL may
// hold a token.
[[nodiscard]] OptionResult<std::vector<Webhook>> webhooks_from(const boost::json::value& value);
[[nodiscard]] boost::json::value webhooks_json(const std::vector<Webhook>& webhooks);

}  // namespace sluice::migrator
