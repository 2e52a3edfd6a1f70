// SeriesTable: what the gateway remembers of each series, by number.
//
// Numbers are given once and never again. So that a tenant whose series come and go does not grow without end, states
// are kept in pages of 4096 numbers, and a page goes when all its series have been silent.
//
// Threads      Externally locked.
// Memory       32 bytes a series.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "model/series_ref.h"

namespace tickscope::ingest {

struct SeriesState {
  static constexpr std::uint32_t kNeverDefined = ~std::uint32_t{0};

  TimeMs last_time_ms = INT64_MIN;
  std::uint64_t last_bits = 0;
  std::uint32_t defined_epoch = kNeverDefined;  ///< Low half.
  std::uint32_t seen_s = 0;                     ///< The clock's when the last sample came.
  std::uint32_t metric = 0;                     ///< Counted for this metric; 0 while not active.
  std::uint32_t budgets = 0;                    ///< Counted in these.
};

class SeriesTable {
 public:
  /// A number nobody had.
  [[nodiscard]] SeriesRef Take() { return static_cast<SeriesRef>(next_ref_++); }
  /// Numbers below `next_ref` are taken.
  void Reserve(std::uint32_t next_ref) { next_ref_ = next_ref > next_ref_ ? next_ref : next_ref_; }
  [[nodiscard]] std::uint32_t next_ref() const { return next_ref_; }

  /// The state of a series, a new one where there is none.
  [[nodiscard]] SeriesState& operator[](SeriesRef ref) {
    const std::size_t page = ToIndex(ref) / kPageSeries;
    if (page >= pages_.size()) pages_.resize(page + 1);
    if (pages_[page] == nullptr) pages_[page] = std::make_unique<Page>();
    return (*pages_[page])[ToIndex(ref) % kPageSeries];
  }
  /// Null where there is none.
  [[nodiscard]] SeriesState* Find(SeriesRef ref) {
    const std::size_t page = ToIndex(ref) / kPageSeries;
    if (page >= pages_.size() || pages_[page] == nullptr) return nullptr;
    return &(*pages_[page])[ToIndex(ref) % kPageSeries];
  }

  /// Calls `visit(SeriesRef, SeriesState&)` for all states there are.
  template <typename Visit>
  void ForEach(const Visit& visit) {
    for (std::size_t page = 0; page < pages_.size(); ++page) {
      if (pages_[page] == nullptr) continue;
      for (std::size_t i = 0; i < kPageSeries; ++i)
        visit(static_cast<SeriesRef>(page * kPageSeries + i), (*pages_[page])[i]);
    }
  }
  /// Lets pages go of which no series is active.
  void FreeIdlePages();
  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t kPageSeries = 4096;
  using Page = std::array<SeriesState, kPageSeries>;

  std::vector<std::unique_ptr<Page>> pages_;
  std::uint32_t next_ref_ = 0;
};

}  // namespace tickscope::ingest
