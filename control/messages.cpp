#include "control/messages.hpp"

#include <utility>

#include "control/json_text.hpp"

namespace sluice::control {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

std::string text_of(const Parser& parser, http::field field) {
  return std::string{parser.get()[field]};
}

}  // namespace

Request request_of(Parser& parser) {
  Request request{.method = std::string{parser.get().method_string()},
                  .target = std::string{parser.get().target()},
                  .body = std::move(parser.get().body()),
                  .authorization = text_of(parser, http::field::authorization),
                  .host = text_of(parser, http::field::host),
                  .origin = text_of(parser, http::field::origin),
                  .last_event_id = std::string{parser.get()["Last-Event-ID"]},
                  .accept = std::string{parser.get()["Accept"]}};
  if (request.method == "HEAD") request.method = "GET";
  return request;
}

void set_common_fields(http::fields& fields) {
  fields.set(http::field::cache_control, "no-store");
  fields.set("X-Content-Type-Options", "nosniff");
  fields.set("Content-Security-Policy",
             "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
             "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
             "trusted-types 'none'");
}

Message message_of(Response response, http::verb method) {
  Message message{http::int_to_status(response.status), HTTP_11};
  set_common_fields(message);
  message.set(http::field::content_type, response.content_type);
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  if (!response.file_name.empty()) {
    message.set(http::field::content_disposition, "attachment; filename=\"" + response.file_name + "\"");
  }
  if (response.status == 401) message.set(http::field::www_authenticate, "Bearer");
  message.content_length(response.body.size());
  if (method != http::verb::head) message.body() = std::move(response.body);
  return message;
}

std::optional<Response> complaint(error_code error, const ServerLimits& limits) {
  if (error == http::error::body_limit) {
    return error_response(413,
                          {"body_too_large", "a body may have " + std::to_string(limits.body_bytes_max) + " bytes"});
  }
  if (error == http::error::header_limit) {
    return error_response(431, {"header_too_large", "the header of a request may have " +
                                                        std::to_string(limits.header_bytes_max) + " bytes"});
  }
  if (error.category() != http::make_error_code(http::error::bad_method).category()) return std::nullopt;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  return error_response(400, {"malformed_request", "not an HTTP request: " + error.message()});
}

}  // namespace sluice::control
