#include "roles/store_consumer.h"

#include <algorithm>

#include "base/log.h"

namespace tickscope::roles {
namespace {

constexpr stream::PartitionId kPartition{0};
constexpr std::size_t kReadBytes = 1U << 20;
constexpr std::chrono::milliseconds kWait{100};
constexpr std::chrono::seconds kProgressEvery{5};

}  // namespace

StoreConsumer::StoreConsumer(stream::Stream& stream, tsdb::Store& store, const Clock& clock,
                             MetricRegistry& metrics)
    : stream_(stream),
      store_(store),
      clock_(clock),
      records_(
          metrics.AddCounter("tickscope_store_records_total", "Stream records applied to the store.", {})),
      bad_records_(metrics.AddCounter("tickscope_store_bad_records_total",
                                      "Stream records that did not decode and were skipped.", {})),
      offset_(metrics.AddGauge("tickscope_store_offset", "Offset the store has applied up to.", {})),
      lag_(metrics.AddGauge("tickscope_store_lag_records", "Durable records not yet applied.", {})) {}

StoreConsumer::~StoreConsumer() {
  Stop();
}

Status StoreConsumer::Replay(const ReplayListener& listener, const std::atomic<bool>& stopping) {
  next_ = stream_.StartOffset(kPartition);
  replay_start_ = next_.load();
  replay_end_ = stream_.EndOffset(kPartition);
  trimmed_to_ = next_;
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
  thread_ = std::jthread([this] { Run(); });
}

void StoreConsumer::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void StoreConsumer::Run() {
  while (true) {
    const bool is_last = stopping_;
    const auto more = Step({});
    if (!more) {
      Log(LogLevel::kError, "store cannot read the stream", {{"error", more.error().message}});
      // Retention overtook the store, or damage: go on at the first record that is there.
      next_ = std::max(next_ + 1, stream_.StartOffset(kPartition));
    } else if (!*more) {
      if (is_last) return;
      static_cast<void>(stream_.WaitFor(kPartition, next_, kWait));
    }
  }
}

Result<bool> StoreConsumer::Step(const ReplayListener& listener) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<stream::Record> records,
                             stream_.Read(kPartition, next_, kReadBytes));
  for (const stream::Record& record : records) {
    if (const Status decoded = codec::DecodeSampleBatch(record.payload, batch_); decoded) {
      store_.Apply(record.offset, batch_);
      if (listener) listener(batch_);
    } else {
      bad_records_->Add();
      Log(LogLevel::kError, "stream record does not decode",
          {{"offset", record.offset}, {"error", decoded.error().message}});
    }
    records_->Add();
    next_ = record.offset + 1;
  }
  const stream::Offset start = stream_.StartOffset(kPartition);
  if (start > trimmed_to_) {
    store_.Trim(start);
    trimmed_to_ = start;
  }
  offset_->Set(static_cast<double>(next_));
  lag_->Set(static_cast<double>(stream_.EndOffset(kPartition) -
                                std::min(next_.load(), stream_.EndOffset(kPartition))));
  return !records.empty();
}

}  // namespace tickscope::roles
