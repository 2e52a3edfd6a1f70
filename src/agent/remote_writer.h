// RemoteWriter: delivers batches to one remote-write receiver, in order per target, however long it is away.
//
//   Push -> [ shard 0: parts that wait | one request under way ] -> receiver
//           [ shard 1: ...                                     ]
//
// What an answer means
//
//   2xx                      delivered
//   415 to a 2.0 request     the receiver knows 1.0 only: sent again as that, and so from then on
//   2xx to a 2.0 request     the same, when the answer does not say how much was written, as 2.0 demands: an old
//                            receiver reads a 2.0 message as an empty 1.0 one
//   any other                as PushLane has it; what is refused is dropped and counted
//
// Pushes are numbered: the gateway takes each once, also when its answer was lost and it comes again. How they get there, to which of several
// gateways, and when again, is a PushRoute's and a PushLane's.
//
// With a spool, what is pushed goes to disk as the body of a request, and the one shard takes it from there: a record leaves the disk when
// it is delivered or refused, so that neither a restart nor a kill loses what waits.
//
//   Push -> spool -> [ one record under way ] -> receiver
//
// Bound       queue_bytes_max over all shards; past it the oldest part that is not under way goes, counted as
//             queue_full.
// Invariants  R1 a target's batches always use the same shard; a shard has one request under way, its front.
//             R2 a part leaves its queue when it is delivered, refused or pushed out; nothing else loses it.
// Threads     Everything on the loop's thread; requests block a thread of the executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/agent_config.h"
#include "agent/agent_metrics.h"
#include "agent/batch_encoder.h"
#include "agent/executor.h"
#include "agent/handed_on.h"
#include "agent/push_lane.h"
#include "agent/push_observer.h"
#include "agent/push_route.h"
#include "agent/write_batch.h"
#include "agent/write_rules.h"
#include "base/clock.h"
#include "base/random.h"
#include "guard/guard.h"
#include "io/datagrams.h"
#include "io/event_loop.h"
#include "io/file_system.h"
#include "io/host_probe.h"
#include "io/network.h"
#include "io/process_table.h"
#include "spool/spool.h"
#include "statsd/histogram_form.h"
#include "wire/delivery_headers.h"

namespace tickscope::agent {

/// What the parts of an agent share. All of it outlives them.
struct AgentContext {
  io::Network& network;
  io::EventLoop& loop;
  const Clock& clock;
  Random& random;  ///< Used on the loop's thread only.
  AgentMetrics& metrics;
  const io::ProcessTable& processes;
  guard::Guard* guard = nullptr;         ///< Judges what is scraped; null lets everything out.
  io::FileSystem* fs = nullptr;          ///< Of spools; without one there are none.
  MetricRegistry* registry = nullptr;    ///< Likewise.
  spool::SharedDisk* disk = nullptr;     ///< On which spools meet; null when each is for itself.
  std::string host_name = "agent";       ///< As whom pushes are counted when the configuration names nobody.
  PushObserver* observer = nullptr;      ///< Null when nothing is said beside samples.
  const io::HostProbe* probe = nullptr;  ///< Of host_metrics.
  io::Datagrams* datagrams = nullptr;    ///< Of statsd.
  const statsd::HistogramForms* histogram_forms =
      nullptr;  ///< That a schema asks for, as Agent::Apply finds them.
};

class RemoteWriter {
 public:
  /// Errors: as http::ParseUrl, and Spool::Open.
  [[nodiscard]] static Result<std::unique_ptr<RemoteWriter>> Make(RemoteWriteConfig config,
                                                                  const AgentContext& context,
                                                                  Executor executor);
  ~RemoteWriter();
  RemoteWriter(const RemoteWriter&) = delete;
  RemoteWriter& operator=(const RemoteWriter&) = delete;

  /// Queues a batch and sends when it can.
  void Push(const WriteBatchPtr& read);
  /// Gets ready for other settings, spool and shards apart; calling what is returned takes them up, and what waits, in memory or on
  /// disk, goes by them. Errors: as Make.
  [[nodiscard]] Result<std::function<void()>> Reconfigure(RemoteWriteConfig config);
  /// Looks at files of certificates and tokens again.
  void CheckCredentials() { route_.CheckCredentials(); }
  /// From now on requests are given at most `request_timeout`; calls `on_idle` once nothing waits or is under
  /// way.
  void Drain(std::chrono::milliseconds request_timeout, std::function<void()> on_idle);
  /// Drops all that waits, counted under `reason`, and tries nothing a second time from now on. What is in a spool stays there, for the
  /// next start.
  void Abandon(DropReason reason);

  /// Where in the spool the next batch goes; nullopt without a spool.
  [[nodiscard]] std::optional<SpoolPlace> NextPlace() const;
  /// How many samples of a batch, from its first on, are in the spool that was to be put at `place`; 0 when that is another's.
  [[nodiscard]] std::size_t SamplesThere(const SpoolPlace& place) const;

  [[nodiscard]] bool IsIdle() const;
  [[nodiscard]] const RemoteWriteConfig& config() const { return config_; }
  /// 1.0 once the receiver refused 2.0.
  [[nodiscard]] wire::RemoteWriteProtocol protocol() const { return protocol_; }
  [[nodiscard]] std::size_t queue_bytes() const { return queue_bytes_; }
  /// Age of the front of the queue that is oldest; 0 when nothing waits.
  [[nodiscard]] std::int64_t lag_ms() const;

 private:
  struct QueuedPart {
    BatchPart part;
    std::shared_ptr<const spool::Spool::Taken> spooled;  ///< Instead of a part.
    std::size_t bytes = 0;
    std::uint64_t number = 0;  ///< Ascending over all shards.
    TimeMs made_ms = 0;

    [[nodiscard]] std::size_t size() const {
      return spooled != nullptr ? spooled->record.items : part.size();
    }
  };
  struct Shard {
    Shard(PushRoute& route, const Executor& executor, std::function<void()> resume)
        : lane(route, executor, std::move(resume)) {}

    std::deque<QueuedPart> queue;
    BatchEncoder encoder;
    std::size_t left_out = 0;  // Of what was sent last, by the encoder.
    PushLane lane;
  };

  RemoteWriter(RemoteWriteConfig config, PushLinkPtr link, const AgentContext& context,
               const Executor& executor);
  // Which push the front of a queue is.
  [[nodiscard]] std::optional<wire::DeliveryNumber> NumberOf(const QueuedPart& queued) const;
  [[nodiscard]] http::Headers HeadersOf(const QueuedPart& queued, wire::RemoteWriteProtocol protocol) const;
  void Use(RemoteWriteConfig config, PushLinkPtr link);
  [[nodiscard]] bool IsMetadataDue(const WriteBatch& batch);
  [[nodiscard]] Status OpenSpool();
  void PushToSpool(const BatchPart& part);
  void TakeFromSpool(Shard& shard);
  void CommitSpool();
  void CommitSpoolLater();
  /// False when everything queued is under way.
  bool PushOutOldest();
  void SendNext(Shard& shard);
  static void MakeBody(const QueuedPart& queued, wire::RemoteWriteProtocol protocol, BatchEncoder& encoder,
                       std::string& body);
  // Returns how many samples are not in it.
  [[nodiscard]] static std::size_t MakeOtlpBody(const QueuedPart& queued, BatchEncoder& encoder,
                                                std::string& message);
  void OnAnswer(Shard& shard, wire::RemoteWriteProtocol protocol, const PushAnswer& answer);
  void OnTaken(Shard& shard, wire::RemoteWriteProtocol protocol, const PushAnswer& answer);
  void RetryFront(Shard& shard, const PushAnswer& answer);
  void DropFront(Shard& shard, DropReason reason);
  void RemoveFront(Shard& shard);
  // The spool keeps it.
  void LeaveFront(Shard& shard);
  void Account(const QueuedPart& part, int sign);
  void NotifyIfIdle();

  RemoteWriteConfig config_;
  const AgentContext context_;
  WriteRules rules_;
  PushRoute route_;
  wire::RemoteWriteProtocol protocol_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::size_t queue_bytes_ = 0;
  std::uint64_t next_number_ = 0;
  std::unordered_map<std::uint64_t, TimeMs> metadata_sent_ms_;  // By target.
  std::function<void()> on_idle_;
  std::optional<DropReason> abandoned_;
  std::unique_ptr<spool::Spool> spool_;
  BatchEncoder spool_encoder_;
  std::string spool_body_;
  std::optional<io::TimerId> commit_timer_;
  bool was_spooling_ = true;
  std::uint64_t epoch_ = 0;  // Of numbers of what waits in memory.
};

}  // namespace tickscope::agent
