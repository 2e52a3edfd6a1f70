// Start tables: lists come back as they were, the worked example's bytes hold, and damage is refused or harmless.
#include "codec/start_table.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace tickscope::codec {
namespace {

TEST(StartTable, WorkedExampleBytes) {
  StartTableWriter writer;
  EXPECT_TRUE(writer.empty());
  const StartChange change{1000, 900};
  writer.Add(3, {&change, 1});
  writer.Add(4, {&change, 1});
  EXPECT_FALSE(writer.empty());
  const std::uint8_t want[] = {1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0xd0, 0x0f, 0x88, 0x0e};
  const Bytes bytes = writer.Finish();
  ASSERT_EQ(bytes.size(), std::size(want));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    EXPECT_EQ(static_cast<std::uint8_t>(bytes[i]), want[i]) << "at " << i;
}

TEST(StartTable, FindsEveryListAndNoOther) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    SeededRandom random(seed);
    std::map<std::uint32_t, std::vector<StartChange>> lists;
    std::vector<StartChange> list;
    std::uint32_t series = 0;
    StartTableWriter writer;
    for (std::size_t i = 0; i < 300 * seed; ++i) {
      series += random.Below(3) == 0 ? 1 + static_cast<std::uint32_t>(random.Below(1000)) : 1;
      if (list.empty() || random.Below(4) == 0) {
        list.clear();
        TimeMs time_ms = static_cast<TimeMs>(random.Next() >> 20) * (random.Below(2) == 0 ? 1 : -1);
        for (std::size_t k = 0; k < 1 + random.Below(random.Below(9) == 0 ? 40 : 2); ++k) {
          time_ms += 1 + static_cast<TimeMs>(random.Below(100'000));
          list.push_back({time_ms, random.Below(5) == 0 ? INT64_MIN : static_cast<TimeMs>(random.Next())});
        }
      }
      writer.Add(series, list);
      writer.Add(series, {});
      lists[series] = list;
    }
    const Bytes bytes = writer.Finish();
    const auto table = StartTable::Open(bytes);
    ASSERT_TRUE(table.has_value());
    std::vector<StartChange> found;
    for (std::uint32_t each = 0; each < series + 3; ++each) {
      ASSERT_TRUE(table->Find(each, found)) << each;
      const auto want = lists.find(each);
      ASSERT_EQ(found, want == lists.end() ? std::vector<StartChange>() : want->second) << "series " << each;
    }
  }
}

TEST(StartTable, ChangesSayWhatSamplesSaid) {
  struct Case {
    const char* name;
    std::vector<TimeMs> starts_ms;
    std::vector<StartChange> changes;
  };
  const std::vector<Case> cases = {
      {"none", {}, {}},
      {"all unset", {0, 0, 0, 0}, {}},
      {"one for all", {7, 7, 7, 7}, {{10, 7}}},
      {"set later, unset again", {0, 7, 7, 0}, {{20, 7}, {40, 0}}},
      {"a late sample of its own", {7, 7, 5, 7}, {{10, 7}, {30, 5}, {40, 7}}},
  };
  for (const Case& each : cases) {
    SampleColumns samples{{10, 20, 30, 40}, {1, 2, 3, 4}, {}, each.starts_ms};
    EXPECT_EQ(StartChangesOf(samples), each.changes) << each.name;
    samples.start_times_ms.clear();
    ApplyStarts(each.changes, 0, samples);
    EXPECT_EQ(samples.start_times_ms, each.changes.empty() ? std::vector<TimeMs>() : each.starts_ms)
        << each.name;
  }
  // Only samples from the index on are given starts; the ones before keep theirs.
  SampleColumns samples{{10, 20, 5, 30}, {1, 2, 3, 4}, {}, {8, 8}};
  ApplyStarts(std::vector<StartChange>{{20, 7}}, 2, samples);
  EXPECT_EQ(samples.start_times_ms, (std::vector<TimeMs>{8, 8, 0, 7}));
}

TEST(StartTable, DamageIsRefusedOrBounded) {
  StartTableWriter writer;
  std::vector<StartChange> list;
  for (std::uint32_t series = 0; series < 200; series += 2) {
    list.push_back({series, series * 3 + 1});
    if (list.size() > 3) list.erase(list.begin());
    writer.Add(series, list);
  }
  Bytes bytes = writer.Finish();
  std::vector<StartChange> found;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned bit : {0U, 3U, 7U}) {
      bytes[at] ^= static_cast<std::byte>(1U << bit);
      if (const auto table = StartTable::Open(bytes)) {
        for (std::uint32_t series = 0; series < 200; ++series) {
          static_cast<void>(table->Find(series, found));
          ASSERT_LE(found.size(), bytes.size());
        }
      }
      bytes[at] ^= static_cast<std::byte>(1U << bit);
    }
  }
  for (std::size_t size = 1; size < 4; ++size)
    EXPECT_FALSE(StartTable::Open(ByteView(bytes).first(size)).has_value());
  const std::uint8_t hostile[] = {0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0};
  EXPECT_FALSE(StartTable::Open(std::as_bytes(std::span(hostile))).has_value());
}

}  // namespace
}  // namespace tickscope::codec
