// One writer, one worker, many readers: meant for the thread sanitizer, and useful without. What a reader sees of a series
// is always a prefix of what was appended, each sample once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "tsdb/store.h"

namespace tickscope::tsdb {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr std::uint32_t kSeries = 200;

double ValueAt(std::uint32_t series, std::int64_t step) {
  return static_cast<double>(step * 7 + series);
}

// Every other server has start timestamps, which change each few steps.
TimeMs StartAt(std::uint32_t series, std::int64_t step) {
  return series / 20 % 2 == 1 ? 0 : kStart + step / (3 + series % 5) * 10'000 - 1;
}

TEST(Store, ReadersSeeAPrefixWhileSamplesAreAppendedAndSealed) {
  io::MemoryFileSystem fs;
  MetricRegistry metrics;
  StoreOptions options;
  options.directory = "/data/store";
  options.seal_interval_ms = 100'000;
  options.block_range_ms = 600'000;
  options.block_delay_ms = 60'000;
  const auto store = Store::Open(fs, metrics, options).value();
  std::atomic<std::int64_t> visible{0};
  std::atomic<bool> done{false};
  std::vector<Labels> labels;
  for (std::uint32_t i = 0; i < kSeries; ++i) {
    labels.push_back(Labels::FromPairs(
        {{"__name__", "m"}, {"server", fmt::format("{}", i / 20)}, {"i", fmt::format("{}", i)}}));
  }
  std::jthread worker([&] {
    while (!done) {
      if (!store->HasWork() || !store->Work()) std::this_thread::yield();
      store->Scrub(4);
    }
  });
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&, reader] {
      SeededRandom random(static_cast<std::uint64_t>(reader) + 1);
      const QueryContext context;
      while (!done) {
        const std::int64_t at_least = visible;
        SelectRequest request{.tenant = "default", .start_ms = INT64_MIN, .end_ms = INT64_MAX};
        request.matchers.push_back(Matcher::Equal("server", fmt::format("{}", random.Below(kSeries / 20))));
        auto set = store->Select(request, context);
        ASSERT_TRUE(set.has_value());
        SampleColumns columns;
        std::size_t series = 0;
        while ((*set)->Next()) {
          ++series;
          ASSERT_TRUE((*set)->ReadSamples(columns).has_value());
          const auto number = static_cast<std::uint32_t>(std::stoul(std::string((*set)->labels().Get("i"))));
          ASSERT_GE(columns.size(), static_cast<std::size_t>(at_least));
          for (std::size_t step = 0; step < columns.size(); ++step) {
            ASSERT_EQ(columns.times_ms[step], kStart + static_cast<TimeMs>(step) * 10'000);
            ASSERT_EQ(columns.values[step], ValueAt(number, static_cast<std::int64_t>(step)));
            ASSERT_EQ(columns.start_times_ms.empty() ? 0 : columns.start_times_ms[step],
                      StartAt(number, static_cast<std::int64_t>(step)));
          }
        }
        if (at_least > 0) {
          ASSERT_EQ(series, 20U);
        }
      }
    });
  }
  std::uint64_t offset = 0;
  for (std::int64_t step = 0; step < 400; ++step) {
    for (std::uint32_t server = 0; server < kSeries / 20; ++server) {
      codec::SampleBatch batch;
      batch.tenant = "default";
      batch.received_ms = kStart + step * 10'000 + server;
      for (std::uint32_t i = server * 20; i < server * 20 + 20; ++i) {
        const auto ref = static_cast<SeriesRef>(i);
        if (step == 0)
          batch.series.push_back({ref, std::vector<LabelView>(labels[i].begin(), labels[i].end())});
        batch.floats.Push(ref, kStart + step * 10'000, ValueAt(i, step), StartAt(i, step));
      }
      store->Apply(offset++, 1, batch);
    }
    visible = step + 1;
    if (step % 16 == 0) std::this_thread::yield();
  }
  done = true;
  readers.clear();
  worker = {};
  EXPECT_GT(store->replay_offset(), 0U);
}

}  // namespace
}  // namespace tickscope::tsdb
