// Kept results against results that were evaluated anew, bit for bit, while everything that may change the past does so at
// random: late samples, series that begin in the past, deletes, retention, seals, blocks, and restarts with and without a
// last flush.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "model/mutation_log.h"
#include "objstore/memory_object_store.h"
#include "promql/parser.h"
#include "queryfront/query_front.h"
#include "roles/fingerprint.h"
#include "tier/catalogue.h"
#include "tier/served_here.h"
#include "tier/tiered_queryable.h"
#include "tsdb/store.h"

namespace tickscope::roles {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr std::int64_t kCadenceMs = 10'000;
constexpr std::int64_t kMinuteMs = 60'000;

// No block is ever in the object store here.
class NoBlocks final : public tier::BlockOpener {
 public:
  [[nodiscard]] Result<tier::BlockPtr> Open(const std::string& name, std::uint64_t) override {
    return Fail(ErrorCode::kNotFound, name);
  }
};

Result<std::vector<Matcher>> ParseSelector(std::string_view selector) {
  return promql::ParseSeriesSelector(selector, {});
}

// A server of one life: what is made anew by a restart.
struct Life {
  MetricRegistry metrics;
  MutationLog log{kMinuteMs};
  NoBlocks opener;
  tier::OpenBlocks open_blocks{opener, 8};
  tier::ServedHere served_here;
  promql::EngineOptions engine;
  std::unique_ptr<tsdb::Store> store;
  std::unique_ptr<tier::Catalogue> catalogue;
  std::unique_ptr<tier::TieredQueryable> storage;
  std::unique_ptr<queryfront::ResultCache> cache;
  std::unique_ptr<queryfront::QueryFront> front;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) { Begin(); }

  void Begin() {
    if (life_ != nullptr) disk_reads_ += DiskReadsOfLife();
    life_ = std::make_unique<Life>();
    tsdb::StoreOptions options;
    options.directory = "/data/store";
    options.seal_interval_ms = kMinuteMs;
    options.block_range_ms = 20 * kMinuteMs;
    options.block_delay_ms = 2 * kMinuteMs;
    options.retention_ms = 150 * kMinuteMs;
    options.mutations = &life_->log;
    auto store = tsdb::Store::Open(fs_, life_->metrics, options);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    life_->store = *std::move(store);
    life_->catalogue =
        std::make_unique<tier::Catalogue>(objects_, life_->open_blocks, life_->metrics, ParseSelector);
    life_->catalogue->TellChanges(life_->log);
    life_->storage = std::make_unique<tier::TieredQueryable>(
        *life_->store, *life_->catalogue, life_->served_here, tier::TieredQueryableOptions{});
    queryfront::ResultCacheOptions cache;
    cache.directory = "/data/cache";
    // Small enough that results move to files and back.
    cache.memory_bytes = 60'000;
    cache.disk_bytes = 400'000;
    life_->cache = std::make_unique<queryfront::ResultCache>(
        &fs_, life_->log, life_->metrics, cache, [this](const TenantId&) { return Fingerprint(); });
    ASSERT_TRUE(life_->cache->Open(life_->store->replay_offset()));
    for (std::uint64_t offset = 0; offset < records_.size(); ++offset)
      Give(offset);
    ASSERT_TRUE(life_->catalogue->Refresh());
    for (const tier::Tombstone& tombstone : tombstones_)
      life_->catalogue->AddTombstone("default", tombstone);
    life_->front = std::make_unique<queryfront::QueryFront>(
        queryfront::QueryFrontDependencies{.storage = *life_->storage,
                                           .engine = life_->engine,
                                           .clock = clock_,
                                           .metrics = life_->metrics,
                                           .costs = life_->storage.get(),
                                           .cache = life_->cache.get()},
        queryfront::QueryFrontOptions{});
  }

  // Everything that may happen but for questions.
  void Happen() {
    const std::uint64_t what = random_.Below(20);
    if (what < 9) {
      // Often little, so that what is not settled is asked for again.
      const std::int64_t cadences = 1 + static_cast<std::int64_t>(random_.Below(12));
      clock_.Advance(
          std::chrono::milliseconds(random_.Below(2) == 0 ? cadences * kCadenceMs : cadences * 300));
      AppendNow();
    } else if (what < 12) {
      AppendLate();
    } else if (what < 16) {
      while (life_->store->HasWork()) {
        ASSERT_TRUE(life_->store->Work());
      }
    } else if (what < 17) {
      Delete();
    } else if (what < 18) {
      ASSERT_TRUE(life_->cache->Flush());
    } else if (what < 19 && random_.Below(4) == 0) {
      if (random_.Below(2) == 0) {
        ASSERT_TRUE(life_->cache->Flush());
      }
      Begin();
    }
  }

  // Asks with and without what is kept; the same must come out. Returns what the cache had.
  queryfront::CacheOutcome Ask() {
    static constexpr const char* kTexts[] = {
        "players",
        "sum by (region) (rate(kills_total[2m]))",
        "avg_over_time(players[3m] offset 5m)",
        "max_over_time(sum(players)[5m:30s])",
        "absent(players{server=\"7\"})",
        "players offset -2m",
        "count(players) + on() group_left() vector(time())",
        "topk(1, players)",
        "players - players @ 1700001000",
        "rate(kills_total[1m]) > 0.5 or vector(1)",
        "scalar(sum(players))",
        "deriv(players[4m])",
    };
    queryfront::QueryRequest request;
    // Often the same steps, as dashboards ask, and sometimes others.
    if (random_.Below(2) == 0) {
      asked_ = {kTexts[random_.Below(std::size(kTexts))], random_.Below(4) == 0 ? 5'000 : kMinuteMs,
                random_.Below(5) == 0 ? 7'000 : 0};
    }
    request.text = asked_.text;
    request.step_ms = asked_.step_ms;
    const std::int64_t back = random_.Below(2) == 0 ? 0 : static_cast<std::int64_t>(random_.Below(4));
    const TimeMs end_ms = clock_.NowMs() - back * 10 * kMinuteMs;
    request.end_ms = end_ms / request.step_ms * request.step_ms + asked_.phase_ms;
    request.start_ms = request.end_ms - request.step_ms * static_cast<std::int64_t>(random_.Below(120));
    QueryContext context;
    const queryfront::QueryOutcome kept = life_->front->Run(request, context);
    request.may_use_cache = false;
    const queryfront::QueryOutcome anew = life_->front->Run(request, context);
    EXPECT_EQ(kept.has_value(), anew.has_value()) << request.text;
    if (!kept || !anew) return queryfront::CacheOutcome::kBypass;
    EXPECT_EQ(Text(*kept->result), Text(*anew->result))
        << request.text << " from " << (request.start_ms - kStart) / 1000 << " to "
        << (request.end_ms - kStart) / 1000 << " step " << request.step_ms << " "
        << queryfront::CacheOutcomeName(kept->cache);
    EXPECT_EQ(anew->cache, queryfront::CacheOutcome::kBypass);
    return kept->cache;
  }

  [[nodiscard]] std::uint64_t disk_reads() const { return disk_reads_ + DiskReadsOfLife(); }

 private:
  [[nodiscard]] std::uint64_t DiskReadsOfLife() const {
    return life_->metrics.AddCounter("tickscope_query_cache_disk_reads_total", "", {})->value();
  }

  static std::string Text(const promql::QueryResult& result) {
    std::string text;
    for (const promql::MatrixSeries& series : std::get<promql::Matrix>(result.value)) {
      text += "\n" + series.labels.ToString();
      for (const promql::Point& point : series.points)
        text += fmt::format(" {}:{:x}", (point.time_ms - kStart) / 1000,
                            std::bit_cast<std::uint64_t>(point.value));
    }
    for (const auto* notes : {&result.warnings, &result.infos}) {
      for (const std::string& note : *notes)
        text += "\n" + note;
    }
    return text;
  }

  [[nodiscard]] std::optional<std::uint64_t> Fingerprint() const {
    std::string all;
    for (const tsdb::Store::BlockFile& block : life_->store->Blocks())
      all += block.name + "\n";
    for (const tier::Tombstone& tombstone : tombstones_)
      all += tombstone.id + "\n";
    return FingerprintOf(all);
  }

  struct Record {
    TimeMs received_ms = 0;
    std::vector<std::pair<SeriesRef, Labels>> series;
    codec::FloatColumns floats;
  };

  SeriesRef RefOf(const Labels& labels, Record& record) {
    const auto [it, is_new] = refs_.try_emplace(labels.ToString(), static_cast<SeriesRef>(refs_.size()));
    if (is_new) record.series.emplace_back(it->second, labels);
    return it->second;
  }

  void Push(std::uint64_t server, TimeMs time_ms, Record& record) {
    const std::string name = std::to_string(server);
    const std::string region = server % 2 == 0 ? "eu" : "us";
    const Labels players{{"__name__", "players"}, {"server", name}, {"region", region}};
    const Labels kills{{"__name__", "kills_total"}, {"server", name}, {"region", region}};
    record.floats.Push(RefOf(players, record), time_ms, static_cast<double>(random_.Below(200)) / 10);
    record.floats.Push(RefOf(kills, record), time_ms,
                       static_cast<double>((time_ms - kStart) / 1000 % 3000) * 0.1);
  }

  void Append(Record record) {
    record.received_ms = clock_.NowMs();
    records_.push_back(std::move(record));
    Give(records_.size() - 1);
  }

  void AppendNow() {
    Record record;
    for (std::uint64_t server = 0; server < 5; ++server) {
      if (random_.Below(6) != 0)
        Push(server, clock_.NowMs() - static_cast<std::int64_t>(random_.Below(3000)), record);
    }
    Append(std::move(record));
  }

  void AppendLate() {
    Record record;
    static constexpr std::uint64_t kLateMs[] = {30'000, 200'000, 8'000'000};
    const auto late_ms = static_cast<std::int64_t>(random_.Below(kLateMs[random_.Below(std::size(kLateMs))]));
    const std::uint64_t count = 1 + random_.Below(3);
    for (std::uint64_t i = 0; i < count; ++i)
      Push(random_.Below(9), clock_.NowMs() - late_ms + static_cast<std::int64_t>(i) * kCadenceMs, record);
    Append(std::move(record));
  }

  void Delete() {
    if (random_.Below(4) != 0) return;
    tier::Tombstone tombstone;
    tombstone.id = fmt::format("d{}", tombstones_.size());
    tombstone.start_ms = clock_.NowMs() - static_cast<std::int64_t>(random_.Below(7'000'000));
    tombstone.end_ms = tombstone.start_ms + static_cast<std::int64_t>(random_.Below(1'000'000));
    tombstone.selectors = {fmt::format("{{server=\"{}\"}}", random_.Below(6))};
    tombstone.matchers = {*ParseSelector(tombstone.selectors[0])};
    tombstones_.push_back(tombstone);
    life_->catalogue->AddTombstone("default", tombstone);
  }

  void Give(std::uint64_t offset) {
    const Record& record = records_[offset];
    codec::SampleBatch batch;
    batch.tenant = "default";
    batch.received_ms = record.received_ms;
    for (const auto& [ref, labels] : record.series)
      batch.series.push_back({ref, std::vector<LabelView>(labels.begin(), labels.end())});
    batch.floats = record.floats;
    if (offset < life_->store->replay_offset()) {
      life_->store->Learn(1, batch);
    } else {
      life_->store->Apply(offset, 1, batch);
    }
  }

  struct Asked {
    const char* text = "players";
    std::int64_t step_ms = kMinuteMs;
    std::int64_t phase_ms = 0;
  };

  SeededRandom random_;
  Asked asked_;
  ManualClock clock_{kStart};
  io::MemoryFileSystem fs_;
  objstore::MemoryObjectStore objects_;
  std::map<std::string, SeriesRef> refs_;
  std::vector<Record> records_;
  std::vector<tier::Tombstone> tombstones_;
  std::unique_ptr<Life> life_;
  std::uint64_t disk_reads_ = 0;  // Of lives before.
};

TEST(QueryCache, GivesWhatEvaluationGives) {
  std::map<queryfront::CacheOutcome, int> outcomes;
  std::uint64_t disk_reads = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(fmt::format("seed={}", seed));
    World world(seed);
    for (int turn = 0; turn < 700; ++turn) {
      world.Happen();
      ++outcomes[world.Ask()];
      if (testing::Test::HasFailure()) FAIL() << "turn " << turn;
    }
    disk_reads += world.disk_reads();
  }
  // It is of the cache that this test tells something.
  EXPECT_GT(outcomes[queryfront::CacheOutcome::kHit], 200);
  EXPECT_GT(outcomes[queryfront::CacheOutcome::kPartial], 500);
  EXPECT_GT(disk_reads, 100U);
}

}  // namespace
}  // namespace tickscope::roles
