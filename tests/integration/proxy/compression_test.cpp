// Clients that compress: both legs do, or none, and what arrives is the same.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "protocol/compression/frame_reader.hpp"
#include "protocol/compression/frame_writer.hpp"
#include "tests/integration/proxy/fixture.hpp"
#include "tests/integration/proxy/programs.hpp"
#include "tests/integration/proxy/raw_client.hpp"

namespace sluice::proxy {
namespace {

namespace capability = protocol::capability;
using testing::HasSubstr;
using namespace std::chrono_literals;

const gate::TableName TABLE{"test", "squeezed"};

class CompressedClients : public ThroughProxy {
 protected:
  void SetUp() override {
    auto direct = server().connect();
    direct.must("SET GLOBAL local_infile = 1, max_allowed_packet = 64 * 1024 * 1024");
    direct.must("DROP TABLE IF EXISTS squeezed");
    direct.must("CREATE TABLE squeezed (id INT AUTO_INCREMENT PRIMARY KEY, note LONGTEXT)");
  }
  // The command-line client with each algorithm that it and the server know, with TLS and without.
  std::vector<std::vector<std::string>> clients() {
    std::vector<std::vector<std::string>> all;
    for (const std::string tls : {"off", "on"}) {
      // The tests' MariaDB has no certificate.
      if (tls == "on" && !is_mysql()) continue;
      all.push_back({MARIADB, "--compress", tls == "on" ? "--ssl" : "--skip-ssl"});
      if (!is_mysql()) continue;
      for (const std::string algorithms : {"zlib", "zstd", "zlib,zstd", "zstd,zlib,uncompressed"}) {
        auto client = mysql_program("mysql");
        client.insert(client.end(), {"--compression-algorithms=" + algorithms, "--get-server-public-key",
                                     tls == "on" ? "--ssl-mode=REQUIRED" : "--ssl-mode=DISABLED"});
        all.push_back(client);
      }
    }
    return all;
  }
  // What it prints for `sql`, through the proxy.
  std::string says(const std::vector<std::string>& client, const std::string& sql) {
    const auto ran = run(client, sql);
    EXPECT_EQ(ran.status, 0) << testing::PrintToString(client) << ran.output.substr(0, 2000);
    return ran.output;
  }
  // The same, whether it succeeds or not.
  std::string output_of(const std::vector<std::string>& client, const std::string& sql) {
    return run(client, sql).output;
  }
  Ran run(std::vector<std::string> client, const std::string& sql) {
    const auto file = folder.path() / "sql";
    std::ofstream{file} << sql;
    client.insert(client.end(), {"-h127.0.0.1", "-P" + std::to_string(proxy().proxy.port()), "-uroot", "-N",
                                 "--local-infile=1", "--max-allowed-packet=64M", "test"});
    return run_program(fed_with(file, client), folder.path());
  }
  static constexpr const char* MARIADB = "/usr/bin/mariadb";

  test::ScratchFolder folder{"compression"};
};
SLUICE_ON_BOTH_SERVERS(CompressedClients);

TEST_P(CompressedClients, are_compressed_on_both_legs) {
  for (const auto& client : clients()) {
    // The server's leg, as the server sees it.
    EXPECT_THAT(says(client, "SHOW STATUS LIKE 'Compression';"), HasSubstr("ON"));
  }
}

TEST_P(CompressedClients, send_and_receive_what_was_meant) {
  for (const auto& client : clients()) {
    SCOPED_TRACE(testing::PrintToString(client));
    const auto said =
        says(client, "TRUNCATE squeezed; INSERT INTO squeezed (note) VALUES ('" + std::string(3'000'000, 'x') +
                         "'), ('small');\nSELECT LENGTH(note) FROM squeezed;\n"
                         "SELECT 1; SELECT SUM(LENGTH(note)) FROM squeezed;\n");
    EXPECT_THAT(said, HasSubstr("3000000\n5\n1\n3000005\n"));
    const auto large = says(client, "SELECT REPEAT('y', 20000000); \n");
    EXPECT_GT(large.size(), 20'000'000U);
  }
}

TEST_P(CompressedClients, load_their_files_several_in_one_text) {
  const auto path = folder.path() / "lines";
  {
    std::ofstream file{path};
    for (int i = 0; i < 50'000; ++i) file << "line " << i * 7919 << std::string("\1\0\0\0\1", 5) << '\n';
  }
  const std::string load =
      "LOAD DATA LOCAL INFILE '" + path.string() + "' INTO TABLE squeezed FIELDS ESCAPED BY '' (note)";
  for (const auto& client : clients()) {
    SCOPED_TRACE(testing::PrintToString(client));
    const auto said = says(client, "TRUNCATE squeezed;\ndelimiter $\n" + load + "; " + load + "; SELECT 'behind'$\n" +
                                       "SELECT COUNT(*), COUNT(DISTINCT note) FROM squeezed$\n");
    EXPECT_THAT(said, HasSubstr("behind\n100000\t50000\n"));
  }
}

TEST_P(CompressedClients, load_files_that_are_small_empty_or_missing) {
  const auto load = [this](const std::string& name) {
    return "LOAD DATA LOCAL INFILE '" + (folder.path() / name).string() + "' INTO TABLE squeezed (note);\n";
  };
  std::ofstream{folder.path() / "one_line"} << "a line\n";
  std::ofstream{folder.path() / "empty"};
  for (const auto& client : clients()) {
    SCOPED_TRACE(testing::PrintToString(client));
    EXPECT_THAT(says(client, "TRUNCATE squeezed;\n" + load("one_line") + load("empty") + load("one_line") +
                                 "SELECT COUNT(*), 'behind' FROM squeezed;\n"),
                HasSubstr("2\tbehind\n"));
    auto forced = client;
    forced.emplace_back("--force");
    EXPECT_THAT(output_of(forced, load("missing") + "SELECT COUNT(*), 'behind' FROM squeezed;\n"),
                HasSubstr("2\tbehind\n"));
  }
}

TEST_P(CompressedClients, are_held_at_the_gate_and_go_on) {
  auto& gate = proxy().gate;
  gate.arm(TABLE, {gate::Target{TABLE, gate::Target::Kind::table}}, "m1");
  for (const auto& client : clients()) {
    SCOPED_TRACE(testing::PrintToString(client));
    ASSERT_EQ(gate.close(TABLE, gate::Clock::now() + 10s, gate::Clock::now() + 60s), gate::CloseResult::held);
    auto arguments = client;
    arguments.insert(arguments.end(),
                     {"-h127.0.0.1", "-P" + std::to_string(proxy().proxy.port()), "-uroot", "-N", "test", "-e",
                      "SELECT 1; INSERT INTO squeezed (note) VALUES (REPEAT('z', 100)); SELECT 2"});
    const auto output = folder.path() / "held";
    test::ChildProcess child{{.arguments = arguments, .output = output}};
    EXPECT_TRUE(test::wait_until([&] { return gate.status(TABLE).waiting == 1; }));
    gate.open(TABLE);
    EXPECT_EQ(child.wait(20s), 0);
  }
  EXPECT_EQ(server().connect().must("SELECT COUNT(*) FROM squeezed").value(), std::to_string(clients().size()));
  gate.disarm(TABLE);
}

// Frames said by hand.
class CompressedRaw : public CompressedClients {
 protected:
  // In a compressed session of its own: all that comes back up to the close, or to `packets` of them.
  std::vector<RawClient::Payload> answers(const RawClient::Payload& frames, std::size_t piece_bytes,
                                          std::size_t packets) {
    RawClient client{proxy().proxy.port(), capability::COMPRESS};
    for (protocol::Bytes rest{frames}; !rest.empty();) {
      const auto piece = rest.first(std::min(piece_bytes, rest.size()));
      client.send_bytes({piece.begin(), piece.end()});
      rest = rest.subspan(piece.size());
    }
    protocol::FrameReader reader{protocol::Compression::zlib};
    protocol::PacketAssembler assembler{1 << 20};
    std::vector<RawClient::Payload> heard;
    std::vector<std::uint8_t> room(4096);
    while (heard.size() < packets) {
      const auto bytes = client.receive_bytes();
      if (bytes.empty()) break;
      for (protocol::Bytes in{bytes};;) {
        const auto step = reader.read(in, room);
        if (!step || (step->produced == 0 && step->consumed == 0)) break;
        in = in.subspan(step->consumed);
        assembler.feed(protocol::Bytes{room}.first(step->produced));
        while (true) {
          const auto packet = assembler.next();
          if (!packet || !*packet) break;
          heard.emplace_back((*packet)->payload.begin(), (*packet)->payload.end());
        }
      }
    }
    return heard;
  }
  static RawClient::Payload frames_of(std::string_view sql) {
    RawClient::Payload frames;
    std::uint8_t sequence = 0;
    protocol::FrameWriter{}.write(protocol::Compression::zlib, protocol::frame(RawClient::query_payload(sql), 0),
                                  sequence, frames);
    return frames;
  }
};
SLUICE_ON_BOTH_SERVERS(CompressedRaw);

TEST_P(CompressedRaw, frames_cut_at_every_byte_are_understood) {
  const auto frames = frames_of("SELECT '" + std::string(60, 'x') + "'");
  for (std::size_t piece = 1; piece < frames.size(); piece += 3) {
    const auto heard = answers(frames, piece, 5);
    ASSERT_EQ(heard.size(), 5U) << piece;
    EXPECT_EQ(heard[3].size(), 61U);
  }
}

TEST_P(CompressedRaw, frames_of_an_answer_are_not_renumbered_by_a_command_sent_ahead) {
  RawClient client{proxy().proxy.port(), capability::COMPRESS};
  client.send_bytes(
      frames_of("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT "
                "RANDOM_BYTES(1024) FROM n a, n b LIMIT 30000"));
  auto bytes = client.receive_bytes();
  // Two, as the number behind the answer's last frame may happen to be that of a beginning.
  for (int i = 0; i < 2; ++i) client.send_bytes(frames_of("SELECT 'sent ahead'"));
  constexpr std::size_t HEAD_BYTES = 7;
  const auto number_at = [&](std::size_t at) {
    return protocol::Reader{protocol::Bytes{bytes}.subspan(at)}.little_endian(3);
  };
  std::size_t unpacked_bytes = 0;
  std::uint8_t expected = 1;
  for (std::size_t at = 0;; ++expected) {
    while (bytes.size() < at + HEAD_BYTES || bytes.size() < at + HEAD_BYTES + number_at(at)) {
      const auto more = client.receive_bytes();
      ASSERT_FALSE(more.empty());
      bytes.insert(bytes.end(), more.begin(), more.end());
    }
    if (bytes[at + 3] != expected) {
      EXPECT_EQ(bytes[at + 3], 1);
      break;
    }
    unpacked_bytes += number_at(at + 4) == 0 ? number_at(at) : number_at(at + 4);
    at += HEAD_BYTES + number_at(at);
  }
  EXPECT_GT(unpacked_bytes, 30'000U * 1024);
}

TEST_P(CompressedRaw, frames_that_lie_end_their_client_and_nobody_else) {
  auto other = proxy().connect();
  const auto good = frames_of("SELECT '" + std::string(200, 'x') + "'");
  for (const std::size_t at : {std::size_t{4}, std::size_t{7}, good.size() - 1}) {
    auto bad = good;
    bad[at] ^= 0x15;
    EXPECT_THAT(answers(bad, bad.size(), 5), testing::SizeIs(testing::Lt(5U))) << at;
  }
  EXPECT_TRUE(other.ping());
  EXPECT_TRUE(test::wait_until([&] { return proxy().observer.connections == 1; }));
}

}  // namespace
}  // namespace sluice::proxy
