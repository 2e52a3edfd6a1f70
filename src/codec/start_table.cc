#include "codec/start_table.h"

#include <algorithm>

#include "base/check.h"
#include "codec/fixed.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

constexpr std::size_t kGroupRuns = 32;
constexpr std::size_t kEntryBytes = 2 * sizeof(std::uint32_t);

// Steps wrap, so that any two times have one.
std::int64_t Step(TimeMs from, TimeMs to) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from));
}
TimeMs Advance(TimeMs from, std::int64_t step) {
  return static_cast<TimeMs>(static_cast<std::uint64_t>(from) + static_cast<std::uint64_t>(step));
}

}  // namespace

std::vector<StartChange> StartChangesOf(const SampleColumns& samples) {
  std::vector<StartChange> changes;
  TimeMs start_ms = 0;
  for (std::size_t i = 0; i < samples.start_times_ms.size(); ++i) {
    if (samples.start_times_ms[i] == start_ms) continue;
    start_ms = samples.start_times_ms[i];
    changes.push_back({samples.times_ms[i], start_ms});
  }
  return changes;
}

void ApplyStarts(std::span<const StartChange> changes, std::size_t from, SampleColumns& samples) {
  const std::size_t size = samples.size();
  if (!samples.start_times_ms.empty()) samples.start_times_ms.resize(size);
  if (changes.empty()) return;
  std::size_t next = 0;
  for (std::size_t i = from; i < size; ++i) {
    while (next < changes.size() && changes[next].from_ms <= samples.times_ms[i])
      ++next;
    const TimeMs start_ms = next == 0 ? 0 : changes[next - 1].start_ms;
    if (start_ms == 0) continue;
    if (samples.start_times_ms.empty()) samples.start_times_ms.resize(size);
    samples.start_times_ms[i] = start_ms;
  }
}

void StartTableWriter::Add(std::uint32_t series, std::span<const StartChange> changes) {
  if (changes.empty()) return;
  TICKSCOPE_CHECK(length_ == 0 || series >= first_ + length_);
  if (length_ > 0 && series == first_ + length_ && std::ranges::equal(changes, changes_)) {
    ++length_;
    return;
  }
  FlushRun();
  first_ = series;
  length_ = 1;
  changes_.assign(changes.begin(), changes.end());
}

void StartTableWriter::FlushRun() {
  if (length_ == 0) return;
  if (run_count_++ % kGroupRuns == 0) {
    PutFixed(first_, directory_);
    PutFixed(static_cast<std::uint32_t>(runs_.size()), directory_);
    next_series_ = first_;
    last_ = {};
  }
  PutVarint(first_ - next_series_, runs_);
  next_series_ = first_ + length_;
  PutVarint(length_, runs_);
  PutVarint(changes_.size(), runs_);
  for (const StartChange& change : changes_) {
    PutZigZag(Step(last_.from_ms, change.from_ms), runs_);
    PutZigZag(Step(last_.start_ms, change.start_ms), runs_);
    last_ = change;
  }
}

Bytes StartTableWriter::Finish() {
  FlushRun();
  Bytes out;
  out.reserve(sizeof(std::uint32_t) + directory_.size() + runs_.size());
  PutFixed(static_cast<std::uint32_t>(directory_.size() / kEntryBytes), out);
  AppendBytes(directory_, out);
  AppendBytes(runs_, out);
  return out;
}

std::optional<StartTable> StartTable::Open(ByteView bytes) {
  StartTable table;
  if (bytes.empty()) return table;
  if (bytes.size() < sizeof(std::uint32_t)) return std::nullopt;
  table.group_count_ = LoadFixed<std::uint32_t>(bytes.data());
  const ByteView rest = bytes.subspan(sizeof(std::uint32_t));
  if (table.group_count_ > rest.size() / kEntryBytes) return std::nullopt;
  table.directory_ = rest.first(table.group_count_ * kEntryBytes);
  table.runs_ = rest.subspan(table.directory_.size());
  return table;
}

bool StartTable::Find(std::uint32_t series, std::vector<StartChange>& out) const {
  out.clear();
  const auto field = [this](std::size_t group, std::size_t at) {
    return LoadFixed<std::uint32_t>(&directory_[group * kEntryBytes + at]);
  };
  std::size_t group = 0;
  for (std::size_t end = group_count_; group < end;) {
    const std::size_t middle = group + (end - group) / 2;
    if (field(middle, 0) <= series) {
      group = middle + 1;
    } else {
      end = middle;
    }
  }
  if (group == 0) return true;  // Before the first.
  --group;
  const std::uint32_t offset = field(group, sizeof(std::uint32_t));
  const std::size_t end = group + 1 < group_count_ ? field(group + 1, sizeof(std::uint32_t)) : runs_.size();
  if (offset > end || end > runs_.size()) return false;
  FieldReader fields(runs_.subspan(offset, end - offset));
  std::uint64_t next_series = field(group, 0);
  StartChange last;
  while (fields.remaining() > 0) {
    const std::uint64_t gap = fields.Varint();
    const std::uint64_t length = fields.Varint();
    const std::uint64_t count = fields.Varint();
    if (!fields.ok() || gap > UINT32_MAX || length > UINT32_MAX || count > fields.remaining() / 2)
      return false;
    const std::uint64_t first = next_series + gap;
    if (first > series) return true;
    const bool is_found = series - first < length;
    for (std::uint64_t i = 0; i < count; ++i) {
      last.from_ms = Advance(last.from_ms, fields.ZigZag());
      last.start_ms = Advance(last.start_ms, fields.ZigZag());
      if (is_found) out.push_back(last);
    }
    if (is_found) return fields.ok();
    next_series = first + length;
  }
  return fields.ok();
}

}  // namespace tickscope::codec
