// Frames of the compressed protocol go on as they came, where all that they hold goes on; else others are made.
#include <gmock/gmock.h>

#include <algorithm>

#include "protocol/compression/frame_reader.hpp"
#include "protocol/compression/frame_writer.hpp"
#include "protocol/wire/answers.hpp"
#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

namespace capability = protocol::capability;
using Payload = RawClient::Payload;
using protocol::Compression;
using namespace std::chrono_literals;

const gate::TableName TABLE{"test", "squeezed"};

// Says and hears frames.
class FrameClient {
 public:
  FrameClient(std::uint16_t port, Compression algorithm)
      : algorithm_(algorithm),
        client_(port, algorithm == Compression::zlib ? capability::COMPRESS : capability::ZSTD_COMPRESSION) {}

  static Payload command(std::string_view sql) { return protocol::frame(RawClient::query_payload(sql), 0); }
  // In frames that hold so many bytes each.
  void say(const Payload& bytes, std::size_t in_a_frame = 1 << 20) {
    std::uint8_t sequence = 0;
    protocol::FrameWriter writer;
    for (protocol::Bytes rest{bytes}; !rest.empty();) {
      const auto piece = rest.first(std::min(rest.size(), in_a_frame));
      Payload frames;
      writer.write(algorithm_, piece, sequence, frames);
      client_.send_bytes(frames);
      rest = rest.subspan(piece.size());
    }
  }
  // In one frame that is not packed.
  void say_as_it_is(const Payload& bytes) {
    Payload frame{static_cast<std::uint8_t>(bytes.size()), static_cast<std::uint8_t>(bytes.size() >> 8), 0, 0, 0, 0, 0};
    frame.insert(frame.end(), bytes.begin(), bytes.end());
    client_.send_bytes(frame);
  }

  // The frames of one answer, as they came.
  std::vector<Payload> answer() {
    std::vector<Payload> frames;
    protocol::Answers answers;
    answers.expect(protocol::AnswerShape::results);
    heard_.clear();
    while (true) {
      frames.push_back(next_frame());
      const auto content = unpacked(frames.back());
      heard_.insert(heard_.end(), content.begin(), content.end());
      protocol::Bytes rest{content};
      if (!answers.next(rest)) continue;
      EXPECT_TRUE(rest.empty());
      return frames;
    }
  }
  std::vector<Payload> ask(std::string_view sql) {
    say(command(sql));
    return answer();
  }
  // All the last answer's bytes.
  [[nodiscard]] std::string heard() const { return {heard_.begin(), heard_.end()}; }

 private:
  Payload next_frame() {
    while (true) {
      if (bytes_.size() >= protocol::FRAME_HEADER_BYTES) {
        const auto size = protocol::read_frame_header(bytes_).frame_bytes();
        if (bytes_.size() >= size) {
          const auto end = bytes_.begin() + static_cast<std::ptrdiff_t>(size);
          Payload frame{bytes_.begin(), end};
          bytes_.erase(bytes_.begin(), end);
          return frame;
        }
      }
      const auto more = client_.receive_bytes();
      if (more.empty()) throw std::runtime_error("the end in the midst of an answer");
      bytes_.insert(bytes_.end(), more.begin(), more.end());
    }
  }
  [[nodiscard]] Payload unpacked(const Payload& frame) const {
    Payload content(protocol::read_frame_header(frame).unpacked_bytes + 1);
    const auto step = protocol::FrameReader{algorithm_}.read(frame, content);
    content.resize(step ? step->produced : 0);
    return content;
  }

  Compression algorithm_;
  RawClient client_;
  Payload bytes_;
  Payload heard_;
};

class PassedFrames : public ThroughProxy {
 protected:
  void SetUp() override {
    auto direct = server().connect();
    direct.must("DROP TABLE IF EXISTS squeezed");
    direct.must("CREATE TABLE squeezed (id INT AUTO_INCREMENT PRIMARY KEY, note LONGTEXT)");
  }
  std::vector<Compression> algorithms() {
    return is_mysql() ? std::vector{Compression::zlib, Compression::zstd} : std::vector{Compression::zlib};
  }
  FrameClient direct(Compression algorithm) { return {server().port(), algorithm}; }
  FrameClient proxied(Compression algorithm) { return {proxy().proxy.port(), algorithm}; }
  static std::uint8_t number(const Payload& frame) { return protocol::read_frame_header(frame).sequence; }
  // The number of each, and how much it holds.
  static std::vector<std::pair<int, std::size_t>> outlines(const std::vector<Payload>& frames) {
    std::vector<std::pair<int, std::size_t>> all;
    for (const auto& frame : frames) all.emplace_back(number(frame), protocol::read_frame_header(frame).unpacked_bytes);
    return all;
  }
  // About 80 bytes each, in an order.
  static std::string rows(int count) {
    return "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 200) "
           "SELECT a.i, b.i, SHA2(a.i * 1000 + b.i, 256) FROM n a, n b ORDER BY a.i, b.i LIMIT " +
           std::to_string(count);
  }
  static std::uint64_t bytes_received(FrameClient& client, bool is_mysql) {
    (void)client.ask(is_mysql ? "SELECT CONCAT('<', VARIABLE_VALUE, '>') FROM performance_schema.session_status "
                                "WHERE VARIABLE_NAME = 'Bytes_received'"
                              : "SELECT CONCAT('<', VARIABLE_VALUE, '>') FROM information_schema.session_status "
                                "WHERE VARIABLE_NAME = 'BYTES_RECEIVED'");
    const auto heard = client.heard();
    return std::stoull(heard.substr(heard.rfind('<') + 1));
  }
};
SLUICE_ON_BOTH_SERVERS(PassedFrames);

TEST_P(PassedFrames, of_an_answer_are_the_servers_own) {
  for (const auto algorithm : algorithms()) {
    auto straight = direct(algorithm);
    auto client = proxied(algorithm);
    for (const int count : {1, 10, 100, 1'000, 20'000, 3}) {
      const auto frames = straight.ask(rows(count));
      if (count == 20'000) EXPECT_GT(frames.size(), 50U);
      EXPECT_EQ(client.ask(rows(count)), frames) << count;
    }
  }
}

TEST_P(PassedFrames, of_long_rows_hold_what_the_servers_hold) {
  for (const auto algorithm : algorithms()) {
    auto straight = direct(algorithm);
    auto client = proxied(algorithm);
    for (const int size : {15'000, 60'000, 70'000, 300'000}) {
      const auto sql =
          "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 20) "
          "SELECT i, REPEAT(SHA2(i, 512), " +
          std::to_string(size / 128) + "), SHA2(i + 1, 256) FROM n ORDER BY i";
      (void)straight.ask(sql);
      (void)client.ask(sql);
      EXPECT_EQ(client.heard(), straight.heard()) << size;
    }
  }
}

// From behind the command's last; what number its packets have is the server's affair.
TEST_P(PassedFrames, are_numbered_as_the_client_counts) {
  for (const auto algorithm : algorithms()) {
    auto straight = direct(algorithm);
    auto client = proxied(algorithm);
    const auto command = FrameClient::command("/*" + std::string(20'000, 'x') + "*/" + rows(2'000));
    for (const std::size_t in_a_frame : {3U, 4U, 5U, 100U, 1'023U, 7'000U, 25'000U}) {
      straight.say(command, in_a_frame);
      client.say(command, in_a_frame);
      EXPECT_EQ(outlines(client.answer()), outlines(straight.answer())) << in_a_frame;
    }
  }
}

TEST_P(PassedFrames, of_a_command_are_the_clients_own) {
  for (const auto algorithm : algorithms()) {
    auto client = proxied(algorithm);
    const auto before = bytes_received(client, is_mysql());
    client.say_as_it_is(FrameClient::command("DO '" + std::string(40'000, 'x') + "'"));
    (void)client.answer();
    const auto behind = bytes_received(client, is_mysql());
    // Packed, it would be a few hundred.
    EXPECT_GT(behind - before, 40'000U);
    EXPECT_LT(behind - before, 42'000U);
  }
}

TEST_P(PassedFrames, that_hold_several_commands_are_made_anew_and_their_answers_numbered_each) {
  for (const auto algorithm : algorithms()) {
    auto client = proxied(algorithm);
    Payload commands;
    const std::vector<int> counts{1, 500, 2, 3'000, 5};
    for (const int count : counts) {
      const auto command = FrameClient::command(rows(count));
      commands.insert(commands.end(), command.begin(), command.end());
    }
    client.say(commands);
    for (const int count : counts) {
      const auto frames = client.answer();
      std::uint8_t expected = 1;
      for (const auto& frame : frames) EXPECT_EQ(number(frame), expected++) << count;
    }
  }
}

TEST_P(PassedFrames, are_cut_where_a_command_is_held) {
  auto& gate = proxy().gate;
  gate.arm(TABLE, {gate::Target{TABLE, gate::Target::Kind::table}}, "m1");
  for (const auto algorithm : algorithms()) {
    auto client = proxied(algorithm);
    ASSERT_EQ(gate.close(TABLE, gate::Clock::now() + 10s, gate::Clock::now() + 60s), gate::CloseResult::held);
    Payload commands;
    for (const std::string& sql : {rows(100), "INSERT INTO squeezed (note) VALUES ('" + std::string(2'000, 'y') + "')",
                                   std::string{"SELECT 'behind it'"}}) {
      const auto command = FrameClient::command(sql);
      commands.insert(commands.end(), command.begin(), command.end());
    }
    client.say(commands);
    EXPECT_EQ(number(client.answer().front()), 1);
    EXPECT_TRUE(test::wait_until([&] { return gate.status(TABLE).waiting == 1; }));
    gate.open(TABLE);
    EXPECT_EQ(number(client.answer().front()), 1);
    (void)client.answer();
    EXPECT_THAT(client.heard(), testing::HasSubstr("behind it"));
    // A command that is held alone goes on in its own frame.
    ASSERT_EQ(gate.close(TABLE, gate::Clock::now() + 10s, gate::Clock::now() + 60s), gate::CloseResult::held);
    client.say(FrameClient::command("INSERT INTO squeezed (note) VALUES ('" + std::string(5'000, 'z') + "')"));
    EXPECT_TRUE(test::wait_until([&] { return gate.status(TABLE).waiting == 1; }));
    gate.open(TABLE);
    EXPECT_EQ(number(client.answer().front()), 1);
  }
  EXPECT_EQ(server().connect().must("SELECT COUNT(*) FROM squeezed").value(), std::to_string(2 * algorithms().size()));
  gate.disarm(TABLE);
}

TEST_P(PassedFrames, wait_for_a_client_that_reads_late) {
  std::string noise = "CONCAT(''";  // a kilobyte of it a row: 30 MB, which no socket takes
  for (int i = 0; i < 16; ++i) noise += ", UNHEX(SHA2(a.i * 1000 + b.i + " + std::to_string(i) + " * 1000000, 512))";
  const auto sql = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 173) SELECT a.i, b.i, " +
                   noise + ") FROM n a, n b ORDER BY a.i, b.i";
  for (const auto algorithm : algorithms()) {
    auto client = proxied(algorithm);
    client.say(FrameClient::command(sql));
    const auto frames = direct(algorithm).ask(sql);
    EXPECT_GT(frames.size(), 1'500U);
    EXPECT_EQ(client.answer(), frames);
  }
}

}  // namespace
}  // namespace sluice::proxy
