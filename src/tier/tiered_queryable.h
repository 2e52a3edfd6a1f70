// TieredQueryable: all samples there are, wherever they lie: the store on this machine and the tiers of the object store.
//
// Raw samples are read where there are any, but where windows of five minutes or of one are known to come to the same: of
// functions such as max_over_time, when range, step and times are multiples of the window (rollup/exactness.h). Where raw samples
// were let go, and where the request allows windows of a resolution, a row of each window stands for its samples, at its
// end: what row, says the function (rollup/window_form.h). Deletes that were asked for are hidden here until compaction has carried
// them out.
//
// Invariant    Q1 a (series, time) is read once, also while a block is handed over, merged or listed late.
// Threads      Thread-safe.
// Errors       A block that is gone since the listing is left out (what replaced it is in the next); a damaged one is
//              quarantined and left out; an object store that does not answer fails the query, for an answer with holes in
//              it would pass for the truth.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/label_state.h"
#include "model/query_cost.h"
#include "model/queryable.h"
#include "rollup/rollup_reader.h"
#include "scan/selection_cache.h"
#include "tier/catalogue.h"
#include "tier/coverage.h"
#include "tier/served_here.h"

namespace tickscope::tier {

struct TieredQueryableOptions {
  std::uint64_t query_series_max = 2'000'000;  ///< Series one selector may match.
  /// Keeps which series selectors choose of blocks; may be null. Outlives the queryable.
  scan::SelectionCache* selections = nullptr;
  /// The coldest tier, for what no block covers; may be null. Outlives the queryable.
  const Queryable* cold = nullptr;
  /// Times of a tenant that the cold tier may have samples of, as of the last look; empty for none. Thread-safe.
  std::function<Interval(const TenantId&)> cold_range;
};

class TieredQueryable final : public Queryable,
                              public CostSource,
                              public LabelStateSource,
                              public ReadPlanner {
 public:
  /// Everything given outlives this. `hot` tells costs and states of labels too, if it can.
  TieredQueryable(const Queryable& hot, Catalogue& catalogue, const ServedHere& served_here,
                  TieredQueryableOptions options);

  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override;
  [[nodiscard]] Result<std::unique_ptr<ColumnScan>> Scan(const SelectRequest& request,
                                                         const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext& context) const override;

  /// Looks into few of the blocks in the object store; the others are taken to be like those. The cold tier counts as free.
  [[nodiscard]] Result<SelectCost> EstimateSelect(const SelectRequest& request,
                                                  const QueryContext& context) const override;

  /// Nothing for what is in the cold tier.
  [[nodiscard]] std::optional<std::string> LabelState(const TenantId& tenant, TimeMs start_ms,
                                                      TimeMs end_ms) const override;

  [[nodiscard]] ReadPlan PlanRead(const SelectRequest& request) const override;

  /// What of a request which blocks answer. Pointers are into the TenantTiers it was planned from.
  struct RollupReading {
    Tier tier = Tier::kOneMinute;
    TimeMs start_ms = 0;  ///< Inclusive at both ends, as a request.
    TimeMs end_ms = 0;
    rollup::WindowForm form = rollup::WindowForm::kLast;
    rollup::Precision precision = rollup::Precision::kNear;
    std::vector<const ListedBlock*> blocks;
  };
  struct Readings {
    std::vector<Interval> samples;        ///< Where samples as they came are read, of the store and of `raw`.
    std::vector<const ListedBlock*> raw;  ///< In order of precedence.
    std::vector<RollupReading> rollups;   ///< By start.
    std::vector<Interval> cold;           ///< What is left, where the cold tier may have something.
  };
  /// For tests, too.
  [[nodiscard]] Readings Plan(const SelectRequest& request, const TenantTiers& tiers) const;

 private:
  using Texts = std::function<Result<std::vector<std::string>>(const block::BlockReader&)>;
  using ColdTexts = std::function<Result<std::vector<std::string>>(const SelectRequest&)>;
  [[nodiscard]] Result<SelectCost> EstimateBlocks(Tier tier, const SelectRequest& request,
                                                  const std::vector<const ListedBlock*>& blocks,
                                                  const QueryContext& context) const;
  // Of `windows` those in the request that are known to be what the samples come to.
  [[nodiscard]] std::vector<Interval> TrueWindows(const SelectRequest& request, const TenantTiers& tiers,
                                                  Tier tier, std::vector<Interval> windows) const;
  // Aggregates whose files say which windows there are.
  [[nodiscard]] static rollup::AggregateSet SpineOf(rollup::WindowForm form);
  [[nodiscard]] static bool TellsColumns(const TenantTiers& tiers, const Readings& readings);
  [[nodiscard]] std::vector<ReadSpan> SpansOf(const SelectRequest& request, const Readings& readings) const;
  [[nodiscard]] rollup::RollupRequest RowsOf(const SelectRequest& request,
                                             const RollupReading& reading) const;
  // Appends one series' samples as they came.
  [[nodiscard]] Status ReadRaw(const TenantId& tenant, const Labels& labels, TimeMs start_ms, TimeMs end_ms,
                               const QueryContext& context, SampleColumns& out) const;
  // Null when the block is gone, or damaged and now put aside.
  [[nodiscard]] bool IsServedHere(const TenantId& tenant, const ListedBlock& block) const;
  [[nodiscard]] Result<BlockPtr> OpenFor(Tier tier, const TenantId& tenant, const ListedBlock& block) const;
  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> SelectRaw(
      const SelectRequest& request, const QueryContext& context,
      const std::vector<const ListedBlock*>& blocks) const;
  // Adds a set for each retention class there is.
  [[nodiscard]] Status SelectRollup(const SelectRequest& request, const QueryContext& context,
                                    const RollupReading& reading,
                                    std::vector<std::unique_ptr<SeriesSet>>& sets) const;
  [[nodiscard]] Result<std::vector<std::string>> Collect(const SelectRequest& request,
                                                         const QueryContext& context,
                                                         std::vector<std::string> hot, const Texts& texts,
                                                         const ColdTexts& cold) const;

  const Queryable& hot_;
  Catalogue& catalogue_;
  const ServedHere& served_here_;
  const TieredQueryableOptions options_;
};

}  // namespace tickscope::tier
