#include "roles/store_consumer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "block/block_format.h"
#include "codec/record_kind.h"
#include "codec/signal_batch.h"

namespace tickscope::roles {
namespace {

constexpr stream::PartitionId kPartition{0};
constexpr std::size_t kReadBytes = 1U << 20;
constexpr std::chrono::milliseconds kWait{100};
constexpr std::chrono::milliseconds kWorkWait{500};
constexpr std::chrono::milliseconds kDiskFullWait{1000};
constexpr std::chrono::seconds kProgressEvery{5};

}  // namespace

StoreConsumer::StoreConsumer(stream::Stream& stream, tsdb::Store& store, const Clock& clock,
                             MetricRegistry& metrics, std::function<void()> on_failure, Threads& threads)
    : stream_(stream),
      store_(store),
      clock_(clock),
      records_(
          metrics.AddCounter("tickscope_store_records_total", "Stream records applied to the store.", {})),
      bad_records_(metrics.AddCounter("tickscope_store_bad_records_total",
                                      "Stream records that did not decode and were skipped.", {})),
      other_records_(metrics.AddCounter("tickscope_store_other_records_total",
                                        "Stream records passed over: logs and spans are not the store's.",
                                        {})),
      unproven_samples_(
          metrics.AddCounter("tickscope_store_unproven_samples_total",
                             "Samples left out because damage in the stream took values they build on.", {})),
      offset_(metrics.AddGauge("tickscope_store_offset", "Offset the store has applied up to.", {})),
      lag_(metrics.AddGauge("tickscope_store_lag_records", "Durable records not yet applied.", {})),
      on_failure_(std::move(on_failure)),
      threads_(threads) {}

StoreConsumer::~StoreConsumer() {
  Stop();
}

Status StoreConsumer::Replay(const ReplayListener& listener, const std::atomic<bool>& stopping) {
  const stream::Offset sealed = store_.replay_offset();
  const stream::Offset end = stream_.EndOffset(kPartition);
  if (sealed > end) {
    return Fail(
        ErrorCode::kCorruption,
        fmt::format("the stream ends at offset {}, the store's files reach to {}: bring the stream's files "
                    "back, or move the store directory away to begin anew",
                    end, sealed));
  }
  const stream::Offset start = stream_.StartOffset(kPartition);
  if (sealed < start) {
    Log(LogLevel::kError, "stream records are gone that the store has no files of",
        {{"store_offset", sealed}, {"stream_start", start}});
  }
  stream_.Release(kPartition, sealed);
  next_ = stream_.EpochStart(kPartition, std::max(sealed, start));
  learned_to_ = std::max(sealed, start);
  replay_start_ = next_.load();
  replay_end_ = end;
  std::chrono::nanoseconds said = clock_.Monotonic();
  while (next_ < replay_end_ && !stopping) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool more, Step(listener));
    if (!more) break;
    if (clock_.Monotonic() - said > kProgressEvery) {
      said = clock_.Monotonic();
      Log(LogLevel::kInfo, "replaying the stream", {{"percent", replay_progress() * 100}});
    }
  }
  return {};
}

double StoreConsumer::replay_progress() const {
  const double total = static_cast<double>(replay_end_ - replay_start_);
  return total > 0 ? static_cast<double>(next_ - replay_start_) / total : 1;
}

void StoreConsumer::Start() {
  worker_ = threads_.Start("store worker", [this] { return Work(); });
  follower_ = threads_.Start("store consumer", [this] { return Follow(); });
}

void StoreConsumer::Stop() {
  stopping_ = true;
  if (follower_ != nullptr) follower_->Join();
  work_stopping_ = true;
  if (worker_ != nullptr) worker_->Join();
}

Turn StoreConsumer::Work() {
  if (!store_.HasWork()) {
    if (work_stopping_) return Turn::Done();
    // Nothing to write: some pages are looked after.
    const std::uint64_t bytes = store_.options().scrub_bytes_per_second * kWorkWait.count() / 1000;
    if (bytes > 0) store_.Scrub(std::max<std::uint64_t>(1, bytes / block::kPageBytes));
    return Turn::Wait(kWorkWait);
  }
  const Status done = store_.Work();
  stream_.Release(kPartition, store_.replay_offset());
  if (!done && done.error().code != ErrorCode::kResourceExhausted) {
    Log(LogLevel::kError, "store cannot write its files: the process ends and recovers from the stream",
        {{"error", done.error().message}});
    if (on_failure_) on_failure_();
    return Turn::Done();
  }
  if (work_stopping_) return Turn::Done();
  if (done) return Turn::Again();
  Log(LogLevel::kError, "store waits for room on the disk", {{"error", done.error().message}});
  return Turn::Wait(kDiskFullWait);
}

Turn StoreConsumer::Follow() {
  const bool is_last = stopping_;
  const auto more = Step({});
  if (!more) {
    Log(LogLevel::kError, "store cannot read the stream", {{"error", more.error().message}});
    // Retention overtook the store, or damage: go on at the first record that is there.
    next_ = std::max(next_ + 1, stream_.StartOffset(kPartition));
  } else if (!*more) {
    if (is_last) return Turn::Done();
    static_cast<void>(stream_.WaitFor(kPartition, next_, kWait));
  }
  return Turn::Again();
}

void StoreConsumer::Apply(const stream::Record& record, const ReplayListener& listener) {
  if (const Status decoded = decoder_.Decode(record.payload, record.epoch, batch_); !decoded) {
    bad_records_->Add();
    Log(LogLevel::kError, "stream record does not decode",
        {{"offset", record.offset}, {"error", decoded.error().message}});
    return;
  }
  if (record.offset < learned_to_) {
    store_.Learn(record.epoch, batch_);
  } else {
    store_.Apply(record.offset, record.epoch, batch_);
  }
  if (listener) listener(batch_);
}

void StoreConsumer::Pass(const stream::Record& record) {
  other_records_->Add();
  if (record.offset < learned_to_) return;
  codec::SignalBatchReader reader;
  if (reader.Open(record.payload)) store_.Pass(record.offset, reader.header().received_ms);
}

Result<bool> StoreConsumer::Step(const ReplayListener& listener) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<stream::Record> records,
                             stream_.Read(kPartition, next_, kReadBytes));
  for (const stream::Record& record : records) {
    const codec::RecordKind kind = codec::RecordKindOf(record.payload);
    if (kind == codec::RecordKind::kLogs || kind == codec::RecordKind::kSpans) {
      Pass(record);
    } else {
      // What is of no kind we know is damage, or of a release to come: told as a record that does not decode.
      Apply(record, listener);
    }
    records_->Add();
    if (const std::uint64_t unproven = decoder_.unproven_samples(); unproven > unproven_seen_) {
      Log(LogLevel::kError, "stream record builds on records that are damaged; its samples are left out",
          {{"offset", record.offset}, {"samples", unproven - unproven_seen_}});
      unproven_samples_->Add(unproven - unproven_seen_);
      unproven_seen_ = unproven;
    }
    next_ = record.offset + 1;
  }
  if (worker_ != nullptr && store_.HasWork()) worker_->Wake();
  offset_->Set(static_cast<double>(next_));
  lag_->Set(static_cast<double>(stream_.EndOffset(kPartition) -
                                std::min(next_.load(), stream_.EndOffset(kPartition))));
  return !records.empty();
}

}  // namespace tickscope::roles
