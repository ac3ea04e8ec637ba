// The two ways in which events are compressed: MariaDB's log_bin_compress (zlib, one event's payload) and MySQL's
// binlog_transaction_compression (zstd, all events of a transaction).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "protocol/binlog/error.hpp"
#include "protocol/binlog/event.hpp"

namespace sluice::protocol::binlog {

// MariaDB's form: a byte 0x80 | width, the unpacked length, big-endian, and a zlib stream. bad_compression, too_large.
[[nodiscard]] result<std::vector<std::uint8_t>> unpack_mariadb(Bytes packed);

// The events inside a TRANSACTION_PAYLOAD, unpacked one after the other, so that memory does not grow with the
// transaction. One thread; `event` must outlive it.
class PayloadReader {
 public:
  // bad_value, truncated; unsupported_event for a compression that is neither zstd nor none.
  [[nodiscard]] static result<PayloadReader> open(const Event& event);
  PayloadReader(PayloadReader&&) noexcept;
  PayloadReader& operator=(PayloadReader&&) = delete;
  ~PayloadReader();

  // Nothing after the last one. The event is valid until the next call.
  [[nodiscard]] result<std::optional<Event>> next();

 private:
  struct State;
  explicit PayloadReader(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::protocol::binlog
