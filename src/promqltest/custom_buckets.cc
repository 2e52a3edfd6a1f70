#include "promqltest/custom_buckets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "model/histogram_arithmetic.h"
#include "promql/literal.h"

namespace tickscope::promqltest {
namespace {

// What is known of one histogram at one time.
struct ClassicHistogram {
  std::map<double, double> cumulative;  // By upper bound.
  std::optional<double> count;
  std::optional<double> sum;
};

enum class Part : std::uint8_t { kBucket, kCount, kSum };

// The family a series belongs to, the role it plays there, and for a bucket its bound.
struct Member {
  Labels family;
  Part part = Part::kBucket;
  double bound = 0;
};

std::optional<Member> MemberOf(const Labels& labels) {
  struct Suffix {
    std::string_view text;
    Part part;
  };
  constexpr Suffix kSuffixes[] = {{"_bucket", Part::kBucket}, {"_count", Part::kCount}, {"_sum", Part::kSum}};
  for (const Suffix& suffix : kSuffixes) {
    const std::string_view name = labels.metric_name();
    if (!name.ends_with(suffix.text)) continue;
    Member member;
    member.part = suffix.part;
    LabelsBuilder family(labels);
    family.Set(kMetricName, name.substr(0, name.size() - suffix.text.size()));
    if (suffix.part == Part::kBucket) {
      const auto bound = promql::ParseNumber(labels.Get(kBucketLabel));
      if (!bound || std::isnan(*bound)) return std::nullopt;
      member.bound = *bound;
      family.Delete(kBucketLabel);
    }
    member.family = family.Build();
    return member;
  }
  return std::nullopt;
}

Result<Histogram> Convert(const ClassicHistogram& classic, const Labels& family) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Histogram h;
  h.schema = kCustomBoundsSchema;
  double below = 0;
  const auto add = [&](double cumulative) -> Status {
    if (cumulative < below) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("cumulative bucket counts fall: series={}", family.ToString()));
    }
    h.positive_buckets.push_back(cumulative - below);
    below = cumulative;
    return {};
  };
  for (const auto& [bound, cumulative] : classic.cumulative) {
    if (bound == kInfinity) break;
    TICKSCOPE_RETURN_IF_ERROR(add(cumulative));
    h.custom_bounds.push_back(bound);
  }
  const auto total = classic.cumulative.find(kInfinity);
  h.count = classic.count.value_or(total == classic.cumulative.end() ? below : total->second);
  TICKSCOPE_RETURN_IF_ERROR(add(total == classic.cumulative.end() ? h.count : total->second));
  h.sum = classic.sum.value_or(0);
  h.positive_spans.push_back({0, static_cast<std::uint32_t>(h.positive_buckets.size())});
  return CompactHistogram(h);
}

}  // namespace

Result<std::vector<LoadedSeries>> CollateCustomBuckets(const std::vector<LoadedSeries>& series) {
  std::map<Labels, std::map<std::size_t, ClassicHistogram>> families;
  for (const LoadedSeries& loaded : series) {
    const auto member = MemberOf(loaded.labels);
    if (!member) continue;
    auto& slots = families[member->family];
    for (std::size_t i = 0; i < loaded.values.size(); ++i) {
      if (!loaded.values[i] || loaded.values[i]->histogram) continue;
      const double value = loaded.values[i]->value;
      switch (member->part) {
        case Part::kBucket:
          slots[i].cumulative[member->bound] = value;
          break;
        case Part::kCount:
          slots[i].count = value;
          break;
        case Part::kSum:
          slots[i].sum = value;
          break;
      }
    }
  }
  std::vector<LoadedSeries> out;
  for (const auto& [family, slots] : families) {
    LoadedSeries collated{family, {}, {}};
    for (const auto& [slot, classic] : slots) {
      TICKSCOPE_ASSIGN_OR_RETURN(Histogram histogram, Convert(classic, family));
      collated.values.resize(slot + 1);
      collated.values[slot] = SlotValue{0, std::make_shared<const Histogram>(std::move(histogram)), false};
    }
    out.push_back(std::move(collated));
  }
  return out;
}

}  // namespace tickscope::promqltest
