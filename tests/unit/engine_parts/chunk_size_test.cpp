#include "migrator/engine/chunk_size.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

using std::chrono::milliseconds;

TEST(ChunkSize, MovesTowardsTheTimeAskedFor) {
  EXPECT_EQ(next_chunk_rows(1000, milliseconds(200), milliseconds(250)), 1250U);
  EXPECT_EQ(next_chunk_rows(1000, milliseconds(500), milliseconds(250)), 500U);
}

TEST(ChunkSize, MovesByAFactorOfTwoAtMost) {
  EXPECT_EQ(next_chunk_rows(1000, milliseconds(1), milliseconds(250)), 2000U);
  EXPECT_EQ(next_chunk_rows(1000, milliseconds(60'000), milliseconds(250)), 500U);
  EXPECT_EQ(next_chunk_rows(1000, milliseconds(0), milliseconds(250)), 2000U);
}

TEST(ChunkSize, StaysWithinItsLimits) {
  EXPECT_EQ(next_chunk_rows(kChunkRowsMin, milliseconds(60'000), milliseconds(250)), kChunkRowsMin);
  EXPECT_EQ(next_chunk_rows(kChunkRowsMax, milliseconds(1), milliseconds(250)), kChunkRowsMax);
}

}  // namespace
}  // namespace sluice::migrator
