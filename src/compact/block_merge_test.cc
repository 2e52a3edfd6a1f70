// Merging blocks against a plain map: whatever overlaps, conflicts, is deleted or too old, the merged block holds what
// the map holds; the same bytes each time; merged in steps or at once. Then damage, full disks and bounds: nothing is left
// behind, and the damaged one is named.
#include "compact/block_merge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <set>

#include "base/random.h"
#include "block/block_order.h"
#include "codec/start_table.h"
#include "codec/value_column.h"
#include "compact/sample_merge.h"
#include "io/memory_file_system.h"
#include "model/sample.h"

namespace tickscope::compact {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;

struct Value {
  double number = 0;
  HistogramPtr histogram;
  TimeMs start_ms = 0;
};

bool Same(const Value& a, const Value& b) {
  if ((a.histogram == nullptr) != (b.histogram == nullptr) || a.start_ms != b.start_ms) return false;
  return a.histogram == nullptr ? SameBits(a.number, b.number) : SameHistogram(*a.histogram, *b.histogram);
}

struct ByBlockOrder {
  bool operator()(const Labels& a, const Labels& b) const { return block::BlockOrder(a, b); }
};
using Samples = std::map<TimeMs, Value>;
using Model = std::map<Labels, Samples, ByBlockOrder>;

using Readers = std::vector<std::shared_ptr<const block::BlockReader>>;

std::shared_ptr<const block::BlockReader> OpenBlock(io::FileSystem& fs, const std::string& path) {
  auto reader = block::BlockReader::Open(fs, path);
  EXPECT_TRUE(reader.has_value()) << reader.error().message;
  return reader ? *reader : nullptr;
}

// Writes the model as the store would: series of one server share times where most of them fit.
void WriteBlock(io::FileSystem& fs, const std::string& path, const Model& model, block::BlockMeta meta = {}) {
  if (meta.tenant.empty()) meta.tenant = "t";
  auto writer = block::BlockWriter::Create(fs, path, meta);
  ASSERT_TRUE(writer.has_value());
  std::map<std::string, std::set<TimeMs>> shared;
  for (const auto& [labels, samples] : model) {
    for (const auto& [time_ms, value] : samples)
      shared[std::string(labels.Get("server"))].insert(time_ms);
  }
  for (const auto& [labels, samples] : model) {
    if (samples.empty()) continue;
    SampleColumns columns;
    bool has_histograms = false;
    for (const auto& [time_ms, value] : samples) {
      columns.times_ms.push_back(time_ms);
      columns.values.push_back(value.number);
      columns.histograms.push_back(value.histogram);
      columns.start_times_ms.push_back(value.start_ms);
      has_histograms = has_histograms || value.histogram != nullptr;
    }
    const std::vector<codec::StartChange> starts = codec::StartChangesOf(columns);
    if (has_histograms) {
      ASSERT_TRUE(writer->AddMixedSeries(labels, columns).has_value());
      writer->AddStarts(starts);
      continue;
    }
    const std::set<TimeMs>& times = shared[std::string(labels.Get("server"))];
    if (samples.size() * 2 >= times.size()) {
      columns.times_ms.assign(times.begin(), times.end());
      columns.values.clear();
      for (const TimeMs time_ms : times) {
        const auto found = samples.find(time_ms);
        columns.values.push_back(found == samples.end() ? codec::MissingValue() : found->second.number);
      }
    }
    const auto id = writer->AddTimes(columns.times_ms);
    ASSERT_TRUE(writer->AddSeries(labels, *id, columns.values).has_value());
    writer->AddStarts(starts);
  }
  const auto summary = writer->Finish();
  ASSERT_TRUE(summary.has_value());
}

// Reads a block back, checking its stats and meta on the way.
Model ReadBlock(const block::BlockReader& reader) {
  Model model;
  block::Cursor cursor(reader);
  TimeMs min_ms = INT64_MAX;
  TimeMs max_ms = INT64_MIN;
  std::uint64_t count = 0;
  for (std::uint64_t i = 0; i < reader.meta().series_count; ++i) {
    const auto id = static_cast<block::SeriesId>(i);
    const Labels labels = cursor.LabelsOf(id).value();
    EXPECT_TRUE(model.empty() || block::BlockOrder(model.rbegin()->first, labels));
    SampleColumns columns;
    const Status read = cursor.ReadSamples(id, INT64_MIN, INT64_MAX, columns);
    EXPECT_TRUE(read.has_value()) << read.error().message;
    Samples& samples = model[labels];
    for (std::size_t k = 0; k < columns.size(); ++k) {
      samples[columns.times_ms[k]] = {columns.values[k],
                                      columns.histograms.empty() ? nullptr : columns.histograms[k],
                                      columns.start_times_ms.empty() ? 0 : columns.start_times_ms[k]};
    }
    EXPECT_EQ(samples.size(), columns.size());
    EXPECT_FALSE(samples.empty());
    min_ms = std::min(min_ms, columns.times_ms.front());
    max_ms = std::max(max_ms, columns.times_ms.back());
    count += columns.size();
    const block::SeriesEntry entry = *cursor.Entry(id).value();
    for (std::uint32_t chunk = 0; chunk < entry.stats.size(); ++chunk) {
      const auto column = cursor.Column(id, chunk).value();
      Bytes want;
      Bytes got;
      codec::EncodeColumnStats(codec::ComputeColumnStats(column), want);
      codec::EncodeColumnStats(entry.stats[chunk], got);
      EXPECT_EQ(want, got);
    }
  }
  EXPECT_EQ(reader.meta().min_time_ms, min_ms);
  EXPECT_EQ(reader.meta().max_time_ms, max_ms);
  EXPECT_EQ(reader.meta().sample_count, count);
  const Status sound = reader.Verify({});
  EXPECT_TRUE(sound.has_value()) << sound.error().message;
  return model;
}

void ExpectSame(const Model& got, const Model& want) {
  ASSERT_EQ(got.size(), want.size());
  for (const auto& [labels, samples] : want) {
    const auto found = got.find(labels);
    ASSERT_NE(found, got.end()) << labels.ToString();
    ASSERT_EQ(found->second.size(), samples.size()) << labels.ToString();
    for (const auto& [time_ms, value] : samples) {
      const auto sample = found->second.find(time_ms);
      ASSERT_NE(sample, found->second.end()) << labels.ToString() << " at " << time_ms;
      ASSERT_TRUE(Same(sample->second, value)) << labels.ToString() << " at " << time_ms << " got "
                                               << sample->second.number << " want " << value.number;
    }
  }
}

// What should come of merging: the first block's sample wins.
struct Expected {
  Model model;
  std::uint64_t duplicates = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t dropped = 0;
};

Expected MergeModels(const std::vector<Model>& blocks, const MergeOptions& options) {
  // What is dropped for its time is dropped before duplicates are found, what is deleted after.
  Expected expected;
  for (const Model& block : blocks) {
    for (const auto& [labels, samples] : block) {
      const TimeMs from_ms =
          std::max(options.from_ms, options.keep_from ? options.keep_from(labels) : INT64_MIN);
      for (const auto& [time_ms, value] : samples) {
        if (time_ms < from_ms || time_ms >= options.until_ms) {
          ++expected.dropped;
          continue;
        }
        const auto [known, is_new] = expected.model[labels].emplace(time_ms, value);
        if (!is_new) ++(Same(known->second, value) ? expected.duplicates : expected.conflicts);
      }
    }
  }
  for (auto& [labels, samples] : expected.model) {
    std::erase_if(samples, [&labels = labels, &options](const auto& sample) {
      return std::ranges::any_of(options.tombstones, [&](const Tombstone& tombstone) {
        return sample.first >= tombstone.start_ms && sample.first <= tombstone.end_ms &&
               MatchesAll(tombstone.matchers, labels);
      });
    });
  }
  std::erase_if(expected.model, [](const auto& series) { return series.second.empty(); });
  return expected;
}

HistogramPtr MakeHistogram(std::uint64_t seed) {
  Histogram histogram;
  histogram.schema = static_cast<std::int32_t>(seed % 3);
  histogram.positive_spans = {{static_cast<std::int32_t>(seed % 5), 2}};
  histogram.positive_buckets = {static_cast<double>(seed % 100), static_cast<double>(seed % 7)};
  histogram.count = histogram.positive_buckets[0] + histogram.positive_buckets[1];
  histogram.sum = seed % 11 == 0 ? StaleNan() : static_cast<double>(seed % 1000) / 10;
  return std::make_shared<const Histogram>(histogram);
}

// A made-up past of some servers, and blocks that each hold a part of it, in places with another value.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    for (int server = 0; server < 3; ++server) {
      const std::string name = fmt::format("s{}", server);
      for (const char* le : {"0.1", "0.5", "1", "2.5", "10", "+Inf"})
        series_.push_back(
            {Labels::FromPairs({{"__name__", "wait_bucket"}, {"le", le}, {"server", name}}), Kind::kCounter});
      series_.push_back({Labels::FromPairs({{"__name__", "joins_total"}, {"server", name}}), Kind::kCounter});
      series_.push_back({Labels::FromPairs({{"__name__", "load"}, {"server", name}}), Kind::kGauge});
      series_.push_back({Labels::FromPairs({{"__name__", "odd"}, {"server", name}}), Kind::kOdd});
      series_.push_back({Labels::FromPairs({{"__name__", "players"}, {"server", name}}), Kind::kMixed});
    }
    series_.push_back({Labels::FromPairs({{"server", "s1"}}), Kind::kGauge});
  }

  // `rows` samples a series from row `from` of the past.
  Model Block(std::size_t from, std::size_t rows, std::uint64_t conflict_share) {
    Model model;
    const bool has_jitter = random_.Below(3) == 0;
    const bool has_starts = random_.Below(2) == 0;
    for (std::size_t i = 0; i < series_.size(); ++i) {
      const auto& [labels, kind] = series_[i];
      // Some series are not everywhere; buckets come up.
      if (random_.Below(8) == 0) continue;
      const std::uint64_t gap_share = random_.Below(4) == 0 ? 3 : random_.Below(3) == 0 ? 20 : 0;
      const bool is_histogram = kind == Kind::kMixed && random_.Below(2) == 0;
      Samples samples;
      for (std::size_t row = from; row < from + rows; ++row) {
        if (gap_share > 0 && random_.Below(gap_share) == 0) continue;
        const bool is_other = conflict_share > 0 && random_.Below(conflict_share) == 0;
        const std::uint64_t hash = Hash(i * 1'000'003 + row) + (is_other ? 1 : 0);
        TimeMs time_ms = kStart + static_cast<TimeMs>(row) * 10'000;
        if (has_jitter) time_ms += static_cast<TimeMs>(Hash(row + i % 3) % 50);
        samples[time_ms] = ValueOf(kind, is_histogram, row, hash, i % 6);
        // A restart now and then, and a sample that knows of none.
        if (has_starts && kind != Kind::kGauge && row % 41 > 0)
          samples[time_ms].start_ms = kStart - 5000 + static_cast<TimeMs>(row / 150 + i % 2) * 1'500'000;
      }
      if (!samples.empty()) model.emplace(labels, std::move(samples));
    }
    if (model.empty()) model[series_[0].first][kStart + static_cast<TimeMs>(from) * 10'000] = {1, nullptr};
    return model;
  }

  std::uint64_t Below(std::uint64_t n) { return random_.Below(n); }

 private:
  enum class Kind : std::uint8_t { kCounter, kGauge, kOdd, kMixed };

  static std::uint64_t Hash(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11ebULL;
    return x ^ (x >> 31);
  }

  static Value ValueOf(Kind kind, bool is_histogram, std::size_t row, std::uint64_t hash,
                       std::size_t bucket) {
    switch (kind) {
      case Kind::kCounter:
        return {static_cast<double>(row * (bucket + 1) * 10 + hash % 9), nullptr};
      case Kind::kGauge:
        return {static_cast<double>(hash % 10'000) / 100, nullptr};
      case Kind::kOdd:
        switch (hash % 8) {
          case 0:
            return {StaleNan(), nullptr};
          case 1:
            return {std::bit_cast<double>(0x7ff8'0000'0000'0000ULL | hash % 1000), nullptr};
          case 2:
            return {-0.0, nullptr};
          case 3:
            return {std::numeric_limits<double>::infinity(), nullptr};
          default:
            return {std::bit_cast<double>(hash >> 2), nullptr};
        }
      case Kind::kMixed:
        if (is_histogram && hash % 10 > 0) return {0, MakeHistogram(hash)};
        return {static_cast<double>(hash % 100), nullptr};
    }
    return {};
  }

  SeededRandom random_;
  std::vector<std::pair<Labels, Kind>> series_;
};

MergeOptions RandomOptions(World& world, std::size_t rows) {
  MergeOptions options;
  const auto random_time = [&] { return kStart + static_cast<TimeMs>(world.Below(rows * 10'000)); };
  if (world.Below(3) == 0) options.from_ms = random_time();
  if (world.Below(3) == 0) options.until_ms = random_time();
  if (world.Below(3) == 0) {
    const TimeMs from_ms = random_time();
    options.keep_from = [from_ms](const Labels& labels) {
      return labels.metric_name() == "joins_total" || labels.Get("server") == "s2" ? from_ms : INT64_MIN;
    };
  }
  for (std::uint64_t i = world.Below(4); i > 0; --i) {
    Tombstone tombstone;
    constexpr const char* kMetrics[] = {"wait_bucket", "load", "odd", "players"};
    if (world.Below(4) > 0)
      tombstone.matchers.push_back(Matcher::Equal("__name__", kMetrics[world.Below(4)]));
    if (world.Below(3) > 0)
      tombstone.matchers.push_back(Matcher::Equal("server", fmt::format("s{}", world.Below(3))));
    if (world.Below(3) == 0) tombstone.matchers.push_back(Matcher::Equal("le", "1"));
    if (tombstone.matchers.empty()) tombstone.matchers.push_back(Matcher::Equal("server", "s0"));
    if (world.Below(4) > 0) tombstone.start_ms = random_time();
    if (world.Below(4) > 0) tombstone.end_ms = random_time();
    options.tombstones.push_back(std::move(tombstone));
  }
  return options;
}

TEST(BlockMerge, HoldsWhatAPlainMapHolds) {
  std::uint64_t copied = 0;
  std::uint64_t encoded = 0;
  std::uint64_t conflicts = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed);
    io::MemoryFileSystem fs;
    std::vector<Model> models;
    std::size_t row = 0;
    const std::size_t block_count = 1 + world.Below(5);
    // Long chunks are copied, short ones joined.
    const std::size_t rows_max = seed % 3 == 0 ? 40 : seed % 3 == 1 ? 700 : 1500;
    const std::uint64_t conflict_share = world.Below(2) == 0 ? 0 : 30;
    for (std::size_t i = 0; i < block_count; ++i) {
      const std::size_t rows = 1 + rows_max * 3 / 4 + world.Below(rows_max / 4);
      // Behind the one before, overlapping it, or all over.
      const std::uint64_t where = world.Below(4);
      const std::size_t from = where < 2    ? row
                               : where == 2 ? row - std::min(row, world.Below(rows))
                                            : world.Below(row + 1);
      models.push_back(world.Block(from, rows, conflict_share));
      row = std::max(row, from + rows);
      WriteBlock(fs, fmt::format("/b{}.block", i), models.back(), {.tenant = "t", .end_offset = 10 + i});
    }
    Readers readers;
    for (std::size_t i = 0; i < block_count; ++i)
      readers.push_back(OpenBlock(fs, fmt::format("/b{}.block", i)));
    MergeOptions options = seed % 2 == 0 ? RandomOptions(world, row) : MergeOptions();
    MergeProgress progress;
    options.progress = [&](const MergeProgress& at) { progress = at; };
    const Expected want = MergeModels(models, options);

    const auto summary = MergeBlocks(fs, "/merged.block", readers, options);
    ASSERT_TRUE(summary.has_value()) << summary.error().message;
    EXPECT_EQ(progress.entries_done, progress.entries_total);
    if (want.model.empty()) {
      EXPECT_FALSE(summary->has_value());
      EXPECT_FALSE(fs.OpenRead("/merged.block").has_value());
      continue;
    }
    ASSERT_TRUE(summary->has_value());
    const auto merged = OpenBlock(fs, "/merged.block");
    ExpectSame(ReadBlock(*merged), want.model);
    EXPECT_EQ(merged->meta().end_offset, 9 + block_count);
    EXPECT_EQ(merged->meta().sources.size(), block_count);
    EXPECT_EQ(merged->meta().sources.front(), "b0.block");
    EXPECT_EQ((*summary)->bytes, merged->file_bytes());
    if (options.tombstones.empty()) {
      EXPECT_EQ(progress.duplicates, want.duplicates);
      EXPECT_EQ(progress.conflicts, want.conflicts);
      EXPECT_EQ(progress.samples_dropped, want.dropped);
    }
    std::uint64_t total = 0;
    for (const Model& model : models) {
      for (const auto& [labels, samples] : model)
        total += samples.size();
    }
    EXPECT_EQ(progress.samples_written + progress.samples_dropped + progress.duplicates + progress.conflicts,
              total);
    copied += progress.chunks_copied;
    encoded += progress.chunks_encoded;
    conflicts += progress.conflicts;

    // Again: the same bytes.
    ASSERT_TRUE(MergeBlocks(fs, "/again.block", readers, options).has_value());
    EXPECT_EQ(io::ReadWholeFile(fs, "/merged.block", 1 << 30).value(),
              io::ReadWholeFile(fs, "/again.block", 1 << 30).value());

    // In two steps: the same samples, and all sources named.
    if (block_count < 2) continue;
    const auto cut = readers.begin() + static_cast<std::ptrdiff_t>(1 + world.Below(block_count - 1));
    Readers halves;
    for (const auto& [name, part] : {std::pair("/left.block", Readers(readers.begin(), cut)),
                                     std::pair("/right.block", Readers(cut, readers.end()))}) {
      const auto half = MergeBlocks(fs, name, part, options);
      ASSERT_TRUE(half.has_value()) << half.error().message;
      if (*half) halves.push_back(OpenBlock(fs, name));
    }
    ASSERT_TRUE(MergeBlocks(fs, "/steps.block", halves, options)->has_value());
    const auto steps = OpenBlock(fs, "/steps.block");
    ExpectSame(ReadBlock(*steps), want.model);
  }
  // The seeds reach both ways and what they are for.
  EXPECT_GT(copied, 500U);
  EXPECT_GT(encoded, 500U);
  EXPECT_GT(conflicts, 500U);
}

// Two blocks of one family side by side.
std::pair<Model, Model> TwoHalves(int bucket_count, std::size_t rows) {
  std::pair<Model, Model> halves;
  for (int bucket = 0; bucket < bucket_count; ++bucket) {
    const Labels labels =
        Labels::FromPairs({{"__name__", "x_bucket"}, {"le", fmt::format("{}", bucket)}, {"server", "a"}});
    for (std::size_t row = 0; row < 2 * rows; ++row) {
      Model& half = row < rows ? halves.first : halves.second;
      const double below = static_cast<double>(row * row % 977 + row * static_cast<std::size_t>(bucket));
      half[labels][kStart + static_cast<TimeMs>(row) * 10'000] = {below, nullptr};
    }
  }
  return halves;
}

struct CopyCase {
  const char* name;
  int bucket_count;
  std::size_t rows;
  int left_out_of_second;  // A bucket the second block does not have; -1: it has all.
  std::uint64_t copied;
};

TEST(BlockMerge, CopiesBucketsWhoseNeighboursAreTheSame) {
  const CopyCase cases[] = {
      {"the same family", 6, 720, -1, 12},
      {"a chain that reaches its limit", 100, 720, -1, 200},
      {"short chunks are joined", 6, 300, -1, 0},
      // Bucket 2 is in the first only and copied plain if it was plain; 3 refers to a bucket that is not there.
      {"a bucket comes to an end", 6, 720, 2, 8},
  };
  for (const CopyCase& each : cases) {
    SCOPED_TRACE(each.name);
    io::MemoryFileSystem fs;
    auto [first, second] = TwoHalves(each.bucket_count, each.rows);
    if (each.left_out_of_second >= 0) {
      second.erase(Labels::FromPairs(
          {{"__name__", "x_bucket"}, {"le", fmt::format("{}", each.left_out_of_second)}, {"server", "a"}}));
    }
    WriteBlock(fs, "/1.block", first);
    WriteBlock(fs, "/2.block", second);
    MergeProgress progress;
    MergeOptions options;
    options.progress = [&](const MergeProgress& at) { progress = at; };
    const auto summary =
        MergeBlocks(fs, "/m.block", {OpenBlock(fs, "/1.block"), OpenBlock(fs, "/2.block")}, options);
    ASSERT_TRUE(summary.has_value() && *summary);
    EXPECT_EQ(progress.chunks_copied, each.copied);
    ExpectSame(ReadBlock(*OpenBlock(fs, "/m.block")), MergeModels({first, second}, options).model);
  }
}

TEST(BlockMerge, ConflictsAreDecidedByOrder) {
  io::MemoryFileSystem fs;
  const Labels labels = Labels::FromPairs({{"__name__", "x"}});
  WriteBlock(fs, "/1.block", {{labels, {{1000, {1, nullptr}}, {2000, {2, nullptr}}}}});
  WriteBlock(fs, "/2.block", {{labels, {{1000, {1, nullptr}}, {2000, {7, nullptr}}, {3000, {3, nullptr}}}}});
  const auto first = OpenBlock(fs, "/1.block");
  const auto second = OpenBlock(fs, "/2.block");
  MergeProgress progress;
  MergeOptions options;
  options.progress = [&](const MergeProgress& at) { progress = at; };
  ASSERT_TRUE(MergeBlocks(fs, "/m.block", {first, second}, options).has_value());
  EXPECT_EQ(progress.duplicates, 1U);
  EXPECT_EQ(progress.conflicts, 1U);
  Samples samples = ReadBlock(*OpenBlock(fs, "/m.block"))[labels];
  EXPECT_EQ(samples[2000].number, 2);
  ASSERT_TRUE(MergeBlocks(fs, "/m.block", {second, first}, options).has_value());
  samples = ReadBlock(*OpenBlock(fs, "/m.block"))[labels];
  EXPECT_EQ(samples[2000].number, 7);
  EXPECT_EQ(samples.size(), 3U);
}

TEST(BlockMerge, RefusesBlocksThatDoNotBelongTogether) {
  io::MemoryFileSystem fs;
  const Model model = {{Labels::FromPairs({{"__name__", "x"}}), {{1000, {1, nullptr}}}}};
  WriteBlock(fs, "/raw.block", model);
  WriteBlock(fs, "/other.block", model, {.tenant = "other"});
  WriteBlock(fs, "/1m.block", model, {.tenant = "t", .resolution_ms = 60'000, .aggregate = "sum"});
  WriteBlock(fs, "/max.block", model, {.tenant = "t", .resolution_ms = 60'000, .aggregate = "max"});
  const auto code_of = [&](const std::vector<std::string>& names) {
    Readers readers;
    for (const std::string& name : names)
      readers.push_back(OpenBlock(fs, name));
    const auto merged = MergeBlocks(fs, "/m.block", readers, {});
    return merged ? std::nullopt : std::optional(merged.error().code);
  };
  EXPECT_EQ(code_of({}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of({"/raw.block", "/other.block"}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of({"/raw.block", "/1m.block"}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of({"/1m.block", "/max.block"}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of({"/1m.block", "/1m.block"}), std::nullopt);
  const auto merged = OpenBlock(fs, "/m.block");
  EXPECT_EQ(merged->meta().resolution_ms, 60'000);
  EXPECT_EQ(merged->meta().aggregate, "sum");
  EXPECT_EQ(merged->meta().sources, std::vector<std::string>{"1m.block"});
}

std::vector<std::string> FilesOf(io::FileSystem& fs) {
  std::vector<std::string> names;
  const std::vector<io::DirectoryEntry> entries = fs.List("/").value();
  for (const io::DirectoryEntry& entry : entries)
    names.push_back(entry.name);
  return names;
}

TEST(BlockMerge, NamesTheDamagedBlockAndLeavesNothingBehind) {
  io::MemoryFileSystem fs;
  World world(7);
  const Model first = world.Block(0, 700, 0);
  const Model second = world.Block(600, 700, 0);
  WriteBlock(fs, "/1.block", first);
  WriteBlock(fs, "/2.block", second);
  const auto files = FilesOf(fs);
  const std::uint64_t size = OpenBlock(fs, "/2.block")->file_bytes();
  const Model want = MergeModels({first, second}, {}).model;
  std::size_t met = 0;
  for (std::uint64_t at = 0; at < size; at += 197) {
    fs.FlipBits("/2.block", at, 0x10);
    const auto damaged = block::BlockReader::Open(fs, "/2.block");
    if (damaged) {
      std::optional<std::size_t> blamed;
      MergeOptions options;
      options.on_damage = [&](std::size_t input, const Error& error) {
        blamed = input;
        EXPECT_NE(error.message.find("/2.block: section "), std::string::npos) << error.message;
      };
      const auto merged = MergeBlocks(fs, "/m.block", {OpenBlock(fs, "/1.block"), *damaged}, options);
      if (merged) {
        // Postings are made anew, not read.
        ExpectSame(ReadBlock(*OpenBlock(fs, "/m.block")), want);
        ASSERT_TRUE(fs.Remove("/m.block").has_value());
      } else {
        EXPECT_EQ(merged.error().code, ErrorCode::kCorruption);
        ASSERT_EQ(blamed, 1U);
        ASSERT_EQ(FilesOf(fs), files);
        ++met;
      }
    }
    fs.FlipBits("/2.block", at, 0x10);
  }
  EXPECT_GT(met, 50U);
  // The rest is merged without it.
  ASSERT_TRUE(MergeBlocks(fs, "/m.block", {OpenBlock(fs, "/1.block")}, {}).has_value());
  ExpectSame(ReadBlock(*OpenBlock(fs, "/m.block")), first);
}

TEST(BlockMerge, NoFailureOfTheDiskLeavesAnythingBehind) {
  World world(9);
  const Model first = world.Block(0, 900, 0);
  const Model second = world.Block(800, 900, 20);
  struct Fault {
    const char* name;
    io::FileOperation operation;
    ErrorCode code;
  };
  const Fault faults[] = {
      {"no file can be made", io::FileOperation::kOpenAppend, ErrorCode::kUnavailable},
      {"a write fails", io::FileOperation::kAppend, ErrorCode::kResourceExhausted},
      {"a sync fails", io::FileOperation::kSync, ErrorCode::kUnavailable},
      {"it cannot be named", io::FileOperation::kRename, ErrorCode::kUnavailable},
      {"the name is not durable", io::FileOperation::kSyncDirectory, ErrorCode::kUnavailable},
  };
  for (const Fault& fault : faults) {
    SCOPED_TRACE(fault.name);
    io::MemoryFileSystem fs;
    WriteBlock(fs, "/1.block", first);
    WriteBlock(fs, "/2.block", second);
    const auto files = FilesOf(fs);
    const Readers readers = {OpenBlock(fs, "/1.block"), OpenBlock(fs, "/2.block")};
    fs.Inject({.operation = fault.operation, .error = {fault.code, "injected fault"}});
    const auto merged = MergeBlocks(fs, "/m.block", readers, {});
    ASSERT_FALSE(merged.has_value());
    EXPECT_EQ(merged.error().code, fault.code);
    EXPECT_EQ(FilesOf(fs), files);
    fs.ClearFaults();
    EXPECT_TRUE(MergeBlocks(fs, "/m.block", readers, {}).has_value());
  }
  // A disk that fills in mid merge, at each size there is.
  io::MemoryFileSystem fs;
  WriteBlock(fs, "/1.block", first);
  WriteBlock(fs, "/2.block", second);
  const auto files = FilesOf(fs);
  const Readers readers = {OpenBlock(fs, "/1.block"), OpenBlock(fs, "/2.block")};
  const std::uint64_t before = readers[0]->file_bytes() + readers[1]->file_bytes();
  const std::uint64_t merged_bytes = MergeBlocks(fs, "/m.block", readers, {}).value()->bytes;
  ASSERT_TRUE(fs.Remove("/m.block").has_value());
  for (std::uint64_t room = 0; room < merged_bytes; room += merged_bytes / 7 + 1) {
    fs.SetCapacity(before + room);
    const auto merged = MergeBlocks(fs, "/m.block", readers, {});
    ASSERT_FALSE(merged.has_value()) << room;
    EXPECT_EQ(merged.error().code, ErrorCode::kResourceExhausted);
    EXPECT_EQ(FilesOf(fs), files);
  }
  fs.SetCapacity(before + merged_bytes);
  EXPECT_TRUE(MergeBlocks(fs, "/m.block", readers, {}).has_value());
}

TEST(BlockMerge, KeepsItsBoundsAndCanBeCancelled) {
  io::MemoryFileSystem fs;
  Model model;
  for (int i = 0; i < 3000; ++i)
    model[Labels::FromPairs({{"__name__", "x"}, {"server", fmt::format("server-{}", i)}})][kStart + i] = {
        1.5, nullptr};
  WriteBlock(fs, "/1.block", model);
  const auto files = FilesOf(fs);
  const Readers readers = {OpenBlock(fs, "/1.block")};
  MergeProgress progress;
  MergeOptions options;
  options.progress = [&](const MergeProgress& at) { progress = at; };
  ASSERT_TRUE(MergeBlocks(fs, "/m.block", readers, options).has_value());
  ASSERT_TRUE(fs.Remove("/m.block").has_value());
  const std::uint64_t needed = progress.memory_bytes;
  EXPECT_GT(needed, 100'000U);
  options.memory_bytes_max = needed;
  EXPECT_TRUE(MergeBlocks(fs, "/m.block", readers, options).has_value());
  ASSERT_TRUE(fs.Remove("/m.block").has_value());
  options.memory_bytes_max = needed - 1;
  options.memory_setting = "compactor.merge_memory";
  const auto refused = MergeBlocks(fs, "/m.block", readers, options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(refused.error().message.find("raise compactor.merge_memory"), std::string::npos);
  EXPECT_EQ(FilesOf(fs), files);
  options.memory_bytes_max = needed;
  const std::atomic<bool> is_cancelled = true;
  options.is_cancelled = &is_cancelled;
  const auto cancelled = MergeBlocks(fs, "/m.block", readers, options);
  ASSERT_FALSE(cancelled.has_value());
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(FilesOf(fs), files);
}

}  // namespace
}  // namespace tickscope::compact
