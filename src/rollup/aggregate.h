// Aggregate: what a rollup's values are, and how its files are named.
//
// A rollup of one resolution is one block file an aggregate (docs/formats/rollup.md). A file's BlockMeta names its
// aggregate and its resolution.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "model/labels.h"

namespace tickscope::rollup {

enum class Aggregate : std::uint8_t {
  kCount,     ///< Samples in the window.
  kSum,       ///< Of values; merged histograms.
  kMin,       ///< Of floats; NaN only when all are.
  kMax,       ///< Likewise.
  kFirst,     ///< Sample as it came.
  kLast,      ///< Sample as it came.
  kIncrease,  ///< Of a counter: the steps into and within the window, after a reset the whole value.
};

inline constexpr auto kAggregates =
    std::to_array({Aggregate::kCount, Aggregate::kSum, Aggregate::kMin, Aggregate::kMax, Aggregate::kFirst,
                   Aggregate::kLast, Aggregate::kIncrease});

[[nodiscard]] constexpr std::size_t ToIndex(Aggregate aggregate) {
  return static_cast<std::size_t>(aggregate);
}

/// "count", "sum", "min", "max", "first", "last" or "increase", as BlockMeta::aggregate has it.
[[nodiscard]] std::string_view AggregateName(Aggregate aggregate);
/// Nothing for any other text.
[[nodiscard]] std::optional<Aggregate> FindAggregate(std::string_view name);

/// Some of the aggregates.
class AggregateSet {
 public:
  constexpr AggregateSet() = default;
  constexpr AggregateSet(std::initializer_list<Aggregate> aggregates) {
    for (const Aggregate aggregate : aggregates)
      Add(aggregate);
  }
  [[nodiscard]] static constexpr AggregateSet All() {
    AggregateSet all;
    for (const Aggregate aggregate : kAggregates)
      all.Add(aggregate);
    return all;
  }
  [[nodiscard]] constexpr AggregateSet Without(Aggregate aggregate) const {
    AggregateSet rest = *this;
    rest.bits_ = static_cast<std::uint8_t>(bits_ & ~(1U << ToIndex(aggregate)));
    return rest;
  }
  constexpr void Add(Aggregate aggregate) {
    bits_ = static_cast<std::uint8_t>(bits_ | 1U << ToIndex(aggregate));
  }
  [[nodiscard]] constexpr bool Has(Aggregate aggregate) const {
    return (bits_ >> ToIndex(aggregate) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(AggregateSet, AggregateSet) = default;

 private:
  std::uint8_t bits_ = 0;
};

/// "STEM-1m-count.block".
[[nodiscard]] std::string RollupFileName(std::string_view stem, std::int64_t resolution_ms,
                                         Aggregate aggregate);

/// The series of a rollup file that says which windows it is about, with a 1 at each (docs/formats/rollup.md).
[[nodiscard]] const Labels& CoverageLabels();

}  // namespace tickscope::rollup
