#include "index/series_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tickscope::index {

std::uint64_t SeriesHash(std::span<const LabelView> labels) {
  std::uint64_t hash = 0;
  for (const LabelView& label : labels) {
    hash = XXH3_64bits_withSeed(label.name.data(), label.name.size(), hash);
    hash = XXH3_64bits_withSeed(label.value.data(), label.value.size(), hash);
  }
  return hash;
}

}  // namespace tickscope::index
