#include "protocol/wire/server_reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/wire/text_query.hpp"

namespace sluice::protocol {
namespace {

using testing::ElementsAre;
using testing::Optional;
using Buffer = std::vector<std::uint8_t>;

Buffer denied() {
  Buffer payload;
  Writer writer{payload};
  writer.u8(0xFF);
  writer.u16(1045);
  writer.text("#28000Access denied");
  return payload;
}

Buffer ok() {
  Buffer payload;
  Writer writer{payload};
  writer.u8(0);
  writer.length_encoded(300);
  writer.length_encoded(70000);
  writer.u16(server_status::AUTOCOMMIT);
  writer.u16(3);
  return payload;
}

const Buffer END_OF_ROWS{0xFE, 1, 0, 2, 0};

Buffer row(std::initializer_list<std::optional<std::string_view>> values) {
  Buffer payload;
  Writer writer{payload};
  for (const auto& value : values) {
    if (value) {
      writer.length_encoded_bytes(as_bytes(*value));
    } else {
      writer.u8(0xFB);
    }
  }
  return payload;
}

TEST(ErrReply, TellsCodeSqlStateAndText) {
  const auto error = parse_error(denied()).value();
  EXPECT_EQ(error.code, 1045U);
  EXPECT_EQ(error.sqlstate, "28000");
  EXPECT_EQ(error.text, "Access denied");
  EXPECT_TRUE(is_error(denied()));
}

TEST(ErrReply, BeforeTheHandshakeHasNoSqlState) {
  Buffer payload{0xFF, 0x10, 0x04};
  Writer{payload}.text("Too many connections");
  const auto error = parse_error(payload).value();
  EXPECT_EQ(error.code, 1040U);
  EXPECT_EQ(error.sqlstate, "");
  EXPECT_EQ(error.text, "Too many connections");
}

TEST(ErrReply, IsRefusedWhereItsFixedPartIsCut) {
  const auto payload = denied();
  for (std::size_t size = 0; size < 9; ++size) {
    if (size == 3) continue;  // a code with nothing behind it
    EXPECT_EQ(parse_error(Bytes{payload}.first(size)).error(), WireErrc::truncated) << size;
  }
  EXPECT_EQ(parse_error(Bytes{payload}.first(3))->text, "");
  EXPECT_EQ(parse_error(Bytes{payload}.first(9))->sqlstate, "28000");
}

TEST(OkReply, TellsItsNumbersAndLeavesTheRestUnread) {
  auto payload = ok();
  Writer{payload}.text("info");
  const auto reply = parse_ok(payload).value();
  EXPECT_EQ(reply.affected_rows, 300U);
  EXPECT_EQ(reply.last_insert_id, 70000U);
  EXPECT_EQ(reply.status, server_status::AUTOCOMMIT);
  EXPECT_EQ(reply.warnings, 3U);
  EXPECT_EQ(reply.info, "info");
}

TEST(OkReply, IsRefusedWhereverItIsCut) {
  const auto payload = ok();
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_EQ(parse_ok(Bytes{payload}.first(size)).error(), WireErrc::truncated) << size;
  }
  EXPECT_EQ(parse_ok(Buffer{7, 0, 0, 2, 0, 0, 0}).error(), WireErrc::bad_value);
}

TEST(EofReply, IsToldFromARowByItsLength) {
  EXPECT_TRUE(is_eof(END_OF_ROWS));
  EXPECT_FALSE(is_eof(Buffer{0xFE, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(is_eof({}));
  EXPECT_EQ(parse_eof(END_OF_ROWS)->status, server_status::AUTOCOMMIT);
  EXPECT_EQ(parse_eof(END_OF_ROWS)->warnings, 1U);
}

TEST(EofReply, IsRefusedCutOrWithBytesBehind) {
  for (std::size_t size = 0; size < END_OF_ROWS.size(); ++size) {
    EXPECT_EQ(parse_eof(Bytes{END_OF_ROWS}.first(size)).error(), WireErrc::truncated) << size;
  }
  auto longer = END_OF_ROWS;
  longer.push_back(0);
  EXPECT_EQ(parse_eof(longer).error(), WireErrc::trailing_bytes);
}

TEST(ColumnCount, IsOneNumberAndNotZero) {
  EXPECT_EQ(parse_column_count(Buffer{2}).value(), 2U);
  EXPECT_EQ(parse_column_count(Buffer{0xFC, 0, 1}).value(), 256U);
  EXPECT_EQ(parse_column_count(Buffer{0xFC, 0}).error(), WireErrc::truncated);
  EXPECT_EQ(parse_column_count({}).error(), WireErrc::truncated);
  EXPECT_EQ(parse_column_count(Buffer{2, 0}).error(), WireErrc::trailing_bytes);
  EXPECT_EQ(parse_column_count(Buffer{0}).error(), WireErrc::bad_value);
  EXPECT_EQ(parse_column_count(Buffer{0xFB, 'f'}).error(), WireErrc::bad_value);
}

TEST(TextRow, TellsNullFromEmpty) {
  const auto payload = row({"a", std::nullopt, ""});
  EXPECT_THAT(parse_text_row(payload, 3).value(),
              ElementsAre(Optional(std::string_view{"a"}), std::nullopt, Optional(std::string_view{})));
}

TEST(TextRow, IsRefusedCutLongerOrWithLyingLengths) {
  const auto payload = row({"abc", std::nullopt, "de"});
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_EQ(parse_text_row(Bytes{payload}.first(size), 3).error(), WireErrc::truncated) << size;
  }
  EXPECT_EQ(parse_text_row(payload, 2).error(), WireErrc::trailing_bytes);
  EXPECT_EQ(parse_text_row(payload, 1U << 30).error(), WireErrc::truncated);
  EXPECT_EQ(parse_text_row(Buffer{0xFE, 255, 255, 255, 255, 255, 255, 255, 255, 'a'}, 1).error(), WireErrc::truncated);
}

TEST(TextQuery, SendsTheCommandAndTheText) {
  EXPECT_THAT(query_command("DO 1"), ElementsAre(3, 'D', 'O', ' ', '1'));
}

TEST(TextQuery, SettingIsDoneWithAnOk) {
  TextAnswer answer;
  EXPECT_EQ(answer.on_packet(ok()).value(), TextAnswer::Progress::done);
  EXPECT_TRUE(answer.rows().empty());
}

TEST(TextQuery, RowsComeBetweenTwoEnds) {
  TextAnswer answer;
  const Buffer columns{2};
  const Buffer definition{3, 'd', 'e', 'f'};
  const auto first = row({"ROW", "1"});
  const auto second = row({std::nullopt, ""});
  for (const Bytes packet :
       {Bytes{columns}, Bytes{definition}, Bytes{definition}, Bytes{END_OF_ROWS}, Bytes{first}, Bytes{second}}) {
    ASSERT_EQ(answer.on_packet(packet).value(), TextAnswer::Progress::more);
  }
  EXPECT_EQ(answer.on_packet(END_OF_ROWS).value(), TextAnswer::Progress::done);
  EXPECT_THAT(answer.rows(), ElementsAre(ElementsAre(Optional(std::string{"ROW"}), Optional(std::string{"1"})),
                                         ElementsAre(std::nullopt, Optional(std::string{}))));
}

TEST(TextQuery, KeepsTheServersWordsWhereverTheErrorStands) {
  const std::vector<std::vector<Buffer>> beginnings{
      {}, {{1}}, {{1}, {3, 'd', 'e', 'f'}}, {{1}, {3, 'd', 'e', 'f'}, END_OF_ROWS, row({"x"})}};
  for (const auto& beginning : beginnings) {
    TextAnswer answer;
    for (const auto& packet : beginning) ASSERT_TRUE(answer.on_packet(packet).has_value());
    EXPECT_EQ(answer.on_packet(denied()).error(), WireErrc::server_error);
    EXPECT_EQ(answer.error().code, 1045U);
    EXPECT_EQ(answer.error().text, "Access denied");
  }
}

TEST(TextQuery, AnswersWithTooMuchAreRefused) {
  EXPECT_EQ(TextAnswer{}.on_packet(Buffer{0xFC, 1, 0x10}).error(), WireErrc::too_many_rows);
  TextAnswer answer;
  for (const auto& packet : {Buffer{1}, Buffer{3, 'd', 'e', 'f'}, END_OF_ROWS}) (void)answer.on_packet(packet);
  for (std::size_t i = 0; i < TextAnswer::ROWS_MAX; ++i) ASSERT_TRUE(answer.on_packet(row({"x"})).has_value());
  EXPECT_EQ(answer.on_packet(row({"x"})).error(), WireErrc::too_many_rows);
}

}  // namespace
}  // namespace sluice::protocol
