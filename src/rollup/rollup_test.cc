// Rollup files: what is built from blocks and read back is what the kernel makes of the samples, however the samples are cut
// into blocks and the range into files; late data replaces; what is left out comes back; what is missing is not made up.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "block/block_order.h"
#include "io/memory_file_system.h"
#include "model/histogram_arithmetic.h"
#include "rollup/random_series_test.h"
#include "rollup/rollup_builder.h"

namespace tickscope::rollup {
namespace {

using Blocks = std::vector<std::shared_ptr<const block::BlockReader>>;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr TimeMs kStart = 1'700'006'400'000;  // A multiple of two hours.

struct Series {
  Labels labels;
  SampleColumns samples;
};

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// Every kind of series, in block order, with samples in (start - 2 h, start + hours].
std::vector<Series> MakeSeries(std::uint64_t seed, std::int64_t hours) {
  std::vector<Series> all;
  for (std::size_t kind = 0; kind < kSeriesKinds; ++kind) {
    for (const char* server : {"a", "b"}) {
      RandomSeries random(seed * 100 + all.size(), static_cast<SeriesKind>(kind));
      // Half of them are counters by name, but for those that fall in about one window of four: of these it depends on
      // the range.
      const auto of = static_cast<SeriesKind>(kind);
      const bool is_named = *server == 'a' && of != SeriesKind::kOddities && of != SeriesKind::kGauge;
      const char* const ending = is_named ? "_total" : "";
      all.push_back(
          {Labels::FromPairs({{"__name__", fmt::format("m{}{}", kind, ending)}, {"server", server}}),
           random.Make(kStart - 2 * kHour, kStart + hours * kHour)});
    }
  }
  // Without a name, and in order around the series that tells the windows.
  for (const char* name : {"__a", "b"}) {
    RandomSeries random(seed * 100 + all.size(), SeriesKind::kCounter);
    all.push_back({Labels::FromPairs({{name, "x"}}), random.Make(kStart, kStart + hours * kHour)});
  }
  std::ranges::sort(all,
                    [](const Series& a, const Series& b) { return block::BlockOrder(a.labels, b.labels); });
  return all;
}

// The samples in (start, end] that `takes` as a raw block.
std::shared_ptr<const block::BlockReader> WriteRaw(io::FileSystem& fs, const std::string& path,
                                                   const std::vector<Series>& all, TimeMs start_ms,
                                                   TimeMs end_ms, std::uint64_t end_offset,
                                                   const std::function<bool(std::size_t)>& takes = {}) {
  auto writer = block::BlockWriter::Create(fs, path, {.tenant = "t", .end_offset = end_offset}).value();
  for (const Series& series : all) {
    SampleColumns part;
    for (std::size_t i = 0; i < series.samples.size(); ++i) {
      const TimeMs time_ms = series.samples.times_ms[i];
      if (time_ms <= start_ms || time_ms > end_ms || (takes && !takes(i))) continue;
      part.times_ms.push_back(time_ms);
      part.values.push_back(series.samples.values[i]);
      if (!series.samples.histograms.empty()) part.histograms.push_back(series.samples.histograms[i]);
    }
    if (part.size() == 0) continue;
    if (!part.histograms.empty()) {
      EXPECT_TRUE(writer.AddMixedSeries(series.labels, part).has_value());
    } else {
      const block::TimesId times = writer.AddTimes(part.times_ms).value();
      EXPECT_TRUE(writer.AddSeries(series.labels, times, part.values).has_value());
    }
  }
  EXPECT_TRUE(writer.Finish().has_value());
  return block::BlockReader::Open(fs, path).value();
}

Blocks Open(io::FileSystem& fs, const std::vector<RollupFile>& files, std::int64_t resolution_ms,
            const std::function<bool(Aggregate)>& takes = {}) {
  Blocks blocks;
  for (const RollupFile& file : files) {
    if (file.resolution_ms != resolution_ms || (takes && !takes(file.aggregate))) continue;
    auto block = block::BlockReader::Open(fs, "/" + file.name);
    EXPECT_TRUE(block.has_value()) << block.error().message;
    EXPECT_TRUE((*block)->Verify({}).has_value());
    blocks.push_back(*block);
  }
  return blocks;
}

void ExpectSameColumn(const RollupRows::Column& got, const RollupRows::Column& want) {
  ASSERT_EQ(got.values.size(), want.values.size());
  for (std::size_t i = 0; i < want.values.size(); ++i) {
    const HistogramPtr& a = got.HistogramAt(i);
    const HistogramPtr& b = want.HistogramAt(i);
    ASSERT_EQ(a == nullptr, b == nullptr) << "row " << i;
    if (a != nullptr) {
      ASSERT_TRUE(SameHistogram(*a, *b)) << "row " << i;
      ASSERT_EQ(a->reset_hint, b->reset_hint) << "row " << i;
    } else {
      ASSERT_TRUE(SameBits(got.values[i], want.values[i]))
          << "row " << i << " got " << got.values[i] << " want " << want.values[i];
    }
  }
}

// Replaces what is not kept of a series by what a reader is to say of it.
void LeaveWhatIsKept(AggregateSet kept, std::int64_t resolution_ms, RollupRows& rows) {
  for (const Aggregate aggregate : kAggregates) {
    if (kept.Has(aggregate)) continue;
    RollupRows::Column& column = rows[aggregate];
    column.values.assign(rows.size(), NoValue());
    column.histograms.clear();
    if (aggregate != Aggregate::kIncrease) continue;
    const RollupRows::Column& last = rows[Aggregate::kLast];
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool is_next = i > 0 && rows.ends_ms[i] - rows.ends_ms[i - 1] == resolution_ms;
      if (is_next && last.HistogramAt(i) == nullptr && last.HistogramAt(i - 1) == nullptr)
        column.values[i] = StepOf(last.values[i - 1], last.values[i]);
    }
  }
}

// What the files say of all aggregates together, and of each alone, is what the kernel says of those that are kept. What a
// series grew by into the first window of all is told only where the last value before it is.
void ExpectRows(const RollupReader& reader, const std::vector<Series>& all, TimeMs start_ms, TimeMs end_ms,
                Keeping keeping) {
  const std::int64_t resolution_ms = reader.resolution_ms();
  const bool knows_before =
      keeping == Keeping::kEverything || reader.Covers(Aggregate::kLast, start_ms - resolution_ms, start_ms);
  std::map<Labels, RollupRows> want;
  WindowKernel kernel(kMinute);
  for (const Series& series : all) {
    SampleColumns samples = series.samples;
    const auto end = std::ranges::upper_bound(samples.times_ms, end_ms) - samples.times_ms.begin();
    samples.times_ms.resize(static_cast<std::size_t>(end));
    samples.values.resize(static_cast<std::size_t>(end));
    if (!samples.histograms.empty()) samples.histograms.resize(static_cast<std::size_t>(end));
    RollupRows minutes;
    RollupRows rows;
    kernel.Aggregate(samples, start_ms, AggregateSet::All(), minutes);
    FoldRows(minutes, resolution_ms, rows);
    if (keeping == Keeping::kByKind)
      LeaveWhatIsKept(WorthKeeping(series.labels, minutes), resolution_ms, rows);
    if (rows.size() > 0) want[series.labels] = std::move(rows);
  }
  std::vector<AggregateSet> requests = {AggregateSet::All(), {Aggregate::kMin, Aggregate::kIncrease}};
  for (const Aggregate aggregate : kAggregates)
    requests.push_back({aggregate});
  const QueryContext context;
  for (const AggregateSet aggregates : requests) {
    auto series =
        reader.Select({.start_ms = start_ms + 1, .end_ms = end_ms, .aggregates = aggregates}, context);
    ASSERT_TRUE(series.has_value()) << series.error().message;
    auto next = want.begin();
    RollupRows rows;
    while ((*series)->Next()) {
      const Status read = (*series)->Read(rows);
      ASSERT_TRUE(read.has_value()) << read.error().message;
      if (rows.size() == 0) continue;  // It has windows in the file, but none in the range.
      ASSERT_NE(next, want.end());
      ASSERT_EQ((*series)->labels().ToString(), next->first.ToString());
      SCOPED_TRACE(next->first.ToString());
      ASSERT_EQ(rows.ends_ms, next->second.ends_ms);
      for (const Aggregate aggregate : kAggregates) {
        SCOPED_TRACE(AggregateName(aggregate));
        if (!aggregates.Has(aggregate)) {
          EXPECT_TRUE(rows[aggregate].values.empty());
          continue;
        }
        RollupRows::Column& wanted = next->second[aggregate];
        RollupRows::Column copy = wanted;
        const bool is_first = rows.ends_ms.front() == start_ms + resolution_ms;
        if (aggregate == Aggregate::kIncrease && is_first && !knows_before &&
            IsNoValue(rows[aggregate].values[0]) && rows[aggregate].HistogramAt(0) == nullptr &&
            copy.HistogramAt(0) == nullptr) {
          copy.values[0] = NoValue();
        }
        if (aggregate == Aggregate::kIncrease && is_first && knows_before && keeping == Keeping::kByKind &&
            IsNoValue(copy.values[0]) && copy.HistogramAt(0) == nullptr) {
          copy.values[0] = rows[aggregate].values[0];  // A gauge's: of the window before the range.
        }
        ExpectSameColumn(rows[aggregate], copy);
        if (::testing::Test::HasFailure()) return;
      }
      ++next;
    }
    EXPECT_EQ(next, want.end());
  }
}

RollupPlan Plan(const std::string& stem, TimeMs start_ms, TimeMs end_ms,
                Keeping keeping = Keeping::kEverything) {
  return {.directory = "",
          .stem = stem,
          .start_ms = start_ms,
          .end_ms = end_ms,
          .keeping = keeping,
          .replaced_stems = {}};
}

constexpr std::array kKeepings = {Keeping::kByKind, Keeping::kEverything};

std::string Content(io::FileSystem& fs, const std::string& name) {
  return io::ReadWholeFile(fs, "/" + name, 1 << 30).value();
}

TEST(Rollup, ReadsBackWhatTheSamplesSay) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    io::MemoryFileSystem fs;
    const std::vector<Series> all = MakeSeries(seed, 2);
    const auto before = WriteRaw(fs, "/before.block", all, kStart - 2 * kHour, kStart, 1);
    const auto raw = WriteRaw(fs, "/raw.block", all, kStart, kStart + 2 * kHour, 2);
    for (const Keeping keeping : kKeepings) {
      const auto files = BuildRollups(fs, {{raw}, {before}}, Plan("x", kStart, kStart + 2 * kHour, keeping));
      ASSERT_TRUE(files.has_value()) << files.error().message;
      ASSERT_EQ(files->size(), 14U);
      EXPECT_EQ((*files)[0].name, "x-1m-count.block");
      EXPECT_EQ((*files)[13].name, "x-5m-increase.block");
      for (const std::int64_t resolution_ms : {kMinute, 5 * kMinute}) {
        const Blocks blocks = Open(fs, *files, resolution_ms);
        for (const auto& block : blocks) {
          EXPECT_EQ(block->meta().tenant, "t");
          EXPECT_EQ(block->meta().resolution_ms, resolution_ms);
          EXPECT_EQ(block->meta().end_offset, 2U);
          EXPECT_EQ(block->meta().min_time_ms, kStart + resolution_ms);
          EXPECT_EQ(block->meta().max_time_ms, kStart + 2 * kHour);
        }
        const auto reader = RollupReader::Make(blocks).value();
        ExpectRows(*reader, all, kStart, kStart + 2 * kHour, keeping);
        ExpectRows(*reader, all, kStart, kStart + kHour, keeping);
        ExpectRows(*reader, all, kStart + kHour, kStart + 2 * kHour,
                   Keeping::kEverything == keeping ? keeping : Keeping::kByKind);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(Rollup, DoesNotDependOnHowSamplesLieInBlocks) {
  for (std::uint64_t seed = 20; seed <= 26; ++seed) {
    SCOPED_TRACE(seed);
    io::MemoryFileSystem fs;
    std::vector<Series> all = MakeSeries(seed, 4);
    // Of what is floats here and histograms there, what is kept depends on the range.
    std::erase_if(all, [](const Series& series) { return series.labels.metric_name().starts_with("m8"); });
    const TimeMs end_ms = kStart + 4 * kHour;
    const auto whole = WriteRaw(fs, "/whole.block", all, kStart - 2 * kHour, end_ms, 7);
    // Overlapping: every third sample came late and lies in another block; and cut in time.
    const auto odd = [](std::size_t i) { return i % 3 == 0; };
    const auto even = [](std::size_t i) { return i % 3 != 0; };
    const auto late = WriteRaw(fs, "/late.block", all, kStart - 2 * kHour, end_ms, 7, odd);
    const auto first = WriteRaw(fs, "/first.block", all, kStart - 2 * kHour, kStart + kHour, 3, even);
    const auto second = WriteRaw(fs, "/second.block", all, kStart + kHour, end_ms, 5, even);
    for (const Keeping keeping : kKeepings) {
      const auto a = BuildRollups(fs, {{whole}, {}}, Plan("a", kStart, end_ms, keeping));
      const auto b = BuildRollups(fs, {{second, late, first}, {}}, Plan("b", kStart, end_ms, keeping));
      ASSERT_TRUE(a.has_value() && b.has_value());
      for (std::size_t i = 0; i < a->size(); ++i)
        EXPECT_EQ(Content(fs, (*a)[i].name), Content(fs, (*b)[i].name)) << (*a)[i].name;
      // Made piece by piece, as blocks are sealed, the windows are the same.
      auto c = BuildRollups(fs, {{first, late, second}, {}}, Plan("c", kStart, kStart + 2 * kHour, keeping))
                   .value();
      const auto d =
          BuildRollups(fs, {{second, late}, {first}}, Plan("d", kStart + 2 * kHour, end_ms, keeping)).value();
      c.insert(c.end(), d.begin(), d.end());
      for (const std::int64_t resolution_ms : {kMinute, 5 * kMinute}) {
        const auto reader = RollupReader::Make(Open(fs, c, resolution_ms)).value();
        EXPECT_EQ(reader->coverage(Aggregate::kSum), (std::vector<WindowRange>{{kStart, end_ms}}));
        ExpectRows(*reader, all, kStart, end_ms, keeping);
      }
    }
    if (HasFailure()) return;
  }
}

TEST(Rollup, FiveMinutesFromMinutesAreFiveMinutesFromSamples) {
  for (std::uint64_t seed = 40; seed <= 48; ++seed) {
    SCOPED_TRACE(seed);
    io::MemoryFileSystem fs;
    const std::vector<Series> all = MakeSeries(seed, 2);
    const auto raw = WriteRaw(fs, "/raw.block", all, kStart - 2 * kHour, kStart + 2 * kHour, 2);
    const auto files = BuildRollups(fs, {{raw}, {}}, Plan("x", kStart, kStart + 2 * kHour)).value();
    const auto minutes = RollupReader::Make(Open(fs, files, kMinute)).value();
    RollupPlan plan = Plan("y", kStart, kStart + 2 * kHour);
    plan.resolutions_ms = {5 * kMinute};
    const auto folded = FoldRollups(fs, *minutes, plan);
    ASSERT_TRUE(folded.has_value()) << folded.error().message;
    ASSERT_EQ(folded->size(), 7U);
    for (std::size_t i = 0; i < 7; ++i)
      EXPECT_EQ(Content(fs, (*folded)[i].name), Content(fs, files[7 + i].name)) << (*folded)[i].name;
  }
}

TEST(Rollup, LateDataReplaces) {
  io::MemoryFileSystem fs;
  const std::vector<Series> all = MakeSeries(60, 4);
  const TimeMs middle_ms = kStart + 2 * kHour;
  const auto odd = [](std::size_t i) { return i % 5 == 0; };
  const auto even = [](std::size_t i) { return i % 5 != 0; };
  const auto early = WriteRaw(fs, "/early.block", all, kStart - 2 * kHour, middle_ms, 3, even);
  const auto late = WriteRaw(fs, "/late.block", all, kStart - 2 * kHour, middle_ms, 9, odd);
  const auto next = WriteRaw(fs, "/next.block", all, middle_ms, kStart + 4 * kHour, 6);
  auto files = BuildRollups(fs, {{early}, {}}, Plan("1", kStart, middle_ms)).value();
  const auto second = BuildRollups(fs, {{next}, {early}}, Plan("2", middle_ms, kStart + 4 * kHour)).value();
  // Both ranges: the first steps of the second begin from samples of the first.
  RollupPlan again = Plan("3", kStart, kStart + 4 * kHour);
  again.replaced_stems = {"1", "2"};
  const auto third = BuildRollups(fs, {{early, late, next}, {}}, again).value();
  EXPECT_EQ(third[0].summary.meta.sources,
            (std::vector<std::string>{"1-1m-count.block", "2-1m-count.block"}));
  files.insert(files.end(), second.begin(), second.end());
  files.insert(files.end(), third.begin(), third.end());
  const auto reader = RollupReader::Make(Open(fs, files, kMinute)).value();
  ExpectRows(*reader, all, kStart, kStart + 4 * kHour, Keeping::kEverything);
  EXPECT_EQ(reader->end_offset(), 9U);

  // A part of a longer file is not named as its source, but counts for its windows.
  const auto part = BuildRollups(fs, {{early, late}, {}}, Plan("4", kStart, middle_ms)).value();
  auto both = BuildRollups(fs, {{early, next}, {}}, Plan("5", kStart, kStart + 4 * kHour)).value();
  both.insert(both.end(), part.begin(), part.end());
  const auto mixed = RollupReader::Make(Open(fs, both, kMinute)).value();
  ExpectRows(*mixed, all, kStart, middle_ms, Keeping::kEverything);
}

TEST(Rollup, KeepsByKindAndLeavesOutWhatFollows) {
  io::MemoryFileSystem fs;
  std::vector<Series> all;
  const auto add = [&all](const char* name, const std::function<double(int)>& value_of) {
    Series series{Labels::FromPairs({{"__name__", name}}), {}};
    for (int i = 0; i < 720; ++i) {
      series.samples.times_ms.push_back(kStart + (i + 1) * 10'000);
      series.samples.values.push_back(value_of(i));
    }
    all.push_back(std::move(series));
  };
  add("a_total", [](int i) { return i * i; });
  add("b_count", [](int i) { return i % 24 < 12 ? i : -i; });  // No counter, whatever it is called.
  add("c", [](int) { return 0.1; });
  add("d_sum", [](int i) { return i < 303 ? 500 + i : i / 10.0; });
  const auto raw = WriteRaw(fs, "/raw.block", all, kStart, kStart + 2 * kHour, 2);
  const auto files =
      BuildRollups(fs, {{raw}, {}}, Plan("x", kStart, kStart + 2 * kHour, Keeping::kByKind)).value();
  // With the series of the windows. First is kept of none.
  const std::size_t counts[] = {5, 3, 3, 3, 1, 5, 3};
  for (std::size_t i = 0; i < 7; ++i)
    EXPECT_EQ(files[i].summary.meta.series_count, counts[i]) << files[i].name;
  // Of the counters' increases: the first window of both, that of the reset, and what is no decimal step.
  const std::uint64_t increases = files[6].summary.meta.sample_count - 120U;
  EXPECT_EQ(increases, 3U);
  ExpectRows(*RollupReader::Make(Open(fs, files, kMinute)).value(), all, kStart, kStart + 2 * kHour,
             Keeping::kByKind);

  // A file that is not there is not taken for one that left everything out.
  for (const Aggregate missing : {Aggregate::kMax, Aggregate::kIncrease}) {
    const auto without = RollupReader::Make(Open(fs, files, kMinute, [missing](Aggregate aggregate) {
                           return aggregate != missing;
                         })).value();
    EXPECT_TRUE(without->coverage(missing).empty());
    EXPECT_FALSE(without->Covers(missing, kStart, kStart + kMinute));
    EXPECT_TRUE(without->Covers(Aggregate::kMin, kStart, kStart + 2 * kHour));
    EXPECT_FALSE(without->Covers(Aggregate::kMin, kStart, kStart + 2 * kHour + kMinute));
    const QueryContext context;
    auto series = without->Select(
        {.start_ms = kStart, .end_ms = kStart + kHour, .aggregates = {missing, Aggregate::kLast}}, context);
    RollupRows rows;
    std::size_t seen = 0;
    while ((*series)->Next()) {
      ASSERT_TRUE((*series)->Read(rows).has_value());
      ASSERT_EQ(rows.size(), 60U);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_TRUE(IsNoValue(rows[missing].values[i]));
        EXPECT_FALSE(IsNoValue(rows[Aggregate::kLast].values[i]));
      }
      ++seen;
    }
    EXPECT_EQ(seen, 4U);
    const auto folded = FoldRollups(fs, *without, Plan("y", kStart, kStart + 2 * kHour));
    ASSERT_FALSE(folded.has_value());
    EXPECT_EQ(folded.error().code, ErrorCode::kFailedPrecondition);
  }
}

// A counter that is looked at once in five minutes: what it grew by from one file's last window into the next one's first follows,
// though no sample lies in the last minute.
TEST(Rollup, LeavesOutWhatFollowsFromTheFileBefore) {
  io::MemoryFileSystem fs;
  Series series{Labels::FromPairs({{"__name__", "a_total"}}), {}};
  for (int i = 0; i < 48; ++i) {
    series.samples.times_ms.push_back(kStart + (5 * i + 2) * kMinute);
    series.samples.values.push_back(100 * i);
  }
  const TimeMs middle_ms = kStart + 2 * kHour;
  const auto early = WriteRaw(fs, "/early.block", {series}, kStart, middle_ms, 3);
  const auto late = WriteRaw(fs, "/late.block", {series}, middle_ms, kStart + 4 * kHour, 6);
  auto files = BuildRollups(fs, {{early}, {}}, Plan("1", kStart, middle_ms, Keeping::kByKind)).value();
  const auto second =
      BuildRollups(fs, {{late}, {early}}, Plan("2", middle_ms, kStart + 4 * kHour, Keeping::kByKind)).value();
  const auto increases = std::ranges::find(second, "2-5m-increase.block", &RollupFile::name);
  ASSERT_NE(increases, second.end());
  EXPECT_EQ(increases->summary.meta.series_count, 1U);  // That which tells the windows.
  files.insert(files.end(), second.begin(), second.end());
  ExpectRows(*RollupReader::Make(Open(fs, files, 5 * kMinute)).value(), {series}, kStart, kStart + 4 * kHour,
             Keeping::kByKind);
}

TEST(Rollup, SelectsAndServesTheLast) {
  io::MemoryFileSystem fs;
  const std::vector<Series> all = MakeSeries(70, 2);
  const auto raw = WriteRaw(fs, "/raw.block", all, kStart, kStart + 2 * kHour, 2);
  const auto files = BuildRollups(fs, {{raw}, {}}, Plan("x", kStart, kStart + 2 * kHour)).value();
  const auto reader = RollupReader::Make(Open(fs, files, kMinute)).value();
  QueryContext context;
  RollupRequest request{.matchers = {Matcher::Equal("__name__", "m8"), Matcher::Equal("server", "b")},
                        .start_ms = kStart + 1,
                        .end_ms = kStart + 2 * kHour,
                        .aggregates = {Aggregate::kLast}};
  auto series = reader->Select(request, context).value();
  ASSERT_TRUE(series->Next());
  EXPECT_EQ(series->labels(), Labels::FromPairs({{"__name__", "m8"}, {"server", "b"}}));
  RollupRows rows;
  SampleColumns samples;
  ASSERT_TRUE(series->Read(rows).has_value());
  ASSERT_TRUE(RowsAsSamples(rows, WindowForm::kLast, Precision::kNear, kMinute, samples));
  ASSERT_GT(samples.size(), 20U);
  EXPECT_EQ(samples.times_ms, rows.ends_ms);
  EXPECT_EQ(samples.histograms.size(), samples.size());
  EXPECT_FALSE(series->Next());

  request.matchers.clear();
  request.series_max = 5;
  EXPECT_EQ(reader->Select(request, context).error().code, ErrorCode::kResourceExhausted);
  request.aggregates = {};
  EXPECT_EQ(reader->Select(request, context).error().code, ErrorCode::kInvalidArgument);
  request.aggregates = AggregateSet::All();
  request.series_max = 1000;
  context.Cancel();
  EXPECT_EQ(reader->Select(request, context).error().code, ErrorCode::kCancelled);
}

TEST(Rollup, RefusesWhatCannotBe) {
  io::MemoryFileSystem fs;
  const std::vector<Series> all = MakeSeries(80, 2);
  const auto raw = WriteRaw(fs, "/raw.block", all, kStart, kStart + 2 * kHour, 2);
  const auto made = BuildRollups(fs, {{raw}, {}}, Plan("x", kStart, kStart + 2 * kHour)).value();
  const Blocks minutes = Open(fs, made, kMinute);
  const Blocks fives = Open(fs, made, 5 * kMinute);
  auto foreign_writer = block::BlockWriter::Create(fs, "/foreign.block", {.tenant = "u"}).value();
  ASSERT_TRUE(foreign_writer.Finish().has_value());
  const auto foreign = block::BlockReader::Open(fs, "/foreign.block").value();

  struct Case {
    const char* name;
    RollupInputs inputs;
    TimeMs start_ms, end_ms;
    std::vector<std::int64_t> resolutions_ms;
    AggregateSet aggregates;
    ErrorCode code;
  };
  const AggregateSet every = AggregateSet::All();
  const Case cases[] = {
      {"no blocks", {{}, {raw}}, 0, kHour, {kMinute}, every, ErrorCode::kInvalidArgument},
      {"another tenant's", {{raw, foreign}, {}}, 0, kHour, {kMinute}, every, ErrorCode::kInvalidArgument},
      {"another tenant's before",
       {{raw}, {foreign}},
       0,
       kHour,
       {kMinute},
       every,
       ErrorCode::kInvalidArgument},
      {"a rollup", {{minutes[0]}, {}}, 0, kHour, {kMinute}, every, ErrorCode::kInvalidArgument},
      {"no resolution", {{raw}, {}}, 0, kHour, {}, every, ErrorCode::kInvalidArgument},
      {"resolution of nothing", {{raw}, {}}, 0, kHour, {0}, every, ErrorCode::kInvalidArgument},
      {"resolution too long", {{raw}, {}}, 0, 4 * kHour, {2 * kHour}, every, ErrorCode::kInvalidArgument},
      {"no aggregate", {{raw}, {}}, 0, kHour, {kMinute}, {}, ErrorCode::kInvalidArgument},
      {"start off the grid", {{raw}, {}}, 1, kHour, {kMinute}, every, ErrorCode::kInvalidArgument},
      {"end off the second grid",
       {{raw}, {}},
       0,
       kMinute,
       {kMinute, kHour},
       every,
       ErrorCode::kInvalidArgument},
      {"no range", {{raw}, {}}, kHour, kHour, {kMinute}, every, ErrorCode::kInvalidArgument},
      {"range too long", {{raw}, {}}, 0, 1'000'000 * kHour, {kMinute}, every, ErrorCode::kOutOfRange},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RollupPlan plan = Plan("refused", c.start_ms, c.end_ms);
    plan.resolutions_ms = c.resolutions_ms;
    plan.aggregates = c.aggregates;
    const auto refused = BuildRollups(fs, c.inputs, plan);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, c.code) << refused.error().message;
  }

  const auto make = [](Blocks blocks) { return RollupReader::Make(std::move(blocks)).error(); };
  EXPECT_EQ(make({}).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(make({raw}).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(make({minutes[0], fives[0]}).code, ErrorCode::kInvalidArgument);
  RollupPlan finer = Plan("finer", kStart, kStart + kHour);
  finer.resolutions_ms = {kMinute};
  EXPECT_EQ(FoldRollups(fs, *RollupReader::Make(fives).value(), finer).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(Rollup, DamagedInputsAndFullDisksAreErrors) {
  io::MemoryFileSystem fs;
  const std::vector<Series> all = MakeSeries(90, 2);
  WriteRaw(fs, "/raw.block", all, kStart - 2 * kHour, kStart + 2 * kHour, 2);
  fs.FlipBits("/raw.block", 100, 0x10);
  const auto raw = block::BlockReader::Open(fs, "/raw.block").value();
  const auto damaged = BuildRollups(fs, {{raw}, {}}, Plan("x", kStart, kStart + 2 * kHour));
  ASSERT_FALSE(damaged.has_value());
  EXPECT_EQ(damaged.error().code, ErrorCode::kCorruption);
  EXPECT_NE(damaged.error().message.find("/raw.block"), std::string::npos);

  fs.FlipBits("/raw.block", 100, 0x10);
  const auto sound = block::BlockReader::Open(fs, "/raw.block").value();
  fs.SetCapacity(20'000);
  const auto full = BuildRollups(fs, {{sound}, {}}, Plan("x", kStart, kStart + 2 * kHour));
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code, ErrorCode::kResourceExhausted);
  fs.SetCapacity(1 << 30);
  const auto again = BuildRollups(fs, {{sound}, {}}, Plan("x", kStart, kStart + 2 * kHour));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  ExpectRows(*RollupReader::Make(Open(fs, *again, kMinute)).value(), all, kStart, kStart + 2 * kHour,
             Keeping::kEverything);
}

}  // namespace
}  // namespace tickscope::rollup
