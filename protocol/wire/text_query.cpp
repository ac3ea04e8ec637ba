#include "protocol/wire/text_query.hpp"

namespace sluice::protocol {
namespace {

constexpr std::uint8_t COM_QUERY = 0x03;

}  // namespace

std::vector<std::uint8_t> query_command(std::string_view sql) {
  std::vector<std::uint8_t> payload;
  payload.reserve(1 + sql.size());
  Writer writer{payload};
  writer.u8(COM_QUERY);
  writer.text(sql);
  return payload;
}

result<TextAnswer::Progress> TextAnswer::on_packet(Bytes payload) {
  if (is_error(payload)) {
    auto error = parse_error(payload);
    if (!error) return error.error();
    error_ = std::move(*error);
    return WireErrc::server_error;
  }
  switch (expects_) {
    case Expects::first:
      return first_packet(payload);
    case Expects::columns:
      if (--columns_left_ == 0) expects_ = Expects::columns_end;
      return Progress::more;
    case Expects::columns_end:
      if (!is_eof(payload)) return WireErrc::bad_value;
      expects_ = Expects::rows;
      return Progress::more;
    case Expects::rows:
      return row_packet(payload);
  }
  return WireErrc::bad_value;
}

result<TextAnswer::Progress> TextAnswer::first_packet(Bytes payload) {
  if (is_ok(payload)) {
    const auto ok = parse_ok(payload);
    if (!ok) return ok.error();
    return Progress::done;
  }
  const auto columns = parse_column_count(payload);
  if (!columns) return columns.error();
  if (*columns > COLUMNS_MAX) return WireErrc::too_many_rows;
  columns_ = static_cast<std::size_t>(*columns);
  columns_left_ = columns_;
  expects_ = Expects::columns;
  return Progress::more;
}

result<TextAnswer::Progress> TextAnswer::row_packet(Bytes payload) {
  if (is_eof(payload)) return Progress::done;
  const auto values = parse_text_row(payload, columns_);
  if (!values) return values.error();
  if (rows_.size() == ROWS_MAX) return WireErrc::too_many_rows;
  rows_.emplace_back(values->begin(), values->end());
  return Progress::more;
}

}  // namespace sluice::protocol
