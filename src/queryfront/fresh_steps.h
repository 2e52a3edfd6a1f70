// FreshSteps: the newest steps of results, kept until something comes that they depend on.
//
// The result cache keeps what is settled. A dashboard's last step is not for a minute, and two hundred people ask for it every ten
// seconds; but samples come promptly or not at all, so a step that is a few seconds old has mostly all it will ever have. The
// mutation log tells of each fraction of the newest stretch when it was last touched: a step whose fractions none has touched since
// it was evaluated is what evaluating it again would give.
//
// Threads   Thread-safe.
// Bounds    bytes_max in all, kFreshPartsMax extents a key; what was used longest ago goes first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_lru.h"
#include "base/mutex.h"
#include "model/mutation_log.h"
#include "queryfront/result_extent.h"
#include "queryfront/result_reach.h"

namespace tickscope::queryfront {

inline constexpr std::size_t kFreshPartsMax = 8;

class FreshSteps {
 public:
  /// The log outlives this.
  FreshSteps(MutationLog& log, std::uint64_t bytes_max) : log_(log), steps_(bytes_max) {}

  /// Steps of the key that are as true now as what is evaluated after `mark`, by time, with its number. What is not goes.
  [[nodiscard]] std::vector<ExtentPtr> Find(const TenantId& tenant, const std::string& key,
                                            const Reach& reach, const MutationLog::Mark& mark)
      TICKSCOPE_EXCLUDES(mu_);
  /// Keeps an extent that was evaluated after the mark was taken, joined with those it touches. Requires: no step of it depends
  /// on anything after the mark's fresh_until_ms.
  void Put(const std::string& key, ExtentPtr extent, const MutationLog::Mark& mark) TICKSCOPE_EXCLUDES(mu_);
  /// Drops steps up to `until_ms`, which have become another's to keep.
  void DropUntil(const std::string& key, TimeMs until_ms) TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] std::uint64_t bytes() const TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Entry {
    std::vector<ExtentPtr> parts;  // By time.
    MutationLog::Mark mark;        // All were evaluated after it.
  };
  void Keep(const std::string& key, Entry entry) TICKSCOPE_REQUIRES(mu_);

  MutationLog& log_;
  mutable Mutex mu_;
  ByteLru<Entry> steps_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::queryfront
