// Follows the server's byte stream and tells where the answer to each command ends. Pure: bytes in, endings out; any
// split of the stream does; only headers and the first bytes of a packet are looked at. Layouts:
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "protocol/wire/payload.hpp"

namespace sluice::protocol {

// What shape the answer of a command has.
enum class AnswerShape : std::uint8_t {
  none,         // COM_STMT_CLOSE, COM_STMT_SEND_LONG_DATA, COM_QUIT
  one_packet,   // COM_PING, COM_INIT_DB, COM_STATISTICS, ...
  results,      // COM_QUERY, COM_STMT_EXECUTE, and what we do not know
  prepared,     // COM_STMT_PREPARE
  rows,         // COM_STMT_FETCH
  definitions,  // COM_FIELD_LIST
  endless,      // COM_BINLOG_DUMP: until EOF or ERR
};

struct Ending {
  std::uint16_t error = 0;  // 0: the command succeeded
  // SERVER_STATUS flags of the last OK or EOF in the answer; nothing where there was none.
  std::optional<std::uint16_t> status;
  std::uint32_t statement = 0;  // of a prepared one
  std::uint64_t bytes = 0;      // of the whole answer, headers included
  // What the answer's OKs say of the session (CLIENT_SESSION_TRACK): the last default database ("": none any more) and
  // the last value of character_set_client. Nothing: not told.
  std::optional<std::string> database;
  std::optional<std::string> charset;
};

class Answers {
 public:
  // What client and server agreed upon, as far as it changes the answers.
  struct Dialect {
    bool deprecate_eof = false;
    bool optional_metadata = false;  // a result may come without column definitions, and says so
    bool session_track = false;
  };

  void set_dialect(Dialect dialect) noexcept { dialect_ = dialect; }

  // A command with an answer is on its way.
  void expect(AnswerShape shape) { expected_.push_back(shape); }
  [[nodiscard]] bool expects_nothing() const noexcept { return expected_.empty(); }
  [[nodiscard]] std::size_t expected() const noexcept { return expected_.size(); }

  // Between the server's LOCAL INFILE request and the client's empty packet, which always comes: the client's packets
  // are data, also behind an error that the server sends meanwhile.
  [[nodiscard]] bool wants_client_data() const noexcept { return client_sends_data_; }
  void client_data_ended() noexcept { client_sends_data_ = false; }

  // Between COM_BINLOG_DUMP and its end, which may never come.
  [[nodiscard]] bool is_endless() const noexcept {
    return !expected_.empty() && expected_.front() == AnswerShape::endless;
  }

  // Reads on in `bytes`. Returns at the end of an answer, or with nothing when all is read; `bytes` is what is left.
  [[nodiscard]] std::optional<Ending> next(Bytes& bytes);

 private:
  enum class State : std::uint8_t { first, columns, columns_end, rows, parameters, parameters_end };
  static constexpr std::size_t SEEN_MAX = 24;  // enough for an OK's numbers
  // An OK is kept whole up to here, for what it says of the session; of a longer one only the numbers are read.
  static constexpr std::size_t TRACKED_OK_MAX_BYTES = 4096;

  [[nodiscard]] std::optional<Ending> read(Bytes& bytes);
  // Over rows that are whole in `bytes` and can be nothing else, as most of a large result is.
  void skip_rows(Bytes& bytes) noexcept;
  void see(Bytes piece);
  void note_session_changes();

  [[nodiscard]] std::optional<Ending> packet();
  [[nodiscard]] std::optional<Ending> first_packet();
  [[nodiscard]] std::optional<Ending> prepared_packet();
  [[nodiscard]] std::optional<Ending> row_packet();
  [[nodiscard]] std::optional<Ending> finish_result(std::uint16_t status);
  [[nodiscard]] std::optional<Ending> finish(std::uint16_t error);
  [[nodiscard]] std::optional<Ending> after_columns();
  void begin_columns();
  [[nodiscard]] std::uint16_t number_at(std::size_t offset) const noexcept;
  [[nodiscard]] std::uint16_t ok_status();
  [[nodiscard]] std::uint16_t eof_status() const noexcept;
  [[nodiscard]] std::size_t skip_length(std::size_t offset) const noexcept;
  [[nodiscard]] bool is_error() const noexcept { return length_ >= 3 && seen_[0] == 0xFF; }
  [[nodiscard]] bool is_end_of_rows() const noexcept;

  Dialect dialect_;
  std::deque<AnswerShape> expected_;
  State state_ = State::first;
  bool client_sends_data_ = false;
  std::uint64_t definitions_left_ = 0;
  std::uint16_t columns_after_parameters_ = 0;
  bool without_definitions_ = false;  // the prepared statement being told of
  bool fresh_rows_ = false;           // no row yet after the columns
  Ending ending_;
  std::uint64_t answer_bytes_ = 0;  // so far

  // The packet being read.
  std::array<std::uint8_t, 4> header_{};
  std::size_t header_seen_ = 0;
  std::size_t length_ = 0;
  std::size_t read_ = 0;
  std::array<std::uint8_t, SEEN_MAX> seen_{};
  std::vector<std::uint8_t> ok_;  // all of it, where it may be an OK that tells of the session
  bool continues_ = false;        // the packet before was full: this one belongs to it
};

}  // namespace sluice::protocol
