#include "ingest/deliveries.h"

#include <algorithm>
#include <utility>

#include "codec/record_kind.h"
#include "codec/sample_batch.h"
#include "codec/signal_batch.h"

namespace tickscope::ingest {
namespace {

constexpr stream::PartitionId kPartition{0};
constexpr std::size_t kReadBytes = 1U << 20;

// What a record of any kind says of pushes. Errors: as its decoder.
Result<codec::RecordDeliveries> ReadRecord(ByteView payload) {
  codec::RecordDeliveries read;
  const codec::RecordKind kind = codec::RecordKindOf(payload);
  if (kind == codec::RecordKind::kLogs || kind == codec::RecordKind::kSpans) {
    TICKSCOPE_RETURN_IF_ERROR(codec::ReadSignalDeliveries(payload, read));
    return read;
  }
  codec::SampleBatch batch;
  TICKSCOPE_RETURN_IF_ERROR(codec::ReadDeliveries(payload, batch));
  return codec::RecordDeliveries{std::move(batch.tenant), std::move(batch.delivery),
                                 std::move(batch.delivered)};
}

}  // namespace

Deliveries::Verdict Deliveries::Begin(const TenantId& tenant, const codec::Delivery& delivery) {
  const MutexLock lock(mu_);
  return senders_.Begin(tenant, delivery);
}

void Deliveries::Finish(const TenantId& tenant, const MaybeDelivery& delivery, bool is_durable) {
  if (!delivery) return;
  const MutexLock lock(mu_);
  senders_.Finish(tenant, *delivery, is_durable);
}

std::vector<codec::Delivered> Deliveries::TakeOwed(stream::Epoch epoch) {
  const MutexLock lock(mu_);
  // Noted before the record is appended: its loss may be told before the append returns.
  if (std::exchange(carried_, epoch) == epoch) return {};
  return senders_.Snapshot();
}

void Deliveries::NoteLost() {
  const MutexLock lock(mu_);
  carried_.reset();
}

void Deliveries::Learn(const codec::RecordDeliveries& deliveries) {
  for (const codec::Delivered& delivered : deliveries.delivered)
    senders_.Learn(delivered);
  if (deliveries.delivery) senders_.Learn(deliveries.tenant, *deliveries.delivery);
}

Status Deliveries::Recover(stream::Stream& stream) {
  const stream::Offset end = stream.EndOffset(kPartition);
  stream::Offset next = stream.StartOffset(kPartition);
  if (end == next) return {};
  // The last epoch that has records, and the one before.
  const stream::Offset last = std::max(next, stream.EpochStart(kPartition, end - 1));
  next = last == next ? next : std::max(next, stream.EpochStart(kPartition, last - 1));
  while (next < end) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<stream::Record> records,
                               stream.Read(kPartition, next, kReadBytes));
    if (records.empty()) break;
    const MutexLock lock(mu_);
    for (const stream::Record& record : records) {
      // A record that does not decode is the reader's to report.
      if (const auto read = ReadRecord(record.payload)) Learn(*read);
    }
    next = records.back().offset + 1;
  }
  return {};
}

std::size_t Deliveries::senders() const {
  const MutexLock lock(mu_);
  return senders_.size();
}

}  // namespace tickscope::ingest
