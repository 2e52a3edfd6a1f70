// Series over a limit: totals stay what they would be without it, also after restarts, resets, refused appends.
#include "ingest/overflow.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "codec/sample_batch.h"
#include "ingest/tenant_series.h"
#include "model/sample.h"

namespace tickscope::ingest {
namespace {

constexpr TimeMs kNow = 1'700'000'000'000;

class TenantFixture {
 public:
  explicit TenantFixture(TenantSeriesOptions options) : options_(std::move(options)) { Restart(); }

  void Restart() {
    series_ = std::make_unique<TenantSeries>(++seed_, now_ms);
    for (const codec::SampleBatch& batch : stream_)
      series_->Replay(options_, batch);
  }

  struct Sent {
    Labels labels;
    double value;
  };
  // One request; `is_taken` is whether the stream takes it. Returns how many places were refused.
  int Write(const std::vector<Sent>& samples, bool is_taken = true, std::string_view type = "") {
    int refused = 0;
    codec::SampleBatch batch;
    batch.received_ms = now_ms;
    const Arrival arrival{1, now_ms};
    series_->Begin();
    for (const Sent& sample : samples) {
      std::vector<LabelView> labels(sample.labels.begin(), sample.labels.end());
      const auto place = series_->Define(options_, arrival, labels, type, batch);
      if (!place) {
        ++refused;
      } else if (place->is_source()) {
        series_->AddOverflow(place->source(), arrival, now_ms, sample.value, batch);
      } else {
        series_->state(place->ref()).seen_s = arrival.now_s();
        batch.floats.Push(place->ref(), now_ms, sample.value);
      }
    }
    series_->End(options_, arrival, batch);
    if (!is_taken) {
      series_->Revert(batch);
      return refused;
    }
    // What borrows from the request must not outlive it.
    Bytes bytes;
    EncodeSampleBatch(batch, bytes);
    kept_.push_back(std::make_unique<Bytes>(std::move(bytes)));
    codec::SampleBatch& read = stream_.emplace_back();
    EXPECT_TRUE(DecodeSampleBatch(*kept_.back(), read).has_value());
    EXPECT_EQ(read.overflow, batch.overflow);
    for (const codec::SeriesDefinition& definition : read.series)
      names_[ToIndex(definition.ref)] = Labels::FromSorted(definition.labels).ToString();
    for (std::size_t i = 0; i < read.floats.size(); ++i)
      last_[names_.at(ToIndex(read.floats.refs[i]))] = read.floats.values[i];
    return refused;
  }

  // Sum of the newest values of all series whose name contains `part`.
  [[nodiscard]] double Sum(std::string_view part = "") const {
    double sum = 0;
    for (const auto& [name, value] : last_) {
      if (name.find(part) != std::string::npos) sum += value;
    }
    return sum;
  }
  [[nodiscard]] std::size_t series_seen() const { return last_.size(); }
  [[nodiscard]] const TenantSeries& series() const { return *series_; }
  [[nodiscard]] const std::map<std::string, double>& last() const { return last_; }

  TimeMs now_ms = kNow;

 private:
  TenantSeriesOptions options_;
  std::uint64_t seed_ = 0;
  std::unique_ptr<TenantSeries> series_;
  std::vector<codec::SampleBatch> stream_;
  std::vector<std::unique_ptr<Bytes>> kept_;
  std::map<std::uint32_t, std::string> names_;
  std::map<std::string, double> last_;
};

TenantSeriesOptions WithMetricLimit(std::uint64_t max) {
  TenantSeriesOptions options;
  options.limits.series_per_metric_max = max;
  return options;
}

std::vector<TenantFixture::Sent> Servers(const std::string& metric, int count, double value) {
  std::vector<TenantFixture::Sent> samples;
  for (int i = 0; i < count; ++i)
    samples.push_back({Labels{{"__name__", metric}, {"server", std::to_string(i)}}, value + i});
  return samples;
}

double SumOf(const std::vector<TenantFixture::Sent>& samples) {
  double sum = 0;
  for (const auto& sample : samples)
    sum += sample.value;
  return sum;
}

TEST(Overflow, CountersAndGaugesKeepTheirTotals) {
  for (const char* const metric : {"matches_total", "players"}) {
    SCOPED_TRACE(metric);
    TenantFixture tenant(WithMetricLimit(10));
    for (int round = 0; round < 5; ++round) {
      const auto samples = Servers(metric, 25, round * 7);
      EXPECT_EQ(tenant.Write(samples), 0);
      EXPECT_DOUBLE_EQ(tenant.Sum(), SumOf(samples));
      tenant.now_ms += 10'000;
    }
    EXPECT_EQ(tenant.series_seen(), 11U);
    EXPECT_EQ(tenant.series().active(), 10U);
    ASSERT_EQ(tenant.series().Overflows().size(), 1U);
    EXPECT_EQ(tenant.series().Overflows()[0].sources, 15U);
    EXPECT_EQ(tenant.series().Overflows()[0].series, std::string(metric) + "{__overflow__=\"metric\"}");
  }
}

TEST(Overflow, ACounterResetDoesNotLowerTheTotal) {
  TenantFixture tenant(WithMetricLimit(0));
  const Labels a{{"__name__", "x_total"}, {"server", "a"}};
  const Labels b{{"__name__", "x_total"}, {"server", "b"}};
  ASSERT_EQ(tenant.Write({{a, 100}, {b, 50}}), 0);
  EXPECT_DOUBLE_EQ(tenant.Sum(), 150);
  tenant.now_ms += 10'000;
  ASSERT_EQ(tenant.Write({{a, 4}, {b, 60}}), 0);
  EXPECT_DOUBLE_EQ(tenant.Sum(), 164);
  tenant.now_ms += 10'000;
  ASSERT_EQ(tenant.Write({{a, StaleNan()}, {b, 61}}), 0);
  EXPECT_DOUBLE_EQ(tenant.Sum(), 165);
}

TEST(Overflow, AGaugeThatEndsLeavesTheTotal) {
  TenantFixture tenant(WithMetricLimit(0));
  const Labels a{{"__name__", "players"}, {"server", "a"}};
  const Labels b{{"__name__", "players"}, {"server", "b"}};
  ASSERT_EQ(tenant.Write({{a, 100}, {b, 50}}), 0);
  tenant.now_ms += 10'000;
  ASSERT_EQ(tenant.Write({{a, StaleNan()}, {b, 50}}), 0);
  EXPECT_DOUBLE_EQ(tenant.Sum(), 50);
  // And one that just falls silent.
  tenant.now_ms += 400'000;
  ASSERT_EQ(tenant.Write({{a, 7}}), 0);
  EXPECT_DOUBLE_EQ(tenant.Sum(), 7);
}

TEST(Overflow, KeepsBucketsApart) {
  TenantFixture tenant(WithMetricLimit(0));
  for (const char* const server : {"a", "b", "c"}) {
    std::vector<TenantFixture::Sent> samples;
    for (const char* const le : {"0.1", "+Inf"})
      samples.push_back({Labels{{"__name__", "h_bucket"}, {"le", le}, {"server", server}}, 2});
    ASSERT_EQ(tenant.Write(samples), 0);
    tenant.now_ms += 5'000;
  }
  EXPECT_EQ(tenant.series_seen(), 2U);
  EXPECT_DOUBLE_EQ(tenant.Sum("le=\"0.1\""), 6);
  EXPECT_DOUBLE_EQ(tenant.Sum("le=\"+Inf\""), 6);
}

TEST(Overflow, RandomSourcesRestartsAndRefusedAppends) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    TenantFixture tenant(WithMetricLimit(random.Below(10)));
    std::map<std::string, double> counters;  // What the senders stand at.
    for (int round = 0; round < 60; ++round) {
      std::vector<TenantFixture::Sent> samples;
      for (int server = 0; server < 20; ++server) {
        if (random.Below(3) == 0 && round > 0) continue;
        const std::string name = std::to_string(server);
        double& value = counters[name];
        value += static_cast<double>(random.Below(50));
        samples.push_back({Labels{{"__name__", "x_total"}, {"server", name}}, value});
      }
      // A refused request comes again.
      while (random.Below(4) == 0)
        EXPECT_EQ(tenant.Write(samples, false), 0);
      EXPECT_EQ(tenant.Write(samples), 0);
      if (random.Below(8) == 0) tenant.Restart();
      tenant.now_ms += 10'000;
    }
    // Everybody once more, so that nothing is pending.
    std::vector<TenantFixture::Sent> samples;
    for (const auto& [server, value] : counters)
      samples.push_back({Labels{{"__name__", "x_total"}, {"server", server}}, value});
    EXPECT_EQ(tenant.Write(samples), 0);
    EXPECT_DOUBLE_EQ(tenant.Sum(), SumOf(samples));
  }
}

TEST(Limits, BudgetsCountWhatTheirMatchersSelect) {
  TenantSeriesOptions options;
  options.limits.budgets.push_back({"{region=\"eu\"}", {Matcher::Equal("region", "eu")}, 3});
  TenantFixture tenant(options);
  std::vector<TenantFixture::Sent> samples;
  for (int i = 0; i < 10; ++i) {
    for (const char* const region : {"eu", "na"})
      samples.push_back({Labels{{"__name__", "m"}, {"region", region}, {"server", std::to_string(i)}}, 1});
  }
  EXPECT_EQ(tenant.Write(samples), 0);
  EXPECT_EQ(tenant.series().active(), 13U);
  EXPECT_EQ(tenant.series().budget_active(0), 3U);
  EXPECT_DOUBLE_EQ(tenant.Sum(), 20);
  EXPECT_TRUE(tenant.last().contains("m{__overflow__=\"budget\"}"));
}

TEST(Limits, SilentSeriesMakeRoomAndMemoryIsGivenBack) {
  TenantSeriesOptions options;
  options.limits.series_max = 60'000;
  options.idle_ms = 600'000;
  TenantFixture tenant(options);
  std::size_t most = 0;
  for (int generation = 0; generation < 12; ++generation) {
    const std::string build = std::to_string(generation);
    std::vector<TenantFixture::Sent> samples;
    for (int i = 0; i < 25'000; ++i)
      samples.push_back({Labels{{"__name__", "m"}, {"build", build}, {"server", std::to_string(i)}}, 1});
    EXPECT_EQ(tenant.Write(samples), 0);
    EXPECT_EQ(tenant.series().Overflows().size(), 0U) << generation;
    tenant.now_ms += 700'000;
    most = std::max(most, tenant.series().bytes());
  }
  EXPECT_LE(tenant.series().active(), 50'000U);
  // Two generations' worth, not twelve.
  EXPECT_LT(most, 75'000U * 130);
}

TEST(Limits, NeitherSourcesNorTheirTotalsGrowWithoutEnd) {
  TenantSeriesOptions options = WithMetricLimit(0);
  options.overflow_sources_max = 100;
  TenantFixture sources(options);
  EXPECT_EQ(sources.Write(Servers("x_total", 150, 1)), 50);
  options.overflow_sources_max = 1000;
  options.overflow_series_max = 10;
  TenantFixture totals(options);
  std::vector<TenantFixture::Sent> samples;
  for (int i = 0; i < 30; ++i)
    samples.push_back({Labels{{"__name__", "metric_" + std::to_string(i)}, {"server", "a"}}, 1});
  EXPECT_EQ(totals.Write(samples), 20);
}

TEST(Overflow, EveryCutOfTheSectionIsAnError) {
  codec::SampleBatch batch;
  batch.tenant = "t";
  batch.overflow.push_back({SeriesRef{300}, true, {1, 2}, kNow, 1.5, 0.5});
  batch.overflow.push_back({SeriesRef{7}, false, {3, 4}, kNow + 1, -1, -2});
  Bytes bytes;
  EncodeSampleBatch(batch, bytes);
  codec::SampleBatch read;
  ASSERT_TRUE(DecodeSampleBatch(bytes, read).has_value());
  EXPECT_EQ(read.overflow, batch.overflow);
  // The header alone is an empty batch.
  for (std::size_t size = 10; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeSampleBatch(ByteView(bytes.data(), size), read).has_value()) << size;
}

}  // namespace
}  // namespace tickscope::ingest
