// Blocks: what is written is read back; folded histograms bit for bit; damage is named or harmless; scans agree with the
// plain formula.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "base/random.h"
#include "block/block_reader.h"
#include "block/block_writer.h"
#include "codec/value_column.h"
#include "io/memory_file_system.h"
#include "model/sample.h"

namespace tickscope::block {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;

struct Series {
  Labels labels;
  std::vector<TimeMs> times_ms;
  std::vector<double> values;
  std::vector<HistogramPtr> histograms;
  std::vector<TimeMs> starts_ms;  // Of times, or empty.
};

std::vector<Series> MakeSeries(std::uint64_t seed, std::size_t rows) {
  SeededRandom random(seed);
  std::vector<Series> all;
  const auto times = [&](std::size_t count, std::int64_t jitter) {
    std::vector<TimeMs> times_ms;
    for (std::size_t i = 0; i < count; ++i)
      times_ms.push_back(
          kStart + static_cast<TimeMs>(i) * 10'000 +
          (jitter > 0 ? static_cast<TimeMs>(random.Below(static_cast<std::uint64_t>(jitter))) : 0));
    return times_ms;
  };
  const auto shared = times(rows, 0);
  for (int server = 0; server < 3; ++server) {
    const std::string name = fmt::format("s{}", server);
    std::vector<double> below(rows, 0);
    for (const char* le : {"0.5", "2", "10", "+Inf"}) {
      Series bucket{
          Labels::FromPairs({{"__name__", "wait_bucket"}, {"le", le}, {"server", name}, {"region", "eu"}}),
          shared,
          {},
          {}};
      double sum = 0;
      for (std::size_t row = 0; row < rows; ++row) {
        sum += static_cast<double>(random.Below(40));
        below[row] += sum;
        bucket.values.push_back(below[row]);
      }
      all.push_back(std::move(bucket));
    }
    Series gauge{
        Labels::FromPairs({{"__name__", "load"}, {"server", name}}), times(rows / 2 + 1, 900), {}, {}};
    for (std::size_t i = 0; i < gauge.times_ms.size(); ++i)
      gauge.values.push_back(i % 17 == 3 ? StaleNan() : random.Unit());
    all.push_back(std::move(gauge));
    Series counter{Labels::FromPairs({{"__name__", "joins_total"}, {"server", name}}), shared, {}, {}};
    double value = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      value = random.Below(60) == 0 ? 0 : value + static_cast<double>(random.Below(9));
      counter.values.push_back(random.Below(30) == 0 ? codec::MissingValue() : value);
    }
    counter.values[0] = 1;
    all.push_back(std::move(counter));
  }
  Series native{Labels::FromPairs({{"__name__", "native"}}), times(20, 0), std::vector<double>(20, 0), {}};
  for (int i = 0; i < 20; ++i) {
    Histogram histogram;
    histogram.schema = 2;
    histogram.positive_spans = {{1, 1}};
    histogram.positive_buckets = {static_cast<double>(i)};
    histogram.count = i;
    native.histograms.push_back(i % 7 == 0 ? nullptr : std::make_shared<const Histogram>(histogram));
  }
  all.push_back(std::move(native));
  std::sort(all.begin(), all.end(),
            [](const Series& a, const Series& b) { return BlockOrder(a.labels, b.labels); });
  return all;
}

// The same with start timestamps on two of three series: restarts, samples without one, one that is its own.
std::vector<Series> WithStarts(std::vector<Series> all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % 3 == 2) continue;
    const std::size_t restart = 1 + i % 2 * (all[i].times_ms.size() / 2);
    for (std::size_t k = 0; k < all[i].times_ms.size(); ++k)
      all[i].starts_ms.push_back(k < restart ? kStart - 5'000 : all[i].times_ms[restart] - 100);
    if (all[i].times_ms.size() > 20) {
      all[i].starts_ms[7] = 0;
      all[i].starts_ms[12] = -static_cast<TimeMs>(i);
    }
  }
  return all;
}

std::string WriteBlock(io::FileSystem& fs, const std::vector<Series>& all, const std::string& path) {
  auto writer = BlockWriter::Create(fs, path, {.tenant = "t", .end_offset = 9});
  EXPECT_TRUE(writer.has_value());
  for (const Series& series : all) {
    const SampleColumns columns{series.times_ms, series.values, series.histograms, series.starts_ms};
    if (!series.histograms.empty()) {
      EXPECT_TRUE(writer->AddMixedSeries(series.labels, columns).has_value());
    } else {
      const auto times = writer->AddTimes(series.times_ms);
      EXPECT_TRUE(writer->AddSeries(series.labels, *times, series.values).has_value());
    }
    writer->AddStarts(codec::StartChangesOf(columns));
  }
  EXPECT_TRUE(writer->Finish().has_value());
  return io::ReadWholeFile(fs, path, 1 << 30).value();
}

// Compares, or says what error came first.
Status Compare(const BlockReader& block, const std::vector<Series>& all) {
  Cursor cursor(block);
  SampleColumns columns;
  // Against the order they lie in, so that chains are entered in the middle.
  for (std::size_t i = all.size(); i-- > 0;) {
    const auto id = static_cast<SeriesId>(i);
    TICKSCOPE_ASSIGN_OR_RETURN(const Labels labels, cursor.LabelsOf(id));
    EXPECT_EQ(labels, all[i].labels);
    columns.Clear();
    TICKSCOPE_RETURN_IF_ERROR(cursor.ReadSamples(id, INT64_MIN, INT64_MAX, columns));
    std::size_t at = 0;
    for (std::size_t k = 0; k < all[i].times_ms.size(); ++k) {
      if (codec::IsMissing(all[i].values[k])) continue;
      if (at >= columns.size()) return Fail(ErrorCode::kInternal, "too few samples");
      EXPECT_EQ(columns.times_ms[at], all[i].times_ms[k]);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(columns.values[at]),
                std::bit_cast<std::uint64_t>(all[i].values[k]));
      if (!all[i].histograms.empty()) {
        EXPECT_EQ(columns.histograms[at] == nullptr, all[i].histograms[k] == nullptr);
      }
      EXPECT_EQ(columns.start_times_ms.empty() ? 0 : columns.start_times_ms[at],
                all[i].starts_ms.empty() ? 0 : all[i].starts_ms[k])
          << "series " << i << " sample " << k;
      ++at;
    }
    EXPECT_EQ(at, columns.size());
  }
  return {};
}

TEST(Block, RoundTripsAndIsDeterministic) {
  for (const std::size_t rows : {1UL, 100UL, 720UL, 1024UL, 1025UL, 3000UL}) {
    io::MemoryFileSystem fs;
    const std::vector<Series> all = MakeSeries(rows, rows);
    const std::string bytes = WriteBlock(fs, all, "/a.block");
    EXPECT_EQ(bytes, WriteBlock(fs, all, "/b.block"));
    const auto block = BlockReader::Open(fs, "/a.block");
    ASSERT_TRUE(block.has_value()) << block.error().message;
    const Status same = Compare(**block, all);
    EXPECT_TRUE(same.has_value()) << same.error().message;
    const Status sound = (*block)->Verify({});
    EXPECT_TRUE(sound.has_value()) << sound.error().message;
    EXPECT_EQ((*block)->meta().series_count, all.size());
  }
}

TEST(Block, StartsRoundTripAndCostNothingWhereThereAreNone) {
  for (const std::size_t rows : {1UL, 100UL, 1025UL}) {
    io::MemoryFileSystem fs;
    const std::vector<Series> plain = MakeSeries(rows, rows);
    const std::vector<Series> all = WithStarts(plain);
    const std::string bytes = WriteBlock(fs, all, "/a.block");
    EXPECT_EQ(bytes, WriteBlock(fs, all, "/b.block"));
    const auto block = BlockReader::Open(fs, "/a.block").value();
    EXPECT_TRUE(block->has_starts());
    const Status same = Compare(*block, all);
    EXPECT_TRUE(same.has_value()) << same.error().message;
    EXPECT_TRUE(block->Verify({}).has_value());

    WriteBlock(fs, plain, "/plain.block");
    const auto without = BlockReader::Open(fs, "/plain.block").value();
    EXPECT_FALSE(without->has_starts());
    SampleColumns columns;
    ASSERT_TRUE(without->ReadSamples(SeriesId{0}, INT64_MIN, INT64_MAX, columns).has_value());
    EXPECT_TRUE(columns.start_times_ms.empty());
    // Appended after samples that have starts, these have none.
    columns.start_times_ms.assign(columns.size(), 1);
    ASSERT_TRUE(without->ReadSamples(SeriesId{0}, INT64_MIN, INT64_MAX, columns).has_value());
    ASSERT_EQ(columns.start_times_ms.size(), columns.size());
    EXPECT_EQ(columns.start_times_ms.back(), 0);
  }
}

TEST(Block, SelectsAsMatchersSay) {
  io::MemoryFileSystem fs;
  const std::vector<Series> all = MakeSeries(1, 50);
  WriteBlock(fs, all, "/a.block");
  const auto block = BlockReader::Open(fs, "/a.block").value();
  const auto make = [](MatchType type, const char* name, const char* value) {
    return Matcher::Make(type, name, value).value();
  };
  const std::vector<std::vector<Matcher>> cases = {
      {},
      {make(MatchType::kEqual, "__name__", "wait_bucket")},
      {make(MatchType::kRegex, "server", "s[01]"), make(MatchType::kNotEqual, "le", "2")},
      {make(MatchType::kEqual, "le", "")},
      {make(MatchType::kNotRegex, "server", ".*")},
      {make(MatchType::kRegex, "le", "|2")},
      {make(MatchType::kNotEqual, "region", "")},
      {make(MatchType::kEqual, "nothing", "here")},
  };
  for (const auto& matchers : cases) {
    std::vector<SeriesId> want;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (MatchesAll(matchers, all[i].labels)) want.push_back(static_cast<SeriesId>(i));
    }
    EXPECT_EQ(block->Select(matchers).value(), want);
  }
  EXPECT_EQ(block->LabelValues("server", cases[1]).value(), (std::vector<std::string>{"s0", "s1", "s2"}));
  EXPECT_EQ(block->LabelNames(cases[3]).value(), (std::vector<std::string>{"__name__", "server"}));
  EXPECT_EQ(block->FindSeries(all[4].labels).value(), static_cast<SeriesId>(4));
  EXPECT_EQ(block->FindSeries(Labels({{"a", "b"}})).value(), std::nullopt);
}

TEST(Block, BucketsFollowTheirBounds) {
  const auto bucket = [](const char* le) {
    return Labels::FromPairs({{"__name__", "x_bucket"}, {"le", le}, {"z", "1"}});
  };
  EXPECT_TRUE(BlockOrder(bucket("2"), bucket("10")));
  EXPECT_TRUE(BlockOrder(bucket("10"), bucket("+Inf")));
  EXPECT_TRUE(BlockOrder(bucket("1"), bucket("1.0")));
  EXPECT_FALSE(BlockOrder(bucket("1"), bucket("1")));
  EXPECT_TRUE(BlockOrder(bucket("x"), bucket("1")));
}

TEST(Block, EveryFlippedByteIsNamedOrHarmless) {
  io::MemoryFileSystem fs;
  const std::vector<Series> all = WithStarts(MakeSeries(2, 60));
  const std::string bytes = WriteBlock(fs, all, "/a.block");
  std::size_t named = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    fs.FlipBits("/a.block", at, 0x41);
    const auto block = BlockReader::Open(fs, "/a.block");
    const Status status = block ? Compare(**block, all) : Status(std::unexpected(block.error()));
    const Status verified = block ? (*block)->Verify({}) : status;
    if (!status || !verified) {
      ++named;
      const std::string& message = status ? verified.error().message : status.error().message;
      EXPECT_NE(message.find("/a.block"), std::string::npos) << message;
    }
    fs.FlipBits("/a.block", at, 0x41);
    if (HasFailure()) FAIL() << "byte " << at;
  }
  EXPECT_EQ(named, bytes.size());
}

TEST(Block, NoTruncationIsAccepted) {
  io::MemoryFileSystem fs;
  const std::string bytes = WriteBlock(fs, WithStarts(MakeSeries(3, 40)), "/a.block");
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    ASSERT_TRUE(io::WriteFileAtomically(fs, "/cut.block", bytes.substr(0, size)).has_value());
    const auto block = BlockReader::Open(fs, "/cut.block");
    ASSERT_FALSE(block.has_value()) << size;
    EXPECT_NE(block.error().message.find("/cut.block"), std::string::npos);
  }
}

// Whether stretches tell what a counter's samples in [start, end] are.
void ExpectTells(const CounterSteps& got, const Series& series, TimeMs start_ms, TimeMs end_ms) {
  std::vector<TimeMs> times_ms;
  std::vector<double> values;
  for (std::size_t i = 0; i < series.times_ms.size(); ++i) {
    if (series.times_ms[i] < start_ms || series.times_ms[i] > end_ms) continue;
    times_ms.push_back(series.times_ms[i]);
    values.push_back(series.values[i]);
  }
  ASSERT_EQ(got.row_count(), times_ms.size());
  EXPECT_TRUE(got.IsInOrder());
  std::size_t row = 0;
  for (const StepStretch& stretch : got.stretches) {
    ASSERT_EQ(stretch.steps.size() + 1, stretch.times_ms.size());
    ASSERT_EQ(stretch.first, values[row]);
    auto fall = got.FallsOf(stretch).begin();
    double grown = 0;
    for (std::uint32_t i = 0; i < stretch.times_ms.size(); ++i, ++row) {
      ASSERT_EQ(stretch.times_ms[i], times_ms[row]);
      if (i == 0) continue;
      const double step = values[row] - values[row - 1];
      ASSERT_EQ(stretch.steps[i - 1], static_cast<std::uint32_t>(static_cast<std::int64_t>(step)));
      grown += step >= 0 ? step : values[row];
      if (step >= 0) continue;
      ASSERT_TRUE(fall != got.FallsOf(stretch).end());
      ASSERT_EQ(fall->row, i);
      ASSERT_EQ(fall->before, values[row - 1]);
      ASSERT_EQ(fall->after, values[row]);
      ++fall;
    }
    ASSERT_TRUE(fall == got.FallsOf(stretch).end());
    ASSERT_EQ(stretch.last, values[row - 1]);
    ASSERT_EQ(stretch.grown, grown);
  }
}

TEST(Cursor, TellsWhatCountersGrewBy) {
  SeededRandom random(9);
  for (const std::size_t rows : {200UL, 1500UL, 2500UL}) {
    io::MemoryFileSystem fs;
    std::vector<Series> all = MakeSeries(rows, rows);
    // Counters without gaps that are reset now and then, and some that are not of whole numbers.
    for (int i = 0; i < 6; ++i) {
      Series counter{
          Labels::FromPairs({{"__name__", "xs_total"}, {"server", fmt::format("s{}", i)}}), {}, {}, {}};
      double v = static_cast<double>(random.Below(1'000'000));
      for (std::size_t row = 0; row < rows; ++row) {
        counter.times_ms.push_back(kStart + static_cast<TimeMs>(row) * 10'000);
        v = random.Below(200) == 0 ? static_cast<double>(random.Below(3))
                                   : v + static_cast<double>(random.Below(900));
        counter.values.push_back(i == 5 ? v / 7 : v);
      }
      all.push_back(std::move(counter));
    }
    WriteBlock(fs, all, "/a.block");
    const auto block = BlockReader::Open(fs, "/a.block").value();
    Cursor cursor(*block);
    std::size_t told = 0;
    for (int turn = 0; turn < 200; ++turn) {
      const auto id = static_cast<SeriesId>(random.Below(all.size()));
      const Labels labels = cursor.LabelsOf(id).value();
      const auto series = std::ranges::find(all, labels, &Series::labels);
      const TimeMs start_ms = kStart + static_cast<TimeMs>(random.Below(rows * 10'000)) - 50'000;
      const TimeMs end_ms = start_ms + static_cast<TimeMs>(random.Below(rows * 10'000));
      CounterSteps got;
      const auto is_counter = cursor.ReadSteps(id, start_ms, end_ms, got);
      ASSERT_TRUE(is_counter.has_value());
      const std::string_view name = labels.metric_name();
      const bool must = name == "wait_bucket" || (name == "xs_total" && labels.Get("server") != "s5");
      ASSERT_TRUE(*is_counter || !must) << labels.ToString();
      if (!*is_counter || !must) continue;
      ExpectTells(got, *series, start_ms, end_ms);
      if (HasFatalFailure()) return;
      told += got.stretches.empty() ? 0 : 1;
    }
    EXPECT_GT(told, 20U);
  }
}

TEST(Cursor, AnswersWholeChunksFromTheirStats) {
  constexpr std::size_t kRows = 2500;  // Chunks of 1024, 1024 and 452.
  io::MemoryFileSystem fs;
  SeededRandom random(4);
  Series counter{Labels::FromPairs({{"__name__", "xs_total"}, {"server", "s1"}}), {}, {}, {}};
  double v = 0;
  for (std::size_t row = 0; row < kRows; ++row) {
    counter.times_ms.push_back(kStart + static_cast<TimeMs>(row) * 10'000);
    counter.values.push_back(v = random.Below(200) == 0 ? 1 : v + static_cast<double>(random.Below(900)));
  }
  WriteBlock(fs, {counter}, "/a.block");
  const auto block = BlockReader::Open(fs, "/a.block").value();
  const auto read = [&](std::vector<TimeMs> edges, std::uint64_t columns_read, std::size_t summaries) {
    Cursor cursor(*block);
    SampleParts parts;
    EXPECT_TRUE(cursor.ReadParts(SeriesId{0}, INT64_MIN, INT64_MAX, edges, parts).value());
    EXPECT_EQ(cursor.columns_read(), columns_read);
    EXPECT_EQ(parts.summaries.size(), summaries);
    // Samples and summaries together are all there is, in order.
    std::size_t row = 0;
    auto summary = parts.summaries.begin();
    for (std::size_t i = 0; i <= parts.samples.size(); ++i) {
      for (; summary != parts.summaries.end() && summary->at == i; ++summary) {
        EXPECT_EQ(summary->first_ms, counter.times_ms[row]);
        EXPECT_EQ(summary->first, counter.values[row]);
        double sum = counter.values[row];
        double grown = 0;
        std::uint32_t resets = 0;
        for (std::uint32_t k = 1; k < summary->count; ++k) {
          const double before = counter.values[row + k - 1];
          const double now = counter.values[row + k];
          sum += now;
          grown += now < before ? now : now - before;
          resets += now < before ? 1 : 0;
        }
        row += summary->count;
        EXPECT_EQ(summary->last_ms, counter.times_ms[row - 1]);
        EXPECT_EQ(summary->last, counter.values[row - 1]);
        EXPECT_EQ(summary->sum, sum);
        EXPECT_EQ(summary->grown, grown);
        EXPECT_EQ(summary->resets, resets);
      }
      if (i == parts.samples.size()) break;
      EXPECT_EQ(parts.samples.times_ms[i], counter.times_ms[row]);
      EXPECT_EQ(parts.samples.values[i], counter.values[row++]);
    }
    EXPECT_EQ(row, kRows);
  };
  const auto time_of = [&](std::size_t row) { return counter.times_ms[row]; };
  read({}, 0, 3);
  // A sample on an edge is the last of what is before it.
  read({time_of(1023)}, 0, 3);
  read({time_of(1024)}, 1, 2);
  read({time_of(1023) - 1}, 1, 2);
  read({time_of(0) - 1, time_of(1500), time_of(2499)}, 1, 2);
  read({time_of(5), time_of(1500), time_of(2490)}, 3, 0);
}

TEST(Block, NamesAndValuesAreThoseOfTheSeriesThatMatch) {
  const std::vector<Series> all = MakeSeries(11, 30);
  io::MemoryFileSystem fs;
  WriteBlock(fs, all, "/a.block");
  const auto block = BlockReader::Open(fs, "/a.block").value();
  std::set<std::pair<std::string, std::string>> pairs;
  for (const Series& series : all) {
    for (const LabelView& label : series.labels)
      pairs.emplace(label.name, label.value);
  }
  // By each pair that there is, and by one that there is not.
  pairs.emplace("server", "nowhere");
  for (const auto& [name, value] : pairs) {
    SCOPED_TRACE(name + "=" + value);
    std::set<std::string> names;
    std::map<std::string, std::set<std::string>> values;
    for (const Series& series : all) {
      if (series.labels.Get(name) != value) continue;
      for (const LabelView& label : series.labels) {
        names.emplace(label.name);
        values[std::string(label.name)].emplace(label.value);
      }
    }
    const std::vector<Matcher> matchers = {Matcher::Equal(name, value)};
    EXPECT_EQ(block->LabelNames(matchers).value(), std::vector<std::string>(names.begin(), names.end()));
    const std::vector<std::string> all_names = block->LabelNames({}).value();
    for (const std::string& each : all_names) {
      const std::set<std::string>& want = values[each];
      EXPECT_EQ(block->LabelValues(each, matchers).value(),
                std::vector<std::string>(want.begin(), want.end()))
          << each;
    }
  }
}

}  // namespace
}  // namespace tickscope::block
