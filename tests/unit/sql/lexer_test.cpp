#include "protocol/sql/lexer.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace sluice::protocol::sql {
namespace {

using testing::ElementsAre;

std::vector<std::string> tokens(std::string_view sql, Reading reading = {}) {
  std::vector<std::string> result;
  Lexer lexer(sql, reading);
  for (;;) {
    const Token token = lexer.next();
    const auto kind = static_cast<std::size_t>(token.kind);
    if (token.kind == Token::Kind::end) return result;
    result.push_back(std::string{"wqsv.?!"[kind]} + ":" + std::string(token.text));
    if (token.kind == Token::Kind::broken) return result;
  }
}

TEST(Lexer, CutsTextIntoTokens) {
  EXPECT_THAT(tokens("a.`b``c`='d'"), ElementsAre("w:a", ".:.", "q:b``c", ".:=", "s:d"));
  EXPECT_THAT(tokens("@a @@b.c @`d e`"), ElementsAre("v:@a", "v:@@b", ".:.", "w:c", "v:@`d e`"));
  EXPECT_THAT(tokens("a/**/b"), ElementsAre("w:a", "w:b"));
  EXPECT_THAT(tokens("a--b"), ElementsAre("w:a", ".:-", ".:-", "w:b"));
  EXPECT_THAT(tokens("a -- b\nc"), ElementsAre("w:a", "w:c"));
}

TEST(Lexer, FollowsItsReading) {
  const Reading comments{.code_comments = Reading::CodeComments::comments};
  EXPECT_THAT(tokens("a /*!50000 b */ c"), ElementsAre("w:a", "w:b", "w:c"));
  EXPECT_THAT(tokens("a /*!50000 b */ c", comments), ElementsAre("w:a", "w:c"));
  EXPECT_THAT(tokens(R"('a\'b' c)"), ElementsAre("s:a\\'b", "w:c"));
  EXPECT_THAT(tokens(R"('a\' b)", {.backslash = Reading::Backslash::literal}), ElementsAre("s:a\\", "w:b"));
  EXPECT_THAT(tokens(R"("a")", {.double_quotes = Reading::DoubleQuotes::identifier}), ElementsAre("q:a"));
}

TEST(Lexer, StopsForGoodWhereNobodyKnows) {
  for (const char* sql : {"'a", "`a", "\"a", "/* a", "/*! a", "$$ a $$", "$x$ a", "@'a", "/*!1 a */", "'a\\"}) {
    Lexer lexer(sql);
    Token token = lexer.next();
    while (token.kind != Token::Kind::broken && token.kind != Token::Kind::end) token = lexer.next();
    EXPECT_EQ(token.kind, Token::Kind::broken) << sql;
    EXPECT_EQ(lexer.next().kind, Token::Kind::broken) << sql;
  }
}

TEST(Lexer, UnquotesNamesAndValues) {
  std::string buffer;
  const auto value = [&buffer](std::string_view sql) {
    return unquoted(Lexer(sql).next(), Reading::Backslash::escape, buffer);
  };
  EXPECT_EQ(value("`a``b`"), "a`b");
  EXPECT_EQ(value("'a''b'"), "a'b");
  EXPECT_EQ(value(R"('a\'\n\\b')"), "a'\n\\b");
  EXPECT_EQ(value("word"), "word");
}

}  // namespace
}  // namespace sluice::protocol::sql
