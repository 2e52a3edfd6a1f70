// Codecs on the shapes a game server sends. Unit: time a value; bytes a value as a counter.
//
//   ./dev bench codec
#include <benchmark/benchmark.h>

#include <array>

#include "base/random.h"
#include "codec/crc32c.h"
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

void Checksum(benchmark::State& state) {
  const Bytes bytes(64U << 10, std::byte{7});
  for (auto _ : state)
    benchmark::DoNotOptimize(Crc32c(bytes));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(Checksum);

}  // namespace
}  // namespace tickscope::codec
