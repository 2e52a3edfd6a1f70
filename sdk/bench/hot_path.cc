// What a value costs, beside prometheus-cpp: nanoseconds of this thread's CPU time a call, the least of several rounds.
//
//   sdk_hot_path            prints JSON: {"case": {"ns": least, "ns_median": middle}, ...}
//
// CPU time, not wall time, so that other work on the machine does not count; caches are still shared with it. Run by
// bench/sdk.py, which says what is asked.
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <thread>

#include "tickscope/game.hpp"

namespace {

namespace ts = tickscope::sdk;

constexpr int kRounds = 15;
constexpr std::size_t kValues = 4096;

double ThreadCpuNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Tick times as a server has them: log-normal around 6 ms, a few far out.
std::vector<double> TickTimes() {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> tick(std::log(0.0065), 0.35);
  std::vector<double> values(kValues);
  for (double& value : values)
    value = tick(random);
  return values;
}

const std::vector<double> values = TickTimes();
bool first_case = true;

void Report(const char* name, std::vector<double> rounds) {
  std::sort(rounds.begin(), rounds.end());
  std::printf("%s\n  \"%s\": {\"ns\": %.3f, \"ns_median\": %.3f}", first_case ? "{" : ",", name,
              rounds.front(), rounds[rounds.size() / 2]);
  first_case = false;
}

// Rounds of `calls` calls; `body(i)` is one.
template <typename Body>
std::vector<double> Rounds(int calls, const Body& body) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const double start_ns = ThreadCpuNs();
    for (int i = 0; i < calls; ++i) {
      body(static_cast<std::size_t>(i) % kValues);
      asm volatile("" ::: "memory");  // one call after the other, not all added up at the end
    }
    rounds.push_back((ThreadCpuNs() - start_ns) / calls);
  }
  return rounds;
}

template <typename Body>
void One(const char* name, int calls, const Body& body) {
  Report(name, Rounds(calls, body));
}

// Two threads on one handle; the slower one's rounds.
template <typename Body>
void Two(const char* name, int calls, const Body& body) {
  std::vector<double> other;
  std::thread thread([&] { other = Rounds(calls, body); });
  std::vector<double> mine = Rounds(calls, body);
  thread.join();
  Report(name, std::max(mine, other, [](const auto& a, const auto& b) {
           return *std::min_element(a.begin(), a.end()) < *std::min_element(b.begin(), b.end());
         }));
}

// 300 series, as a simulated game server has them: 168 scalars and 6 histograms of 20 buckets, sum and count.
void DeclareThreeHundred(std::vector<ts::Counter>& counters, std::vector<ts::Histogram>& histograms,
                         prometheus::Registry& registry) {
  const std::vector<double> bounds = {0.001, 0.002, 0.003, 0.004, 0.005, 0.006,  0.007, 0.008, 0.009, 0.01,
                                      0.011, 0.012, 0.013, 0.014, 0.015, 0.0167, 0.02,  0.033, 0.1};
  static const char* const platforms[] = {"pc", "playstation", "switch", "xbox"};
  for (int i = 0; i < 42; ++i) {
    const std::string name = "game_some_counter_" + std::to_string(i) + "_total";
    const auto family =
        ts::RegisterCounters({name.c_str(), "Something counted."},
                             {{"platform", {platforms[0], platforms[1], platforms[2], platforms[3]}}});
    auto& theirs = prometheus::BuildCounter().Name(name).Help("Something counted.").Register(registry);
    for (std::uint32_t k = 0; k < 4; ++k) {
      counters.push_back(family.At(k));
      counters.back().Add(static_cast<std::uint64_t>(i) * 1000 + k);
      theirs.Add({{"platform", platforms[k]}}).Increment(i * 1000 + static_cast<int>(k));
    }
  }
  for (int i = 0; i < 6; ++i) {
    const std::string name = "game_some_histogram_" + std::to_string(i) + "_seconds";
    histograms.push_back(ts::RegisterHistograms({name.c_str(), "Something timed.", "seconds"}, bounds).At());
    auto& theirs =
        prometheus::BuildHistogram().Name(name).Help("Something timed.").Register(registry).Add({}, bounds);
    for (const double value : values) {
      histograms.back().Observe(value);
      theirs.Observe(value);
    }
  }
}

}  // namespace

int main() {
  if (ts::Start({}) != TS_OK) return 1;
  prometheus::Registry registry;
  std::vector<ts::Counter> counters;
  std::vector<ts::Histogram> histograms;
  DeclareThreeHundred(counters, histograms, registry);
  const ts::Counter counter = counters.front();
  const ts::Histogram classic = histograms.front();
  const ts_family raw_family = [] {
    ts_metric metric{};
    metric.type = TS_EXPONENTIAL;
    metric.name = "bench_seconds";
    metric.help = "Help.";
    metric.scale = 3;
    ts_family family;
    ts_register(&metric, &family);
    return family;
  }();
  const ts_histogram raw_exponential = ts_histogram_of(raw_family, 0);
  const ts::Histogram exponential(raw_exponential);
  prometheus::Registry other;
  auto& their_counter = prometheus::BuildCounter().Name("c").Register(other).Add({{"platform", "pc"}});
  auto& their_histogram = prometheus::BuildHistogram().Name("h").Register(other).Add(
      {}, std::vector<double>{0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009, 0.01, 0.011,
                              0.012, 0.013, 0.014, 0.015, 0.0167, 0.02, 0.033, 0.1});

  constexpr int kCalls = 2'000'000;
  One("counter_inline", kCalls, [&](std::size_t) { counter.Add(); });
  One("classic_inline", kCalls, [&](std::size_t i) { classic.Observe(values[i]); });
  One("exponential_inline", kCalls, [&](std::size_t i) { exponential.Observe(values[i]); });
  ts_metric metric{};
  metric.type = TS_COUNTER;
  metric.name = "bench_total";
  metric.help = "Help.";
  ts_family family;
  ts_register(&metric, &family);
  const ts_counter raw_counter = ts_counter_of(family, 0);
  One("counter_c", kCalls, [&](std::size_t) { ts_counter_add(raw_counter, 1); });
  One("exponential_c", kCalls, [&](std::size_t i) { ts_observe(raw_exponential, values[i]); });
  Two("counter_inline_two_threads", kCalls, [&](std::size_t) { counter.Add(); });
  Two("exponential_inline_two_threads", kCalls, [&](std::size_t i) { exponential.Observe(values[i]); });
  One("prometheus_cpp_counter", kCalls, [&](std::size_t) { their_counter.Increment(); });
  One("prometheus_cpp_histogram", kCalls, [&](std::size_t i) { their_histogram.Observe(values[i]); });
  Two("prometheus_cpp_counter_two_threads", kCalls, [&](std::size_t) { their_counter.Increment(); });
  Two("prometheus_cpp_histogram_two_threads", kCalls,
      [&](std::size_t i) { their_histogram.Observe(values[i]); });

  std::vector<char> buffer(1 << 20);
  std::size_t used = 0;
  const auto expose = [&](ts_format format) {
    return [&, format](std::size_t) { ts_expose(format, buffer.data(), buffer.size(), &used); };
  };
  One("expose_text", 500, expose(TS_TEXT));
  One("expose_openmetrics", 500, expose(TS_OPENMETRICS));
  One("expose_protobuf", 500, expose(TS_PROTOBUF));
  const prometheus::TextSerializer serializer;
  One("prometheus_cpp_text", 200,
      [&](std::size_t) { used = serializer.Serialize(registry.Collect()).size(); });
  std::printf("\n}\n");
  return 0;
}
