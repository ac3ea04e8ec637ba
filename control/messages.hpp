// Between Beast's messages and the requests and responses of the routes. Pure.
#pragma once

#include <boost/beast/http.hpp>
#include <optional>

#include "control/http.hpp"
#include "control/server.hpp"

namespace sluice::control {

using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
using Message = boost::beast::http::response<boost::beast::http::string_body>;

inline constexpr unsigned HTTP_11 = 11;

// Takes the body out of it. A HEAD is answered as a GET is.
[[nodiscard]] Request request_of(Parser& parser);
// `method`: to HEAD the body is left out, but not its length.
[[nodiscard]] Message message_of(Response response, boost::beast::http::verb method);
// Of all answers: they are about this moment and for this origin; the page needs nothing from elsewhere.
void set_common_fields(boost::beast::http::fields& fields);
// What a request that HTTP itself finds fault with is told; nothing: the client is gone or too slow.
[[nodiscard]] std::optional<Response> complaint(boost::system::error_code error, const ServerLimits& limits);

}  // namespace sluice::control
