// Which blocks answer which part of a request.
#include <algorithm>
#include <map>
#include <string>
#include <unordered_set>

#include "rollup/exactness.h"
#include "rollup/series_kind.h"
#include "tier/tiered_queryable.h"

namespace tickscope::tier {
namespace {

using rollup::Aggregate;
using rollup::AggregateSet;
using rollup::Precision;
using rollup::WindowForm;

// Of stretches where samples are read beside windows; with more, all is read as samples.
constexpr std::size_t kSampleStretchesMax = 8;

std::vector<Interval> Both(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::vector<Interval> both;
  for (const Interval& one : a) {
    const std::vector<Interval> missing = Gaps(one, b);
    const std::vector<Interval> there = Gaps(one, missing);
    both.insert(both.end(), there.begin(), there.end());
  }
  return both;
}

std::vector<Interval> Without(const std::vector<Interval>& a, std::vector<Interval> taken) {
  taken = Union(std::move(taken));
  std::vector<Interval> left;
  for (const Interval& one : a) {
    const std::vector<Interval> rest = Gaps(one, taken);
    left.insert(left.end(), rest.begin(), rest.end());
  }
  return left;
}

// Where a tier has windows with all of the aggregates.
std::vector<Interval> WindowsOf(const TenantTiers& tiers, Tier tier, AggregateSet aggregates) {
  std::vector<Interval> all;
  bool is_first = true;
  for (const Aggregate aggregate : rollup::kAggregates) {
    if (!aggregates.Has(aggregate)) continue;
    std::vector<Interval> of_aggregate;
    for (const ListedBlock& block : tiers.of(tier).live) {
      if (block.name.aggregate == rollup::AggregateName(aggregate))
        of_aggregate.push_back({block.name.from_ms, block.name.until_ms});
    }
    of_aggregate = Union(std::move(of_aggregate));
    all = is_first ? std::move(of_aggregate) : Both(all, of_aggregate);
    is_first = false;
  }
  return all;
}

// Whether the series are gauges as far as their names tell: counters keep neither sums nor extremes.
bool SelectsGauges(const std::vector<Matcher>& matchers) {
  return std::ranges::any_of(matchers, [](const Matcher& matcher) {
    return matcher.name() == kMetricName && matcher.type() == MatchType::kEqual && !matcher.value().empty() &&
           !rollup::IsNamedAsCounter(Labels{{std::string(kMetricName), matcher.value()}});
  });
}

// What windows of a tier are worth beside finer ones, or samples.
enum class Worth : std::uint8_t {
  kNothing,
  kNear,        // Off by what lies in windows that are cut, or by their length.
  kSameGrowth,  // What a counter grew by, whatever windows tell it.
  kSame,
};

Worth WorthOf(const SelectRequest& request, WindowForm form, Tier tier) {
  if (!request.hints) return Worth::kNear;
  const SelectHints& hints = *request.hints;
  const std::int64_t resolution_ms = ResolutionMs(tier);
  const rollup::ExactnessAnswer answer = rollup::ExactnessOf({.function = hints.function,
                                                              .window_ms = hints.range_ms,
                                                              .step_ms = hints.step_ms,
                                                              .start_ms = hints.end_ms,
                                                              .resolution_ms = resolution_ms});
  if (answer.exactness == rollup::Exactness::kNotAnswerable) return Worth::kNothing;
  const bool is_kept =
      form == WindowForm::kLast || form == WindowForm::kCount || SelectsGauges(request.matchers);
  // First samples are kept of few series.
  if (answer.exactness == rollup::Exactness::kExact && form != WindowForm::kFirst && is_kept)
    return Worth::kSame;
  return form == WindowForm::kCounter && answer.is_aligned ? Worth::kSameGrowth : Worth::kNear;
}

// A tier that may stand in for samples that are there.
struct Choice {
  Tier tier = Tier::kFiveMinutes;
  Precision precision = Precision::kExact;
};

constexpr std::array kCoarsestFirst = {Tier::kOneHour, Tier::kFiveMinutes, Tier::kOneMinute};

// Tiers for what no samples are of: the coarsest that comes to the same, then what is finest.
std::vector<Tier> InPlaceOfSamples(const SelectRequest& request, WindowForm form) {
  std::vector<Tier> tiers;
  for (const Tier tier : kCoarsestFirst) {
    if (request.hints && WorthOf(request, form, tier) >= Worth::kSameGrowth) tiers.push_back(tier);
  }
  tiers.insert(tiers.end(), kRollupTiers.begin(), kRollupTiers.end());
  return tiers;
}

std::vector<Choice> ChoicesFor(const SelectRequest& request, WindowForm form) {
  std::vector<Choice> choices;
  if (!request.hints) return choices;
  for (const Tier tier : kCoarsestFirst) {
    const Worth worth = WorthOf(request, form, tier);
    const bool is_near_enough =
        tier == Tier::kOneHour ? worth == Worth::kSameGrowth : worth != Worth::kNothing;
    if (worth == Worth::kSame) {
      choices.push_back({tier, Precision::kExact});
    } else if (is_near_enough && request.hints->resolution_max_ms >= ResolutionMs(tier)) {
      choices.push_back({tier, Precision::kNear});
    }
  }
  return choices;
}

// Names of the store's blocks that a block of the tier holds: its own, or those it was merged from.
void AddStored(const ListedBlock& block, std::vector<BlockName>& stored) {
  if (block.name.level() == Level::kStored) stored.push_back(block.name);
  for (const std::string& source : block.sources) {
    const auto name = ParseBlockName(source);
    if (name && name->level() == Level::kStored) stored.push_back(*name);
  }
}

// The interval in whole windows, which begin a millisecond after multiples of the resolution.
Interval ToWindows(const Interval& interval, std::int64_t resolution_ms) {
  return {rollup::WindowEnd(interval.from_ms, resolution_ms) - resolution_ms + 1,
          rollup::WindowEnd(interval.until_ms - 1, resolution_ms) + 1};
}

// Of the intervals the whole windows; at the request's own edges windows are cut by who asks.
std::vector<Interval> WholeWindows(std::vector<Interval> intervals, const Interval& asked,
                                   std::int64_t resolution_ms) {
  for (Interval& interval : intervals) {
    if (interval.from_ms > asked.from_ms)
      interval.from_ms = rollup::WindowEnd(interval.from_ms - 1, resolution_ms) + 1;
    if (interval.until_ms < asked.until_ms)
      interval.until_ms = rollup::WindowEnd(interval.until_ms, resolution_ms) - resolution_ms + 1;
  }
  return Union(std::move(intervals));
}

// Every file that was ever made of a tier's windows, as far as is known.
std::unordered_set<std::string_view> FilesKnown(const LiveBlocks& blocks) {
  std::unordered_set<std::string_view> known;
  for (const auto* list : {&blocks.live, &blocks.replaced}) {
    for (const ListedBlock& block : *list) {
      known.insert(block.file);
      known.insert(block.sources.begin(), block.sources.end());
    }
  }
  return known;
}

}  // namespace

// Windows are what the samples are as long as they were made from all of them. So they do not count where samples are that are
// in no block yet, where a block has not been rolled up, where two blocks overlap (late samples came, and whether they were
// rolled up again cannot be told from names), and while there are deletes.
std::vector<Interval> TieredQueryable::TrueWindows(const SelectRequest& request, const TenantTiers& tiers,
                                                   Tier tier, std::vector<Interval> windows) const {
  const auto* const hot = dynamic_cast<const ReadPlanner*>(&hot_);
  if (hot == nullptr || !tiers.tombstones.empty()) return {};
  windows = Both(windows, {{request.start_ms, request.end_ms == INT64_MAX ? INT64_MAX : request.end_ms + 1}});
  if (windows.empty()) return {};
  const TimeMs first_ms = windows.front().from_ms;
  const TimeMs last_ms = windows.back().until_ms - 1;

  std::vector<BlockName> stored;
  for (const std::string& file : served_here_.Files(request.tenant)) {
    if (const auto name = ParseBlockName(file)) stored.push_back(*name);
  }
  std::vector<Interval> served;
  for (const BlockName& name : stored)
    served.push_back({name.from_ms, name.until_ms});
  served = Union(std::move(served));
  std::vector<Interval> untrue;
  SelectRequest all = request;
  all.start_ms = first_ms;
  all.end_ms = last_ms;
  all.hints.reset();
  for (const ReadSpan& span : hot->PlanRead(all).spans) {
    const Interval interval{span.start_ms, span.end_ms + 1};
    // A block that the tier has not met yet is like what is in memory.
    if (span.files == 0 || !Gaps(interval, served).empty()) untrue.push_back(interval);
  }
  for (const ListedBlock& block : tiers.of(Tier::kRaw).live) {
    if (block.name.Overlaps(first_ms, last_ms)) AddStored(block, stored);
  }
  std::erase_if(stored, [&](const BlockName& name) { return !name.Overlaps(first_ms, last_ms); });
  for (BlockName& name : stored)
    name = AlignToWindows(std::move(name));
  std::ranges::sort(stored, [](const BlockName& a, const BlockName& b) {
    return a.from_ms != b.from_ms ? a.from_ms < b.from_ms : a.FileName() < b.FileName();
  });
  const auto repeated = std::ranges::unique(stored);
  stored.erase(repeated.begin(), repeated.end());
  const std::unordered_set<std::string_view> known = FilesKnown(tiers.of(tier));
  TimeMs reached_ms = INT64_MIN;
  for (BlockName& name : stored) {
    if (name.from_ms < reached_ms) untrue.push_back({name.from_ms, std::max(reached_ms, name.until_ms)});
    reached_ms = std::max(reached_ms, name.until_ms);
    BlockName commit = name;
    commit.aggregate = rollup::AggregateName(Aggregate::kCount);
    if (!known.contains(commit.FileName())) untrue.push_back({name.from_ms, name.until_ms});
  }
  for (Interval& interval : untrue)
    interval = ToWindows(interval, ResolutionMs(tier));
  return Without(windows, std::move(untrue));
}

TieredQueryable::Readings TieredQueryable::Plan(const SelectRequest& request,
                                                const TenantTiers& tiers) const {
  Readings readings;
  const WindowForm form = request.hints ? rollup::FormOf(request.hints->function) : WindowForm::kLast;
  const TimeMs until_ms = request.end_ms == INT64_MAX ? INT64_MAX : request.end_ms + 1;
  const auto read_windows = [&](Tier tier, Precision precision, const Interval& span) {
    RollupReading reading{tier, span.from_ms, span.until_ms - 1, form, precision, {}};
    // Of increases, the window before tells what the first one follows from.
    const std::int64_t before_ms = form == WindowForm::kCounter ? ResolutionMs(tier) : 0;
    for (const ListedBlock& block : tiers.of(tier).live) {
      const auto aggregate = rollup::FindAggregate(block.name.aggregate);
      if (aggregate && rollup::AggregatesOf(form).Has(*aggregate) &&
          block.name.Overlaps(reading.start_ms - before_ms, reading.end_ms)) {
        reading.blocks.push_back(&block);
      }
    }
    readings.rollups.push_back(std::move(reading));
  };

  // Windows in place of samples first: what is left is read as samples, as far as there are any.
  std::vector<Interval> left = {{request.start_ms, until_ms}};
  for (const Choice& choice : ChoicesFor(request, form)) {
    const bool is_exact = choice.precision == Precision::kExact;
    std::vector<Interval> windows =
        WindowsOf(tiers, choice.tier, is_exact ? rollup::AggregatesOf(form) : SpineOf(form));
    if (is_exact) windows = TrueWindows(request, tiers, choice.tier, std::move(windows));
    std::vector<Interval> taken = Both(left, windows);
    std::vector<Interval> rest = Without(left, taken);
    if (taken.empty() || rest.size() > kSampleStretchesMax) continue;
    for (const Interval& span : taken)
      read_windows(choice.tier, choice.precision, span);
    left = std::move(rest);
  }
  readings.samples = left;

  std::vector<Interval> covered;
  TimeMs raw_until_ms = INT64_MIN;
  const auto cover = [&](const BlockName& name) {
    covered.push_back({name.from_ms, name.until_ms});
    raw_until_ms = std::max(raw_until_ms, name.until_ms);
  };
  for (const std::string& file : served_here_.Files(request.tenant)) {
    if (const auto name = ParseBlockName(file)) cover(*name);
  }
  for (const ListedBlock& block : tiers.of(Tier::kRaw).live) {
    cover(block.name);
    const bool is_read = std::ranges::any_of(readings.samples, [&](const Interval& span) {
      return block.name.Overlaps(span.from_ms, span.until_ms - 1);
    });
    if (is_read && !IsServedHere(request.tenant, block)) readings.raw.push_back(&block);
  }
  std::ranges::sort(readings.raw,
                    [](const ListedBlock* a, const ListedBlock* b) { return Precedes(a->name, b->name); });
  // After the newest block, of raw samples or of windows, everything is in the store's memory and segments.
  TimeMs known_until_ms = raw_until_ms;
  for (const Tier tier : kRollupTiers) {
    for (const ListedBlock& block : tiers.of(tier).live)
      known_until_ms = std::max(known_until_ms, block.name.until_ms);
  }
  const Interval cold = options_.cold == nullptr ? Interval{} : options_.cold_range(request.tenant);
  if (known_until_ms == INT64_MIN && cold.from_ms < cold.until_ms) known_until_ms = cold.until_ms;
  covered.push_back({known_until_ms == INT64_MIN ? request.start_ms : known_until_ms, INT64_MAX});
  std::vector<Interval> gaps = Without(left, std::move(covered));
  for (const Tier tier : InPlaceOfSamples(request, form)) {
    const std::vector<Interval> answered = WholeWindows(Both(gaps, WindowsOf(tiers, tier, SpineOf(form))),
                                                        {request.start_ms, until_ms}, ResolutionMs(tier));
    for (const Interval& span : answered)
      read_windows(tier, Precision::kNear, span);
    gaps = Without(gaps, answered);
  }
  readings.cold =
      Both(gaps, cold.from_ms < cold.until_ms ? std::vector<Interval>{cold} : std::vector<Interval>{});
  std::ranges::stable_sort(readings.rollups, {}, &RollupReading::start_ms);
  return readings;
}

AggregateSet TieredQueryable::SpineOf(WindowForm form) {
  return form == WindowForm::kCount ? AggregateSet{Aggregate::kCount} : AggregateSet{Aggregate::kLast};
}

std::vector<ReadSpan> TieredQueryable::SpansOf(const SelectRequest& request, const Readings& readings) const {
  std::vector<ReadSpan> spans;
  for (const Interval& span : readings.cold)
    spans.push_back({.source = "cold", .start_ms = span.from_ms, .end_ms = span.until_ms - 1});
  for (const RollupReading& reading : readings.rollups) {
    spans.push_back({.source = TierName(reading.tier),
                     .start_ms = reading.start_ms,
                     .end_ms = reading.end_ms,
                     .resolution_ms = ResolutionMs(reading.tier),
                     .files = static_cast<std::uint32_t>(reading.blocks.size())});
  }
  const auto* const hot = dynamic_cast<const ReadPlanner*>(&hot_);
  for (const Interval& stretch : readings.samples) {
    std::vector<ReadSpan> raw;
    for (const ListedBlock* const block : readings.raw) {
      if (!block->name.Overlaps(stretch.from_ms, stretch.until_ms - 1)) continue;
      const TimeMs start_ms = std::max(block->name.from_ms, stretch.from_ms);
      const TimeMs end_ms = std::min(block->name.until_ms, stretch.until_ms) - 1;
      if (!raw.empty() && raw.back().end_ms + 1 >= start_ms) {
        raw.back().end_ms = std::max(raw.back().end_ms, end_ms);
        ++raw.back().files;
      } else {
        raw.push_back({.source = TierName(Tier::kRaw), .start_ms = start_ms, .end_ms = end_ms, .files = 1});
      }
    }
    spans.insert(spans.end(), raw.begin(), raw.end());
    if (hot == nullptr) continue;
    SelectRequest part = request;
    part.start_ms = stretch.from_ms;
    part.end_ms = stretch.until_ms - 1;
    const std::vector<ReadSpan> here = hot->PlanRead(part).spans;
    spans.insert(spans.end(), here.begin(), here.end());
  }
  std::ranges::stable_sort(spans, {}, &ReadSpan::start_ms);
  return JoinSpans(spans);
}

ReadPlan TieredQueryable::PlanRead(const SelectRequest& request) const {
  const TenantTiersPtr tiers = catalogue_.Tenant(request.tenant);
  const Readings readings = Plan(request, *tiers);
  const auto* const hot = dynamic_cast<const ReadPlanner*>(&hot_);
  SelectRequest here = request;
  here.hints.reset();
  return {SpansOf(request, readings),
          TellsColumns(*tiers, readings) && hot != nullptr && hot->PlanRead(here).tells_columns};
}

// What is hidden, and what Parquet holds, is not told in columns.
bool TieredQueryable::TellsColumns(const TenantTiers& tiers, const Readings& readings) {
  return readings.cold.empty() && tiers.tombstones.empty();
}

}  // namespace tickscope::tier
