// Codecs on the shapes a game server sends. Unit: time a value; bytes a value as a counter.
//
//   ./dev bench codec
#include <benchmark/benchmark.h>

#include <array>
#include <map>
#include <memory>

#include "base/random.h"
#include "codec/block_column.h"
#include "codec/column_steps.h"
#include "codec/crc32c.h"
#include "codec/histogram_codec.h"
#include "codec/histogram_column.h"
#include "codec/sample_batch.h"
#include "codec/value_column.h"

namespace tickscope::codec {
namespace {

enum Shape { kConstant, kConstantStep, kPoisson5, kPoisson300, kWideCounter, kPercent, kRandomDouble };

std::vector<double> MakeValues(Shape shape, std::size_t count) {
  SeededRandom random(7);
  std::vector<double> values(count);
  double counter = 1e6;
  for (double& v : values) {
    // The sum of uniforms stands for a Poisson count of that spread.
    const auto about = [&](double mean, double spread) {
      double sum = 0;
      for (int i = 0; i < 12; ++i)
        sum += random.Unit();
      return static_cast<double>(static_cast<std::int64_t>(std::max(0.0, mean + (sum - 6) * spread)));
    };
    switch (shape) {
      case kConstant:
        v = 30;
        break;
      case kConstantStep:
        v = counter += 640;
        break;
      case kPoisson5:
        v = counter += about(5, 2.2);
        break;
      case kPoisson300:
        v = counter += about(300, 17.3);
        break;
      case kWideCounter:
        v = counter += about(4.8e6, 2.4e5);
        break;
      case kPercent:
        v = about(4000, 300) / 100;
        break;
      case kRandomDouble:
        v = random.Unit();
        break;
    }
  }
  return values;
}

void EncodeColumn(benchmark::State& state) {
  const auto values = MakeValues(static_cast<Shape>(state.range(0)), kColumnValuesMax);
  Bytes column;
  for (auto _ : state) {
    column.clear();
    EncodeValueColumn(values, column);
    benchmark::DoNotOptimize(column.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * values.size()));
  state.counters["bytes_per_value"] = static_cast<double>(column.size()) / static_cast<double>(values.size());
}
BENCHMARK(EncodeColumn)->DenseRange(kConstant, kRandomDouble);

void DecodeColumn(benchmark::State& state) {
  const auto values = MakeValues(static_cast<Shape>(state.range(0)), kColumnValuesMax);
  Bytes column;
  EncodeValueColumn(values, column);
  std::array<double, kColumnValuesMax> out;
  for (auto _ : state) {
    benchmark::DoNotOptimize(DecodeValueColumn(column, out));
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * values.size()));
}
BENCHMARK(DecodeColumn)->DenseRange(kConstant, kRandomDouble);

SampleBatch MakeBatch() {
  SampleBatch batch;
  batch.tenant = "default";
  const auto counters = MakeValues(kPoisson300, 3000);
  for (std::uint32_t i = 0; i < 3000; ++i)
    batch.floats.Push(SeriesRef{i}, 1'700'000'000'000, counters[i]);
  return batch;
}

void EncodeBatch(benchmark::State& state) {
  const SampleBatch batch = MakeBatch();
  Bytes bytes;
  for (auto _ : state) {
    bytes.clear();
    EncodeSampleBatch(batch, bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch.floats.size()));
  state.counters["bytes_per_value"] =
      static_cast<double>(bytes.size()) / static_cast<double>(batch.floats.size());
}
BENCHMARK(EncodeBatch);

void DecodeBatch(benchmark::State& state) {
  Bytes bytes;
  EncodeSampleBatch(MakeBatch(), bytes);
  SampleBatch batch;
  for (auto _ : state) {
    benchmark::DoNotOptimize(DecodeSampleBatch(bytes, batch));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch.floats.size()));
}
BENCHMARK(DecodeBatch);

// A target's 300 counters at one time after the other, as the gateway writes them and the store reads them: none, one
// start for all of them, or one each.
void StreamBatches(benchmark::State& state) {
  SampleBatch batch;
  batch.tenant = "default";
  const auto counters = MakeValues(kPoisson300, 300);
  for (std::uint32_t i = 0; i < 300; ++i) {
    const TimeMs start_ms =
        state.range(0) == 0 ? 0 : 1'699'999'000'000 + (state.range(0) == 2 ? i * 7 % 40 : 0);
    batch.floats.Push(SeriesRef{i}, 1'700'000'000'000, counters[i], start_ms);
  }
  BatchEncoder encoder;
  BatchDecoder decoder;
  SampleBatch read;
  Bytes bytes;
  std::size_t first_bytes = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < 300; ++i) {
      batch.floats.times_ms[i] += 10'000;
      batch.floats.values[i] += static_cast<double>(i % 40);
    }
    bytes.clear();
    encoder.Encode(batch, 1, bytes);
    if (first_bytes == 0) first_bytes = bytes.size();
    if (!decoder.Decode(bytes, 1, read)) std::abort();
    benchmark::DoNotOptimize(read.floats.values.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * 300));
  state.counters["first_bytes"] = static_cast<double>(first_bytes);
  state.counters["bytes_per_value"] = static_cast<double>(bytes.size()) / 300;
}
BENCHMARK(StreamBatches)->ArgName("starts")->DenseRange(0, 2);

void Checksum(benchmark::State& state) {
  const Bytes bytes(64U << 10, std::byte{7});
  for (auto _ : state)
    benchmark::DoNotOptimize(Crc32c(bytes));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(Checksum);

// Decode, windowed increase and sum over series, on packed counters that fit the cache: 64 counters of 896 steps, windows of
// six rows.
void SumIncreases(benchmark::State& state) {
  constexpr std::size_t kCounters = 64;
  constexpr std::size_t kValues = 897;
  std::vector<Bytes> columns(kCounters);
  SeededRandom random(3);
  for (Bytes& column : columns) {
    std::vector<double> values(kValues);
    double counter = 1e6;
    for (double& v : values)
      v = counter += static_cast<double>(random.Below(static_cast<std::uint64_t>(state.range(0))));
    EncodeBlockColumn(values, {}, column);
  }
  std::vector<std::uint32_t> steps(kValues);
  std::vector<std::uint64_t> rows(kValues);
  for (auto _ : state) {
    for (const Bytes& column : columns) {
      if (!DecodeColumnSteps(column, {0, steps.size()}, steps)) std::abort();
      for (std::size_t i = 0; i < kValues; ++i)
        rows[i] += steps[i];
    }
    benchmark::DoNotOptimize(rows.data());
  }
  state.counters["samples_per_s"] = benchmark::Counter(static_cast<double>(kCounters * (kValues - 1)),
                                                       benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(SumIncreases)->ArgName("step_max")->Arg(10)->Arg(60)->Arg(600)->Arg(40'000);

void DecodeBlock(benchmark::State& state) {
  const auto values = MakeValues(static_cast<Shape>(state.range(0)), 720);
  Bytes column;
  EncodeBlockColumn(values, {}, column);
  std::vector<double> out(kBlockColumnMax);
  for (auto _ : state) {
    benchmark::DoNotOptimize(DecodeBlockColumn(column, {}, out));
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["values_per_s"] = benchmark::Counter(720, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["bytes_per_value"] = static_cast<double>(column.size()) / 720;
}
BENCHMARK(DecodeBlock)->ArgName("shape")->DenseRange(kConstant, kRandomDouble);

// Two hours of a native histogram at ten seconds: 600 observations each time, about 40 buckets of schema 3.
std::vector<HistogramPtr> MakeHistograms() {
  SeededRandom random(9);
  std::map<std::int64_t, double> counts;
  double sum = 0;
  std::vector<HistogramPtr> histograms;
  for (int row = 0; row < 720; ++row) {
    for (int i = 0; i < 600; ++i) {
      double at = 0;
      for (int k = 0; k < 12; ++k)
        at += random.Unit();
      ++counts[static_cast<std::int64_t>(20 + (at - 6) * 6)];
      sum += static_cast<double>(random.Below(100'000)) / 1000;
    }
    Histogram h;
    h.schema = 3;
    h.zero_threshold = 0.001;
    h.sum = sum;
    std::int64_t next = 0;
    for (const auto& [index, count] : counts) {
      if (h.positive_spans.empty() || index != next)
        h.positive_spans.push_back({static_cast<std::int32_t>(index - next), 0});
      ++h.positive_spans.back().length;
      h.positive_buckets.push_back(count);
      h.count += count;
      next = index + 1;
    }
    histograms.push_back(std::make_shared<const Histogram>(std::move(h)));
  }
  return histograms;
}

void EncodeHistograms(benchmark::State& state) {
  const std::vector<HistogramPtr> histograms = MakeHistograms();
  const std::vector<double> values(histograms.size());
  Bytes singly;
  for (const HistogramPtr& histogram : histograms)
    PutHistogram(*histogram, singly);
  Bytes column;
  for (auto _ : state) {
    column.clear();
    EncodeHistogramColumn(values, histograms, column);
    benchmark::DoNotOptimize(column.data());
  }
  const auto rows = static_cast<double>(histograms.size());
  state.counters["buckets"] = static_cast<double>(histograms.back()->positive_buckets.size());
  state.counters["bytes_per_histogram"] = static_cast<double>(column.size()) / rows;
  state.counters["bytes_singly"] = static_cast<double>(singly.size()) / rows;
  state.counters["histograms_per_s"] =
      benchmark::Counter(rows, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(EncodeHistograms);

void DecodeHistograms(benchmark::State& state) {
  const std::vector<HistogramPtr> histograms = MakeHistograms();
  Bytes column;
  EncodeHistogramColumn(std::vector<double>(histograms.size()), histograms, column);
  std::vector<double> values;
  std::vector<HistogramPtr> read;
  for (auto _ : state) {
    values.clear();
    read.clear();
    if (!DecodeHistogramColumn(column, histograms.size(), values, read)) std::abort();
    benchmark::DoNotOptimize(read.data());
  }
  state.counters["histograms_per_s"] = benchmark::Counter(static_cast<double>(histograms.size()),
                                                          benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(DecodeHistograms);

}  // namespace
}  // namespace tickscope::codec
