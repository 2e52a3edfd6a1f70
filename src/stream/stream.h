// Stream: the one place where durability lives. Records go in at the end of a partition and are read back in
// order, by offset, any number of times.
//
// Promises
//   S1  A record is acknowledged only when it is durable, and never lost after that.
//   S2  Offsets of a partition are consecutive; a reader sees no gap but for damage, which is reported.
//   S3  What is read is exactly what was appended: every record is checksummed.
//   S4  A record whose append failed is never read: nothing is half-written.
//
// Epochs. A record may rely on earlier records of its epoch (series definitions, see codec/sample_batch.h)
// and on nothing older, because whole epochs are what retention removes. A writer encodes for the epoch it
// saw; when the stream has moved on, Append refuses and the writer encodes again.
//
// Threads   Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

namespace tickscope::stream {

enum class PartitionId : std::uint32_t {};
/// Position of a record in its partition, from 0.
using Offset = std::uint64_t;
/// Counts the self-contained stretches of a partition.
using Epoch = std::uint64_t;

struct Record {
  Offset offset = 0;
  Epoch epoch = 0;
  Bytes payload;
};

/// Runs once, on a thread of the stream, when the record is durable or will never be. Must not block.
using AppendCallback = std::move_only_function<void(Result<Offset>)>;

class Stream {
 public:
  virtual ~Stream() = default;

  [[nodiscard]] virtual std::uint32_t partition_count() const = 0;

  /// The epoch a record should be encoded for now.
  [[nodiscard]] virtual Epoch CurrentEpoch(PartitionId partition) const = 0;

  /// Queues `payload`; `done` runs when it is durable. Records of one caller are kept in call order. When
  /// this returns an error `done` is not run. Errors: kFailedPrecondition when `epoch` is no longer current
  ///         (encode again); kResourceExhausted when the queue or the disk is full; kUnavailable after a
  ///         failed sync or Close; kOutOfRange for a payload over the limit.
  [[nodiscard]] virtual Status Append(PartitionId partition, Epoch epoch, Bytes payload,
                                      AppendCallback done) = 0;

  /// First offset still kept.
  [[nodiscard]] virtual Offset StartOffset(PartitionId partition) const = 0;
  /// One past the last durable record: the watermark a reader can reach.
  [[nodiscard]] virtual Offset EndOffset(PartitionId partition) const = 0;

  /// First offset of the epoch that the record at `offset`, or the next one, belongs to: where a reader begins who
  /// needs what the record relies on.
  [[nodiscard]] virtual Offset EpochStart(PartitionId partition, Offset offset) const = 0;
  /// Lets retention remove records below `offset`, and none from there on. Until the first call nothing is held.
  virtual void Release(PartitionId partition, Offset offset) = 0;

  /// Durable records from `from` on, in order, until about `bytes_max` of payload (at least one when there is
  /// any). Empty at the watermark. Damaged stretches are skipped: the first record then has a later offset.
  /// Errors: kOutOfRange when `from` was removed by retention; kUnavailable when files cannot be read.
  [[nodiscard]] virtual Result<std::vector<Record>> Read(PartitionId partition, Offset from,
                                                         std::size_t bytes_max) = 0;

  /// Waits until there is a record at `offset`, for at most `timeout`; true when there is.
  [[nodiscard]] virtual bool WaitFor(PartitionId partition, Offset offset,
                                     std::chrono::milliseconds timeout) = 0;

  /// Takes no more records, makes those queued durable and answers them. Idempotent.
  virtual void Close() = 0;
};

}  // namespace tickscope::stream
