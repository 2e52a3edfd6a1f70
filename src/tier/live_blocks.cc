#include "tier/live_blocks.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

namespace tickscope::tier {

LiveBlocks Resolve(std::vector<ListedBlock> blocks) {
  std::ranges::sort(blocks, [](const ListedBlock& a, const ListedBlock& b) {
    return std::tie(a.name.from_ms, a.file) < std::tie(b.name.from_ms, b.file);
  });
  std::unordered_set<std::string> replaced;
  for (const ListedBlock& block : blocks)
    replaced.insert(block.sources.begin(), block.sources.end());
  LiveBlocks result;
  for (ListedBlock& block : blocks) {
    auto& list = replaced.contains(block.file) ? result.replaced : result.live;
    list.push_back(std::move(block));
  }
  return result;
}

std::string AppliedDelete(const std::string& delete_id) {
  return "delete:" + delete_id;
}

}  // namespace tickscope::tier
