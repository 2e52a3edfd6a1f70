#include "tsdb/generation.h"

#include <algorithm>
#include <new>

namespace tickscope::tsdb {
namespace {

constexpr std::size_t kFirstArenaBlock = 4096;
constexpr std::size_t kArenaBlockMax = 1U << 20;

}  // namespace

void* Arena::Allocate(std::size_t bytes) {
  bytes = (bytes + 7) & ~std::size_t{7};
  if (bytes > size_ - used_) {
    // Doubling, so that a tenant with ten series does not hold a megabyte.
    size_ = std::max(bytes, std::clamp(bytes_, kFirstArenaBlock, kArenaBlockMax));
    used_ = 0;
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size_));
    bytes_ += size_;
  }
  void* const at = blocks_.back().get() + used_;
  used_ += bytes;
  return at;
}

void Generation::NoteTime(TimeMs time_ms) {
  if (time_ms < min_time_ms_.load(std::memory_order_relaxed)) {
    min_time_ms_.store(time_ms, std::memory_order_relaxed);
  }
  if (time_ms > max_time_ms_.load(std::memory_order_relaxed)) {
    max_time_ms_.store(time_ms, std::memory_order_relaxed);
  }
}

Row* Generation::AddRow(TargetId target, SeriesRef first_ref, TimeMs time_ms, std::uint32_t first_column,
                        std::uint32_t width) {
  auto& head = rows_.Grow(static_cast<std::size_t>(target));
  Row* const older = head.load(std::memory_order_relaxed);
  if (older == nullptr) targets_.push_back({target, first_ref});
  Row* const row =
      new (arena_.Allocate(sizeof(Row) + width * sizeof(double))) Row{older, time_ms, first_column, width};
  std::fill_n(row->Values(), width, codec::MissingValue());
  NoteTime(time_ms);
  head.store(row, std::memory_order_release);
  return row;
}

void Generation::AddStart(SeriesRef ref, TimeMs from_ms, TimeMs start_ms) {
  auto& head = starts_.Grow(ToIndex(ref));
  RowStart* const older = head.load(std::memory_order_relaxed);
  if (older == nullptr) series_with_starts_.push_back(ref);
  head.store(new (arena_.Allocate(sizeof(RowStart))) RowStart{older, from_ms, start_ms},
             std::memory_order_release);
}

void Generation::AddBeside(SeriesRef ref, TimeMs time_ms, double value, HistogramPtr histogram,
                           TimeMs start_ms) {
  // A series with a start anywhere has one for rows too, if only the unset one: so it is found.
  if (start_ms != 0 && NewestStart(ref) == nullptr) AddStart(ref, INT64_MIN, 0);
  auto& head = beside_.Grow(ToIndex(ref));
  Beside* const older = head.load(std::memory_order_relaxed);
  if (older == nullptr) series_beside_.push_back(ref);
  const HistogramPtr* kept = nullptr;
  if (histogram != nullptr) {
    histograms_.push_back(std::move(histogram));
    kept = &histograms_.back();
  }
  const TimeMs newest_ms = older == nullptr ? time_ms : std::max(time_ms, older->newest_ms);
  Beside* const entry =
      new (arena_.Allocate(sizeof(Beside))) Beside{older, time_ms, newest_ms, value, kept, start_ms};
  if (const auto deep = deep_.find(ToIndex(ref)); deep != deep_.end()) deep->second.insert(entry);
  NoteTime(time_ms);
  head.store(entry, std::memory_order_release);
}

const Beside* Generation::FindBeside(SeriesRef ref, TimeMs time_ms) {
  const Beside* const newest = NewestBeside(ref);
  if (newest == nullptr || newest->newest_ms < time_ms) return nullptr;
  if (const auto deep = deep_.find(ToIndex(ref)); deep != deep_.end()) {
    const auto found = deep->second.find(time_ms);
    return found == deep->second.end() ? nullptr : *found;
  }
  std::size_t steps = 0;
  for (const Beside* entry = newest; entry != nullptr && entry->newest_ms >= time_ms; entry = entry->older) {
    if (entry->time_ms == time_ms) return entry;
    if (++steps == kChainScanMax) {
      auto& deep = deep_[ToIndex(ref)];
      for (const Beside* each = newest; each != nullptr; each = each->older)
        deep.insert(each);
      const auto found = deep.find(time_ms);
      return found == deep.end() ? nullptr : *found;
    }
  }
  return nullptr;
}

}  // namespace tickscope::tsdb
