#include "scan/kept_scan.h"

#include <algorithm>

namespace tickscope::scan {

SeriesGroups::SeriesGroups(const ColumnScan& scan, const GroupBy& by) {
  enum class Keeps : std::uint8_t { kUnknown, kYes, kNo };
  group_of_.reserve(scan.series_count());
  std::vector<Keeps> keeps(scan.pair_count(), Keeps::kUnknown);
  std::vector<std::uint32_t> kept;
  std::vector<std::uint32_t> last;
  for (std::uint32_t series = 0; series < scan.series_count(); ++series) {
    kept.clear();
    for (const std::uint32_t pair : scan.PairsOf(series)) {
      if (keeps[pair] == Keeps::kUnknown) {
        const bool is_named = std::ranges::binary_search(by.names, scan.PairText(pair).name);
        keeps[pair] = is_named != by.without ? Keeps::kYes : Keeps::kNo;
      }
      if (keeps[pair] == Keeps::kYes) kept.push_back(pair);
    }
    // Neighbours are often of one group.
    group_of_.push_back(series > 0 && kept == last ? group_of_.back() : groups_.Number(kept));
    last.swap(kept);
  }
}

std::shared_ptr<const SeriesGroups> GroupsOf(const ColumnScan& scan, const GroupBy& by) {
  const auto* const kept = dynamic_cast<const KeptScan*>(&scan);
  if (kept == nullptr || kept->cache() == nullptr) return std::make_shared<const SeriesGroups>(scan, by);
  SelectionKey key('g');
  key.AddOwner(kept->selection());
  key.AddNumber(by.without ? 1 : 0);
  for (const std::string& name : by.names)
    key.AddText(name);
  if (auto groups = kept->cache()->Find<SeriesGroups>(key)) return groups;
  auto groups = std::make_shared<const SeriesGroups>(scan, by);
  kept->cache()->Keep(key, groups, groups->memory_bytes());
  return groups;
}

}  // namespace tickscope::scan
