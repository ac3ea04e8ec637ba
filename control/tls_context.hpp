// The TLS side of the HTTP API as its files say it.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>

#include "control/server.hpp"

namespace sluice::control {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// nullptr: no files, no TLS. Reads them, and throws std::runtime_error with a sentence that names the file that can't
// be used.
[[nodiscard]] TlsContext tls_context(const std::optional<TlsFiles>& files);

}  // namespace sluice::control
