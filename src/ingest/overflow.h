// OverflowTotals: what the series over a limit add up to.
//
// A series that may not become one is a *source*. Its samples go to a *group*: one series of the metric's name, the
// label __overflow__ and the labels that may be kept (le, so that quantiles stay right). The group's value is the sum
// of what its sources' values rose by since they were first heard, for counters, resets counted; for gauges the sum of
// their present values. So sum(rate(m[5m])) and sum(m) are what they would be without the limit.
//
// A group gives one sample at most a second, however many sources have one: its value is that of the newest. What each
// sample added is on the stream (codec/sample_batch.h, section 6), so that a restart goes on where this ended.
//
// Invariants   O1 a source's sample is added once: one that is not newer than the source's last is a repetition.
//              O2 a source stays one while it is remembered, also when there is room: its history is in the total.
// Threads      Externally locked.
// Memory       About 100 bytes a source, keys included; at most `sources_max` of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "codec/sample_batch.h"
#include "ingest/series_limits.h"
#include "model/series_ref.h"

namespace tickscope::ingest {

inline constexpr std::string_view kOverflowLabel = "__overflow__";

enum class OverflowSource : std::uint32_t {};

/// Whether a metric of that name, of unknown type, is taken for a counter: by its ending.
[[nodiscard]] bool LooksLikeCounter(std::string_view metric);

class OverflowTotals {
 public:
  struct Group {
    SeriesRef ref{};
    bool is_counter = false;
    double total = 0;
    TimeMs newest_ms = INT64_MIN;   ///< Newest sample added.
    TimeMs emitted_ms = INT64_MIN;  ///< Time of the sample given last.
    double emitted_total = 0;
    std::uint64_t sources = 0;
    bool replayed = false;  ///< Known from before this process.
  };

  /// The source of these label bytes, if it is one.
  [[nodiscard]] std::optional<OverflowSource> Find(const codec::SeriesHash& key) const;
  /// Requires: GroupFor made the group.
  [[nodiscard]] OverflowSource Add(const codec::SeriesHash& key, SeriesRef group);
  [[nodiscard]] bool HasGroup(SeriesRef group) const { return groups_.contains(ToIndex(group)); }
  [[nodiscard]] const Group& GroupOf(OverflowSource source) const {
    return groups_.at(sources_[static_cast<std::size_t>(source)].group);
  }
  /// A group that is new, or known by its number.
  Group& GroupFor(SeriesRef ref, bool is_counter);

  /// Adds a source's sample. `counts_first` is whether a counter's first value counts from zero: false when the source
  /// may have been heard before what is remembered. False when the sample was added before.
  bool AddSample(OverflowSource source, TimeMs time_ms, double value, bool counts_first, std::uint32_t now_s,
                 codec::SampleBatch& batch);
  /// Takes gauges not heard since `silent_s` out of their totals.
  void DropSilentGauges(std::uint32_t silent_s, TimeMs now_ms, codec::SampleBatch& batch);
  /// Forgets sources not heard since `silent_s`. What is undone by Revert ends here.
  void Forget(std::uint32_t silent_s);
  [[nodiscard]] bool IsForgotten(OverflowSource source) const {
    return static_cast<std::size_t>(source) >= sources_.size() ||
           !sources_[static_cast<std::size_t>(source)].used;
  }

  /// Calls `emit(Group&, TimeMs)` for groups with something new, at the time their sample should have.
  template <typename Emit>
  void EmitDue(TimeMs now_ms, const Emit& emit) {
    for (const std::uint32_t index : touched_) {
      Group& group = groups_.at(index);
      const TimeMs time_ms = group.newest_ms < now_ms ? group.newest_ms : now_ms;
      if (group.emitted_ms != INT64_MIN && time_ms < group.emitted_ms + kEmitIntervalMs) continue;
      undo_groups_.push_back({index, group});
      group.emitted_ms = time_ms;
      group.emitted_total = group.total;
      emit(group, time_ms);
    }
    touched_.clear();
  }

  void Begin();
  /// Takes back what was added since Begin. Sources stay known, as not heard yet.
  void Revert();

  /// Learns what was added by a batch read back.
  void Replay(const codec::SampleBatch& batch);

  [[nodiscard]] std::size_t source_count() const { return by_key_.size(); }
  [[nodiscard]] const std::unordered_map<std::uint32_t, Group>& groups() const { return groups_; }

 private:
  static constexpr TimeMs kEmitIntervalMs = 1000;
  struct Source {
    std::uint32_t group = 0;
    std::uint32_t seen_s = 0;
    TimeMs last_ms = INT64_MIN;
    double last_value = 0;
    bool counted = false;  // Of a gauge: its value is in the total.
    bool used = true;
    codec::SeriesHash key;
  };
  struct KeyHash {
    std::size_t operator()(const codec::SeriesHash& key) const { return key.low; }
  };

  void Change(std::uint32_t source, double increment, TimeMs time_ms, codec::SampleBatch& batch);

  std::unordered_map<codec::SeriesHash, std::uint32_t, KeyHash> by_key_;
  std::vector<Source> sources_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint32_t, Group> groups_;  // By ref.
  std::vector<std::uint32_t> touched_;
  std::vector<std::pair<std::uint32_t, Source>> undo_sources_;
  std::vector<std::pair<std::uint32_t, Group>> undo_groups_;
};

}  // namespace tickscope::ingest
