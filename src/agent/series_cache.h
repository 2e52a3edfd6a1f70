// SeriesCache: the series of one target, found by the raw bytes the target writes them with.
//
// A target writes the same series the same way at each scrape, so its labels are parsed once, and a repeated
// scrape allocates nothing per series. The cache also knows which series were alive, which staleness is
// about.
//
// Invariants   C1 ordinals are handed out in the order of first sight and never change while a series is
//              cached.
//              C2 a series that no committed scrape had for kAbsentScrapesMax scrapes is forgotten.
// Threads      Externally locked.
// Memory       Raw bytes, labels and about 150 bytes a series.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/write_batch.h"

namespace tickscope::agent {

/// Scrapes a series may be missing from before it is forgotten; a flapping series keeps its place that long.
inline constexpr std::uint32_t kAbsentScrapesMax = 5;

class SeriesCache {
 public:
  struct Entry {
    SeriesPtr series;
    std::uint32_t ordinal = 0;
    std::uint32_t absent_scrapes = 0;
    std::uint64_t seen_in = 0;    ///< Number of the scrape that had it last, committed or not.
    TimeMs seen_time_ms = 0;      ///< Time of its newest sample in that scrape.
    bool is_alive = false;        ///< The newest committed scrape had it, without a time of the target's own.
    bool is_histogram = false;    ///< Its newest sample was one.
    bool has_own_time = false;    ///< Its newest sample had a time of the target's own.
    TimeMs exemplar_time_ms = 0;  ///< Newest exemplar sent.
    std::uint64_t exemplar_hash = 0;
    std::uint64_t point_hash =
        0;  ///< Of what the series of one metric point share: all but name, le and quantile.
    bool is_refused = false;  ///< By the guard: it has no series, and its samples go nowhere.
    bool is_dropped = false;  ///< By relabelling: it has no series either.
    bool is_created = false;  ///< Its value is when the other series of its point began.
  };

  /// The entry of `raw`, or null. Valid until Commit forgets it.
  [[nodiscard]] Entry* Find(std::string_view raw);
  /// Adds a series that is not there yet.
  [[nodiscard]] Entry& Add(std::string_view raw, SeriesPtr series);

  /// Judges all series again: those refused before are forgotten, to be read anew; of the others those for which `is_refused`
  /// holds are refused from now on, and `on_gone` is called for each that was alive.
  void JudgeAgain(const std::function<bool(const Series&)>& is_refused,
                  const std::function<void(const Entry&)>& on_gone);

  /// Ends scrape number `scrape`, whose samples count. Calls `on_gone` for each series that was alive and is
  /// not in it.
  void Commit(std::uint64_t scrape, const std::function<void(const Entry&)>& on_gone);
  /// Ends a failed scrape, or the target: calls `on_gone` for each series that was alive; none is afterwards.
  void EndAll(const std::function<void(const Entry&)>& on_gone);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  std::uint32_t next_ordinal_ = 1;  // 0 is for the series about the scrape itself.
};

}  // namespace tickscope::agent
