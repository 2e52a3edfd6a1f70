// Deliveries: the sender table of one stream, shared by all who write to it, and what of it goes onto the stream.
//
//   Begin -> kNew -> ... a record with the number is appended ... -> Finish
//
// Every epoch of the stream has all that was delivered before it in one of its records, whichever comes first: of samples, logs or spans. So the last two
// epochs tell everything, whoever was silent meanwhile. Two, for what is in flight when one begins is not in what that one says.
//
// Invariants   N1 what Finish is told is durable has its number in a record that is durable.
//              N2 a record that carries what is owed and is lost has it owed again.
// Threads      Thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "codec/record_deliveries.h"
#include "ingest/sender_table.h"
#include "model/tenant.h"
#include "stream/stream.h"

namespace tickscope::ingest {

using MaybeDelivery = std::optional<codec::Delivery>;

class Deliveries {
 public:
  using Verdict = SenderTable::Verdict;

  explicit Deliveries(std::size_t senders_max) : senders_(senders_max) {}

  /// Whether a push is to be written. After kNew its end is told to Finish.
  [[nodiscard]] Verdict Begin(const TenantId& tenant, const codec::Delivery& delivery)
      TICKSCOPE_EXCLUDES(mu_);
  /// Nothing for a sender who does not count.
  void Finish(const TenantId& tenant, const MaybeDelivery& delivery, bool is_durable) TICKSCOPE_EXCLUDES(mu_);

  /// What the next record of `epoch` is to carry; empty when another does.
  [[nodiscard]] std::vector<codec::Delivered> TakeOwed(stream::Epoch epoch) TICKSCOPE_EXCLUDES(mu_);
  /// A record of samples, logs or spans was not taken, or is not durable.
  void NoteLost() TICKSCOPE_EXCLUDES(mu_);

  /// Learns which pushes are on the stream, before any write. Errors: as Stream::Read.
  [[nodiscard]] Status Recover(stream::Stream& stream) TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] std::size_t senders() const TICKSCOPE_EXCLUDES(mu_);

 private:
  void Learn(const codec::RecordDeliveries& deliveries) TICKSCOPE_REQUIRES(mu_);

  mutable Mutex mu_;
  SenderTable senders_ TICKSCOPE_GUARDED_BY(mu_);
  // The last epoch that has, or is about to have, what was delivered before it.
  std::optional<stream::Epoch> carried_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::ingest
