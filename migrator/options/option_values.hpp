// The forms that option values take in JSON. Pure; an empty result means: not of this form.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hpp"

namespace sluice::migrator {

inline constexpr std::int64_t DURATION_SECONDS_MAX = 10LL * 365 * 24 * 3600;

// A whole number of at least 0, written without fraction.
[[nodiscard]] std::optional<std::uint64_t> whole_number(const boost::json::value& value);

// "90s", "15m", "1h", "7d".
[[nodiscard]] std::optional<std::chrono::seconds> duration_from(std::string_view text);
// In the greatest unit that leaves no rest.
[[nodiscard]] std::string duration_text(std::chrono::seconds duration);

// "Threads_running=25,Threads_connected=500"; the empty text is an empty map.
using Load = std::map<std::string, std::uint64_t>;
[[nodiscard]] std::optional<Load> load_from(std::string_view text);
[[nodiscard]] std::string load_text(const Load& load);

// "db2:3306,db3:3306", without a port 3306; the empty text is an empty list. Each at most once.
[[nodiscard]] std::optional<std::vector<net::Address>> addresses_from(std::string_view text);
[[nodiscard]] std::string addresses_text(const std::vector<net::Address>& addresses);

}  // namespace sluice::migrator
