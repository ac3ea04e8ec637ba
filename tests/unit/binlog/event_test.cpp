#include "protocol/binlog/event.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include "protocol/binlog/compression.hpp"
#include "protocol/binlog/position.hpp"
#include "tests/unit/binlog/event_builder.hpp"

namespace sluice::protocol::binlog {
namespace {

using namespace sluice::test;

TEST(Position, is_ordered_by_the_files_number_and_then_the_offset) {
  EXPECT_LT((Position{"binlog.000009", 900}), (Position{"binlog.000010", 4}));
  EXPECT_LT((Position{"binlog.999999", 4}), (Position{"binlog.1000000", 4}));
  EXPECT_LT((Position{"binlog.000001", 4}), (Position{"binlog.000001", 5}));
  EXPECT_EQ((Position{"binlog.000001", 4}), (Position{"binlog.000001", 4}));
}

TEST(Position, comes_back_from_its_text) {
  const Position position{"my:bin.000042", 1234};
  EXPECT_EQ(parse_position(to_string(position)).value(), position);
  for (const auto* text : {"", "binlog.000001", "binlog.000001:", ":4", "binlog.000001:4x", "binlog.000001:-4"}) {
    EXPECT_EQ(parse_position(text).error(), Errc::bad_value) << text;
  }
}

TEST(Event, is_refused_when_truncated_at_any_byte_or_when_bytes_follow) {
  const auto whole = checksummed({EventType::xid, Layout{}.little(7, 8)});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(split_event(Bytes{whole}.first(size), Checksum::crc32).error(), Errc::truncated) << size;
  }
  auto longer = whole;
  longer.push_back(0);
  EXPECT_EQ(split_event(longer, Checksum::crc32).error(), Errc::trailing_bytes);
  EXPECT_EQ(split_event(whole, Checksum::crc32)->body.size(), 8U);
}

TEST(Event, is_refused_when_any_byte_behind_its_size_was_altered) {
  const auto whole = checksummed({EventType::xid, Layout{}.little(7, 8)});
  for (std::size_t at = 13; at < whole.size(); ++at) {
    auto altered = whole;
    altered[at] ^= 1;
    EXPECT_EQ(split_event(altered, Checksum::crc32).error(), Errc::checksum_mismatch) << at;
  }
}

TEST(Event, may_not_claim_to_be_larger_than_any_server_makes_it_nor_smaller_than_its_header) {
  auto event = with_header({EventType::xid, {}}, 0);
  event[9] = 18;
  EXPECT_EQ(peek_header(event).error(), Errc::bad_value);
  event[12] = 0xFF;
  EXPECT_EQ(peek_header(event).error(), Errc::too_large);
}

TEST(FormatDescription, tells_the_version_and_whether_checksums_follow) {
  const auto format = decode_format_description(format_description(Checksum::crc32));
  EXPECT_EQ(format->server_version, "9.7.0");
  EXPECT_EQ(format->checksum, Checksum::crc32);
  EXPECT_EQ(decode_format_description(format_description(Checksum::none))->checksum, Checksum::none);
}

TEST(FormatDescription, is_refused_when_truncated_at_any_byte) {
  const auto whole = format_description(Checksum::crc32);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(decode_format_description(Bytes{whole}.first(size)).has_error()) << size;
  }
}

TEST(FormatDescription, of_a_file_in_use_has_the_sum_it_was_made_with) {
  auto event = format_description(Checksum::crc32);
  event[17] |= flag_in_use;
  EXPECT_TRUE(decode_format_description(event).has_value());
}

TEST(Rotate, names_the_next_file) {
  const Buffer body = Layout{}.little(4, 8).text("binlog.000002");
  const auto rotate = decode_rotate({{.type = EventType::rotate}, body});
  EXPECT_EQ(rotate->next_file, "binlog.000002");
  EXPECT_EQ(rotate->next_offset, 4U);
  for (std::size_t size = 0; size <= 8; ++size) {
    EXPECT_EQ(decode_rotate({{.type = EventType::rotate}, Bytes{body}.first(size)}).error(), Errc::truncated);
  }
}

TEST(Heartbeat, of_both_versions_says_where_the_server_is) {
  const Buffer first = Layout{}.text("binlog.000002");
  const auto one = decode_heartbeat({{.type = EventType::heartbeat, .next_offset = 900}, first});
  EXPECT_EQ(one->file, "binlog.000002");
  EXPECT_EQ(one->offset, 900U);
  const Buffer second = Layout{}.u8(1).u8(13).text("binlog.000002").u8(2).u8(3).u8(0xFC).little(900, 2).u8(0);
  const auto two = decode_heartbeat({{.type = EventType::heartbeat_v2}, second});
  EXPECT_EQ(two->file, "binlog.000002");
  EXPECT_EQ(two->offset, 900U);
  for (std::size_t size = 0; size < second.size(); ++size) {
    EXPECT_EQ(decode_heartbeat({{.type = EventType::heartbeat_v2}, Bytes{second}.first(size)}).error(),
              Errc::truncated);
  }
}

TEST(Query, tells_who_where_and_what) {
  const auto body = query_body(42, "shop", "DROP TABLE t");
  const auto query = decode_query({{.type = EventType::query}, body});
  EXPECT_EQ(query->connection_id, 42U);
  EXPECT_EQ(query->database, "shop");
  EXPECT_EQ(query->text, "DROP TABLE t");
  const auto head_bytes = body.size() - std::string_view{"DROP TABLE t"}.size();
  for (std::size_t size = 0; size < head_bytes; ++size) {
    EXPECT_EQ(decode_query({{.type = EventType::query}, Bytes{body}.first(size)}).error(), Errc::truncated);
  }
}

TEST(Query, is_sorted_by_what_it_does_to_a_transaction) {
  using enum QueryKind;
  for (const auto* text : {"BEGIN", "begin", "XA START X'01',X'',1", "/* c */ BEGIN"}) EXPECT_EQ(classify(text), begin);
  for (const auto* text : {"COMMIT", "ROLLBACK", "XA COMMIT X'01'", "XA ROLLBACK X'01'", "COMMIT /* c */"}) {
    EXPECT_EQ(classify(text), end);
  }
  for (const auto* text : {"SAVEPOINT `a`", "ROLLBACK TO `a`", "ROLLBACK WORK TO a", "XA END X'01'"}) {
    EXPECT_EQ(classify(text), control);
  }
  for (const auto* text :
       {"insert into t values (1)", "/*!50000 UPDATE t SET a=1 */", "-- x\nDELETE FROM t", "(SELECT f())",
        "WITH a AS (SELECT 1) DELETE FROM t", "REPLACE t VALUES (1)", "LOAD DATA INFILE 'x'"}) {
    EXPECT_EQ(classify(text), dml) << text;
  }
  for (const auto* text : {"RENAME TABLE a TO b", "TRUNCATE t", "", "DROP TABLE t", "/* unterminated"}) {
    EXPECT_EQ(classify(text), definition) << text;
  }
}

Buffer zlib_packed(const Buffer& plain) {
  Buffer packed(::compressBound(plain.size()));
  auto size = static_cast<uLongf>(packed.size());
  EXPECT_EQ(::compress(packed.data(), &size, plain.data(), plain.size()), Z_OK);
  packed.resize(size);
  return Layout{}.u8(0x82).u8(static_cast<unsigned>(plain.size() >> 8)).u8(plain.size() & 0xFF).bytes(packed);
}

TEST(MariadbCompression, comes_back_whole_or_not_at_all) {
  const Buffer plain(1000, 'x');
  const auto packed = zlib_packed(plain);
  EXPECT_EQ(unpack_mariadb(packed).value(), plain);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_TRUE(unpack_mariadb(Bytes{packed}.first(size)).has_error()) << size;
  }
  auto longer = packed;
  longer.push_back(0);
  EXPECT_EQ(unpack_mariadb(longer).error(), Errc::bad_compression);
}

TEST(MariadbCompression, is_not_fooled_by_a_length_that_lies) {
  auto packed = zlib_packed(Buffer(1000, 'x'));
  for (const std::uint8_t low : Buffer{0xE7, 0xE9}) {
    packed[2] = low;
    EXPECT_EQ(unpack_mariadb(packed).error(), Errc::bad_compression);
  }
  EXPECT_EQ(unpack_mariadb(Buffer{0x84, 0x3F, 0xFF, 0xFF, 0xFF, 0x78}).error(), Errc::bad_compression);
}

Buffer zstd_payload(const Buffer& plain) {
  Buffer packed(::ZSTD_compressBound(plain.size()));
  packed.resize(::ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
  return Layout{}.u8(2).u8(1).u8(0).u8(1).u8(1).u8(0).u8(0).bytes(packed);
}

TEST(TransactionPayload, gives_its_events_one_after_the_other) {
  Buffer plain;
  constexpr std::size_t events = 3;
  for (std::size_t at = 0; at < events; ++at) {
    const auto event = with_header({EventType::query, query_body(1, "d", std::string(300000, 'q'))}, 0);
    plain.insert(plain.end(), event.begin(), event.end());
  }
  const auto body = zstd_payload(plain);
  auto payload = PayloadReader::open({{.type = EventType::transaction_payload}, body}).value();
  for (std::size_t at = 0; at < events; ++at) {
    const auto event = payload.next().value();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(decode_query(*event)->text.size(), 300000U);
  }
  EXPECT_FALSE(payload.next()->has_value());
}

TEST(TransactionPayload, is_refused_when_truncated_at_any_byte) {
  const auto body = zstd_payload(with_header({EventType::xid, Layout{}.little(7, 8)}, 0));
  for (std::size_t size = 0; size < body.size(); ++size) {
    const Event event{{.type = EventType::transaction_payload}, Bytes{body}.first(size)};
    auto payload = PayloadReader::open(event);
    bool failed = payload.has_error();
    while (!failed) {
      const auto inner = payload->next();
      failed = inner.has_error();
      if (!failed && !inner->has_value()) break;
    }
    EXPECT_TRUE(failed) << size;
  }
}

}  // namespace
}  // namespace sluice::protocol::binlog
