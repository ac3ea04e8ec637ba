#include "protocol/wire/answers.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "protocol/wire/packet.hpp"
#include "protocol/wire/server_reply.hpp"

namespace sluice::protocol {
namespace {

constexpr std::uint16_t CURSOR_EXISTS = 0x0040;
// MariaDB's progress reports come as an ERR of this number (Knowledge Base, "Progress reporting").
constexpr std::uint16_t PROGRESS_REPORT = 0xFFFF;
constexpr std::size_t OLD_EOF_BYTES = 5;
// In MySQL's answer to COM_STMT_PREPARE: status, statement, columns, parameters, a filler, warnings, and this.
constexpr std::size_t METADATA_FOLLOWS_AT = 12;
constexpr std::uint16_t SESSION_STATE_CHANGED = 0x4000;
// Of the entries of an OK's session state:
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_ok_packet.html#sect_protocol_basic_ok_packet_sessinfo
constexpr std::uint8_t TRACK_SYSTEM_VARIABLES = 0;
constexpr std::uint8_t TRACK_SCHEMA = 1;

}  // namespace

void Answers::skip_rows(Bytes& bytes) noexcept {
  constexpr std::uint8_t least_marker = 0xFE;  // EOF or OK; ERR is 0xFF
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + bytes.size();
  while (end - at > 4) {
    const std::size_t length = at[0] | static_cast<std::size_t>(at[1]) << 8U | static_cast<std::size_t>(at[2]) << 16U;
    const bool is_plain = length != 0 && length != PACKET_PAYLOAD_MAX_BYTES && at[4] < least_marker;
    if (!is_plain || static_cast<std::size_t>(end - at) < 4 + length) break;
    at += 4 + length;
    fresh_rows_ = false;
  }
  bytes = {at, end};
}

std::optional<Ending> Answers::next(Bytes& bytes) {
  const std::size_t before = bytes.size();
  auto ending = read(bytes);
  answer_bytes_ += before - bytes.size();
  if (ending) ending->bytes = std::exchange(answer_bytes_, 0);
  return ending;
}

std::optional<Ending> Answers::read(Bytes& bytes) {
  while (!bytes.empty()) {
    if (state_ == State::rows && header_seen_ == 0 && !continues_) {
      skip_rows(bytes);
      if (bytes.empty()) return std::nullopt;
    }
    if (header_seen_ < header_.size()) {
      header_[header_seen_++] = bytes.front();
      bytes = bytes.subspan(1);
      if (header_seen_ < header_.size()) continue;
      length_ = read_packet_header(header_).length_bytes;
      read_ = 0;
      ok_.clear();
    }
    const std::size_t piece = std::min(length_ - read_, bytes.size());
    see(bytes.first(piece));
    bytes = bytes.subspan(piece);
    if (read_ < length_) return std::nullopt;
    header_seen_ = 0;
    const bool belongs_to_last = continues_;
    continues_ = length_ == PACKET_PAYLOAD_MAX_BYTES;
    if (belongs_to_last) continue;
    if (auto ending = packet()) return ending;
  }
  return std::nullopt;
}

void Answers::see(Bytes piece) {
  if (read_ < SEEN_MAX && !piece.empty()) {
    std::memcpy(seen_.data() + read_, piece.data(), std::min(piece.size(), SEEN_MAX - read_));
  }
  read_ += piece.size();
  const bool may_be_ok = length_ <= TRACKED_OK_MAX_BYTES && read_ != 0 &&
                         ((seen_[0] == 0x00 && state_ == State::first) || seen_[0] == 0xFE);
  if (dialect_.session_track && may_be_ok) ok_.insert(ok_.end(), piece.begin(), piece.end());
}

std::optional<Ending> Answers::packet() {
  if (expected_.empty()) return std::nullopt;  // unasked: a server that says goodbye
  if (is_error() && number_at(1) == PROGRESS_REPORT) return std::nullopt;
  switch (expected_.front()) {
    case AnswerShape::none:
      return std::nullopt;
    case AnswerShape::one_packet:
      if (is_error()) return finish(number_at(1));
      if (length_ > 0 && seen_[0] == 0x00) ending_.status = ok_status();
      if (length_ > 0 && seen_[0] == 0xFE) ending_.status = length_ == OLD_EOF_BYTES ? eof_status() : ok_status();
      return finish(0);
    case AnswerShape::results:
      return state_ == State::first ? first_packet() : row_packet();
    case AnswerShape::prepared:
      return prepared_packet();
    case AnswerShape::rows:
    case AnswerShape::definitions:
      state_ = State::rows;
      fresh_rows_ = false;
      return row_packet();
    case AnswerShape::endless:
      if (is_error()) return finish(number_at(1));
      return length_ > 0 && seen_[0] == 0xFE ? finish(0) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Ending> Answers::first_packet() {
  if (length_ == 0) return std::nullopt;
  if (is_error()) return finish(number_at(1));
  switch (seen_[0]) {
    case 0x00:
      return finish_result(ok_status());
    case 0xFB:
      client_sends_data_ = true;
      return std::nullopt;
    case 0xFE:
      return finish_result(length_ == OLD_EOF_BYTES ? eof_status() : ok_status());
    default:
      begin_columns();
      return std::nullopt;
  }
}

void Answers::begin_columns() {
  definitions_left_ = seen_[0] < 0xFB ? seen_[0] : number_at(1);
  const std::size_t extra = skip_length(0);
  const bool without_definitions = dialect_.optional_metadata && length_ > extra && seen_[extra] == 0;
  if (without_definitions) definitions_left_ = 0;
  state_ = State::columns;
  if (definitions_left_ == 0) (void)after_columns();
}

std::optional<Ending> Answers::after_columns() {
  state_ = dialect_.deprecate_eof ? State::rows : State::columns_end;
  fresh_rows_ = true;
  return std::nullopt;
}

std::optional<Ending> Answers::row_packet() {
  switch (state_) {
    case State::columns:
      if (is_error()) return finish(number_at(1));
      return --definitions_left_ == 0 ? after_columns() : std::nullopt;
    case State::columns_end:
      if (is_error()) return finish(number_at(1));
      state_ = State::rows;
      // With a cursor the rows are asked for by COM_STMT_FETCH.
      if ((eof_status() & CURSOR_EXISTS) != 0) return finish_result(eof_status());
      fresh_rows_ = false;
      return std::nullopt;
    case State::rows:
      break;
    case State::first:
    case State::parameters:
    case State::parameters_end:
      return std::nullopt;
  }
  if (is_error()) return finish(number_at(1));
  if (!is_end_of_rows()) {
    fresh_rows_ = false;
    return std::nullopt;
  }
  if (length_ != OLD_EOF_BYTES) return finish_result(ok_status());
  // Answers out of MariaDB's query cache may carry the EOF behind the columns although it was negotiated away.
  if (dialect_.deprecate_eof && fresh_rows_ && (eof_status() & CURSOR_EXISTS) == 0) {
    fresh_rows_ = false;
    return std::nullopt;
  }
  return finish_result(eof_status());
}

std::optional<Ending> Answers::prepared_packet() {
  const auto columns_or_end = [this]() -> std::optional<Ending> {
    definitions_left_ = columns_after_parameters_;
    state_ = without_definitions_ ? State::columns_end : State::columns;
    return definitions_left_ == 0 ? finish(0) : std::nullopt;
  };
  if (is_error()) return finish(number_at(1));
  switch (state_) {
    case State::first:
      ending_.statement = number_at(1) | static_cast<std::uint32_t>(number_at(3)) << 16;
      columns_after_parameters_ = number_at(5);
      definitions_left_ = number_at(7);
      without_definitions_ =
          dialect_.optional_metadata && length_ > METADATA_FOLLOWS_AT && seen_[METADATA_FOLLOWS_AT] == 0;
      if (without_definitions_ && dialect_.deprecate_eof) return finish(0);
      state_ = without_definitions_ ? State::parameters_end : State::parameters;
      return definitions_left_ == 0 ? columns_or_end() : std::nullopt;
    case State::parameters:
      if (--definitions_left_ != 0) return std::nullopt;
      state_ = State::parameters_end;
      return dialect_.deprecate_eof ? columns_or_end() : std::nullopt;
    case State::parameters_end:
      return columns_or_end();
    case State::columns:
      if (--definitions_left_ != 0) return std::nullopt;
      state_ = State::columns_end;
      return dialect_.deprecate_eof ? finish(0) : std::nullopt;
    case State::columns_end:
      return finish(0);
    case State::rows:
      break;
  }
  return std::nullopt;
}

std::optional<Ending> Answers::finish_result(std::uint16_t status) {
  ending_.status = status;
  state_ = State::first;
  return (status & server_status::MORE_RESULTS) != 0 ? std::nullopt : finish(0);
}

std::optional<Ending> Answers::finish(std::uint16_t error) {
  ending_.error = error;
  expected_.pop_front();
  state_ = State::first;
  return std::exchange(ending_, Ending{});
}

bool Answers::is_end_of_rows() const noexcept {
  if (length_ == 0 || seen_[0] != 0xFE) return false;
  // A row may begin so, too: its first value is then longer than 16 MB, and so is the packet.
  return dialect_.deprecate_eof ? length_ < PACKET_PAYLOAD_MAX_BYTES : length_ < 9;
}

std::uint16_t Answers::number_at(std::size_t offset) const noexcept {
  if (offset + 2 > std::min(length_, SEEN_MAX)) return 0;
  return static_cast<std::uint16_t>(seen_[offset] | seen_[offset + 1] << 8);
}

std::size_t Answers::skip_length(std::size_t offset) const noexcept {
  if (offset >= SEEN_MAX) return SEEN_MAX;
  switch (seen_[offset]) {
    case 0xFC:
      return offset + 3;
    case 0xFD:
      return offset + 4;
    case 0xFE:
      return offset + 9;
    default:
      return offset + 1;
  }
}

// OK: header, affected rows, last insert id, status.
std::uint16_t Answers::ok_status() {
  const auto status = number_at(skip_length(skip_length(1)));
  if ((status & SESSION_STATE_CHANGED) != 0) note_session_changes();
  return status;
}

// Behind the OK's numbers: a text, then the changes, both as strings with their length before them.
void Answers::note_session_changes() {
  const auto ok = parse_ok(ok_);
  if (!ok) return;
  Reader behind{as_bytes(ok->info)};
  behind.skip(behind.length_encoded());
  Reader changes{behind.length_encoded_bytes()};
  while (!changes.at_end()) {
    const auto type = changes.u8();
    Reader change{changes.length_encoded_bytes()};
    if (type != TRACK_SCHEMA && type != TRACK_SYSTEM_VARIABLES) continue;
    const auto name = as_text(change.length_encoded_bytes());
    const auto value = as_text(type == TRACK_SYSTEM_VARIABLES ? change.length_encoded_bytes() : Bytes{});
    if (!changes.ok() || !change.ok()) return;
    if (type == TRACK_SCHEMA) ending_.database = name;
    if (type == TRACK_SYSTEM_VARIABLES && name == "character_set_client") ending_.charset = value;
  }
}

// EOF: header, warnings, status.
std::uint16_t Answers::eof_status() const noexcept {
  return number_at(3);
}

}  // namespace sluice::protocol
