#include "codec/start_bases.h"

#include <algorithm>

namespace tickscope::codec {
namespace {

// Wraps, so that any two starts have a step.
TimeMs Difference(TimeMs a, TimeMs b) {
  return static_cast<TimeMs>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
TimeMs Sum(TimeMs a, TimeMs b) {
  return static_cast<TimeMs>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

bool AllUnset(std::span<const TimeMs> starts_ms) {
  return std::ranges::all_of(starts_ms, [](TimeMs start_ms) { return start_ms == 0; });
}

}  // namespace

void StartBases::Set(SeriesRef ref, TimeMs start_ms) {
  const std::size_t page = ToIndex(ref) / kPageSize;
  if (page >= pages_.size()) pages_.resize(page + 1);
  if (pages_[page] == nullptr) pages_[page] = std::make_unique<Page>();
  pages_[page]->starts_ms[ToIndex(ref) % kPageSize] = start_ms;
}

void StartBases::Put(const Samples& floats, const Samples& histograms, Bytes& out) {
  overwritten_.clear();
  is_counted_ = false;
  if (floats.refs.empty() && histograms.refs.empty()) return;
  if (section_count_ == 0 && AllUnset(floats.starts_ms) && AllUnset(histograms.starts_ms)) return;
  PutVarint(section_count_, out);
  TimeMs last_ms = 0;
  PutChanges(floats, last_ms, out);
  PutChanges(histograms, last_ms, out);
  is_counted_ = !overwritten_.empty();
  section_count_ += is_counted_ ? 1 : 0;
}

void StartBases::PutChanges(const Samples& samples, TimeMs& last_ms, Bytes& out) {
  body_.clear();
  std::uint64_t count = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < samples.refs.size(); ++i) {
    const TimeMs start_ms = samples.starts_ms.empty() ? 0 : samples.starts_ms[i];
    const TimeMs before_ms = Get(samples.refs[i]);
    if (start_ms == before_ms) [[likely]]
      continue;
    overwritten_.push_back({samples.refs[i], before_ms});
    Set(samples.refs[i], start_ms);
    PutVarint(i - next, body_);
    PutZigZag(Difference(start_ms, last_ms), body_);
    next = i + 1;
    last_ms = start_ms;
    ++count;
  }
  PutVarint(count, out);
  AppendBytes(body_, out);
}

void StartBases::Undo() {
  for (auto undo = overwritten_.rbegin(); undo != overwritten_.rend(); ++undo)
    Set(undo->ref, undo->start_ms);
  overwritten_.clear();
  section_count_ -= is_counted_ ? 1 : 0;
  is_counted_ = false;
}

bool StartBases::Take(FieldReader& reader, std::span<const SeriesRef> floats,
                      std::vector<TimeMs>& float_starts_ms, std::span<const SeriesRef> histograms,
                      std::vector<TimeMs>& histogram_starts_ms) {
  const std::uint64_t before = reader.Varint();
  if (!reader.ok()) return false;
  if (before != section_count_) Lose();
  TimeMs last_ms = 0;
  const ByteView body = reader.rest();
  if (!TakeChanges(reader, floats, last_ms, float_starts_ms) ||
      !TakeChanges(reader, histograms, last_ms, histogram_starts_ms) || reader.remaining() > 0) {
    return false;
  }
  // Two counts of zero are all there is where nothing changed.
  section_count_ = before + (body.size() > 2 ? 1 : 0);
  return true;
}

bool StartBases::TakeChanges(FieldReader& reader, std::span<const SeriesRef> refs, TimeMs& last_ms,
                             std::vector<TimeMs>& starts_ms) {
  starts_ms.clear();
  const std::uint64_t count = reader.Varint();
  if (!reader.ok() || count > refs.size()) return false;
  const auto fill = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const TimeMs start_ms = Get(refs[i]);
      if (start_ms == 0) continue;
      if (starts_ms.empty()) starts_ms.resize(refs.size());
      starts_ms[i] = start_ms;
    }
  };
  std::size_t next = 0;
  for (std::uint64_t k = 0; k < count; ++k) {
    const std::uint64_t gap = reader.Varint();
    last_ms = Sum(last_ms, reader.ZigZag());
    if (!reader.ok() || gap >= refs.size() - next) return false;
    fill(next, next + gap);
    next += gap;
    if (Get(refs[next]) != last_ms) Set(refs[next], last_ms);
    fill(next, next + 1);
    ++next;
  }
  fill(next, refs.size());
  return true;
}

void StartBases::Lose() {
  pages_.clear();
}

}  // namespace tickscope::codec
