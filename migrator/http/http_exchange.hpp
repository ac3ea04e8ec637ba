// One HTTP request on a connection of its own, for a thread that may block; of the answer only the status is read.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

#include "migrator/options/http_url.hpp"
#include "net/blocking_stream.hpp"

namespace sluice::migrator {

// The request's first lines: method, target, Host and what else is always said. Headers, an empty line and the body
// follow.
[[nodiscard]] std::string request_head(const HttpUrl& url, std::string_view method);

// Connects `stream`, with TLS where `tls` is given, and sends `request`, which is whole. Blocks up to the deadline.
[[nodiscard]] boost::system::result<unsigned> http_exchange(net::BlockingStream& stream, const HttpUrl& url,
                                                            const net::ClientTls* tls, const std::string& request,
                                                            net::BlockingStream::TimePoint deadline);

}  // namespace sluice::migrator
