// StoreConsumer: moves records from the stream to the store. The one thread that writes to the store.
//
// On start it replays what the store has no files of, telling the gateway too, so that both number series alike; then
// it follows the watermark. Visible means applied here: a few milliseconds after durable. A second thread does the
// store's work: sealing what was cut.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/threads.h"
#include "codec/sample_batch.h"
#include "stream/stream.h"
#include "tsdb/store.h"

namespace tickscope::roles {

class StoreConsumer {
 public:
  /// Learns each replayed batch; may be empty.
  using ReplayListener = std::function<void(const codec::SampleBatch&)>;

  /// Everything given outlives the consumer.
  /// `on_failure` runs when the store can no longer write its files and the process should end. May be empty.
  StoreConsumer(stream::Stream& stream, tsdb::Store& store, const Clock& clock, MetricRegistry& metrics,
                std::function<void()> on_failure = {}, Threads& threads = SystemThreads());
  ~StoreConsumer();
  StoreConsumer(const StoreConsumer&) = delete;
  StoreConsumer& operator=(const StoreConsumer&) = delete;

  /// Applies everything durable now that is not in the store's files. Returns early, without error, once `stopping`
  /// is set. Errors: kCorruption when the stream ends before the store's offset.
  [[nodiscard]] Status Replay(const ReplayListener& listener, const std::atomic<bool>& stopping);
  /// Follows the stream on a thread of its own. After Replay.
  void Start();
  /// Ends the thread after what is durable has been applied.
  void Stop();

  /// Records before it are applied.
  [[nodiscard]] stream::Offset next_offset() const { return next_; }
  /// Share of the replay done, 0 to 1.
  [[nodiscard]] double replay_progress() const;

 private:
  // Applies the next records; false when there were none.
  [[nodiscard]] Result<bool> Step(const ReplayListener& listener);
  // Applies a record of samples.
  void Apply(const stream::Record& record, const ReplayListener& listener);
  // Passes over a record that is another consumer's.
  void Pass(const stream::Record& record);
  // Follows the stream; a turn of the consumer.
  [[nodiscard]] Turn Follow();
  // Does some of the store's work; a turn of the other.
  [[nodiscard]] Turn Work();

  stream::Stream& stream_;
  tsdb::Store& store_;
  const Clock& clock_;
  Counter* records_;
  Counter* bad_records_;
  Counter* other_records_;
  Counter* unproven_samples_;
  Gauge* offset_;
  Gauge* lag_;
  std::atomic<stream::Offset> next_{0};
  std::atomic<stream::Offset> replay_start_{0};
  std::atomic<stream::Offset> replay_end_{0};
  stream::Offset learned_to_ =
      0;  // Records before it are in the store's files; only their definitions count.
  codec::BatchDecoder decoder_;
  codec::SampleBatch batch_;
  std::uint64_t unproven_seen_ = 0;
  std::atomic<bool> stopping_{false};
  const std::function<void()> on_failure_;
  std::atomic<bool> work_stopping_{false};
  Threads& threads_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Worker> follower_;
};

}  // namespace tickscope::roles
