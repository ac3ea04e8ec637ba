// Where answers end, whatever the pieces in which the server's bytes arrive.
#include "protocol/wire/answers.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace sluice::protocol {
namespace {

using Stream = std::vector<std::uint8_t>;

Stream packet(Stream payload) {
  Stream bytes{static_cast<std::uint8_t>(payload.size()), static_cast<std::uint8_t>(payload.size() >> 8), 0, 1};
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}
Stream operator+(Stream a, const Stream& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Stream OK = packet({0x00, 1, 0, 0x02, 0x00, 0, 0});
const Stream OK_MORE = packet({0x00, 0, 0, 0x0A, 0x00, 0, 0});
const Stream OK_IN_TRANSACTION = packet({0x00, 1, 0, 0x03, 0x00, 0, 0});
const Stream EOF_OLD = packet({0xFE, 0, 0, 0x02, 0x00});
const Stream EOF_OLD_CURSOR = packet({0xFE, 0, 0, 0x42, 0x00});
const Stream EOF_NEW = packet({0xFE, 0, 0, 0x02, 0x00, 0, 0});
const Stream ERR = packet({0xFF, 0x7A, 0x04, '#', '4', '2', 'S', '0', '2', 'n', 'o'});
const Stream ONE_COLUMN = packet({1});
const Stream DEFINITION = packet(Stream(30, 'd'));
const Stream ROW = packet({1, 'x'});

class AnswerEnds : public testing::Test {
 protected:
  // The endings in `stream`, the same however it is cut in two.
  std::vector<Ending> endings(std::vector<AnswerShape> shapes, const Stream& stream, Answers::Dialect dialect = {}) {
    std::vector<Ending> first;
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      Answers answers;
      answers.set_dialect(dialect);
      for (const auto shape : shapes) answers.expect(shape);
      std::vector<Ending> found;
      const Bytes all{stream};
      for (auto piece : {all.first(cut), all.subspan(cut)}) {
        while (const auto ending = answers.next(piece)) found.push_back(*ending);
      }
      if (cut == 0) first = found;
      EXPECT_EQ(found.size(), first.size()) << "cut at " << cut;
      EXPECT_EQ(answers.expected(), shapes.size() - found.size()) << "cut at " << cut;
    }
    return first;
  }
};

TEST_F(AnswerEnds, tell_how_long_each_answer_was) {
  const auto rows = ONE_COLUMN + DEFINITION + EOF_OLD + ROW + ROW + EOF_OLD;
  const auto found = endings({AnswerShape::results, AnswerShape::one_packet}, rows + OK);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].bytes, rows.size());
  EXPECT_EQ(found[1].bytes, OK.size());
}

TEST_F(AnswerEnds, at_an_ok) {
  const auto found = endings({AnswerShape::results}, OK_IN_TRANSACTION);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].status, 3);
  EXPECT_EQ(found[0].error, 0);
  EXPECT_EQ(found[0].bytes, OK_IN_TRANSACTION.size());
}

TEST_F(AnswerEnds, at_an_error_whose_number_is_told) {
  const auto found = endings({AnswerShape::results}, ERR);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].error, 1146);
}

TEST_F(AnswerEnds, behind_the_rows_with_and_without_the_old_eof) {
  EXPECT_EQ(endings({AnswerShape::results}, ONE_COLUMN + DEFINITION + EOF_OLD + ROW + ROW + EOF_OLD).size(), 1U);
  EXPECT_EQ(endings({AnswerShape::results}, ONE_COLUMN + DEFINITION + EOF_OLD + ROW).size(), 0U);
  EXPECT_EQ(
      endings({AnswerShape::results}, ONE_COLUMN + DEFINITION + ROW + ROW + EOF_NEW, {.deprecate_eof = true}).size(),
      1U);
}

TEST_F(AnswerEnds, behind_the_last_of_several_results) {
  const auto result = ONE_COLUMN + DEFINITION + EOF_OLD + ROW + packet({0xFE, 0, 0, 0x0A, 0x00});
  EXPECT_EQ(endings({AnswerShape::results}, result + OK_MORE + OK).size(), 1U);
  EXPECT_EQ(endings({AnswerShape::results}, result + ERR).size(), 1U);
}

TEST_F(AnswerEnds, in_the_order_of_a_pipeline) {
  const auto found =
      endings({AnswerShape::results, AnswerShape::one_packet, AnswerShape::results}, ERR + OK + OK_IN_TRANSACTION);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].error, 1146);
  EXPECT_EQ(found[2].status, 3);
}

TEST_F(AnswerEnds, of_a_prepare_behind_its_definitions) {
  const Stream head = packet({0x00, 7, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0});
  const auto old = endings({AnswerShape::prepared}, head + DEFINITION + DEFINITION + EOF_OLD + DEFINITION + EOF_OLD);
  ASSERT_EQ(old.size(), 1U);
  EXPECT_EQ(old[0].statement, 7U);
  EXPECT_EQ(
      endings({AnswerShape::prepared}, head + DEFINITION + DEFINITION + DEFINITION, {.deprecate_eof = true}).size(),
      1U);
}

TEST_F(AnswerEnds, at_the_columns_where_a_cursor_was_opened) {
  EXPECT_EQ(endings({AnswerShape::results}, ONE_COLUMN + DEFINITION + EOF_OLD_CURSOR).size(), 1U);
}

TEST_F(AnswerEnds, not_at_a_progress_report_wherever_it_stands) {
  const Stream report = packet({0xFF, 0xFF, 0xFF, 1, 1, 2, 0, 0, 0});
  EXPECT_EQ(endings({AnswerShape::results}, report + OK).size(), 1U);
  EXPECT_EQ(endings({AnswerShape::one_packet}, report + OK).size(), 1U);
  const Stream rows = ONE_COLUMN + report + DEFINITION + report + EOF_OLD + report + ROW + report;
  EXPECT_EQ(endings({AnswerShape::results}, rows).size(), 0U);
  const auto found = endings({AnswerShape::results, AnswerShape::results}, rows + EOF_OLD + ERR);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].error, 0);
  EXPECT_EQ(found[1].error, 1146);
  const Stream prepared = packet({0x00, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(endings({AnswerShape::prepared}, report + prepared + report + DEFINITION + EOF_OLD).size(), 1U);
}

TEST_F(AnswerEnds, at_an_ok_that_tells_of_the_session) {
  const Stream changes{1,   5,   4,   's', 'h', 'o', 'p',  // the database
                       2,   1,   '1',                      // some other state
                       0,   29,  20,  'c', 'h', 'a', 'r', 'a', 'c', 't', 'e', 'r', '_', 's', 'e', 't',
                       '_', 'c', 'l', 'i', 'e', 'n', 't', 7,   'u', 't', 'f', '8', 'm', 'b', '4'};
  Stream ok{0x00, 0, 0, 0x02, 0x40, 0, 0, 2, 'h', 'i', static_cast<std::uint8_t>(changes.size())};
  const auto found = endings({AnswerShape::results}, packet(ok + changes), {.session_track = true});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].database, "shop");
  EXPECT_EQ(found[0].charset, "utf8mb4");
  EXPECT_EQ(endings({AnswerShape::results}, packet(ok + changes))[0].database, std::nullopt) << "not agreed upon";

  ok[0] = 0xFE;
  const auto behind_rows = ONE_COLUMN + DEFINITION + ROW + packet(ok + changes);
  const auto end = endings({AnswerShape::results}, behind_rows, {.deprecate_eof = true, .session_track = true});
  ASSERT_EQ(end.size(), 1U);
  EXPECT_EQ(end[0].database, "shop");
}

TEST_F(AnswerEnds, at_an_ok_whose_lengths_lie) {
  const Stream whole{0x00, 0, 0, 0x02, 0x40, 0, 0, 0, 7, 1, 5, 4, 's', 'h', 'o', 'p'};
  for (std::size_t size = 7; size < whole.size(); ++size) {
    const Stream cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto found = endings({AnswerShape::results}, packet(cut), {.session_track = true});
    ASSERT_EQ(found.size(), 1U) << size;
    EXPECT_EQ(found[0].database, std::nullopt) << size;
  }
}

TEST_F(AnswerEnds, not_before_the_clients_file) {
  Answers answers;
  answers.expect(AnswerShape::results);
  const Stream request = packet({0xFB, 'f'});
  Bytes bytes{request};
  EXPECT_FALSE(answers.next(bytes));
  EXPECT_TRUE(answers.wants_client_data());
  answers.client_data_ended();
  bytes = OK;
  EXPECT_TRUE(answers.next(bytes));
}

TEST_F(AnswerEnds, at_an_error_amid_the_clients_file_which_is_data_to_its_end) {
  Answers answers;
  answers.expect(AnswerShape::results);
  const Stream stream = packet({0xFB, 'f'}) + ERR;
  Bytes bytes{stream};
  const auto ending = answers.next(bytes);
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->error, 1146);
  EXPECT_TRUE(answers.wants_client_data());
  answers.client_data_ended();
  EXPECT_FALSE(answers.wants_client_data());
}

TEST_F(AnswerEnds, nowhere_in_what_nobody_asked_for) {
  EXPECT_EQ(endings({}, ERR).size(), 0U);
}

TEST_F(AnswerEnds, at_the_last_eof_of_a_prepared_statement_whose_definitions_were_left_out) {
  const auto prepared = [](std::uint8_t columns, std::uint8_t parameters, std::uint8_t metadata_follows) {
    return packet({0x00, 9, 0, 0, 0, columns, 0, parameters, 0, 0, 0, 0, metadata_follows});
  };
  const Answers::Dialect with_eof{.optional_metadata = true};
  const Answers::Dialect without_eof{.deprecate_eof = true, .optional_metadata = true};
  for (const auto& [dialect, ends] : {std::pair{with_eof, EOF_OLD}, std::pair{without_eof, Stream{}}}) {
    EXPECT_EQ(endings({AnswerShape::prepared}, prepared(2, 1, 0) + ends + ends, dialect).size(), 1U);
    EXPECT_EQ(endings({AnswerShape::prepared}, prepared(0, 1, 0) + ends, dialect).size(), 1U);
    EXPECT_EQ(endings({AnswerShape::prepared}, prepared(2, 0, 0) + ends, dialect).size(), 1U);
    EXPECT_EQ(endings({AnswerShape::prepared}, prepared(0, 0, 0), dialect).size(), 1U);
    EXPECT_EQ(
        endings({AnswerShape::prepared}, prepared(1, 1, 1) + DEFINITION + ends + DEFINITION + ends, dialect).size(),
        1U);
  }
}

TEST_F(AnswerEnds, of_a_binlog_dump_is_not_an_event) {
  Answers answers;
  answers.expect(AnswerShape::endless);
  EXPECT_TRUE(answers.is_endless());
  const auto event = packet({0x00, 1, 2, 3});
  Bytes bytes{event};
  EXPECT_FALSE(answers.next(bytes));
  EXPECT_TRUE(answers.is_endless());
  bytes = EOF_OLD;
  EXPECT_TRUE(answers.next(bytes));
  EXPECT_FALSE(answers.is_endless());
}

}  // namespace
}  // namespace sluice::protocol
