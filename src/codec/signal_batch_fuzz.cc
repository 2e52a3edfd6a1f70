// Fuzzes the signal batch: no bytes may crash the reader, and what it reads is written and read to the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "codec/signal_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  codec::SignalBatchReader reader;
  codec::RecordDeliveries deliveries;
  static_cast<void>(codec::ReadSignalDeliveries(bytes, deliveries));
  if (!reader.Open(bytes) || reader.header().plain_bytes > (1U << 20)) return 0;
  codec::SignalBatchWriter writer(reader.header().kind);
  std::uint64_t records = 0;
  while (true) {
    const auto more = reader.Next();
    if (!more) return 0;
    if (!*more) break;
    writer.SetOrigin(reader.origin());
    if (reader.header().kind == codec::RecordKind::kLogs) {
      writer.Add(reader.log());
    } else {
      writer.Add(reader.span());
    }
    ++records;
  }
  TICKSCOPE_CHECK(records == reader.header().records);
  Bytes again;
  writer.Finish(reader.header().tenant, reader.header().received_ms, again);
  codec::SignalBatchReader second;
  TICKSCOPE_CHECK(second.Open(again).has_value());
  TICKSCOPE_CHECK(second.header().records == records);
  while (true) {
    const auto more = second.Next();
    TICKSCOPE_CHECK(more.has_value());
    if (!*more) break;
  }
  // What it said of pushes is said again the same.
  if (!codec::ReadSignalDeliveries(bytes, deliveries)) return 0;
  Bytes with;
  codec::AddDeliveries(again, deliveries, with);
  codec::RecordDeliveries same;
  TICKSCOPE_CHECK(codec::ReadSignalDeliveries(with, same).has_value());
  TICKSCOPE_CHECK(same.delivery == deliveries.delivery && same.delivered == deliveries.delivered);
  return 0;
}
