// What comes by OTLP's delta temporality and by numbered pushes of logs is there once: not lost and not doubled, whatever happens to answers, to
// the process at any turn, and to the disk's power. Parts are the product's own, in a made-up world of one thread and one seed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/simulated_threads.h"
#include "codec/signal_batch.h"
#include "ingest/gateway.h"
#include "io/memory_file_system.h"
#include "otlp/export_service.h"
#include "otlp/json_request.h"
#include "roles/store_consumer.h"
#include "signals/signal_gateway.h"
#include "stream/embedded_log.h"
#include "tsdb/store.h"

namespace tickscope::roles {
namespace {

constexpr stream::PartitionId kPartition{0};
constexpr TimeMs kBegin = 1'700'000'000'000;
constexpr std::int64_t kStepMs = 10'000;
const TenantId kTenant = "eu";
const std::vector<double> kBounds = {1, 2.5};

// What one sender counted, all of it.
struct Counted {
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  std::vector<std::uint64_t> buckets = {0, 0, 0};
  std::uint64_t exponential = 0;
};

struct Push {
  std::string message;  // A request of delta data points; empty for lines.
  std::vector<std::string> lines;
  codec::Delivery delivery;
};

// Sends one push after the other, each until it is answered.
struct Sender {
  std::string name;
  bool is_numbered = false;
  std::uint64_t next_number = 0;
  std::deque<Push> waiting;
  bool is_asking = false;
  Counted counted;
};

struct Process {
  ~Process() {
    if (log != nullptr) log->Close();
  }

  MetricRegistry metrics;
  std::unique_ptr<stream::Stream> log;
  std::unique_ptr<ingest::Gateway> gateway;
  std::unique_ptr<signals::SignalGateway> signal_gateway;
  std::unique_ptr<tsdb::Store> store;
  std::unique_ptr<StoreConsumer> consumer;
  std::unique_ptr<otlp::ExportService> exports;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed), turns_(seed + 1), threads_(clock_, turns_) {
    for (int i = 0; i < 4; ++i)
      senders_.push_back(
          {.name = fmt::format("s{}", i), .is_numbered = i >= 2, .waiting = {}, .counted = {}});
    Start();
  }
  ~World() {
    threads_.Drop();
    process_.reset();
  }

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      clock_.Advance(std::chrono::milliseconds(kStepMs));
      for (Sender& sender : senders_) {
        sender.waiting.push_back(MakeDeltas(sender));
        if (sender.is_numbered) sender.waiting.push_back(MakeLines(sender));
      }
      Work(random_.Below(25));
      const std::uint64_t kind = random_.Below(12);
      if (kind < 2) Kill(kind == 0);
    }
    Settle();
    // And once more, so that all of it is from the disk.
    Kill(false);
    Settle();
  }

  [[nodiscard]] const std::vector<Sender>& senders() const { return senders_; }
  [[nodiscard]] int kills() const { return kills_; }
  [[nodiscard]] int repeats() const { return repeats_; }
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  // The last sample of each series with that name: value or count, and start, by `sender` and `le`.
  [[nodiscard]] std::map<std::string, std::pair<double, TimeMs>> Last(const std::string& name) const {
    std::map<std::string, std::pair<double, TimeMs>> last;
    const QueryContext context;
    const SelectRequest request{.tenant = kTenant,
                                .start_ms = 0,
                                .end_ms = clock_.NowMs() + kStepMs,
                                .matchers = {Matcher::Equal(kMetricName, name)},
                                .hints = std::nullopt};
    const auto found = process_->store->Select(request, context).value();
    SampleColumns samples;
    while (found->Next()) {
      EXPECT_TRUE(found->ReadSamples(samples));
      if (samples.size() == 0) continue;
      const bool is_histogram = !samples.histograms.empty() && samples.histograms.back() != nullptr;
      const double value = is_histogram ? samples.histograms.back()->count : samples.values.back();
      std::string key(found->labels().Get("sender"));
      if (found->labels().Has(kBucketLabel)) key.append(" ").append(found->labels().Get(kBucketLabel));
      last[key] = {value, samples.start_times_ms.empty() ? 0 : samples.start_times_ms.back()};
    }
    return last;
  }

  // How often each line is on the stream.
  [[nodiscard]] std::map<std::string, int> Lines() const {
    std::map<std::string, int> lines;
    stream::Offset next = process_->log->StartOffset(kPartition);
    while (true) {
      const auto records = process_->log->Read(kPartition, next, 1U << 20).value();
      if (records.empty()) return lines;
      for (const stream::Record& record : records) {
        codec::SignalBatchReader reader;
        if (!reader.Open(record.payload)) continue;
        while (reader.Next().value())
          ++lines[std::string(reader.log().body.text)];
      }
      next = records.back().offset + 1;
    }
  }

 private:
  void Start() {
    process_ = std::make_unique<Process>();
    Process& process = *process_;
    stream::EmbeddedLogOptions log;
    log.directory = "/data/stream";
    // A few dozen records: epochs begin often.
    log.segment_bytes_max = 12'000;
    log.disk_free_bytes_min = 0;
    log.threads = &threads_;
    process.log = stream::OpenEmbeddedLog(fs_, clock_, process.metrics, log).value();
    process.gateway = std::make_unique<ingest::Gateway>(*process.log, clock_, random_, process.metrics,
                                                        ingest::GatewayOptions{});
    auto rules = std::make_shared<signals::PrivacyRules>();
    rules->scanner = guard::PiiScanner::Make({}).value();
    process.signal_gateway =
        std::make_unique<signals::SignalGateway>(*process.log, process.gateway->deliveries(), clock_,
                                                 process.metrics, signals::SignalOptions{}, std::move(rules));
    tsdb::StoreOptions store;
    store.directory = "/data/store";
    store.seal_interval_ms = 30'000;
    store.block_range_ms = 240'000;
    store.block_delay_ms = 60'000;
    process.store = tsdb::Store::Open(fs_, process.metrics, store).value();
    process.consumer = std::make_unique<StoreConsumer>(
        *process.log, *process.store, clock_, process.metrics, [] {}, threads_);
    process.store->ForEachDefinition([&](const codec::SampleBatch& batch, std::uint32_t next_ref) {
      process.gateway->Replay(batch);
      process.gateway->ReserveRefs(batch.tenant, next_ref);
    });
    const std::atomic<bool> stopping{false};
    ASSERT_TRUE(process.gateway->deliveries().Recover(*process.log));
    ASSERT_TRUE(process.consumer->Replay(
        [&](const codec::SampleBatch& batch) { process.gateway->Replay(batch); }, stopping));
    process.consumer->Start();
    process.exports = std::make_unique<otlp::ExportService>(
        *process.gateway, *process.signal_gateway, random_, process.metrics,
        otlp::ExportOptions{
            .translation = {}, .delta = {}, .clock = &clock_, .storage = process.store.get()});
  }

  void Kill(bool is_power) {
    ++kills_;
    threads_.Drop();
    process_.reset();
    for (Sender& sender : senders_)
      sender.is_asking = false;
    ++life_;
    if (is_power) {
      fs_.Crash({.unsynced = random_.Below(2) == 0 ? io::CrashPolicy::Unsynced::kTorn
                                                   : io::CrashPolicy::Unsynced::kLost,
                 .seed = random_.Next()});
    }
    Start();
  }

  // Has senders send and the process work, in a drawn order.
  void Work(std::uint64_t turns) {
    for (std::uint64_t turn = 0; turn < turns; ++turn) {
      Send(senders_[random_.Below(senders_.size())]);
      threads_.RunOne();
    }
  }

  void Settle() {
    const auto is_done = [this] {
      for (const Sender& sender : senders_) {
        if (!sender.waiting.empty()) return false;
      }
      return process_->consumer->next_offset() == process_->log->EndOffset(kPartition);
    };
    for (int turn = 0; turn < 200'000 && !is_done(); ++turn)
      Work(1);
    EXPECT_TRUE(is_done()) << "pushes stay without an answer";
  }

  Push MakeDeltas(Sender& sender) {
    const TimeMs end_ms = clock_.NowMs();
    const auto draw = [&] { return random_.Below(5); };
    const std::uint64_t number = draw();
    const std::vector<std::uint64_t> buckets = {draw(), draw(), draw()};
    const std::uint64_t exponential = draw();
    const std::uint64_t count = buckets[0] + buckets[1] + buckets[2];
    sender.counted.number += number;
    sender.counted.sum += 2 * count;
    for (std::size_t i = 0; i < buckets.size(); ++i)
      sender.counted.buckets[i] += buckets[i];
    sender.counted.exponential += exponential;
    const std::string point = fmt::format(
        R"("startTimeUnixNano":"{}000000","timeUnixNano":"{}000000","attributes":[{{"key":"sender","value":{{"stringValue":"{}"}}}}])",
        end_ms - kStepMs, end_ms, sender.name);
    const std::string json = fmt::format(
        R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[)"
        R"({{"name":"n","sum":{{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{{{0},"asInt":"{1}"}}]}}}},)"
        R"({{"name":"h","histogram":{{"aggregationTemporality":1,"dataPoints":[{{{0},"count":"{2}","sum":{3},)"
        R"("bucketCounts":["{4}","{5}","{6}"],"explicitBounds":[1,2.5]}}]}}}},)"
        R"({{"name":"e","exponentialHistogram":{{"aggregationTemporality":1,"dataPoints":[{{{0},"count":"{7}","sum":1,)"
        R"("scale":{8},"positive":{{"offset":1,"bucketCounts":["{7}"]}}}}]}}}}]}}]}}]}})",
        point, number, count, 2 * count, buckets[0], buckets[1], buckets[2], exponential, random_.Below(3));
    Push push;
    push.message = json_.ToProtobuf(otlp::Signal::kMetrics, json).value();
    push.delivery = {sender.name, 5, sender.next_number++};
    return push;
  }

  Push MakeLines(Sender& sender) {
    Push push;
    push.delivery = {sender.name, 5, sender.next_number++};
    for (std::uint64_t i = 0; i < 1 + random_.Below(3); ++i) {
      push.lines.push_back(fmt::format("{} line {}", sender.name, line_count_++));
      lines_sent_.push_back(push.lines.back());
    }
    return push;
  }

  void Send(Sender& sender) {
    if (sender.is_asking || sender.waiting.empty()) return;
    sender.is_asking = true;
    const Push& push = sender.waiting.front();
    const auto hear = [this, &sender, life = life_](const std::optional<Error>& error, std::uint64_t refused,
                                                    bool is_duplicate) {
      // A process that is gone answers nobody.
      if (life != life_) return;
      sender.is_asking = false;
      // What was sent waits for its answer; one of ten is lost.
      if (error || random_.Below(10) == 0) return;
      if (refused > 0) problems_.push_back(fmt::format("{} of {} refused", refused, sender.name));
      if (is_duplicate) ++repeats_;
      sender.waiting.pop_front();
    };
    const std::optional<codec::Delivery> delivery =
        sender.is_numbered ? std::optional(push.delivery) : std::nullopt;
    if (!push.message.empty()) {
      process_->exports->Export(otlp::Signal::kMetrics, kTenant, push.message, delivery,
                                [hear](const otlp::ExportOutcome& outcome) {
                                  hear(outcome.error, outcome.refused, outcome.is_duplicate);
                                });
      return;
    }
    const auto answer = [hear](const signals::SignalAnswer& said) {
      hear(said.error, said.refused, said.is_duplicate);
    };
    signals::SignalGateway& gateway = *process_->signal_gateway;
    if (const auto known = gateway.BeginPush(codec::RecordKind::kLogs, kTenant, delivery))
      return answer(*known);
    signals::Intake intake = gateway.Begin(codec::RecordKind::kLogs, kTenant, delivery);
    intake.SetOrigin({});
    for (const std::string& line : push.lines)
      intake.Add(codec::LogRecord{.body = codec::SignalValue::Text(line)});
    gateway.Commit(std::move(intake), 1, delivery, answer);
  }

 public:
  [[nodiscard]] const std::vector<std::string>& lines_sent() const { return lines_sent_; }

 private:
  SeededRandom random_;
  SeededRandom turns_;
  ManualClock clock_{kBegin};
  io::MemoryFileSystem fs_;
  SimulatedThreads threads_;
  std::unique_ptr<Process> process_;
  otlp::JsonRequests json_;
  std::vector<Sender> senders_;
  std::vector<std::string> lines_sent_;
  std::vector<std::string> problems_;
  std::uint64_t line_count_ = 0;
  int life_ = 0;
  int kills_ = 0;
  int repeats_ = 0;
};

TEST(EdgeRestart, WhatIsAcknowledgedIsThereOnce) {
  int repeats = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed);
    world.Run(120);
    EXPECT_GT(world.kills(), 5);
    EXPECT_TRUE(world.problems().empty()) << world.problems().front();
    repeats += world.repeats();

    const auto numbers = world.Last("n_total");
    const auto sums = world.Last("h_sum");
    const auto counts = world.Last("h_count");
    const auto buckets = world.Last("h_bucket");
    const auto exponentials = world.Last("e");
    for (const Sender& sender : world.senders()) {
      SCOPED_TRACE(sender.name);
      const Counted& counted = sender.counted;
      const auto is = [&](const auto& last, const std::string& key, std::uint64_t value) {
        ASSERT_TRUE(last.contains(key)) << key;
        EXPECT_EQ(last.at(key).first, static_cast<double>(value)) << key;
        EXPECT_EQ(last.at(key).second, kBegin) << "one total from the first point on: " << key;
      };
      is(numbers, sender.name, counted.number);
      is(sums, sender.name, counted.sum);
      is(buckets, sender.name + " 1", counted.buckets[0]);
      is(buckets, sender.name + " 2.5", counted.buckets[0] + counted.buckets[1]);
      const std::uint64_t count = counted.buckets[0] + counted.buckets[1] + counted.buckets[2];
      is(buckets, sender.name + " +Inf", count);
      is(counts, sender.name, count);
      is(exponentials, sender.name, counted.exponential);
    }
    std::map<std::string, int> once;
    for (const std::string& line : world.lines_sent())
      once[line] = 1;
    EXPECT_EQ(world.Lines(), once);
  }
  EXPECT_GT(repeats, 20) << "answers were lost, and pushes known";
}

}  // namespace
}  // namespace tickscope::roles
