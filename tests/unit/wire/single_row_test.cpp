#include "protocol/wire/single_row.hpp"

#include <gmock/gmock.h>

#include "protocol/wire/packet.hpp"

namespace sluice::protocol {
namespace {

using testing::ElementsAre;
using testing::Optional;
using Payload = std::vector<std::uint8_t>;

std::vector<std::uint8_t> answer(const std::vector<Payload>& payloads) {
  std::vector<std::uint8_t> bytes;
  std::uint8_t sequence = 1;
  for (const auto& payload : payloads) {
    const auto packet = frame(payload, sequence++);
    bytes.insert(bytes.end(), packet.begin(), packet.end());
  }
  return bytes;
}

const Payload EOF_PACKET{0xFE, 0, 0, 2, 0};
const Payload OK_AS_EOF{0xFE, 0, 0, 2, 0, 0, 0};
const Payload DEFINITION{3, 'd', 'e', 'f', 0, 0, 0, 1, 'a', 0, 0x0C, 63, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0};

TEST(SingleRow, IsFoundInWhateverDialect) {
  const Payload row{1, '7', 0xFB};
  for (const auto& bytes : {answer({{2}, DEFINITION, DEFINITION, EOF_PACKET, row, EOF_PACKET}),
                            answer({{2}, DEFINITION, DEFINITION, row, OK_AS_EOF}), answer({{2, 0}, row, EOF_PACKET})}) {
    const auto found = single_row(bytes);
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, ElementsAre(Optional(std::string_view{"7"}), std::nullopt));
  }
}

TEST(SingleRow, IsNotFoundWhereThereIsNone) {
  EXPECT_EQ(single_row({}), std::nullopt);
  EXPECT_EQ(single_row(answer({{0, 0, 0, 2, 0, 0, 0}})), std::nullopt);
  EXPECT_EQ(single_row(answer({{0xFF, 0x28, 4}})), std::nullopt);
  EXPECT_EQ(single_row(answer({{2}, DEFINITION, DEFINITION, EOF_PACKET, EOF_PACKET})), std::nullopt);
  EXPECT_EQ(single_row(answer({{2}, DEFINITION, DEFINITION, OK_AS_EOF})), std::nullopt);
  EXPECT_EQ(single_row(answer({{2}, DEFINITION, DEFINITION, {0xFF, 0x28, 4}})), std::nullopt);
  auto cut = answer({{1}, DEFINITION, EOF_PACKET, {1, '7'}, EOF_PACKET});
  cut.pop_back();
  EXPECT_EQ(single_row(cut), std::nullopt);
  EXPECT_TRUE(first_payload(Bytes{cut}.first(3)).empty());
  EXPECT_EQ(first_payload(cut).size(), 1U);
}

}  // namespace
}  // namespace sluice::protocol
