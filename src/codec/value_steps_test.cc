// Value steps: what is put is taken bit for bit, batch after batch; a missed batch never gives another value.
#include "codec/value_steps.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace tickscope::codec {
namespace {

struct Batch {
  std::vector<SeriesRef> refs;
  std::vector<double> values;
  Bytes bytes;
};

double AnyValue(Random& random, std::uint32_t series, int round) {
  switch (random.Below(24)) {
    case 0:
      return std::bit_cast<double>(random.Next());
    case 1:
      return -0.0;
    case 2:
      return std::numeric_limits<double>::infinity();
    case 3:
      return static_cast<double>(random.Below(1U << 20)) / 1e6;
    case 4:
      return 4503599627370496.0 - static_cast<double>(random.Below(3));
    case 5:
      return std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});
    default:
      return series % 3 == 0 ? static_cast<double>(round * 17 + static_cast<int>(random.Below(9)))
                             : static_cast<double>(random.Below(10'000)) / 100;
  }
}

std::vector<Batch> MakeBatches(std::uint64_t seed, int count) {
  SeededRandom random(seed);
  ValueBases bases;
  std::vector<Batch> batches;
  for (int round = 0; round < count; ++round) {
    Batch& batch = batches.emplace_back();
    const auto first = static_cast<std::uint32_t>(random.Below(3) * 1000);
    for (std::uint32_t i = 0; i < 20; ++i) {
      const std::size_t points = 1 + random.Below(2);
      for (std::size_t point = 0; point < points; ++point) {
        batch.refs.push_back(static_cast<SeriesRef>(first + i));
        batch.values.push_back(AnyValue(random, i, round));
      }
    }
    bases.Put(batch.refs, batch.values, batch.bytes);
  }
  return batches;
}

void ExpectSame(const Batch& batch, const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(values[i]), std::bit_cast<std::uint64_t>(batch.values[i])) << i;
  }
}

TEST(ValueSteps, WorkedExample) {
  ValueBases bases;
  const std::vector<SeriesRef> refs = {SeriesRef{0}, SeriesRef{1}};
  Bytes bytes;
  bases.Put(refs, std::vector<double>{100, 7}, bytes);
  bytes.clear();
  bases.Put(refs, std::vector<double>{103, 7}, bytes);
  ASSERT_EQ(bytes.size(), 6U);
  EXPECT_EQ(bytes[0], std::byte{0});
  EXPECT_EQ(bytes[5], std::byte{0x06});
}

TEST(ValueSteps, RoundTrips) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    ValueBases bases;
    const std::vector<Batch> batches = MakeBatches(seed, 300);
    for (const Batch& batch : batches) {
      std::vector<double> values(batch.values.size());
      FieldReader reader(batch.bytes);
      ASSERT_EQ(bases.Take(batch.refs, reader, values), ValueBases::Outcome::kTaken);
      ExpectSame(batch, values);
    }
  }
}

TEST(ValueSteps, AMissedBatchLeavesValuesOutNotWrong) {
  std::size_t unproven_in_all = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<Batch> batches = MakeBatches(seed, 300);
    ValueBases bases;
    std::size_t unproven = 0;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      if (i == 100) continue;
      const Batch& batch = batches[i];
      std::vector<double> values(batch.values.size());
      FieldReader reader(batch.bytes);
      const ValueBases::Outcome outcome = bases.Take(batch.refs, reader, values);
      ASSERT_NE(outcome, ValueBases::Outcome::kCorrupt);
      if (outcome == ValueBases::Outcome::kTaken) {
        ExpectSame(batch, values);
      } else {
        ++unproven;
      }
    }
    // A series' batches begin anew before the 64th.
    EXPECT_LT(unproven, 64U);
    unproven_in_all += unproven;
  }
  EXPECT_GT(unproven_in_all, 20U);
}

TEST(ValueSteps, WhatWasForgottenBeginsAnew) {
  ValueBases writer;
  ValueBases reader_bases;
  const std::vector<SeriesRef> refs = {SeriesRef{4}, SeriesRef{5}};
  const auto give = [&](std::vector<double> values, bool arrives) {
    Bytes bytes;
    writer.Put(refs, values, bytes);
    if (!arrives) {
      writer.Forget(refs);
      return;
    }
    std::vector<double> read(2);
    FieldReader reader(bytes);
    ASSERT_EQ(reader_bases.Take(refs, reader, read), ValueBases::Outcome::kTaken);
    EXPECT_EQ(read, values);
  };
  give({10, 20}, true);
  give({11, 20.25}, false);
  give({12, 21}, true);
  give({13, 21}, true);
}

TEST(ValueSteps, DamageIsNeverAnotherValue) {
  const std::vector<Batch> batches = MakeBatches(3, 40);
  for (std::size_t at = 0; at < batches[39].bytes.size() * 8; ++at) {
    ValueBases bases;
    std::vector<double> values;
    for (std::size_t i = 0; i < 39; ++i) {
      values.resize(batches[i].values.size());
      FieldReader reader(batches[i].bytes);
      ASSERT_EQ(bases.Take(batches[i].refs, reader, values), ValueBases::Outcome::kTaken);
    }
    // The stream's checksum is what finds flipped bits; here they must only not crash or read beyond the end.
    Bytes damaged = batches[39].bytes;
    damaged[at / 8] ^= std::byte{1} << (at % 8);
    values.resize(batches[39].values.size());
    FieldReader reader(damaged);
    static_cast<void>(bases.Take(batches[39].refs, reader, values));
  }
  for (std::size_t size = 0; size < batches[39].bytes.size(); ++size) {
    ValueBases bases;
    std::vector<double> values(batches[39].values.size());
    FieldReader reader(ByteView(batches[39].bytes).first(size));
    EXPECT_NE(bases.Take(batches[39].refs, reader, values), ValueBases::Outcome::kTaken);
  }
}

}  // namespace
}  // namespace tickscope::codec
