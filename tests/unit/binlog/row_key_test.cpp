#include "protocol/binlog/row_key.hpp"

#include <gtest/gtest.h>

#include "protocol/binlog/rows.hpp"
#include "tests/unit/binlog/event_builder.hpp"

namespace sluice::protocol::binlog {
namespace {

using namespace sluice::test;

std::string literal_of(const KeyColumn& key, const WireColumn& column, const Buffer& value) {
  EXPECT_TRUE(fits(key, column));
  return literal(key, column, value).value();
}

TEST(Literal, of_integers_knows_sign_and_width) {
  const KeyColumn with_sign{.type = KeyType::integer};
  const KeyColumn without{.type = KeyType::integer, .sign = Sign::without_sign};
  EXPECT_EQ(literal_of(with_sign, {ColumnType::tiny}, {0x80}), "-128");
  EXPECT_EQ(literal_of(without, {ColumnType::tiny}, {0x80}), "128");
  EXPECT_EQ(literal_of(with_sign, {ColumnType::int24}, {0xFF, 0xFF, 0xFF}), "-1");
  EXPECT_EQ(literal_of(without, {ColumnType::int24}, {0xFF, 0xFF, 0xFF}), "16777215");
  EXPECT_EQ(literal_of(with_sign, {ColumnType::longlong}, Layout{}.little(1ULL << 63, 8)), "-9223372036854775808");
  EXPECT_EQ(literal_of(without, {ColumnType::longlong}, Buffer(8, 0xFF)), "18446744073709551615");
}

TEST(Literal, of_decimals_has_all_digits) {
  const KeyColumn key{.type = KeyType::decimal};
  // From the comment on decimal2bin(): 1234567890.1234 as DECIMAL(14,4).
  const WireColumn column{ColumnType::newdecimal, 14, 4};
  EXPECT_EQ(literal_of(key, column, {0x81, 0x0D, 0xFB, 0x38, 0xD2, 0x04, 0xD2}), "1234567890.1234");
  EXPECT_EQ(literal_of(key, column, {0x7E, 0xF2, 0x04, 0xC7, 0x2D, 0xFB, 0x2D}), "-1234567890.1234");
  EXPECT_EQ(literal_of(key, column, {0x80, 0, 0, 0, 0, 0, 0}), "0.0000");
  EXPECT_EQ(literal(key, column, Buffer{0x80}).error(), Errc::bad_value);
}

TEST(Literal, of_floating_point_is_exact_and_no_decimal) {
  const KeyColumn key{.type = KeyType::real};
  EXPECT_EQ(literal_of(key, {ColumnType::float_, 4}, {0xCD, 0xCC, 0x8C, 0x3F}), "1.1000000238418579e+00");
  EXPECT_EQ(literal_of(key, {ColumnType::double_, 8}, Layout{}.little(0x3FF199999999999A, 8)),
            "1.1000000000000001e+00");
}

TEST(Literal, of_text_names_its_character_set) {
  const KeyColumn key{.type = KeyType::text, .charset = "latin1"};
  EXPECT_EQ(literal_of(key, {ColumnType::varchar, 40}, {0xE9, '\''}), "_latin1 x'e927'");
}

TEST(Literal, of_binary_has_the_padding_that_the_row_image_leaves_out) {
  const KeyColumn key{.type = KeyType::bytes};
  EXPECT_EQ(literal_of(key, {ColumnType::string, 4}, {0xAB}), "x'ab000000'");
  EXPECT_EQ(literal_of(key, {ColumnType::varchar, 4}, {0xAB}), "x'ab'");
}

TEST(Literal, of_bits_enums_and_sets_is_their_number) {
  EXPECT_EQ(literal_of({.type = KeyType::bit}, {ColumnType::bit, 2}, {0x01, 0x02}), "258");
  EXPECT_EQ(literal_of({.type = KeyType::enumeration}, {ColumnType::enumeration, 2}, {0x02, 0x01}), "258");
  EXPECT_EQ(literal_of({.type = KeyType::set}, {ColumnType::set, 8}, Buffer(8, 0xFF)), "18446744073709551615");
}

TEST(Literal, of_temporals_has_the_fraction_of_its_column) {
  const KeyColumn time{.type = KeyType::time};
  EXPECT_EQ(literal_of(time, {ColumnType::time2, 0, 0}, {0x80, 0x00, 0x00}), "'00:00:00'");
  EXPECT_EQ(literal_of(time, {ColumnType::time2, 0, 2}, {0x7F, 0xFF, 0xFE, 0xF6}), "'-00:00:01.10'");
  EXPECT_EQ(literal_of(time, {ColumnType::time2, 0, 1}, {0x80, 0x00, 0x01, 0x0A}), "'00:00:01.1'");
  const KeyColumn timestamp{.type = KeyType::timestamp};
  EXPECT_EQ(literal_of(timestamp, {ColumnType::timestamp2, 0, 0}, {0, 0, 0, 0}), "'0000-00-00 00:00:00'");
  EXPECT_EQ(literal_of(timestamp, {ColumnType::timestamp2, 0, 6}, {0x65, 0xE0, 0x7D, 0x00, 0, 0, 1}),
            "'2024-02-29 12:48:00.000001'");
  EXPECT_EQ(literal_of({.type = KeyType::year}, {ColumnType::year}, {124}), "2024");
  EXPECT_EQ(literal_of({.type = KeyType::year}, {ColumnType::year}, {0}), "0000");
  EXPECT_EQ(literal_of({.type = KeyType::date}, {ColumnType::date}, Layout{}.little(2024 << 9 | 2 << 5 | 29, 3)),
            "'2024-02-29'");
  EXPECT_EQ(literal(time, {ColumnType::time2, 0, 2}, Buffer{0x80, 0}).error(), Errc::bad_value);
}

// ---- rows of (INT key, VARCHAR(40)) ----

const std::vector<KeyColumn> key_is_first{{.ordinal = 0, .name = "id", .type = KeyType::integer}};

TableMap two_columns() {
  const auto body = table_map_body(7, "shop", "orders");
  return decode_table_map({{.type = EventType::table_map}, body}).value();
}

result<std::vector<RowKey>> keys_of(EventType type, const Buffer& body) {
  return decode_row_keys({{.type = type}, body}, two_columns(), key_is_first);
}

std::vector<std::string> texts(const result<std::vector<RowKey>>& keys) {
  std::vector<std::string> all;
  for (const auto& key : keys.value()) all.push_back(key.text());
  return all;
}

Buffer row(std::uint32_t id, std::string_view text) {
  return Layout{}.u8(0).little(id, 4).u8(static_cast<unsigned>(text.size())).text(text);
}

TEST(TableMap, is_refused_when_truncated_at_any_byte) {
  const auto whole = table_map_body(7, "shop", "orders");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(decode_table_map({{.type = EventType::table_map}, Bytes{whole}.first(size)}).has_error()) << size;
  }
  const auto name = decode_table_map_name({{.type = EventType::table_map}, whole});
  EXPECT_EQ(name->table_id, 7U);
  EXPECT_EQ(name->database, "shop");
  EXPECT_EQ(name->table, "orders");
}

TEST(TableMap, tells_signs_and_names_where_the_server_does) {
  const Buffer body = Layout{}
                          .bytes(table_map_body(7, "shop", "orders"))
                          .u8(1)
                          .u8(1)
                          .u8(0x80)
                          .u8(4)
                          .u8(6)
                          .u8(2)
                          .text("id")
                          .u8(2)
                          .text("no");
  const auto map = decode_table_map({{.type = EventType::table_map}, body});
  EXPECT_EQ(map->names, (std::vector<std::string>{"id", "no"}));
  EXPECT_EQ(map->unsigned_columns, (std::vector<std::optional<bool>>{true, std::nullopt}));
}

TEST(RowKeys, of_inserts_are_told_once_each) {
  const auto body = rows_body(7, {3}, Layout{}.bytes(row(1, "a")).bytes(row(2, "b")).bytes(row(1, "c")));
  EXPECT_EQ(texts(keys_of(EventType::write_rows_v2, body)), (std::vector<std::string>{"1", "2"}));
}

TEST(RowKeys, of_updates_are_those_before_and_after) {
  const auto body = rows_body(7, {3, 3}, Layout{}.bytes(row(1, "a")).bytes(row(2, "a")));
  EXPECT_EQ(texts(keys_of(EventType::update_rows_v2, body)), (std::vector<std::string>{"1", "2"}));
}

TEST(RowKeys, that_an_after_image_leaves_out_are_unchanged) {
  const Buffer after = Layout{}.u8(0).u8(1).text("b");
  const auto body = rows_body(7, {1, 2}, Layout{}.u8(0).little(9, 4).bytes(after));
  EXPECT_EQ(texts(keys_of(EventType::update_rows_v2, body)), (std::vector<std::string>{"9"}));
}

TEST(RowKeys, of_partial_updates_are_found_behind_the_value_options) {
  const Buffer after = Layout{}.u8(0).u8(0).u8(1).text("b");
  const auto body = rows_body(7, {3, 2}, Layout{}.bytes(row(9, "a")).bytes(after));
  EXPECT_EQ(texts(keys_of(EventType::partial_update_rows, body)), (std::vector<std::string>{"9"}));
}

TEST(RowKeys, that_are_missing_or_null_are_no_keys) {
  const auto missing = rows_body(7, {2}, Layout{}.u8(0).u8(1).text("b"));
  EXPECT_EQ(keys_of(EventType::delete_rows_v2, missing).error(), Errc::key_not_in_image);
  EXPECT_EQ(keys_of(EventType::delete_rows_v2, rows_body(7, {0}, {0, 0})).error(), Errc::key_not_in_image);
  const auto null = rows_body(7, {3}, Layout{}.u8(1).u8(1).text("b"));
  EXPECT_EQ(keys_of(EventType::delete_rows_v2, null).error(), Errc::key_is_null);
}

TEST(RowKeys, are_refused_when_truncated_inside_a_row) {
  const auto body = rows_body(7, {3}, row(1, "abc"));
  const auto before_rows = body.size() - row(1, "abc").size();
  for (std::size_t size = 0; size < body.size(); ++size) {
    if (size == before_rows) continue;  // an event without rows
    EXPECT_EQ(
        keys_of(EventType::write_rows_v2, {body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size)}).error(),
        Errc::truncated)
        << size;
  }
}

TEST(RowKeys, are_refused_when_the_events_columns_are_not_the_maps) {
  auto body = rows_body(7, {3}, row(1, "abc"));
  body[10] = 3;
  EXPECT_EQ(keys_of(EventType::write_rows_v2, body).error(), Errc::bad_value);
}

}  // namespace
}  // namespace sluice::protocol::binlog
