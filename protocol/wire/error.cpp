#include "protocol/wire/error.hpp"

#include <string>

namespace sluice::protocol {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "sluice.wire"; }
  std::string message(int code) const override {
    switch (static_cast<WireErrc>(code)) {
      case WireErrc::truncated:
        return "a packet ends too early";
      case WireErrc::trailing_bytes:
        return "a packet is longer than its contents";
      case WireErrc::bad_value:
        return "a packet holds an impossible value";
      case WireErrc::packet_too_large:
        return "a packet is too large";
      case WireErrc::out_of_order:
        return "packets out of order";
      case WireErrc::unsupported_protocol:
        return "the server's protocol is too old";
      case WireErrc::too_many_rows:
        return "the answer has too many rows or columns";
      case WireErrc::server_error:
        return "the server answered with an error";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& wire_category() noexcept {
  static const Category instance;
  return instance;
}

}  // namespace sluice::protocol
