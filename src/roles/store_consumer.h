// StoreConsumer: moves records from the stream to the store. The one thread that writes to the store.
//
// On start it replays what the stream holds, telling the gateway too, so that both number series alike; then it
// follows the watermark. Visible means applied here: a few milliseconds after durable.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "base/metrics.h"
#include "codec/sample_batch.h"
#include "stream/stream.h"
#include "tsdb/store.h"

namespace tickscope::roles {

class StoreConsumer {
 public:
  /// Learns each replayed batch; may be empty.
  using ReplayListener = std::function<void(const codec::SampleBatch&)>;

  /// Everything given outlives the consumer.
  StoreConsumer(stream::Stream& stream, tsdb::Store& store, const Clock& clock, MetricRegistry& metrics);
  ~StoreConsumer();
  StoreConsumer(const StoreConsumer&) = delete;
  StoreConsumer& operator=(const StoreConsumer&) = delete;

  /// Applies everything durable now. Returns early, without error, once `stopping` is set.
  [[nodiscard]] Status Replay(const ReplayListener& listener, const std::atomic<bool>& stopping);
  /// Follows the stream on a thread of its own. After Replay.
  void Start();
  /// Ends the thread after what is durable has been applied.
  void Stop();

  /// Share of the replay done, 0 to 1.
  [[nodiscard]] double replay_progress() const;

 private:
  // Applies the next records; false when there were none.
  [[nodiscard]] Result<bool> Step(const ReplayListener& listener);
  void Run();

  stream::Stream& stream_;
  tsdb::Store& store_;
  const Clock& clock_;
  Counter* records_;
  Counter* bad_records_;
  Gauge* offset_;
  Gauge* lag_;
  std::atomic<stream::Offset> next_{0};
  std::atomic<stream::Offset> replay_start_{0};
  std::atomic<stream::Offset> replay_end_{0};
  stream::Offset trimmed_to_ = 0;
  codec::SampleBatch batch_;
  std::atomic<bool> stopping_{false};
  std::jthread thread_;
};

}  // namespace tickscope::roles
