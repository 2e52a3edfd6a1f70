// FaultyObjectStore: another store on a bad day, drawn from a seed: calls fail before or after they had their effect, take
// long, give part of a body, or list what was true a while ago. For tests: what is above must not lose or double
// anything, whatever the seed.
//
// What is stored stays whole (O1): the store below is never damaged, only the answers are.
//
// Threads   Thread-safe; with several threads the draws depend on their order.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "io/pause.h"
#include "objstore/object_store.h"

namespace tickscope::objstore {

/// How bad the day is; probabilities of each call, drawn one after the other.
struct FaultProfile {
  double fails_before = 0.05;  ///< kUnavailable, nothing happened.
  double fails_after = 0.05;   ///< It was done, but the answer is lost: kUnavailable or kDeadlineExceeded.
  double is_slow = 0.05;       ///< Takes up to slow_max, on the clock of the pause.
  double gives_part = 0.05;    ///< Get only: a shorter body, without an error.
  double lists_old = 0.1;      ///< List only: as of up to history_max changes ago.
  std::chrono::milliseconds slow_max{20'000};
  std::size_t history_max = 8;

  /// A store that does not answer at all.
  [[nodiscard]] static FaultProfile Down() {
    return {.fails_before = 1, .fails_after = 0, .is_slow = 0, .gives_part = 0, .lists_old = 0};
  }
  /// A good day.
  [[nodiscard]] static FaultProfile None() {
    return {.fails_before = 0, .fails_after = 0, .is_slow = 0, .gives_part = 0, .lists_old = 0};
  }
};

class FaultyObjectStore final : public ObjectStore {
 public:
  /// `below` and `pause` outlive it; what is changed in `below` by others is in no old listing.
  FaultyObjectStore(ObjectStore& below, const FaultProfile& profile, std::uint64_t seed, io::Pause& pause);

  [[nodiscard]] Status Put(const std::string& name, std::string_view content) override;
  [[nodiscard]] Status PutFile(const std::string& name, io::FileSystem& files,
                               const std::string& path) override;
  [[nodiscard]] Result<std::string> Get(const std::string& name, std::uint64_t offset,
                                        std::size_t length) override;
  [[nodiscard]] Result<std::uint64_t> Size(const std::string& name) override;
  [[nodiscard]] Result<std::vector<ObjectInfo>> List(const std::string& prefix) override;
  [[nodiscard]] Status Delete(const std::string& name) override;

  /// From now on.
  void SetProfile(const FaultProfile& profile) TICKSCOPE_EXCLUDES(mu_);
  /// Faults so far: failed, slow, partial and stale answers.
  [[nodiscard]] std::uint64_t fault_count() const TICKSCOPE_EXCLUDES(mu_);

 private:
  /// What befalls one call.
  struct Fate {
    bool fails_before = false;
    bool fails_after = false;
    bool gives_part = false;
    std::uint64_t age = 0;  ///< Of the listing, in changes.
    std::uint64_t draw = 0;
  };
  [[nodiscard]] Fate Draw() TICKSCOPE_EXCLUDES(mu_);
  /// Keeps what a listing would say before a change.
  void Remember() TICKSCOPE_EXCLUDES(mu_);
  template <typename Call>
  [[nodiscard]] auto Suffer(const Fate& fate, Call call) -> decltype(call());

  ObjectStore& below_;
  io::Pause& pause_;
  mutable Mutex mu_;
  SeededRandom random_ TICKSCOPE_GUARDED_BY(mu_);
  FaultProfile profile_ TICKSCOPE_GUARDED_BY(mu_);
  std::deque<std::vector<ObjectInfo>> history_ TICKSCOPE_GUARDED_BY(mu_);  // The newest at the front.
  std::uint64_t fault_count_ TICKSCOPE_GUARDED_BY(mu_) = 0;
};

}  // namespace tickscope::objstore
