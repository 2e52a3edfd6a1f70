// Lane packing: every width round-trips, all instruction sets agree, and the worked example's bytes hold.
#include "codec/lane_pack.h"

#include <gtest/gtest.h>

#include <array>

#include "base/random.h"

namespace tickscope::codec {
namespace {

std::array<std::uint64_t, kLaneBlock> Values(Random& random, unsigned width) {
  std::array<std::uint64_t, kLaneBlock> values;
  for (std::uint64_t& v : values)
    v = width == 0 ? 0 : random.Next() >> (64 - width);
  return values;
}

TEST(LanePack, EveryWidthRoundTrips) {
  SeededRandom random(1);
  for (unsigned width = 0; width <= 64; ++width) {
    const auto values = Values(random, width);
    Bytes packed;
    PackLanes(values, width, packed);
    ASSERT_EQ(packed.size(), LaneBlockBytes(width));
    std::array<std::uint64_t, kLaneBlock> out;
    UnpackLanes64(packed.data(), width, out);
    EXPECT_EQ(out, values) << "width " << width;
  }
}

TEST(LanePack, AllInstructionSetsAgree) {
  SeededRandom random(2);
  for (const LaneCode code : {LaneCode::kPlain, LaneCode::kAvx2, LaneCode::kAvx512}) {
    if (!LaneCodeRuns(code)) continue;
    for (unsigned width = 0; width <= 32; ++width) {
      const auto values = Values(random, width);
      Bytes packed;
      PackLanes(values, width, packed);
      std::array<std::uint32_t, kLaneBlock> out;
      UnpackLanesWith(code, packed.data(), width, out);
      for (std::size_t i = 0; i < kLaneBlock; ++i)
        ASSERT_EQ(out[i], values[i]) << "width " << width << " code " << static_cast<int>(code);
    }
  }
  if (!LaneCodeRuns(LaneCode::kAvx512)) GTEST_SKIP() << "this CPU has no AVX-512: that code was not run";
}

TEST(LanePack, AddsToSums) {
  SeededRandom random(3);
  const auto values = Values(random, 7);
  Bytes packed;
  PackLanes(values, 7, packed);
  std::array<std::uint32_t, kLaneBlock> sums;
  sums.fill(5);
  AddLanes(packed.data(), 7, sums);
  for (std::size_t i = 0; i < kLaneBlock; ++i)
    EXPECT_EQ(sums[i], values[i] + 5);
}

TEST(LanePack, WorkedExample) {
  std::array<std::uint64_t, kLaneBlock> values;
  for (std::size_t i = 0; i < kLaneBlock; ++i)
    values[i] = i & 1;
  Bytes packed;
  PackLanes(values, 1, packed);
  const Bytes zeros(4, std::byte{0});
  const Bytes ones(4, std::byte{0xff});
  Bytes want;
  for (const Bytes* part : {&zeros, &ones, &zeros, &ones})
    AppendBytes(*part, want);
  EXPECT_EQ(packed, want);
}

}  // namespace
}  // namespace tickscope::codec
