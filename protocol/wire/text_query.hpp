// One COM_QUERY and its answer, for settings: SET, SELECT @@x, SHOW. For a connection made by LoginFsm (EOF packets,
// one result). Pure: payloads in and out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/wire/error.hpp"
#include "protocol/wire/payload.hpp"
#include "protocol/wire/server_reply.hpp"

namespace sluice::protocol {

// The payload; it is framed with sequence 0.
[[nodiscard]] std::vector<std::uint8_t> query_command(std::string_view sql);

class TextAnswer {
 public:
  enum class Progress : std::uint8_t { more, done };
  using Row = std::vector<std::optional<std::string>>;  // nothing stands for NULL

  static constexpr std::size_t ROWS_MAX = 1000;
  static constexpr std::size_t COLUMNS_MAX = 4096;  // the server's own limit

  // The next packet of the answer. WireErrc::server_error: see error(); too_many_rows; and what the parts can fail
  // with. Not to be called again after an error or Progress::done.
  [[nodiscard]] result<Progress> on_packet(Bytes payload);

  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }  // empty of a SET
  [[nodiscard]] const ServerError& error() const noexcept { return error_; }

 private:
  enum class Expects : std::uint8_t { first, columns, columns_end, rows };

  [[nodiscard]] result<Progress> first_packet(Bytes payload);
  [[nodiscard]] result<Progress> row_packet(Bytes payload);

  Expects expects_ = Expects::first;
  std::size_t columns_ = 0;
  std::size_t columns_left_ = 0;
  std::vector<Row> rows_;
  ServerError error_;
};

}  // namespace sluice::protocol
