#include "scan/match_series.h"

#include "scan/pair_table.h"
#include "scan/sequence_index.h"

namespace tickscope::scan {
namespace {

constexpr std::uint32_t kSeriesPerCheck = 4096;

// Calls `take` with each series' number in `series`, which is by its pairs' numbers in `pairs`.
template <typename Take>
Status NumberSeries(const ColumnScan& scan, const QueryContext& context, PairTable& pairs,
                    SequenceIndex& series, Take take) {
  std::vector<std::uint32_t> number_of(scan.pair_count(), UINT32_MAX);
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < scan.series_count(); ++i) {
    if (i % kSeriesPerCheck == 0) TICKSCOPE_RETURN_IF_ERROR(context.Check());
    numbers.clear();
    for (const std::uint32_t pair : scan.PairsOf(i)) {
      std::uint32_t& number = number_of[pair];
      if (number == UINT32_MAX) number = pairs.Number(scan.PairText(pair));
      numbers.push_back(number);
    }
    take(i, series.Number(numbers));
  }
  return {};
}

}  // namespace

Result<std::vector<std::uint32_t>> MatchSeries(const ColumnScan& a, const ColumnScan& b,
                                               const QueryContext& context) {
  std::vector<std::uint32_t> of(a.series_count(), kNoSeries);
  if (b.series_count() == 0) return of;
  PairTable pairs;
  SequenceIndex series;
  series.Reserve(a.series_count());
  std::vector<std::uint32_t> number_of(a.series_count());
  TICKSCOPE_RETURN_IF_ERROR(NumberSeries(
      a, context, pairs, series, [&](std::uint32_t i, std::uint32_t number) { number_of[i] = number; }));
  std::vector<std::uint32_t> of_number(series.size(), kNoSeries);
  TICKSCOPE_RETURN_IF_ERROR(
      NumberSeries(b, context, pairs, series, [&](std::uint32_t i, std::uint32_t number) {
        if (number < of_number.size()) of_number[number] = i;
      }));
  for (std::uint32_t i = 0; i < a.series_count(); ++i)
    of[i] = of_number[number_of[i]];
  return of;
}

}  // namespace tickscope::scan
