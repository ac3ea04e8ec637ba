#include "protocol/sql/charset.hpp"

#include <gmock/gmock.h>

namespace sluice::protocol {
namespace {

using enum ClientCharset;

TEST(Charset, KnowsTheCollationsThatClientsSend) {
  for (const int id : {33, 45, 46, 76, 83, 192, 224, 255, 309, 2304}) {
    EXPECT_EQ(charset_of_collation(static_cast<std::uint16_t>(id)), utf8) << id;
  }
  for (const int id : {3, 5, 8, 26, 31, 48, 51, 94, 97, 99}) {
    EXPECT_EQ(charset_of_collation(static_cast<std::uint16_t>(id)), ascii_compatible) << id;
  }
  for (const int id : {0,  1,  10, 13, 28,  35,  54,  56,  60,  62,  63,  82,   84,   87,
                       88, 90, 95, 96, 101, 128, 160, 216, 248, 249, 250, 1025, 2560, 65535}) {
    EXPECT_EQ(charset_of_collation(static_cast<std::uint16_t>(id)), ambiguous) << id;
  }
}

TEST(Charset, KnowsNamesInAnyCase) {
  EXPECT_EQ(charset_of_name("utf8mb4"), utf8);
  EXPECT_EQ(charset_of_name("UTF8"), utf8);
  EXPECT_EQ(charset_of_name("Latin1"), ascii_compatible);
  EXPECT_EQ(charset_of_name("gbk"), ambiguous);
  EXPECT_EQ(charset_of_name("swe7"), ambiguous);
  EXPECT_EQ(charset_of_name("binary"), ambiguous);
  EXPECT_EQ(charset_of_name(""), ambiguous);
}

}  // namespace
}  // namespace sluice::protocol
