// Where the text of a command stands.
#include "protocol/wire/command.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace sluice::protocol {
namespace {

using testing::Eq;
using testing::Optional;

// The attributes of a COM_QUERY: one of each kind of value, the third is NULL.
std::vector<std::uint8_t> attributes_of_every_kind() {
  struct Attribute {
    std::uint8_t type;
    std::vector<std::uint8_t> value;
  };
  const std::vector<Attribute> attributes{
      {1, {7}},                                            // TINY
      {2, {7, 0}},                                         // SHORT
      {3, {}},                                             // LONG, NULL
      {3, {7, 0, 0, 0}},                                   // LONG
      {9, {7, 0, 0, 0}},                                   // INT24
      {13, {0xEA, 7}},                                     // YEAR
      {4, {0, 0, 0x80, 0x3F}},                             // FLOAT
      {5, {0, 0, 0, 0, 0, 0, 0xF0, 0x3F}},                 // DOUBLE
      {8, {1, 2, 3, 4, 5, 6, 7, 8}},                       // LONG_LONG
      {6, {}},                                             // NULL by its type
      {10, {4, 0xEA, 7, 11, 21}},                          // DATE
      {12, {7, 0xEA, 7, 11, 21, 10, 11, 12}},              // DATETIME
      {7, {11, 0xEA, 7, 11, 21, 10, 11, 12, 1, 0, 0, 0}},  // TIMESTAMP
      {11, {12, 0, 1, 0, 0, 0, 10, 11, 12, 1, 0, 0, 0}},   // TIME
      {11, {0}},                                           // TIME, zero
      {254, {6, 's', 'e', 'l', 'e', 'c', 't'}},            // STRING
      {253, {0xFC, 3, 0, 'a', 'b', 'c'}},                  // VAR_STRING, its length in two bytes
      {246, {3, '1', '.', '5'}},                           // NEWDECIMAL
  };
  std::vector<std::uint8_t> bytes;
  Writer writer{bytes};
  writer.length_encoded(attributes.size());
  writer.length_encoded(1);
  writer.bytes(std::vector<std::uint8_t>{0b100, 0, 0});
  writer.u8(1);
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    writer.u8(attributes[i].type);
    writer.u8(0x80);  // unsigned
    writer.length_encoded_bytes(as_bytes("name" + std::to_string(i)));
  }
  for (const auto& attribute : attributes) writer.bytes(attribute.value);
  return bytes;
}

std::optional<std::string_view> query(Bytes body, Attributes attributes) {
  return sql_of({.code = CommandCode::query, .body = body}, attributes);
}

TEST(Sql, is_all_of_the_body_without_attributes) {
  EXPECT_THAT(query(as_bytes("SELECT 1"), Attributes::no), Optional(Eq("SELECT 1")));
  const std::vector<std::uint8_t> prepare{'D', 'O', ' ', '0'};
  EXPECT_THAT(sql_of({.code = CommandCode::prepare, .body = prepare}, Attributes::yes), Optional(Eq("DO 0")));
}

TEST(Sql, stands_behind_attributes_that_are_none) {
  const std::vector<std::uint8_t> body{0, 1, 'D', 'O', ' ', '0'};
  EXPECT_THAT(query(body, Attributes::yes), Optional(Eq("DO 0")));
}

TEST(Sql, stands_behind_attributes_of_every_kind) {
  auto body = attributes_of_every_kind();
  Writer{body}.text("UPDATE orders SET a = 1");
  EXPECT_THAT(query(body, Attributes::yes), Optional(Eq("UPDATE orders SET a = 1")));
}

TEST(Sql, is_not_told_where_attributes_are_cut) {
  const auto attributes = attributes_of_every_kind();
  for (std::size_t size = 0; size < attributes.size(); ++size) {
    EXPECT_EQ(query(Bytes{attributes}.first(size), Attributes::yes), std::nullopt) << size;
  }
}

TEST(Sql, is_not_told_where_lengths_lie) {
  const std::vector<std::uint8_t> many{0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 1, 'x'};
  EXPECT_EQ(query(many, Attributes::yes), std::nullopt);
  const std::vector<std::uint8_t> two_sets{0, 2, 'x'};
  EXPECT_EQ(query(two_sets, Attributes::yes), std::nullopt);
  const std::vector<std::uint8_t> types_of_last_time{1, 1, 0, 0, 'x'};
  EXPECT_EQ(query(types_of_last_time, Attributes::yes), std::nullopt);
  const std::vector<std::uint8_t> long_value{1, 1, 0, 1, 254, 0, 0, 0xFD, 0xFF, 0xFF, 0xFF, 'x'};
  EXPECT_EQ(query(long_value, Attributes::yes), std::nullopt);
}

TEST(Statement, is_the_first_four_bytes_or_nothing) {
  const std::vector<std::uint8_t> body{1, 2, 0, 0, 9};
  EXPECT_EQ((Command{.code = CommandCode::execute, .body = body}.statement()), 0x201U);
  EXPECT_EQ((Command{.code = CommandCode::execute, .body = Bytes{body}.first(3)}.statement()), 0U);
}

TEST(Shape, of_what_is_not_known_is_the_general_one) {
  EXPECT_EQ(shape_of(static_cast<CommandCode>(0x77)), AnswerShape::results);
  EXPECT_EQ(shape_of(CommandCode::close), AnswerShape::none);
}

TEST(Command, too_short_is_answered_by_mysql_also_where_no_answer_is_due) {
  const std::vector<std::uint8_t> body{1, 0, 0, 0, 0, 0};
  const auto command = [&](CommandCode code, std::size_t bytes) {
    return Command{.code = code, .body = Bytes{body}.first(bytes)};
  };
  EXPECT_EQ(answer_to(command(CommandCode::close, 3), ServerKind::mysql), AnswerShape::one_packet);
  EXPECT_EQ(answer_to(command(CommandCode::close, 4), ServerKind::mysql), AnswerShape::none);
  EXPECT_EQ(answer_to(command(CommandCode::close, 3), ServerKind::mariadb), AnswerShape::none);
  EXPECT_EQ(answer_to(command(CommandCode::send_long_data, 5), ServerKind::mysql), AnswerShape::one_packet);
  EXPECT_EQ(answer_to(command(CommandCode::send_long_data, 6), ServerKind::mysql), AnswerShape::none);
  EXPECT_EQ(answer_to(command(CommandCode::send_long_data, 5), ServerKind::mariadb), AnswerShape::none);
  EXPECT_EQ(answer_to(command(CommandCode::quit, 0), ServerKind::mysql), AnswerShape::none);
}

}  // namespace
}  // namespace sluice::protocol
