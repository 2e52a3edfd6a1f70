// Column steps: what packed columns tell of themselves and on top of each other is what their values differ by, for the whole
// column and for any part of it; what is no column of whole numbers without gaps is refused.
#include "codec/column_steps.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "codec/block_column.h"
#include "codec/value_column.h"

namespace tickscope::codec {
namespace {

TEST(ColumnSteps, AreDifferencesOfValues) {
  SeededRandom random(6);
  std::size_t told = 0;
  for (int turn = 0; turn < 1200; ++turn) {
    const std::size_t count = 1 + random.Below(kBlockColumnMax);
    RowRange rows{0, count};
    if (turn % 2 == 1) {
      rows.from = random.Below(count);
      rows.to = rows.from + 1 + random.Below(count - rows.from);
    }
    // A chain of three, each likely to be written less the one before.
    std::vector<double> reference;
    std::vector<std::uint32_t> steps(count, 77);
    bool is_known = true;
    for (int link = 0; link < 3; ++link) {
      std::vector<double> values(count);
      double value = static_cast<double>(random.Below(1000));
      const std::uint64_t most = random.Below(3) == 0 ? 1 : 60;
      // Wide ones too: steps of more than 32 bits are told modulo 2^32.
      const std::uint64_t jump = random.Below(9) == 0 ? 1ULL << 40 : 1ULL << 28;
      for (std::size_t i = 0; i < count; ++i) {
        value += static_cast<double>(random.Below(50) == 0 ? random.Below(jump) : random.Below(most));
        if (random.Below(300) == 0) value = 0;
        values[i] = value + (reference.empty() ? 0 : reference[i]);
      }
      Bytes column;
      EncodeBlockColumn(values, reference, column);
      is_known = (is_known || !NeedsReference(column)) && DecodeColumnSteps(column, rows, steps);
      if (is_known) {
        ++told;
        for (std::size_t i = rows.from; i < rows.to; ++i) {
          const double step = i == 0 ? 0 : values[i] - values[i - 1];
          ASSERT_EQ(steps[i], static_cast<std::uint32_t>(static_cast<std::int64_t>(step)))
              << "turn " << turn << " link " << link << " row " << i;
        }
      }
      reference = values;
    }
  }
  EXPECT_GT(told, 3000U);
}

TEST(ColumnSteps, AreNotToldOfGapsFractionsAndOtherCounts) {
  std::vector<std::uint32_t> steps(4);
  const auto tells = [&](std::vector<double> values) {
    Bytes column;
    EncodeBlockColumn(values, {}, column);
    for (std::size_t size = 0; size < column.size(); ++size) {
      static_cast<void>(DecodeColumnSteps(ByteView(column).first(size), {0, 4}, steps));
      static_cast<void>(DecodeColumnSteps(ByteView(column).first(size), {2, 3}, steps));
    }
    return DecodeColumnSteps(column, {0, 4}, steps);
  };
  EXPECT_TRUE(tells({1, 2, 9, 9}));
  EXPECT_TRUE(tells({7, 7, 7, 7}));
  EXPECT_FALSE(tells({1, MissingValue(), 9, 9}));
  EXPECT_FALSE(tells({1, 2.5, 9, 9}));
  EXPECT_FALSE(tells({1, 2, 9}));
  EXPECT_FALSE(tells({1, 2, 9, 9, 9}));
}

}  // namespace
}  // namespace tickscope::codec
