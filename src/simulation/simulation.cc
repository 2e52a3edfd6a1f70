#include "simulation/simulation.h"

#include <fmt/format.h>

#include <atomic>
#include <bit>
#include <memory>
#include <utility>

#include "base/simulated_threads.h"
#include "ingest/gateway.h"
#include "io/memory_file_system.h"
#include "promql/engine.h"
#include "roles/store_consumer.h"
#include "simulation/sample_checker.h"
#include "simulation/simulated_senders.h"
#include "stream/embedded_log.h"
#include "tsdb/store.h"

namespace tickscope::simulation {
namespace {

constexpr TimeMs kBegin = 1'700'000'000'000;
constexpr std::size_t kSenders = 5;
constexpr stream::PartitionId kPartition{0};
// Turns after which a worker that has something to do must have done it.
constexpr int kTurnsMax = 100'000;

// The process under test: what `tickscope serve` joins, less HTTP.
struct Process {
  MetricRegistry metrics;
  std::unique_ptr<stream::Stream> log;
  std::unique_ptr<ingest::Gateway> gateway;
  std::unique_ptr<tsdb::Store> store;
  std::unique_ptr<roles::StoreConsumer> consumer;

  ~Process() {
    consumer.reset();
    if (log != nullptr) log->Close();
  }
};

class World {
 public:
  explicit World(const SimulationOptions& options)
      : options_(options),
        random_(options.seed),
        turns_(options.seed + 1),
        threads_(clock_, turns_),
        senders_(kSenders, random_, checker_) {}

  SimulationReport Run() {
    for (int step = 0; step < options_.steps && checker_.violations().empty(); ++step)
      Step();
    Settle();
    report_.violations = checker_.violations();
    report_.violations.insert(report_.violations.end(), problems_.begin(), problems_.end());
    report_.sent = checker_.sent();
    report_.acknowledged = checker_.acknowledged();
    report_.compared = checker_.compared();
    report_.compared_with_start = checker_.compared_with_start();
    report_.fingerprint = fingerprint_;
    return report_;
  }

 private:
  void Happened(std::uint64_t what) { fingerprint_ = MixBits(fingerprint_ ^ what); }

  void Step() {
    if (process_ == nullptr) Start();
    const std::uint64_t kind = random_.Below(100);
    if (kind < 30) {
      Deliver(random_.Below(kSenders));
    } else if (kind < 80) {
      if (process_ != nullptr) threads_.RunOne();
    } else if (kind < 90) {
      Advance();
    } else if (kind < 93) {
      Query();
    } else {
      Disturb();
    }
    Happened(fs_.change_count());
    if (must_end_ && process_ != nullptr) {
      // A failed sync leaves what the disk holds unknown, as a cut does.
      ++report_.failures;
      End(true);
    } else if (power_is_going_ && random_.Below(12) == 0) {
      End(true);
    }
  }

  void Advance() {
    clock_.Advance(std::chrono::milliseconds(500 + random_.Below(4000)));
    const TimeMs true_ms =
        kBegin + std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Monotonic()).count();
    while (next_scrape_ms_ <= true_ms) {
      senders_.Scrape(next_scrape_ms_);
      next_scrape_ms_ += 10'000;
    }
  }

  // A request goes over the network, with what may happen there.
  void Deliver(std::size_t sender) {
    const SimulatedRequestPtr request =
        late_.empty() || random_.Below(8) != 0 ? senders_.Next(sender) : TakeLate(sender);
    if (request == nullptr || process_ == nullptr) return;
    const bool is_faulty = options_.network_faults;
    if (is_faulty && random_.Below(20) == 0) return;  // Lost on the way.
    if (is_faulty && random_.Below(20) == 0) late_.push_back({sender, request});
    const int copies = is_faulty && random_.Below(20) == 0 ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      ++report_.requests;
      const bool is_answer_lost = is_faulty && random_.Below(15) == 0;
      process_->gateway->Write("default", request->protocol, request->body,
                               codec::Delivery{fmt::format("sender-{}", sender), 1, request->number},
                               [this, sender, request, is_answer_lost](const ingest::WriteAnswer& answer) {
                                 Happened(request->number * 4 + (answer.error ? 1U : 0U));
                                 if (!is_answer_lost) Hear(sender, *request, answer);
                               });
    }
  }

  SimulatedRequestPtr TakeLate(std::size_t& sender) {
    const std::size_t at = random_.Below(late_.size());
    sender = late_[at].sender;
    SimulatedRequestPtr request = late_[at].request;
    late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(at));
    return request;
  }

  void Hear(std::size_t sender, const SimulatedRequest& request, const ingest::WriteAnswer& answer) {
    if (!answer.error) {
      if (answer.samples_written + answer.histograms_written != request.samples.size())
        problems_.push_back(
            fmt::format("request {} was written in part, and said to be whole", request.number));
      senders_.Acknowledge(sender, request);
    } else if (answer.error->code == ErrorCode::kInvalidArgument) {
      ++report_.refused_requests;
      senders_.GiveUp(sender, request);
    }
  }

  void Disturb() {
    const std::uint64_t kind = random_.Below(60);
    if (kind == 0 && options_.kills) {
      ++report_.kills;
      End(false);
    } else if (kind == 1 && options_.power_cuts && !power_is_going_) {
      power_is_going_ = true;
      fs_.CutPowerAfter(random_.Below(30));
    } else if (kind < 6 && options_.disk_faults) {
      Fault();
    } else if (kind < 8 && options_.clock_jumps) {
      const TimeMs true_ms =
          kBegin + std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Monotonic()).count();
      // Mostly by what senders are still taken at; now and then by hours, for a while.
      const auto spread = static_cast<TimeMs>(random_.Below(6) == 0 ? 4 * 3'600'000 : 8 * 60'000);
      const auto off = static_cast<TimeMs>(random_.Below(2 * static_cast<std::uint64_t>(spread))) - spread;
      clock_.JumpTo(random_.Below(2) == 0 ? true_ms : true_ms + off);
    }
  }

  void Fault() {
    io::FileFault fault;
    fault.nth = 1 + random_.Below(6);
    switch (random_.Below(5)) {
      case 0:
        fault.operation = io::FileOperation::kSync;
        break;
      case 1:
        fault.operation = io::FileOperation::kRename;
        break;
      case 2:
        fault.operation = io::FileOperation::kSyncDirectory;
        break;
      default:
        fault.operation = io::FileOperation::kAppend;
        fault.error = Error{ErrorCode::kResourceExhausted, "disk full"};
        fault.times = 1 + random_.Below(10);
        fault.bytes_kept = random_.Below(300);
        break;
    }
    fs_.Inject(fault);
  }

  // The process is gone. With `power`, so is what was not synced.
  void End(bool power) {
    threads_.Drop();
    process_.reset();
    must_end_ = false;
    fs_.ClearFaults();
    // A cut that was on its way comes now.
    if (!std::exchange(power_is_going_, false) && !power) return;
    ++report_.power_cuts;
    fs_.Crash({.unsynced = random_.Below(2) == 0 ? io::CrashPolicy::Unsynced::kTorn
                                                 : io::CrashPolicy::Unsynced::kLost,
               .seed = random_.Next()});
  }

  void Start() {
    // The power may go again while the process recovers.
    if (options_.power_cuts && !power_is_going_ && random_.Below(4) == 0) {
      fs_.CutPowerAfter(random_.Below(12));
      power_is_going_ = true;
    }
    const bool is_cut = power_is_going_;
    auto process = std::make_unique<Process>();
    const Status opened = Open(*process);
    if (opened) {
      ++report_.starts;
      process_ = std::move(process);
      return;
    }
    ++report_.failed_starts;
    if (!is_cut) problems_.push_back("the process does not start: " + opened.error().message);
    threads_.Drop();
    process.reset();
    End(true);
  }

  Status Open(Process& process) {
    stream::EmbeddedLogOptions log;
    log.directory = "/data/stream";
    log.segment_bytes_max = 12'000;
    log.disk_free_bytes_min = 0;
    log.on_failure = [this] { must_end_ = true; };
    log.threads = &threads_;
    TICKSCOPE_ASSIGN_OR_RETURN(process.log, stream::OpenEmbeddedLog(fs_, clock_, process.metrics, log));
    process.gateway = std::make_unique<ingest::Gateway>(*process.log, clock_, random_, process.metrics,
                                                        ingest::GatewayOptions{});
    tsdb::StoreOptions store;
    store.directory = "/data/store";
    store.seal_interval_ms = 30'000;
    store.block_range_ms = 240'000;
    store.block_delay_ms = 60'000;
    store.dead_series_min = 1;
    TICKSCOPE_ASSIGN_OR_RETURN(process.store, tsdb::Store::Open(fs_, process.metrics, store));
    process.consumer = std::make_unique<roles::StoreConsumer>(
        *process.log, *process.store, clock_, process.metrics, [this] { must_end_ = true; }, threads_);
    process.store->ForEachDefinition([&](const codec::SampleBatch& batch, std::uint32_t next_ref) {
      process.gateway->Replay(batch);
      process.gateway->ReserveRefs(batch.tenant, next_ref);
    });
    const std::atomic<bool> stopping{false};
    TICKSCOPE_RETURN_IF_ERROR(process.gateway->deliveries().Recover(*process.log));
    TICKSCOPE_RETURN_IF_ERROR(process.consumer->Replay(
        [&](const codec::SampleBatch& batch) { process.gateway->Replay(batch); }, stopping));
    process.consumer->Start();
    return {};
  }

  // Holds what queries show against what was sent. While the disk fails there is nothing to hold.
  void Query() {
    if (process_ == nullptr || power_is_going_) return;
    for (int turn = 0; process_->consumer->next_offset() < process_->log->EndOffset(kPartition); ++turn) {
      if (must_end_) return;
      if (turn > kTurnsMax) {
        problems_.emplace_back("the store does not catch up with the stream");
        return;
      }
      threads_.RunOne();
    }
    if (must_end_) return;
    CheckDeliveries();
    const promql::Engine engine{{}};
    const QueryContext context;
    const auto result =
        engine.Instant(*process_->store, "default", "{__name__=~\".+\"}[1d]", next_scrape_ms_, context);
    if (!result) {
      problems_.push_back("the query failed: " + result.error().message);
      return;
    }
    std::map<std::string, std::vector<FoundSample>> found;
    for (const promql::MatrixSeries& series : std::get<promql::Matrix>(result->value)) {
      std::vector<FoundSample>& samples = found[series.labels.ToString()];
      for (const promql::Point& point : series.points) {
        samples.push_back({point.time_ms, point.histogram != nullptr
                                              ? HistogramBits(*point.histogram)
                                              : std::bit_cast<std::uint64_t>(point.value)});
        Happened(samples.back().bits);
      }
    }
    AddStarts(found);
    checker_.Compare(found);
    report_.blocks += process_->metrics.AddCounter("tickscope_store_blocks_total", "", {})->value();
    report_.seals += process_->metrics.AddCounter("tickscope_store_seals_total", "", {})->value();
  }

  // No push is on the stream twice, however often it was sent.
  void CheckDeliveries() {
    std::map<std::pair<std::string, std::uint64_t>, stream::Offset> seen;
    codec::SampleBatch batch;
    stream::Offset next = process_->log->StartOffset(kPartition);
    while (next < process_->log->EndOffset(kPartition)) {
      const auto records = process_->log->Read(kPartition, next, 1U << 20);
      if (!records || records->empty()) return;
      for (const stream::Record& record : *records) {
        if (!codec::ReadDeliveries(record.payload, batch) || !batch.delivery) continue;
        const auto [first, is_new] =
            seen.try_emplace({batch.delivery->sender, batch.delivery->number}, record.offset);
        if (!is_new && first->second != record.offset) {
          problems_.push_back(fmt::format("push {} of {} is on the stream at {} and {}",
                                          batch.delivery->number, batch.delivery->sender, first->second,
                                          record.offset));
        }
      }
      next = records->back().offset + 1;
    }
  }

  // A query's answer has no start timestamps; they are read where the engine reads them.
  void AddStarts(std::map<std::string, std::vector<FoundSample>>& found) {
    const QueryContext context;
    SelectRequest request{.tenant = "default", .start_ms = INT64_MIN, .end_ms = INT64_MAX};
    request.matchers.push_back(*Matcher::Make(MatchType::kRegex, "__name__", ".+"));
    const auto set = process_->store->Select(request, context);
    if (!set) {
      problems_.push_back("the select failed: " + set.error().message);
      return;
    }
    SampleColumns columns;
    while ((*set)->Next()) {
      const auto series = found.find((*set)->labels().ToString());
      if (!(*set)->ReadSamples(columns) || series == found.end() || columns.start_times_ms.empty()) continue;
      std::size_t at = 0;
      for (FoundSample& sample : series->second) {
        while (at < columns.size() && columns.times_ms[at] < sample.time_ms)
          ++at;
        if (at < columns.size() && columns.times_ms[at] == sample.time_ms)
          sample.start_ms = columns.start_times_ms[at];
      }
    }
  }

  // No more faults: everything is delivered, and all must be there, also after a last start.
  void Settle() {
    options_ = {.seed = options_.seed,
                .kills = false,
                .power_cuts = false,
                .disk_faults = false,
                .network_faults = false};
    End(power_is_going_ || must_end_);
    clock_.JumpTo(kBegin + std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Monotonic()).count());
    for (int last = 0; last < 2; ++last) {
      Start();
      for (int turn = 0; process_ != nullptr && !senders_.all_answered(); ++turn) {
        if (turn > kTurnsMax || must_end_) {
          problems_.emplace_back("requests stay without an answer");
          break;
        }
        Deliver(random_.Below(kSenders));
        threads_.RunOne();
      }
      Query();
      if (process_ != nullptr) process_->consumer->Stop();
      End(false);
    }
  }

  SimulationOptions options_;
  SeededRandom random_;
  SeededRandom turns_;
  ManualClock clock_{kBegin};
  io::MemoryFileSystem fs_;
  SimulatedThreads threads_;
  SampleChecker checker_;
  SimulatedSenders senders_;
  struct Late {
    std::size_t sender;
    SimulatedRequestPtr request;
  };
  std::vector<Late> late_;
  TimeMs next_scrape_ms_ = kBegin;
  bool must_end_ = false;
  bool power_is_going_ = false;
  std::uint64_t fingerprint_ = 0;
  std::vector<std::string> problems_;
  SimulationReport report_;
  std::unique_ptr<Process> process_;  // Last: it uses the others.
};

}  // namespace

SimulationReport RunSimulation(const SimulationOptions& options) {
  return World(options).Run();
}

}  // namespace tickscope::simulation
