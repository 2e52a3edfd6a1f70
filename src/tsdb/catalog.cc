#include "tsdb/catalog.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>

namespace tickscope::tsdb {
namespace {

constexpr std::array<std::string_view, 6> kSourceLabels = {"host", "instance", "job",
                                                           "pod",  "server",   "server_id"};

// Whether the series of that number would be the target's next column.
bool Continues(const TargetState& target, std::uint32_t number, std::uint64_t source) {
  return target.source == source && target.width < kTargetWidthMax &&
         number == ToIndex(target.first_ref) + target.width;
}

}  // namespace

std::uint64_t SourceHash(std::span<const LabelView> labels) {
  std::uint64_t hash = 0;
  for (const LabelView& label : labels) {
    if (!std::binary_search(kSourceLabels.begin(), kSourceLabels.end(), label.name)) continue;
    hash = XXH3_64bits_withSeed(label.name.data(), label.name.size(), hash);
    hash = XXH3_64bits_withSeed(label.value.data(), label.value.size(), hash);
  }
  return hash;
}

bool Catalog::Define(SeriesRef ref, std::span<const LabelView> labels, std::uint64_t epoch) {
  const std::uint32_t number = ToIndex(ref);
  epochs_.Grow(number).store(static_cast<std::uint32_t>(epoch), std::memory_order_relaxed);
  if (PlaceOf(ref)) return false;
  const std::uint64_t source = SourceHash(labels);
  TargetId id{};
  if (targets_.empty() || !Continues(targets_.back(), number, source)) {
    id = static_cast<TargetId>(targets_.size());
    targets_.push_back({.first_ref = ref, .source = source});
  } else {
    id = static_cast<TargetId>(targets_.size() - 1);
  }
  const std::uint32_t column = target(id).width++;
  {
    const HeadWriterLock lock(mu_);
    index_.Add(ref, labels);
    const std::uint64_t packed = (static_cast<std::uint64_t>(id) + 1) << 32 | column;
    places_.Grow(number).store(packed, std::memory_order_release);
  }
  ++series_count_;
  ReserveRefs(number + 1);
  return true;
}

void Catalog::SetUnknownUntil(TimeMs time_ms) {
  for (TargetState& target : targets_)
    target.unknown_until_ms = std::max(target.unknown_until_ms, time_ms);
}

std::uint64_t Catalog::EpochOf(SeriesRef ref) const {
  const auto* const epoch = epochs_.Find(ToIndex(ref));
  return epoch == nullptr ? 0 : epoch->load(std::memory_order_relaxed);
}

void Catalog::ReserveRefs(std::uint32_t next_ref) {
  if (next_ref > next_ref_.load(std::memory_order_relaxed))
    next_ref_.store(next_ref, std::memory_order_release);
}

std::vector<SeriesRef> Catalog::Defined(std::uint32_t from, std::uint32_t to) const {
  std::vector<SeriesRef> defined;
  for (std::uint32_t number = from; number < to; ++number) {
    const auto ref = static_cast<SeriesRef>(number);
    if (PlaceOf(ref)) defined.push_back(ref);
  }
  return defined;
}

}  // namespace tickscope::tsdb
