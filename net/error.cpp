#include "net/error.hpp"

#include <string>

namespace sluice::net {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "sluice.net"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::bad_address:
        return "not an address: use HOST:PORT, [IPV6]:PORT or /path/of.sock";
      case Errc::host_not_found:
        return "the host has no address";
      case Errc::deadline_passed:
        return "no answer in time";
      case Errc::interrupted:
        return "interrupted";
      case Errc::end_of_stream:
        return "the peer closed the connection";
      case Errc::certificate_refused:
        return "the server's certificate did not pass verification";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& category() noexcept {
  static const Category instance;
  return instance;
}

}  // namespace sluice::net
