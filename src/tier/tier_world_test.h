// The world of the tier's tests: a store that makes blocks, an object store with bad days, a clock, and a plain map of all
// samples that were ever written.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "block/block_order.h"
#include "block/block_writer.h"
#include "io/memory_file_system.h"
#include "io/pause.h"
#include "model/sample_columns.h"
#include "objstore/faulty_object_store.h"
#include "objstore/memory_object_store.h"
#include "objstore/object_cache.h"
#include "objstore/retrying_object_store.h"
#include "tier/catalogue.h"
#include "tier/object_block_opener.h"
#include "tier/tier_worker.h"
#include "tier/tiered_queryable.h"

namespace tickscope::tier {

inline constexpr std::int64_t kHourMs = 3'600'000;
inline constexpr std::int64_t kBlockMs = 2 * kHourMs;
inline constexpr std::int64_t kCadenceMs = 120'000;
inline const std::string kTenant = "default";

struct ByLabels {
  bool operator()(const Labels& a, const Labels& b) const { return a < b; }
};
using Samples = std::map<TimeMs, double>;
using Series = std::map<Labels, Samples, ByLabels>;

/// `{server="s-1"}` is the one selector these tests store.
inline Result<std::vector<Matcher>> ParseTestSelector(std::string_view selector) {
  const std::string_view prefix = "{server=\"";
  if (!selector.starts_with(prefix)) return Fail(ErrorCode::kInvalidArgument, "not a selector");
  TICKSCOPE_ASSIGN_OR_RETURN(
      Matcher matcher,
      Matcher::Make(MatchType::kEqual, "server",
                    std::string(selector.substr(prefix.size(), selector.size() - prefix.size() - 2))));
  return std::vector<Matcher>{std::move(matcher)};
}

/// A store that is nothing but its blocks.
class BlockStore final : public HotBlocks, public Queryable {
 public:
  explicit BlockStore(io::FileSystem& fs) : fs_(fs) {}

  /// Writes a block of [from, until) with these samples.
  void Add(TimeMs from_ms, TimeMs until_ms, const Series& series, std::uint64_t cut) {
    const BlockName name{from_ms, until_ms, "00000000" + std::to_string(10 + cut), ""};
    const std::string path = "/hot/" + name.FileName();
    ASSERT_TRUE(fs_.CreateDirectories("/hot"));
    auto writer = block::BlockWriter::Create(fs_, path, {.tenant = kTenant, .end_offset = cut});
    ASSERT_TRUE(writer);
    std::vector<Labels> order;
    for (const auto& [labels, samples] : series)
      order.push_back(labels);
    std::ranges::sort(order, block::BlockOrder);
    for (const Labels& labels : order) {
      std::vector<TimeMs> times_ms;
      std::vector<double> values;
      for (const auto& [time_ms, value] : series.at(labels)) {
        times_ms.push_back(time_ms);
        values.push_back(value);
      }
      const auto times = writer->AddTimes(times_ms);
      ASSERT_TRUE(times);
      ASSERT_TRUE(writer->AddSeries(labels, *times, values));
    }
    ASSERT_TRUE(writer->Finish());
    files_.push_back({kTenant, name.FileName(), path});
  }

  [[nodiscard]] std::vector<HotBlock> Blocks() const override { return files_; }
  [[nodiscard]] Status Release(const TenantId&, const std::vector<std::string>& files) override {
    for (const std::string& file : files)
      std::erase_if(files_, [&](const HotBlock& block) { return block.file == file; });
    return {};
  }

  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext&) const override {
    std::map<Labels, SampleColumns, ByLabels> found;
    for (const HotBlock& file : files_) {
      TICKSCOPE_ASSIGN_OR_RETURN(const auto block, block::BlockReader::Open(fs_, file.path));
      TICKSCOPE_ASSIGN_OR_RETURN(const auto ids, block->Select(request.matchers));
      for (const block::SeriesId id : ids) {
        TICKSCOPE_ASSIGN_OR_RETURN(const Labels labels, block->LabelsOf(id));
        TICKSCOPE_RETURN_IF_ERROR(block->ReadSamples(id, request.start_ms, request.end_ms, found[labels]));
      }
    }
    return std::make_unique<FoundSeries>(std::move(found));
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest&,
                                                            const QueryContext&) const override {
    return std::vector<std::string>{};
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                                             const QueryContext&) const override {
    return std::vector<std::string>{};
  }

 private:
  class FoundSeries final : public SeriesSet {
   public:
    explicit FoundSeries(std::map<Labels, SampleColumns, ByLabels> found) : found_(std::move(found)) {}
    [[nodiscard]] bool Next() override {
      at_ = is_begun_ ? std::next(at_) : found_.begin();
      is_begun_ = true;
      return at_ != found_.end();
    }
    [[nodiscard]] const Labels& labels() const override { return at_->first; }
    [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
      out = at_->second;
      SortSamples(out, 0);
      return {};
    }

   private:
    std::map<Labels, SampleColumns, ByLabels> found_;
    std::map<Labels, SampleColumns, ByLabels>::iterator at_;
    bool is_begun_ = false;
  };

  io::FileSystem& fs_;
  std::vector<HotBlock> files_;
};

class TierWorld {
 public:
  explicit TierWorld(std::uint64_t seed, TimeMs start_ms, const objstore::FaultProfile& faults,
                     TierOptions options = {})
      : random_(seed),
        clock_(start_ms),
        pause_(clock_),
        faulty_(bucket_, faults, seed + 1, pause_),
        options_(std::move(options)) {
    options_.scratch_directory = "/tier/scratch";
    Restart();
  }

  /// What a process that was killed begins with: objects, the store's files and nothing else.
  void Restart() {
    queryable_.reset();
    worker_.reset();
    catalogue_.reset();
    open_.reset();
    opener_.reset();
    cache_.reset();
    retrying_.reset();
    metrics_ = std::make_unique<MetricRegistry>();
    served_ = std::make_unique<ServedHere>();
    served_->Update(store_.Blocks());
    retrying_ = std::make_unique<objstore::RetryingObjectStore>(
        std::make_unique<Borrowed>(faulty_), objstore::RetryOptions{},
        objstore::RetryingObjectStore::World{clock_, jitter_, pause_, *metrics_});
    auto cache = objstore::ObjectCache::Create(
        *retrying_, fs_, {.directory = "/tier/cache", .bytes_max = 256U << 20, .fetches_max = 1}, *metrics_);
    ASSERT_TRUE(cache) << cache.error().message;
    cache_ = *std::move(cache);
    opener_ = std::make_unique<CachedBlockOpener>(*cache_);
    open_ = std::make_unique<OpenBlocks>(*opener_, 16);
    catalogue_ = std::make_unique<Catalogue>(*retrying_, *open_, *metrics_, ParseTestSelector);
    worker_ = std::make_unique<TierWorker>(fs_, clock_, *retrying_, *catalogue_, &store_, *served_, *metrics_,
                                           options_);
    queryable_ = std::make_unique<TieredQueryable>(store_, *catalogue_, *served_, TieredQueryableOptions{});
    // A server lists before it answers.
    while (!catalogue_->Refresh())
      clock_.Advance(std::chrono::seconds(1));
  }

  /// All samples a query of [start, end] sees.
  [[nodiscard]] Series Read(TimeMs start_ms, TimeMs end_ms) {
    Series series;
    for (int attempt = 0; attempt < 50; ++attempt) {
      series.clear();
      if (TryRead(start_ms, end_ms, series)) return series;
    }
    ADD_FAILURE() << "no query got through";
    return series;
  }

  [[nodiscard]] bool TryRead(TimeMs start_ms, TimeMs end_ms, Series& series) {
    const QueryContext context;
    SelectRequest request{kTenant, start_ms, end_ms, {*Matcher::Make(MatchType::kRegex, "__name__", ".+")}};
    auto set = queryable_->Select(request, context);
    if (!set) return false;
    SampleColumns samples;
    while ((*set)->Next()) {
      const Labels labels = (*set)->labels();
      if (!(*set)->ReadSamples(samples)) return false;
      Samples& to = series[labels];
      for (std::size_t i = 0; i < samples.size(); ++i) {
        EXPECT_TRUE(i == 0 || samples.times_ms[i - 1] < samples.times_ms[i]) << "doubled or out of order";
        to[samples.times_ms[i]] = samples.values[i];
      }
      if (to.empty()) series.erase(labels);
    }
    return true;
  }

  /// A round that gets through.
  void Round() {
    for (int attempt = 0; attempt < 200; ++attempt) {
      if (worker_->Round()) return;
      clock_.Advance(std::chrono::seconds(10));
    }
    ADD_FAILURE() << "no round got through: " << worker_->Status().last_error;
  }

  [[nodiscard]] std::vector<std::string> Objects(const std::string& prefix) {
    std::vector<std::string> names;
    const std::vector<objstore::ObjectInfo> objects = bucket_.List(prefix).value();
    for (const objstore::ObjectInfo& object : objects)
      names.push_back(object.name);
    return names;
  }

  SeededRandom random_;
  SeededRandom jitter_{77};
  ManualClock clock_;
  io::MemoryFileSystem fs_;
  io::SimulatedPause pause_;
  objstore::MemoryObjectStore bucket_;
  objstore::FaultyObjectStore faulty_;
  BlockStore store_{fs_};
  TierOptions options_;
  std::unique_ptr<MetricRegistry> metrics_;
  std::unique_ptr<ServedHere> served_;
  std::unique_ptr<objstore::RetryingObjectStore> retrying_;
  std::unique_ptr<objstore::ObjectCache> cache_;
  std::unique_ptr<CachedBlockOpener> opener_;
  std::unique_ptr<OpenBlocks> open_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<TierWorker> worker_;
  std::unique_ptr<TieredQueryable> queryable_;

 private:
  // The retrying store owns what is below it; the faulty one outlives restarts.
  class Borrowed final : public objstore::ObjectStore {
   public:
    explicit Borrowed(objstore::ObjectStore& below) : below_(below) {}
    [[nodiscard]] Status Put(const std::string& name, std::string_view content) override {
      return below_.Put(name, content);
    }
    [[nodiscard]] Status PutFile(const std::string& name, io::FileSystem& files,
                                 const std::string& path) override {
      return below_.PutFile(name, files, path);
    }
    [[nodiscard]] Result<std::string> Get(const std::string& name, std::uint64_t offset,
                                          std::size_t length) override {
      return below_.Get(name, offset, length);
    }
    [[nodiscard]] Result<std::uint64_t> Size(const std::string& name) override { return below_.Size(name); }
    [[nodiscard]] Result<std::vector<objstore::ObjectInfo>> List(const std::string& prefix) override {
      return below_.List(prefix);
    }
    [[nodiscard]] Status Delete(const std::string& name) override { return below_.Delete(name); }

   private:
    objstore::ObjectStore& below_;
  };
};

}  // namespace tickscope::tier
