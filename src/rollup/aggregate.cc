#include "rollup/aggregate.h"

#include <fmt/format.h>

namespace tickscope::rollup {
namespace {

constexpr std::array<std::string_view, kAggregates.size()> kNames = {"count", "sum",  "min",     "max",
                                                                     "first", "last", "increase"};

}  // namespace

std::string_view AggregateName(Aggregate aggregate) {
  return kNames[ToIndex(aggregate)];
}

std::optional<Aggregate> FindAggregate(std::string_view name) {
  for (const Aggregate aggregate : kAggregates) {
    if (AggregateName(aggregate) == name) return aggregate;
  }
  return std::nullopt;
}

std::string RollupFileName(std::string_view stem, std::int64_t resolution_ms, Aggregate aggregate) {
  constexpr std::int64_t kMinute = 60'000;
  const std::string length = resolution_ms % kMinute == 0 ? fmt::format("{}m", resolution_ms / kMinute)
                                                          : fmt::format("{}ms", resolution_ms);
  return fmt::format("{}-{}-{}.block", stem, length, AggregateName(aggregate));
}

const Labels& CoverageLabels() {
  static const Labels labels{{"__rollup__", "windows"}};
  return labels;
}

}  // namespace tickscope::rollup
