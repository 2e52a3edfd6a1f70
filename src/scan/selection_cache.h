// SelectionCache: which series a selector chose, kept from query to query.
//
// A dashboard asks the same selectors every ten seconds. Which series of a block they choose does not change, nor does that of
// series in memory until one is added: so what is worked out once, their numbers, their label pairs, who is the same in which
// block, how they fall into groups, is kept as long as what it was worked out of is there.
//
// A key names what was asked, and by their addresses the things it was asked of; these are the owners of what is kept. An owner
// that is gone takes it along: its address may be another's by then. What nobody asks for again goes when entries have doubled since
// the last look for such.
//
// Threads   Thread-safe.
// Bounds    bytes_max in all; what is over a quarter of it is not kept. What was used longest ago goes first.
// Metrics   tickscope_query_cache_selections_requests_total{outcome}, tickscope_query_cache_selections_bytes
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_lru.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "model/matcher.h"

namespace tickscope::scan {

/// A key in the making. No two sequences of additions make the same one.
class SelectionKey {
 public:
  explicit SelectionKey(char kind) : text_(1, kind) {}
  void AddText(std::string_view text);
  void AddNumber(std::uint64_t number);
  void AddMatchers(const std::vector<Matcher>& matchers);
  /// Something that what is kept is about, and goes with.
  void AddOwner(const std::shared_ptr<const void>& owner);

 private:
  friend class SelectionCache;
  std::string text_;
  std::vector<std::weak_ptr<const void>> owners_;
};

class SelectionCache {
 public:
  /// The registry outlives this. 0 bytes keep nothing.
  SelectionCache(MetricRegistry& metrics, std::uint64_t bytes_max);

  /// What is kept under the key, or null. A kind of keys has one type.
  template <typename Kept>
  [[nodiscard]] std::shared_ptr<const Kept> Find(const SelectionKey& key) TICKSCOPE_EXCLUDES(mu_) {
    return std::static_pointer_cast<const Kept>(FindAny(key));
  }
  /// Whether Keep keeps that much: what it does not keep need not be made for it.
  [[nodiscard]] bool Takes(const SelectionKey& key, std::uint64_t bytes) const TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    return IsTaken(key, bytes);
  }
  void Keep(const SelectionKey& key, std::shared_ptr<const void> what, std::uint64_t bytes)
      TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Entry {
    std::shared_ptr<const void> what;
    std::vector<std::weak_ptr<const void>> owners;

    [[nodiscard]] bool IsOrphan() const;
  };

  [[nodiscard]] bool IsTaken(const SelectionKey& key, std::uint64_t bytes) const TICKSCOPE_REQUIRES(mu_) {
    return bytes + entries_.EntryBytes(key.text_) <= entries_.bytes_max() / 4;
  }
  [[nodiscard]] std::shared_ptr<const void> FindAny(const SelectionKey& key) TICKSCOPE_EXCLUDES(mu_);

  Counter* hits_;
  Counter* misses_;
  Gauge* bytes_gauge_;
  mutable Mutex mu_;
  ByteLru<Entry> entries_ TICKSCOPE_GUARDED_BY(mu_);
  std::size_t swept_at_ TICKSCOPE_GUARDED_BY(mu_) = 0;  // Entries that the last look for orphans left.
};

}  // namespace tickscope::scan
