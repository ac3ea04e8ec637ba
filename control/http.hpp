// A request and its response as plain values: what the routes see of HTTP.
#pragma once

#include <string>

namespace sluice::control {

struct Request {
  std::string method = "GET";  // HEAD comes as GET
  std::string target = "/";    // path and query
  std::string body;
  // Header fields; empty where the request has none.
  std::string authorization;
  std::string host;
  std::string origin;
  std::string last_event_id;
  std::string accept;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;      // the methods of the path, where the status is 405
  std::string file_name;  // what it is to be saved as; empty: it is to be shown
};

}  // namespace sluice::control
