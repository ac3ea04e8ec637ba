#include "protocol/binlog/error.hpp"

#include <string>

namespace sluice::protocol::binlog {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "sluice.binlog"; }
  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::truncated:
        return "a binlog event ends too early";
      case Errc::trailing_bytes:
        return "a binlog event is longer than its contents";
      case Errc::bad_value:
        return "a binlog event holds an impossible value";
      case Errc::checksum_mismatch:
        return "the checksum of a binlog event is wrong";
      case Errc::too_large:
        return "a binlog event is too large";
      case Errc::unsupported_format:
        return "the binlog's format is too old";
      case Errc::unsupported_event:
        return "a binlog event of an unknown type";
      case Errc::unsupported_column:
        return "a column of a type that can't be read from the binlog";
      case Errc::bad_compression:
        return "a compressed binlog event can't be unpacked";
      case Errc::incident:
        return "the primary reports an incident: its binlog has a gap";
      case Errc::key_not_in_image:
        return "binlog_row_image leaves key columns out of the row's image";
      case Errc::key_is_null:
        return "a key column is NULL";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& category() noexcept {
  static const Category instance;
  return instance;
}

}  // namespace sluice::protocol::binlog
