// SenderTable: which pushes of which senders are on the stream already, so that one that is sent again is not written again.
//
// A sender that had no answer cannot know whether its push was written, and sends it once more with the same (epoch, number). Of each epoch the
// numbers that were delivered are kept as ranges: a sender that goes through its numbers makes one, one that sends its newest first a few.
//
//   Begin -> kNew       to be written: Finish tells what became of it
//         -> kPending   being written right now
//         -> kDone      durable
//
// Bounds    sender_max senders, those silent longest go; kEpochsMax epochs of each, kRangesMax ranges of each: the lowest goes. What was
//           forgotten is taken for new, and then the store drops samples it has, by series, time and value.
// Threads   Externally locked.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "codec/delivery.h"
#include "model/tenant.h"

namespace tickscope::ingest {

/// Numbers of one epoch. When there are too many ranges, the lowest is forgotten.
class DeliveredSet {
 public:
  static constexpr std::size_t kRangesMax = 256;

  void Add(std::uint64_t number) { Add({number, number}); }
  void Add(codec::NumberRange range);
  [[nodiscard]] bool Has(std::uint64_t number) const;
  [[nodiscard]] std::vector<codec::NumberRange> ranges() const;

 private:
  std::map<std::uint64_t, std::uint64_t> last_of_;  // By first.
};

class SenderTable {
 public:
  static constexpr std::size_t kEpochsMax = 16;
  /// Of a snapshot, about. 5,000 senders of one epoch each take 250 kB.
  static constexpr std::size_t kSnapshotBytesMax = 4U << 20;

  enum class Verdict : std::uint8_t { kNew, kPending, kDone };

  explicit SenderTable(std::size_t senders_max) : senders_max_(senders_max) {}

  [[nodiscard]] Verdict Begin(const TenantId& tenant, const codec::Delivery& delivery);
  /// Ends what Begin called kNew.
  void Finish(const TenantId& tenant, const codec::Delivery& delivery, bool is_durable);

  /// Takes in what was read of the stream.
  void Learn(const TenantId& tenant, const codec::Delivery& delivery);
  void Learn(const codec::Delivered& delivered);

  /// What is done, for the stream's next epoch; past kSnapshotBytesMax those silent longest are left out.
  [[nodiscard]] std::vector<codec::Delivered> Snapshot() const;
  [[nodiscard]] std::size_t size() const { return senders_.size(); }

 private:
  using Key = std::pair<TenantId, std::string>;
  struct Epoch {
    std::uint64_t epoch = 0;
    DeliveredSet done;
  };
  struct Sender {
    std::list<Epoch> epochs;  // The one used last is the first.
    std::list<Key>::iterator use;
  };
  [[nodiscard]] DeliveredSet& DoneOf(const TenantId& tenant, const std::string& sender, std::uint64_t epoch);

  const std::size_t senders_max_;
  std::map<Key, Sender> senders_;
  std::list<Key> uses_;  // The one used last is the first.
  std::set<std::tuple<TenantId, std::string, std::uint64_t, std::uint64_t>> pending_;
};

}  // namespace tickscope::ingest
