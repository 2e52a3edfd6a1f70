// Windows in place of samples, from the store to the answer: where they stand in for samples that are there, answers are those of
// the samples; where samples were let go, extremes, sums and counts are still exact and rates are what counters grew by; and
// whichever way it is read, added up in the scan or series by series, it is the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "codec/sample_batch.h"
#include "io/memory_file_system.h"
#include "objstore/memory_object_store.h"
#include "objstore/object_cache.h"
#include "promql/parser.h"
#include "promql/plan_text.h"
#include "promqltest/both_ways.h"
#include "tier/object_block_opener.h"
#include "tier/tier_worker.h"
#include "tier/tiered_queryable.h"
#include "tsdb/store.h"

namespace tickscope::roles {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr TimeMs kStart = 1'699'999'200'000;  // A multiple of two hours.
constexpr std::int64_t kHours = 24;

Result<std::vector<Matcher>> ParseSelector(std::string_view selector) {
  return promql::ParseSeriesSelector(selector, {});
}

class StoreBlocks final : public tier::HotBlocks {
 public:
  explicit StoreBlocks(tsdb::Store& store) : store_(store) {}
  [[nodiscard]] std::vector<tier::HotBlock> Blocks() const override {
    std::vector<tier::HotBlock> blocks;
    for (const tsdb::Store::BlockFile& file : store_.Blocks())
      blocks.push_back({file.tenant, file.name, file.path});
    return blocks;
  }
  [[nodiscard]] Status Release(const TenantId& tenant, const std::vector<std::string>& files) override {
    return store_.ReleaseBlocks(tenant, files);
  }

 private:
  tsdb::Store& store_;
};

// A day of a few series, in tiers that keep raw samples for `keep_raw_ms`; and the same in a store that keeps all.
class World {
 public:
  explicit World(std::int64_t keep_raw_ms) {
    tsdb::StoreOptions options;
    options.directory = "/store";
    options.seal_interval_ms = 10 * kMinute;
    options.block_delay_ms = 10 * kMinute;
    options.retention_ms = 1000 * kHour;
    store_ = *tsdb::Store::Open(fs_, metrics_, options);
    options.directory = "/all";
    all_ = *tsdb::Store::Open(fs_, all_metrics_, options);
    blocks_ = std::make_unique<StoreBlocks>(*store_);
    cache_ = *objstore::ObjectCache::Create(
        objects_, fs_, {.directory = "/cache", .bytes_max = 256U << 20, .fetches_max = 1}, metrics_);
    opener_ = std::make_unique<tier::CachedBlockOpener>(*cache_);
    open_ = std::make_unique<tier::OpenBlocks>(*opener_, 64);
    catalogue_ = std::make_unique<tier::Catalogue>(objects_, *open_, metrics_, ParseSelector);
    tier::TierOptions worker;
    worker.scratch_directory = "/scratch";
    worker.hot_ms = 2 * kHour;
    worker.grace_ms = 0;
    worker.merge.settle_ms = 0;
    worker.retention.policy.keep_ms = {keep_raw_ms, 1000 * kHour, 1000 * kHour, 1000 * kHour};
    worker_ = std::make_unique<tier::TierWorker>(fs_, clock_, objects_, *catalogue_, blocks_.get(), served_,
                                                 metrics_, worker);
    tiers_ = std::make_unique<tier::TieredQueryable>(
        *store_, *catalogue_, served_, tier::TieredQueryableOptions{.selections = &store_->selections()});
    for (TimeMs time_ms = kStart; time_ms < kStart + kHours * kHour; time_ms += 20'000) {
      Tick(time_ms);
      if ((time_ms - kStart) % (30 * kMinute) == 0) Round();
    }
    for (int i = 0; i < 4; ++i)
      Round();
  }

  void Round() {
    for (tsdb::Store* store : {store_.get(), all_.get()}) {
      while (store->HasWork())
        ASSERT_TRUE(store->Work());
    }
    ASSERT_TRUE(worker_->Round()) << worker_->Status().last_error;
  }

  void Add(const Labels& labels, TimeMs time_ms, double value, HistogramPtr histogram = nullptr) {
    const auto [it, is_new] = refs_.try_emplace(labels.ToString(), static_cast<SeriesRef>(refs_.size()));
    if (is_new) defined_.push_back(std::make_unique<Labels>(labels));
    if (is_new) batch_.series.push_back({it->second, {defined_.back()->begin(), defined_.back()->end()}});
    if (histogram != nullptr) {
      batch_.histograms.push_back({it->second, time_ms, std::move(histogram), 0});
    } else {
      batch_.floats.Push(it->second, time_ms, value);
    }
  }
  void Send(TimeMs now_ms) {
    batch_.tenant = kDefaultTenant;
    batch_.received_ms = now_ms;
    for (tsdb::Store* store : {store_.get(), all_.get()})
      store->Apply(offset_, 1, batch_);
    ++offset_;
    batch_.Clear();
  }

  static Labels Named(const char* name, int server) {
    return Labels::FromPairs(
        {{"__name__", name}, {"region", server % 2 == 0 ? "eu" : "us"}, {"server", std::to_string(server)}});
  }

  promql::QueryResult Ask(const Queryable& storage, const std::string& text, promql::EngineOptions options,
                          TimeMs from_ms, TimeMs until_ms, std::int64_t step_ms) const {
    const QueryContext context;
    auto result = promql::Engine(options).Range(storage, TenantId(kDefaultTenant), text, from_ms, until_ms,
                                                step_ms, context);
    EXPECT_TRUE(result.has_value()) << text << ": " << result.error().message;
    return result ? *std::move(result) : promql::QueryResult{promql::Matrix{}, {}, {}, {}};
  }

  [[nodiscard]] const tier::TieredQueryable& tiers() const { return *tiers_; }
  [[nodiscard]] const Queryable& all() const { return *all_; }
  [[nodiscard]] TimeMs now_ms() const { return clock_.NowMs(); }
  tier::Catalogue& catalogue() { return *catalogue_; }

 private:
  void Tick(TimeMs time_ms) {
    clock_.Advance(std::chrono::milliseconds(time_ms - clock_.NowMs()));
    for (int server = 0; server < 4; ++server) {
      // Scrapes jitter, pauses leave gaps, and some windows' ends are samples' very times.
      if (random_.Below(200) == 0) continue;
      const TimeMs at_ms = time_ms + (server == 0 ? 0 : static_cast<TimeMs>(random_.Below(900)));
      Add(Named("g", server), at_ms, static_cast<double>(random_.Below(1000)) / 10);
      Add(Named("wild", server), at_ms, random_.Unit() * 1e6);
      double& c = counters_[static_cast<std::size_t>(server)];
      c = random_.Below(400) == 0 ? static_cast<double>(random_.Below(5))
                                  : c + static_cast<double>(random_.Below(40));
      Add(Named("c_total", server), at_ms, c);
      if (server == 1) {
        const bool is_odd = random_.Below(50) == 0;
        const double inf = std::numeric_limits<double>::infinity();
        Add(Named("odd", server), at_ms,
            is_odd ? (random_.Below(2) == 0 ? StaleNan() : (random_.Below(2) == 0 ? NormalNan() : inf)) : 3);
        HistogramPtr histogram;
        if (random_.Below(3) == 0) {
          Histogram made;
          made.schema = 1;
          made.count = static_cast<double>(random_.Below(30));
          made.sum = 2 * made.count;
          made.positive_spans = {{0, 1}};
          made.positive_buckets = {made.count};
          histogram = std::make_shared<const Histogram>(std::move(made));
        }
        Add(Named("mixed", server), at_ms, 5, std::move(histogram));
      }
    }
    TickBuilds(time_ms);
    Send(time_ms);
  }

  // Counters that begin and end with builds, are away for a while, and begin anew within windows.
  void TickBuilds(TimeMs time_ms) {
    for (std::size_t server = 0; server < builds_.size(); ++server) {
      Build& build = builds_[server];
      if (time_ms < build.away_until_ms) continue;
      if (more_random_.Below(90) == 0)
        build.away_until_ms =
            time_ms + static_cast<TimeMs>(more_random_.Below(4) * more_random_.Below(50)) * kMinute;
      if (more_random_.Below(900) == 0) build = {build.number + 1, 0, 0};
      build.counter = more_random_.Below(50) == 0
                          ? static_cast<double>(more_random_.Below(5))
                          : build.counter + static_cast<double>(more_random_.Below(40));
      Add(Labels::FromPairs({{"__name__", "build_total"},
                             {"build", std::to_string(build.number)},
                             {"region", server % 2 == 0 ? "eu" : "us"},
                             {"server", std::to_string(server)}}),
          time_ms + static_cast<TimeMs>(server), build.counter);
    }
  }

  struct Build {
    int number = 0;
    double counter = 0;
    TimeMs away_until_ms = 0;
  };
  SeededRandom random_{11};
  SeededRandom more_random_{12};
  std::array<Build, 6> builds_{};
  ManualClock clock_{kStart};
  io::MemoryFileSystem fs_;
  objstore::MemoryObjectStore objects_;
  MetricRegistry metrics_;
  MetricRegistry all_metrics_;
  std::unique_ptr<tsdb::Store> store_;
  std::unique_ptr<tsdb::Store> all_;
  std::unique_ptr<StoreBlocks> blocks_;
  tier::ServedHere served_;
  std::unique_ptr<objstore::ObjectCache> cache_;
  std::unique_ptr<tier::CachedBlockOpener> opener_;
  std::unique_ptr<tier::OpenBlocks> open_;
  std::unique_ptr<tier::Catalogue> catalogue_;
  std::unique_ptr<tier::TierWorker> worker_;
  std::unique_ptr<tier::TieredQueryable> tiers_;
  std::map<std::string, SeriesRef> refs_;
  std::vector<std::unique_ptr<Labels>> defined_;
  codec::SampleBatch batch_;
  std::uint64_t offset_ = 0;
  std::array<double, 4> counters_{};
};

bool ReadsFrom(const promql::QueryResult& result, std::string_view source) {
  return std::ranges::any_of(result.stats.spans,
                             [source](const ReadSpan& span) { return span.source == source; });
}

// Apart by no more than `tolerance` of the greater.
void ExpectNear(const promql::QueryResult& got, const promql::QueryResult& want, double tolerance,
                const std::string& text) {
  EXPECT_EQ(got.warnings, want.warnings) << text;
  EXPECT_EQ(got.infos, want.infos) << text;
  const auto& a = std::get<promql::Matrix>(got.value);
  const auto& b = std::get<promql::Matrix>(want.value);
  ASSERT_EQ(a.size(), b.size()) << text;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].labels.ToString(), b[i].labels.ToString()) << text;
    ASSERT_EQ(a[i].points.size(), b[i].points.size()) << text << a[i].labels.ToString();
    for (std::size_t p = 0; p < a[i].points.size(); ++p) {
      const double x = a[i].points[p].value;
      const double y = b[i].points[p].value;
      ASSERT_EQ(a[i].points[p].time_ms, b[i].points[p].time_ms);
      ASSERT_TRUE(x == y || (std::isnan(x) && std::isnan(y)) ||
                  std::fabs(x - y) <= tolerance * std::max(std::fabs(x), std::fabs(y)))
          << text << " " << a[i].labels.ToString() << " at " << (a[i].points[p].time_ms - kStart) / kMinute
          << " min: got " << x << " want " << y;
    }
  }
}

constexpr double kRounding = 1e-12;
constexpr TimeMs kFrom = kStart + 3 * kHour;
constexpr TimeMs kUntil = kStart + 23 * kHour;

TEST(QueryTiers, WindowsStandInWhereTheyGiveTheSame) {
  World world(1000 * kHour);
  const promql::EngineOptions fast;
  const promql::EngineOptions oracle = promqltest::WithoutShortcuts(fast);
  struct Case {
    const char* text;
    std::int64_t step_ms;
    TimeMs phase_ms;
    const char* windows;  // Which stand in; null for none.
  };
  const Case cases[] = {
      {"max_over_time(g[30m])", 5 * kMinute, 0, "5m"},
      {"min_over_time(g[30m])", 10 * kMinute, 0, "5m"},
      {"sum_over_time(g[1h])", kHour, 0, "1h"},
      {"max_over_time(g[2h])", kHour, 0, "1h"},
      {"min_over_time(g[3h])", kHour, 0, "1h"},
      {"sum by (region) (avg_over_time(wild[1h]))", 2 * kHour, 0, "1h"},
      {"count by (region) (count_over_time(build_total[1h]))", kHour, 0, "1h"},
      {"last_over_time(build_total[1h])", kHour, 0, "1h"},
      {"max_over_time(g[1h])", kHour, 5 * kMinute, "5m"},
      {"max_over_time(g[1h])", 30 * kMinute, 0, "5m"},
      {"max_over_time(g[90m])", kHour, 0, "5m"},
      {"avg_over_time(g[5m])", 5 * kMinute, 0, "5m"},
      {"avg_over_time(wild[15m])", 5 * kMinute, 0, "5m"},
      {"count_over_time(g[10m])", 5 * kMinute, 0, "5m"},
      {"count_over_time(mixed[10m])", 5 * kMinute, 0, "5m"},
      {"last_over_time(g[10m])", 5 * kMinute, 0, "5m"},
      {"last_over_time(c_total[10m])", 5 * kMinute, 0, "5m"},
      {"present_over_time(odd[5m])", 5 * kMinute, 0, "5m"},
      {"absent_over_time(odd[5m])", 5 * kMinute, 0, "5m"},
      {"max_over_time(odd[10m])", 5 * kMinute, 0, "5m"},
      {"sum_over_time(odd[10m])", 5 * kMinute, 0, "5m"},
      {"max_over_time(g[3m])", kMinute, 0, "1m"},
      {"max_over_time(g[30m])", kMinute, 0, "1m"},
      {"max_over_time(g[30m])", 5 * kMinute, kMinute, "1m"},
      {"max_over_time(g[30m] offset 2m)", 5 * kMinute, 0, "1m"},
      {"max_over_time(g[30m] offset 10m)", 5 * kMinute, 0, "5m"},
      {"max_over_time(g[30m] @ 1700030400)", 7'000, 3'000, "5m"},
      {"sum by (region) (max_over_time(g[30m]))", 5 * kMinute, 0, "5m"},
      {"sum by (region) (avg_over_time(g[30m]))", 5 * kMinute, 0, "5m"},
      {"count by (region) (count_over_time(c_total[30m]))", 5 * kMinute, 0, "5m"},
      {"max by (region) (last_over_time(c_total[30m]))", 5 * kMinute, 0, "5m"},
      {"max_over_time(mixed[10m])", 5 * kMinute, 0, "5m"},       // Histograms: the samples after all.
      {"sum(max_over_time(mixed[10m]))", 5 * kMinute, 0, "5m"},  // Likewise.
      {"max_over_time(g[30m])", 5 * kMinute, 1, nullptr},
      {"max_over_time(g[30m])", 30'000, 0, nullptr},
      {"max_over_time(g[90s])", kMinute, 0, nullptr},
      {"max_over_time(c_total[30m])", 5 * kMinute, 0, nullptr},  // Of counters no extremes are kept.
      {"rate(c_total[30m])", 5 * kMinute, 0, nullptr},
      {"stddev_over_time(g[30m])", 5 * kMinute, 0, nullptr},
      {"g", 5 * kMinute, 0, nullptr},
  };
  for (const Case& c : cases) {
    const std::string text = fmt::format("{} step {} s phase {}", c.text, c.step_ms / 1000, c.phase_ms);
    const auto got = world.Ask(world.tiers(), c.text, fast, kFrom + c.phase_ms, kUntil, c.step_ms);
    const auto want = world.Ask(world.all(), c.text, oracle, kFrom + c.phase_ms, kUntil, c.step_ms);
    ExpectNear(got, want, kRounding, text);
    for (const char* tier : {"1m", "5m", "1h"})
      EXPECT_EQ(ReadsFrom(got, tier), c.windows != nullptr && std::string_view(c.windows) == tier) << text;
    // What is not in a block yet is read as samples.
    EXPECT_TRUE(ReadsFrom(got, "memory") || std::string_view(c.text).find('@') != std::string_view::npos)
        << text;
    if (testing::Test::HasFailure()) FAIL() << text;
  }
}

TEST(QueryTiers, ASampleThatCameLateIsSeen) {
  World world(1000 * kHour);
  const std::string text = "max_over_time(g[30m])";
  const auto ask = [&](const Queryable& storage) {
    return world.Ask(storage, text, {}, kFrom, kUntil, 5 * kMinute);
  };
  ASSERT_TRUE(ReadsFrom(ask(world.tiers()), "5m"));
  // Into a window that was rolled up long ago.
  world.Add(World::Named("g", 2), kStart + 5 * kHour + 1, 5000);
  world.Send(world.now_ms());
  ExpectNear(ask(world.tiers()), ask(world.all()), kRounding, "in memory");
  for (int i = 0; i < 40; ++i) {
    world.Add(World::Named("g", 2), world.now_ms() + i * kMinute, 1);
    world.Send(world.now_ms() + i * kMinute);
    if (i % 10 == 0) world.Round();
    ExpectNear(ask(world.tiers()), ask(world.all()), kRounding, fmt::format("turn {}", i));
  }
}

TEST(QueryTiers, DeletesAreSeen) {
  World world(1000 * kHour);
  tier::Tombstone tombstone;
  tombstone.id = "d1";
  tombstone.start_ms = kStart + 6 * kHour + 90'000;
  tombstone.end_ms = kStart + 7 * kHour + 10'000;
  tombstone.selectors = {"{server=\"1\"}"};
  tombstone.matchers = {*ParseSelector(tombstone.selectors[0])};
  world.catalogue().AddTombstone(TenantId(kDefaultTenant), tombstone);
  promql::EngineOptions samples;
  samples.uses_windows = false;
  const std::string text = "count_over_time(g[5m])";
  const auto got = world.Ask(world.tiers(), text, {}, kFrom, kUntil, 5 * kMinute);
  ExpectNear(got, world.Ask(world.tiers(), text, samples, kFrom, kUntil, 5 * kMinute), 0, text);
  EXPECT_FALSE(ReadsFrom(got, "5m"));
}

TEST(QueryTiers, WhatIsLeftOfSamplesThatWereLetGo) {
  World world(2 * kHour);
  const promql::EngineOptions oracle = promqltest::WithoutShortcuts({});
  // Old steps only: there samples are gone.
  constexpr TimeMs kGone = kStart + 14 * kHour;
  struct Case {
    const char* text;
    double tolerance;
  };
  const Case cases[] = {
      {"max_over_time(g[30m])", 0},
      {"min_over_time(g[30m])", 0},
      {"sum_over_time(wild[30m])", kRounding},
      {"avg_over_time(g[30m])", kRounding},
      {"count_over_time(g[30m])", 0},
      {"last_over_time(g[30m])", 0},
      {"sum by (region) (max_over_time(g[30m]))", kRounding},
      // Off by what a counter grows by between two scrapes at either end.
      {"increase(c_total[1h])", 0.03},
      {"rate(c_total[1h])", 0.03},
      {"sum by (region) (rate(c_total[1h]))", 0.03},
      {"sum by (region) (increase(c_total[10m]))", 0.15},
  };
  for (const Case& c : cases) {
    const auto got = world.Ask(world.tiers(), c.text, {}, kFrom, kGone, 5 * kMinute);
    EXPECT_FALSE(ReadsFrom(got, "raw")) << c.text;
    ExpectNear(got, world.Ask(world.all(), c.text, oracle, kFrom, kGone, 5 * kMinute), c.tolerance, c.text);
    if (testing::Test::HasFailure()) FAIL() << c.text;
  }
  // Whole hours come from hours, and are what five minutes come to: those of a step that is off by five minutes.
  for (const char* text : {"increase(c_total[2h])", "sum by (region) (rate(c_total[1h]))",
                           "max_over_time(g[1h])", "count_over_time(build_total[3h])"}) {
    const auto got = world.Ask(world.tiers(), text, {}, kFrom, kGone, kHour);
    EXPECT_TRUE(ReadsFrom(got, "1h")) << text;
    EXPECT_FALSE(ReadsFrom(got, "5m") || ReadsFrom(got, "1m") || ReadsFrom(got, "raw")) << text;
    const bool grows = std::string_view(text).find("c_total") != std::string_view::npos;
    ExpectNear(got, world.Ask(world.all(), text, oracle, kFrom, kGone, kHour), grows ? 0.03 : 0, text);
    const auto fine = world.Ask(world.tiers(), text, {}, kFrom, kGone, 30 * kMinute);
    EXPECT_TRUE(ReadsFrom(fine, "5m")) << text;
    for (const promql::MatrixSeries& series : std::get<promql::Matrix>(got.value)) {
      const auto& all = std::get<promql::Matrix>(fine.value);
      const auto same = std::ranges::find(all, series.labels, &promql::MatrixSeries::labels);
      ASSERT_NE(same, all.end()) << text;
      for (const promql::Point& point : series.points) {
        const auto beside = std::ranges::find(same->points, point.time_ms, &promql::Point::time_ms);
        ASSERT_NE(beside, same->points.end()) << text;
        EXPECT_NEAR(point.value, beside->value, 1e-12 * std::fabs(beside->value)) << text;
      }
    }
  }
  // A selector wants the newest sample, not that of the hour.
  EXPECT_FALSE(ReadsFrom(world.Ask(world.tiers(), "c_total", {}, kFrom, kGone, kHour), "1h"));
  // Over the seam, where windows end and samples begin, too.
  for (const char* text : {"max_over_time(g[1h])", "avg_over_time(g[1h])", "count_over_time(g[1h])"}) {
    ExpectNear(world.Ask(world.tiers(), text, {}, kFrom, kUntil, 5 * kMinute),
               world.Ask(world.all(), text, oracle, kFrom, kUntil, 5 * kMinute), kRounding, text);
  }
  const char* const seam = "sum(increase(c_total[1h]))";
  ExpectNear(world.Ask(world.tiers(), seam, {}, kFrom, kUntil, 5 * kMinute),
             world.Ask(world.all(), seam, oracle, kFrom, kUntil, 5 * kMinute), 0.03, seam);
}

TEST(QueryTiers, WindowsMayBeAskedFor) {
  World world(1000 * kHour);
  promql::EngineOptions near;
  near.source_resolution_max_ms = 5 * kMinute;
  const promql::EngineOptions oracle = promqltest::WithoutShortcuts({});
  struct Case {
    const char* text;
    double tolerance;
    bool has_windows;
  };
  const Case cases[] = {
      {"sum by (region) (rate(c_total[1h]))", 0.03, true},
      {"sum(rate(c_total[1h] offset 90s))", 0.1, true},
      {"max_over_time(g[30m])", 0, true},
      {"irate(c_total[5m])", 0, false},
      {"stddev_over_time(g[30m])", 0, false},
      {"sum(rate(c_total[30s]))", 0, false},
  };
  for (const Case& c : cases) {
    const auto got = world.Ask(world.tiers(), c.text, near, kFrom, kUntil, 10 * kMinute);
    ExpectNear(got, world.Ask(world.all(), c.text, oracle, kFrom, kUntil, 10 * kMinute), c.tolerance, c.text);
    EXPECT_EQ(ReadsFrom(got, "5m") || ReadsFrom(got, "1m"), c.has_windows) << c.text;
    EXPECT_FALSE(ReadsFrom(world.Ask(world.tiers(), c.text, {}, kFrom, kUntil, 7'000), "5m")) << c.text;
  }
}

// A step's answer does not depend on which other steps are asked for.
TEST(QueryTiers, AStepIsTheSameInEveryQuery) {
  for (const std::int64_t keep_raw_ms : {2 * kHour, 1000 * kHour}) {
    World world(keep_raw_ms);
    for (const char* text :
         {"avg_over_time(wild[10m])", "sum(rate(c_total[10m]))", "sum(max_over_time(g[15m]))"}) {
      const auto whole = world.Ask(world.tiers(), text, {}, kFrom, kUntil, 5 * kMinute);
      for (TimeMs at_ms = kFrom; at_ms <= kUntil; at_ms += 35 * kMinute) {
        const auto one = world.Ask(world.tiers(), text, {}, at_ms, at_ms, 5 * kMinute);
        for (const promql::MatrixSeries& series : std::get<promql::Matrix>(one.value)) {
          const auto& all = std::get<promql::Matrix>(whole.value);
          const auto same = std::ranges::find(all, series.labels, &promql::MatrixSeries::labels);
          ASSERT_NE(same, all.end());
          const auto point = std::ranges::find(same->points, at_ms, &promql::Point::time_ms);
          ASSERT_NE(point, same->points.end());
          // Sums of rates add up in the order of what is alike, which other steps have a part in.
          const double tolerance = std::string_view(text).starts_with("sum(rate") ? 1e-13 : 0;
          ASSERT_NEAR(point->value, series.points.at(0).value, tolerance * point->value)
              << text << " at " << (at_ms - kStart) / kMinute;
        }
      }
    }
  }
}

TEST(QueryTiers, ColumnsAndSeriesAgree) {
  for (const std::int64_t keep_raw_ms : {2 * kHour, 1000 * kHour}) {
    World world(keep_raw_ms);
    for (const std::int64_t resolution_ms : {std::int64_t{0}, 5 * kMinute}) {
      promql::EngineOptions columns;
      columns.source_resolution_max_ms = resolution_ms;
      promql::EngineOptions series = columns;
      series.pushes_down = false;
      for (const char* function :
           {"rate", "increase", "delta", "max_over_time", "min_over_time", "sum_over_time", "avg_over_time",
            "count_over_time", "last_over_time", "present_over_time", "changes"}) {
        for (const char* metric : {"g", "c_total", "build_total", "odd", "mixed"}) {
          for (const std::int64_t step_ms : {5 * kMinute, 7 * kMinute, kHour}) {
            const char* const range = step_ms == kHour ? "1h" : "20m";
            const std::string text = fmt::format("sum by (region) ({}({}[{}]))", function, metric, range);
            ExpectNear(world.Ask(world.tiers(), text, columns, kFrom, kUntil, step_ms),
                       world.Ask(world.tiers(), text, series, kFrom, kUntil, step_ms), 1e-13, text);
            if (testing::Test::HasFailure())
              FAIL() << text << " resolution " << resolution_ms << " step " << step_ms;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tickscope::roles
