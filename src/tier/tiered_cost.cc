// What a query would read of the tiers, told from a listing and few indexes.
#include <algorithm>

#include "tier/tiered_queryable.h"

namespace tickscope::tier {
namespace {

// Blocks whose indexes are looked into, of those that are open already. One is opened when none is: the query needs it too.
constexpr std::size_t kBlocksLookedInto = 4;

double PartOf(const BlockName& name, TimeMs start_ms, TimeMs end_ms) {
  const double from_ms = static_cast<double>(std::max(name.from_ms, start_ms));
  const double until_ms = std::min(static_cast<double>(name.until_ms), static_cast<double>(end_ms) + 1);
  if (until_ms <= from_ms) return 0;
  return (until_ms - from_ms) / (static_cast<double>(name.until_ms) - static_cast<double>(name.from_ms));
}

}  // namespace

Result<SelectCost> TieredQueryable::EstimateBlocks(Tier tier, const SelectRequest& request,
                                                   const std::vector<const ListedBlock*>& blocks,
                                                   const QueryContext& context) const {
  double matching = 0;
  double all_series = 0;
  double all_samples = 0;
  double looked_bytes = 0;
  std::size_t looked_into = 0;
  for (auto listed = blocks.rbegin(); listed != blocks.rend() && looked_into < kBlocksLookedInto; ++listed) {
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    BlockPtr block = catalogue_.OpenedAlready(tier, request.tenant, **listed);
    if (block == nullptr && looked_into == 0) {
      // What cannot be read is for the query to meet.
      auto opened = catalogue_.Open(tier, request.tenant, **listed);
      if (opened) block = *std::move(opened);
    }
    if (block == nullptr) continue;
    const auto selected = block->Select(request.matchers);
    if (!selected) continue;
    ++looked_into;
    matching = std::max(matching, static_cast<double>(selected->size()));
    all_series = std::max(all_series, static_cast<double>(block->meta().series_count));
    all_samples += static_cast<double>(block->meta().sample_count);
    looked_bytes += static_cast<double>((*listed)->bytes);
  }
  if (matching == 0 || looked_bytes == 0) return SelectCost{};
  double bytes = 0;
  for (const ListedBlock* const listed : blocks)
    bytes += static_cast<double>(listed->bytes) * PartOf(listed->name, request.start_ms, request.end_ms);
  bytes *= std::min(1.0, matching / all_series);
  return SelectCost{static_cast<std::uint64_t>(matching),
                    static_cast<std::uint64_t>(bytes * all_samples / looked_bytes),
                    static_cast<std::uint64_t>(bytes)};
}

Result<SelectCost> TieredQueryable::EstimateSelect(const SelectRequest& request,
                                                   const QueryContext& context) const {
  SelectCost sum;
  const TenantTiersPtr tiers = catalogue_.Tenant(request.tenant);
  const Readings readings = Plan(request, *tiers);
  const auto add_cost = [&sum](const SelectCost& cost) {
    sum.series = std::max(sum.series, cost.series);
    sum.samples += cost.samples;
    sum.bytes += cost.bytes;
  };
  const auto add = [&](Tier tier, TimeMs start_ms, TimeMs end_ms,
                       const std::vector<const ListedBlock*>& blocks) -> Status {
    SelectRequest part = request;
    part.start_ms = start_ms;
    part.end_ms = end_ms;
    TICKSCOPE_ASSIGN_OR_RETURN(const SelectCost cost, EstimateBlocks(tier, part, blocks, context));
    add_cost(cost);
    return {};
  };
  const auto* const hot = dynamic_cast<const CostSource*>(&hot_);
  for (const Interval& span : readings.samples) {
    if (hot != nullptr) {
      SelectRequest part = request;
      part.start_ms = span.from_ms;
      part.end_ms = span.until_ms - 1;
      TICKSCOPE_ASSIGN_OR_RETURN(const SelectCost cost, hot->EstimateSelect(part, context));
      add_cost(cost);
    }
    TICKSCOPE_RETURN_IF_ERROR(add(Tier::kRaw, span.from_ms, span.until_ms - 1, readings.raw));
  }
  for (const RollupReading& reading : readings.rollups)
    TICKSCOPE_RETURN_IF_ERROR(add(reading.tier, reading.start_ms, reading.end_ms, reading.blocks));
  return sum;
}

std::optional<std::string> TieredQueryable::LabelState(const TenantId& tenant, TimeMs start_ms,
                                                       TimeMs end_ms) const {
  const auto* const hot = dynamic_cast<const LabelStateSource*>(&hot_);
  if (hot == nullptr) return std::nullopt;
  std::optional<std::string> state = hot->LabelState(tenant, start_ms, end_ms);
  if (!state) return std::nullopt;
  const TenantTiersPtr tiers = catalogue_.Tenant(tenant);
  const Readings readings = Plan({tenant, start_ms, end_ms, {}}, *tiers);
  if (!readings.cold.empty()) return std::nullopt;
  for (const ListedBlock* const block : readings.raw)
    *state += "\nraw " + block->file;
  for (const RollupReading& reading : readings.rollups) {
    for (const ListedBlock* const block : reading.blocks)
      *state += "\n" + block->file;
  }
  return state;
}

}  // namespace tickscope::tier
