#include "ingest/overflow.h"

#include <cmath>

namespace tickscope::ingest {

bool LooksLikeCounter(std::string_view metric) {
  for (const std::string_view ending : {"_total", "_bucket", "_count", "_sum"}) {
    if (metric.ends_with(ending)) return true;
  }
  return false;
}

std::optional<OverflowSource> OverflowTotals::Find(const codec::SeriesHash& key) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  return static_cast<OverflowSource>(found->second);
}

OverflowTotals::Group& OverflowTotals::GroupFor(SeriesRef ref, bool is_counter) {
  const auto [group, is_new] = groups_.try_emplace(ToIndex(ref));
  if (is_new) {
    group->second.ref = ref;
    group->second.is_counter = is_counter;
  }
  return group->second;
}

OverflowSource OverflowTotals::Add(const codec::SeriesHash& key, SeriesRef group) {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(sources_.size());
    sources_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
    sources_[index] = Source{};
  }
  sources_[index].group = ToIndex(group);
  sources_[index].key = key;
  by_key_.emplace(key, index);
  ++groups_.at(ToIndex(group)).sources;
  return static_cast<OverflowSource>(index);
}

void OverflowTotals::Change(std::uint32_t index, double increment, TimeMs time_ms,
                            codec::SampleBatch& batch) {
  const Source& source = sources_[index];
  Group& group = groups_.at(source.group);
  undo_groups_.push_back({source.group, group});
  group.total += increment;
  group.newest_ms = std::max(group.newest_ms, time_ms);
  touched_.push_back(source.group);
  batch.overflow.push_back({group.ref, group.is_counter, source.key, time_ms, source.last_value, increment});
}

bool OverflowTotals::AddSample(OverflowSource id, TimeMs time_ms, double value, bool counts_first,
                               std::uint32_t now_s, codec::SampleBatch& batch) {
  const auto index = static_cast<std::uint32_t>(id);
  Source& source = sources_[index];
  if (time_ms <= source.last_ms) return false;
  undo_sources_.push_back({index, source});
  const bool is_first = source.last_ms == INT64_MIN;
  source.last_ms = time_ms;
  source.seen_s = now_s;
  const bool is_counter = groups_.at(source.group).is_counter;
  double increment = 0;
  if (is_counter) {
    // A staleness marker, or what is no number, adds nothing: the counter goes on from where it was.
    if (!std::isfinite(value)) return true;
    if (is_first) {
      increment = counts_first ? value : 0;
    } else {
      increment = value >= source.last_value ? value - source.last_value : value;
    }
    source.last_value = value;
  } else {
    const double before = source.counted ? source.last_value : 0;
    source.counted = std::isfinite(value);
    source.last_value = source.counted ? value : 0;
    increment = source.last_value - before;
  }
  Change(index, increment, time_ms, batch);
  return true;
}

void OverflowTotals::DropSilentGauges(std::uint32_t silent_s, TimeMs now_ms, codec::SampleBatch& batch) {
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    Source& source = sources_[i];
    if (!source.used || !source.counted || source.seen_s >= silent_s) continue;
    undo_sources_.push_back({i, source});
    const double increment = -source.last_value;
    source.counted = false;
    source.last_value = 0;
    Change(i, increment, now_ms, batch);
  }
}

void OverflowTotals::Forget(std::uint32_t silent_s) {
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    Source& source = sources_[i];
    if (!source.used || source.counted || source.seen_s >= silent_s) continue;
    source.used = false;
    by_key_.erase(source.key);
    --groups_.at(source.group).sources;
    free_.push_back(i);
  }
}

void OverflowTotals::Begin() {
  undo_sources_.clear();
  undo_groups_.clear();
  touched_.clear();
}

void OverflowTotals::Revert() {
  for (auto undo = undo_sources_.rbegin(); undo != undo_sources_.rend(); ++undo)
    sources_[undo->first] = undo->second;
  for (auto undo = undo_groups_.rbegin(); undo != undo_groups_.rend(); ++undo) {
    Group& group = groups_.at(undo->first);
    const std::uint64_t sources = group.sources;
    group = undo->second;
    group.sources = sources;
  }
  Begin();
}

void OverflowTotals::Replay(const codec::SampleBatch& batch) {
  for (const codec::OverflowEntry& entry : batch.overflow) {
    Group& group = GroupFor(entry.group, entry.is_counter);
    group.replayed = true;
    group.total += entry.increment;
    group.newest_ms = std::max(group.newest_ms, entry.time_ms);
    const auto known = Find(entry.source);
    const OverflowSource id = known ? *known : Add(entry.source, entry.group);
    Source& source = sources_[static_cast<std::size_t>(id)];
    source.last_ms = std::max(source.last_ms, entry.time_ms);
    source.last_value = entry.value;
    source.counted = !entry.is_counter;
    source.seen_s = static_cast<std::uint32_t>(batch.received_ms / 1000);
  }
  if (groups_.empty()) return;
  for (std::size_t i = 0; i < batch.floats.size(); ++i) {
    const auto found = groups_.find(ToIndex(batch.floats.refs[i]));
    if (found == groups_.end() || batch.floats.times_ms[i] <= found->second.emitted_ms) continue;
    // What was told includes everything up to here, also from before what is read.
    found->second.emitted_ms = batch.floats.times_ms[i];
    found->second.emitted_total = found->second.total = batch.floats.values[i];
  }
}

}  // namespace tickscope::ingest
