// The reading half of segment.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "codec/block_column.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "codec/histogram_column.h"
#include "codec/value_column.h"
#include "codec/varint.h"
#include "model/sample_columns.h"
#include "tsdb/segment.h"
#include "tsdb/segment_tags.h"

namespace tickscope::tsdb {
namespace {

// Copies a directory out of the file, where it may not be aligned.
template <typename Entry>
bool LoadDirectory(ByteView bytes, std::vector<Entry>& entries) {
  if (bytes.size() % sizeof(Entry) != 0) return false;
  entries.resize(bytes.size() / sizeof(Entry));
  if (!bytes.empty()) std::memcpy(entries.data(), bytes.data(), bytes.size());
  return true;
}

bool IsInside(std::uint64_t offset, std::uint64_t size, ByteView bytes) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

}  // namespace

Result<std::shared_ptr<const SegmentReader>> SegmentReader::Open(io::FileSystem& fs,
                                                                 const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto file, fs.Map(path));
  TICKSCOPE_ASSIGN_OR_RETURN(SectionReader sections, SectionReader::Open(file->bytes(), kSegmentMagic, path));
  std::shared_ptr<SegmentReader> reader(new SegmentReader(std::move(sections)));
  reader->file_ = std::move(file);
  TICKSCOPE_RETURN_IF_ERROR(reader->Load());
  return reader;
}

Status SegmentReader::Load() {
  codec::FieldReader info(sections_.Find(kInfoTag));
  info_.tenant = info.Text();
  info_.number = info.Varint();
  info_.first_offset = info.Varint();
  info_.end_offset = info.Varint();
  info_.min_time_ms = info.ZigZag();
  info_.max_time_ms = info.ZigZag();
  info_.sample_count = info.Varint();
  info_.next_ref = static_cast<std::uint32_t>(info.Varint());
  if (!info.ok()) return std::unexpected(sections_.Damage("info", 0, "does not decode"));
  if (!LoadDirectory(sections_.Find(kTargetsTag), targets_)) {
    return std::unexpected(sections_.Damage("targets", 0, "size is no multiple of an entry"));
  }
  if (!LoadDirectory(sections_.Find(kBesideTag), beside_)) {
    return std::unexpected(sections_.Damage("beside", 0, "size is no multiple of an entry"));
  }
  const auto starts = codec::StartTable::Open(sections_.Find(kStartsTag));
  if (!starts) return std::unexpected(sections_.Damage("starts", 0, "more groups than bytes"));
  starts_ = *starts;
  pages_ = sections_.Find(kPagesTag);
  samples_ = sections_.Find(kSamplesTag);
  is_checked_ = std::vector<std::atomic<bool>>(targets_.size());
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const TargetEntry& entry = targets_[i];
    const bool fits = IsInside(entry.page_offset, entry.page_bytes, pages_) && entry.page_bytes >= 4 &&
                      entry.rows <= kPageRows && entry.width <= kTargetWidthMax &&
                      (i == 0 || targets_[i - 1].first_ref <= entry.first_ref);
    if (!fits) {
      return std::unexpected(sections_.Damage("targets", i * sizeof(TargetEntry), "entry out of range"));
    }
  }
  for (std::size_t i = 0; i < beside_.size(); ++i) {
    if (IsInside(beside_[i].offset, beside_[i].bytes, samples_) &&
        (i == 0 || beside_[i - 1].ref < beside_[i].ref)) {
      continue;
    }
    return std::unexpected(sections_.Damage("beside", i * sizeof(BesideEntry), "entry out of range"));
  }
  return {};
}

Status SegmentReader::OpenPage(std::size_t at, Page& page) const {
  const TargetEntry& entry = targets_[at];
  const ByteView bytes = pages_.subspan(entry.page_offset, entry.page_bytes);
  TICKSCOPE_RETURN_IF_ERROR(CheckPage(at));
  codec::FieldReader fields(bytes.subspan(4));
  page.times_ms.clear();
  page.times_ms.reserve(entry.rows);
  TimeMs time_ms = 0;
  for (std::uint32_t row = 0; row < entry.rows; ++row) {
    time_ms = static_cast<TimeMs>(static_cast<std::uint64_t>(time_ms) +
                                  static_cast<std::uint64_t>(fields.ZigZag()));
    page.times_ms.push_back(time_ms);
  }
  const ByteView lengths = fields.Take(entry.width * sizeof(std::uint16_t));
  if (!fields.ok())
    return std::unexpected(sections_.Damage("pages", entry.page_offset, "times and lengths are cut short"));
  page.lengths = lengths.data();
  page.columns = fields.rest();
  return {};
}

Status SegmentReader::ReadColumnAt(const Page& page, const TargetEntry& entry, std::uint32_t column,
                                   std::uint64_t offset, TimeMs start_ms, TimeMs end_ms,
                                   SampleColumns& out) const {
  const std::uint16_t length = page.LengthOf(column);
  if (length == 0) return {};
  if (!IsInside(offset, length, page.columns)) {
    return std::unexpected(sections_.Damage("pages", entry.page_offset, "column outside its page"));
  }
  std::array<double, kPageRows> values;
  const ByteView bytes = page.columns.subspan(offset, length);
  const auto count = entry.rows <= kShortRows
                         ? codec::DecodeValueColumn(bytes, std::span(values).first<codec::kColumnValuesMax>())
                         : codec::DecodeBlockColumn(bytes, {}, values);
  if (!count || *count != entry.rows) {
    return std::unexpected(sections_.Damage("pages", entry.page_offset, "column does not decode"));
  }
  const bool with_histograms = !out.histograms.empty();
  for (std::size_t row = 0; row < *count; ++row) {
    const TimeMs time_ms = page.times_ms[row];
    if (time_ms < start_ms || codec::IsMissing(values[row])) continue;
    if (time_ms > end_ms) break;
    out.times_ms.push_back(time_ms);
    out.values.push_back(values[row]);
    if (with_histograms) out.histograms.emplace_back();
  }
  return {};
}

Status SegmentReader::ReadSamples(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const {
  if (end_ms < info_.min_time_ms || start_ms > info_.max_time_ms) return {};
  const std::size_t from = out.size();
  TICKSCOPE_RETURN_IF_ERROR(ReadRows(ref, start_ms, end_ms, out));
  const std::size_t rows_end = out.size();
  if (!beside_.empty()) TICKSCOPE_RETURN_IF_ERROR(ReadBeside(ref, start_ms, end_ms, out));
  if (out.size() > rows_end) SortSamples(out, from);
  if (starts_.empty() && out.start_times_ms.empty()) return {};
  std::vector<codec::StartChange> changes;
  if (!starts_.Find(ToIndex(ref), changes))
    return std::unexpected(sections_.Damage("starts", 0, "does not decode"));
  codec::ApplyStarts(changes, from, out);
  return {};
}

std::span<const SegmentReader::TargetEntry> SegmentReader::EntriesOf(std::uint32_t number) const {
  // Targets do not overlap, so only entries of the last target that begins at or before the series matter.
  const auto end = std::upper_bound(targets_.begin(), targets_.end(), number,
                                    [](std::uint32_t n, const TargetEntry& e) { return n < e.first_ref; });
  if (end == targets_.begin()) return {};
  const auto begin = std::lower_bound(targets_.begin(), end, std::prev(end)->first_ref,
                                      [](const TargetEntry& e, std::uint32_t n) { return e.first_ref < n; });
  return {begin, end};
}

Status SegmentReader::ReadRows(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const {
  const std::uint32_t number = ToIndex(ref);
  Page page;
  for (const TargetEntry& entry : EntriesOf(number)) {
    const std::uint32_t column = number - entry.first_ref;
    if (column >= entry.width || entry.max_ms < start_ms || entry.min_ms > end_ms) continue;
    TICKSCOPE_RETURN_IF_ERROR(OpenPage(static_cast<std::size_t>(&entry - targets_.data()), page));
    TICKSCOPE_RETURN_IF_ERROR(
        ReadColumnAt(page, entry, column, page.LengthOf(0, column), start_ms, end_ms, out));
  }
  return {};
}

Status SegmentCursor::OpenTarget(std::uint32_t number) {
  width_ = 0;
  page_count_ = 0;
  std::uint32_t width = 0;
  for (const SegmentReader::TargetEntry& entry : segment_.EntriesOf(number)) {
    first_ref_ = entry.first_ref;
    width = std::max(width, entry.width);
    if (entry.max_ms < start_ms_ || entry.min_ms > end_ms_) continue;
    if (page_count_ == pages_.size()) pages_.emplace_back();
    OpenedPage& opened = pages_[page_count_];
    opened.entry = static_cast<std::size_t>(&entry - segment_.targets_.data());
    opened.column = 0;
    opened.offset = 0;
    TICKSCOPE_RETURN_IF_ERROR(segment_.OpenPage(opened.entry, opened.page));
    ++page_count_;
  }
  width_ = width;
  return {};
}

Status SegmentCursor::ReadSamples(SeriesRef ref, SampleColumns& out) {
  if (end_ms_ < segment_.info_.min_time_ms || start_ms_ > segment_.info_.max_time_ms) return {};
  const std::uint32_t number = ToIndex(ref);
  if (number < first_ref_ || number - first_ref_ >= width_) TICKSCOPE_RETURN_IF_ERROR(OpenTarget(number));
  const std::size_t from = out.size();
  for (OpenedPage& opened : std::span(pages_).first(page_count_)) {
    const SegmentReader::TargetEntry& entry = segment_.targets_[opened.entry];
    const std::uint32_t column = number - first_ref_;
    if (number < first_ref_ || column >= entry.width) continue;
    if (column < opened.column) {
      opened.column = 0;
      opened.offset = 0;
    }
    opened.offset += opened.page.LengthOf(opened.column, column);
    opened.column = column;
    TICKSCOPE_RETURN_IF_ERROR(
        segment_.ReadColumnAt(opened.page, entry, column, opened.offset, start_ms_, end_ms_, out));
  }
  const std::size_t rows_end = out.size();
  if (!segment_.beside_.empty()) TICKSCOPE_RETURN_IF_ERROR(segment_.ReadBeside(ref, start_ms_, end_ms_, out));
  if (out.size() > rows_end) SortSamples(out, from);
  return {};
}

Status SegmentReader::ReadBeside(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const {
  const auto entry = std::lower_bound(beside_.begin(), beside_.end(), ToIndex(ref),
                                      [](const BesideEntry& e, std::uint32_t n) { return e.ref < n; });
  if (entry == beside_.end() || entry->ref != ToIndex(ref)) return {};
  if (entry->max_ms < start_ms || entry->min_ms > end_ms) return {};
  const ByteView bytes = samples_.subspan(entry->offset, entry->bytes);
  if (codec::Crc32c(bytes) != entry->crc) {
    return std::unexpected(sections_.Damage("samples", entry->offset, "checksum mismatch"));
  }
  const auto damage = [&](std::string_view what) {
    return std::unexpected(sections_.Damage("samples", entry->offset, what));
  };
  codec::FieldReader fields(bytes);
  if (entry->samples > bytes.size()) return damage("more samples than bytes");
  std::vector<TimeMs> times_ms;
  std::uint64_t time = 0;
  for (std::uint32_t i = 0; i < entry->samples; ++i) {
    time += static_cast<std::uint64_t>(fields.ZigZag());
    times_ms.push_back(static_cast<TimeMs>(time));
  }
  if (!fields.ok()) return damage("times do not decode");
  std::vector<double> values;
  std::vector<HistogramPtr> histograms;
  if (const Status decoded =
          codec::DecodeHistogramColumn(fields.Take(fields.remaining()), times_ms.size(), values, histograms);
      !decoded) {
    return damage(decoded.error().message);
  }
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    if (times_ms[i] < start_ms || times_ms[i] > end_ms) continue;
    if (histograms[i] != nullptr) out.histograms.resize(out.size());
    out.times_ms.push_back(times_ms[i]);
    out.values.push_back(values[i]);
    if (!out.histograms.empty() || histograms[i] != nullptr)
      out.histograms.push_back(std::move(histograms[i]));
  }
  return {};
}

Result<std::optional<StoredSample>> SegmentReader::Find(SeriesRef ref, TimeMs time_ms) const {
  SampleColumns found;
  TICKSCOPE_RETURN_IF_ERROR(ReadSamples(ref, time_ms, time_ms, found));
  if (found.size() == 0) return std::nullopt;
  return StoredSample{found.values.front(), found.histograms.empty() ? nullptr : found.histograms.front()};
}

Status SegmentReader::ReadDefinitions(const DefinitionSink& sink) const {
  codec::FieldReader fields(sections_.Find(kSeriesTag));
  const auto damage = [&](std::string_view what) {
    return std::unexpected(
        sections_.Damage("series", sections_.Find(kSeriesTag).size() - fields.remaining(), what));
  };
  // Every text, pair and label takes at least a byte, so counts beyond what is left are damage.
  const std::uint64_t text_count = fields.Varint();
  if (text_count > fields.remaining()) return damage("more texts than bytes");
  std::vector<std::string_view> texts(text_count);
  for (std::string_view& text : texts)
    text = fields.Text();
  const std::uint64_t pair_count = fields.Varint();
  if (!fields.ok() || pair_count > fields.remaining()) return damage("more pairs than bytes");
  std::vector<LabelView> pairs(pair_count);
  for (LabelView& pair : pairs) {
    const std::uint64_t name = fields.Varint();
    const std::uint64_t value = fields.Varint();
    if (name >= texts.size() || value >= texts.size()) return damage("pair of unknown texts");
    pair = {texts[name], texts[value]};
  }
  const std::uint64_t series_count = fields.Varint();
  std::int64_t ref = 0;
  std::vector<LabelView> labels;
  for (std::uint64_t i = 0; i < series_count; ++i) {
    ref += fields.ZigZag();
    const std::uint64_t epoch = fields.Varint();
    const std::uint64_t label_count = fields.Varint();
    if (!fields.ok() || label_count > fields.remaining()) return damage("more labels than bytes");
    if (ref < 0 || ref > UINT32_MAX) return damage("series number out of range");
    labels.clear();
    for (std::uint64_t k = 0; k < label_count; ++k) {
      const std::uint64_t pair = fields.Varint();
      if (pair >= pairs.size()) return damage("unknown pair");
      labels.push_back(pairs[pair]);
    }
    sink(static_cast<SeriesRef>(ref), epoch, labels);
  }
  if (!fields.ok() || fields.remaining() > 0) return damage("does not decode");
  return {};
}

Result<MetadataMap> SegmentReader::ReadMetadata() const {
  codec::FieldReader fields(sections_.Find(kMetadataTag));
  MetadataMap metadata;
  const std::uint64_t count = fields.Varint();
  for (std::uint64_t i = 0; i < count && fields.ok(); ++i) {
    std::string metric(fields.Text());
    MetricMetadata entry;
    entry.type = fields.Text();
    entry.help = fields.Text();
    entry.unit = fields.Text();
    metadata.insert_or_assign(std::move(metric), std::move(entry));
  }
  if (!fields.ok()) return std::unexpected(sections_.Damage("metadata", 0, "does not decode"));
  return metadata;
}

Status SegmentReader::ForEachSeries(const std::function<void(SeriesRef)>& sink) const {
  Page page;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    TICKSCOPE_RETURN_IF_ERROR(OpenPage(i, page));
    for (std::uint32_t column = 0; column < targets_[i].width; ++column) {
      if (page.LengthOf(column) == 0) continue;
      sink(static_cast<SeriesRef>(targets_[i].first_ref + column));
    }
  }
  for (const BesideEntry& entry : beside_)
    sink(static_cast<SeriesRef>(entry.ref));
  return {};
}

Status SegmentReader::ForEachTimes(
    const std::function<void(SeriesRef, std::uint32_t, std::span<const TimeMs>)>& sink) const {
  Page page;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    TICKSCOPE_RETURN_IF_ERROR(OpenPage(i, page));
    sink(static_cast<SeriesRef>(targets_[i].first_ref), targets_[i].width, page.times_ms);
  }
  SampleColumns samples;
  for (const BesideEntry& entry : beside_) {
    samples.Clear();
    TICKSCOPE_RETURN_IF_ERROR(ReadBeside(static_cast<SeriesRef>(entry.ref), INT64_MIN, INT64_MAX, samples));
    sink(static_cast<SeriesRef>(entry.ref), 1, samples.times_ms);
  }
  return {};
}

void SegmentReader::ForEachTargetTime(
    const std::function<void(SeriesRef, std::uint32_t, TimeMs)>& sink) const {
  for (const TargetEntry& entry : targets_)
    sink(static_cast<SeriesRef>(entry.first_ref), entry.width, entry.max_ms);
}

void SegmentReader::ForEachBesideTime(const std::function<void(SeriesRef, TimeMs)>& sink) const {
  for (const BesideEntry& entry : beside_)
    sink(static_cast<SeriesRef>(entry.ref), entry.max_ms);
}

Status SegmentReader::CheckPages() const {
  for (std::size_t i = 0; i < targets_.size(); ++i)
    TICKSCOPE_RETURN_IF_ERROR(CheckPage(i));
  for (const BesideEntry& entry : beside_) {
    if (codec::Crc32c(samples_.subspan(entry.offset, entry.bytes)) == entry.crc) continue;
    return std::unexpected(sections_.Damage("samples", entry.offset, "checksum mismatch"));
  }
  return {};
}

Status SegmentReader::CheckPage(std::size_t at) const {
  if (is_checked_[at].load(std::memory_order_relaxed)) return {};
  const ByteView bytes = pages_.subspan(targets_[at].page_offset, targets_[at].page_bytes);
  if (codec::Crc32c(bytes.subspan(4)) != codec::LoadFixed<std::uint32_t>(bytes.data())) {
    return std::unexpected(sections_.Damage("pages", targets_[at].page_offset, "checksum mismatch"));
  }
  is_checked_[at].store(true, std::memory_order_relaxed);
  return {};
}

Status SegmentReader::Verify() const {
  SampleColumns samples;
  std::vector<SeriesRef> refs;
  Page page;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    TICKSCOPE_RETURN_IF_ERROR(OpenPage(i, page));
    std::uint64_t offset = 0;
    for (std::uint32_t column = 0; column < targets_[i].width; ++column) {
      samples.Clear();
      TICKSCOPE_RETURN_IF_ERROR(
          ReadColumnAt(page, targets_[i], column, offset, INT64_MIN, INT64_MAX, samples));
      offset += page.LengthOf(column);
    }
  }
  for (const BesideEntry& entry : beside_) {
    samples.Clear();
    TICKSCOPE_RETURN_IF_ERROR(ReadBeside(static_cast<SeriesRef>(entry.ref), INT64_MIN, INT64_MAX, samples));
  }
  TICKSCOPE_RETURN_IF_ERROR(ForEachSeries([&](SeriesRef ref) { refs.push_back(ref); }));
  std::vector<codec::StartChange> changes;
  for (const SeriesRef ref : refs) {
    if (!starts_.Find(ToIndex(ref), changes))
      return std::unexpected(sections_.Damage("starts", 0, "does not decode"));
  }
  TICKSCOPE_RETURN_IF_ERROR(ReadDefinitions([](SeriesRef, std::uint64_t, std::span<const LabelView>) {}));
  TICKSCOPE_ASSIGN_OR_RETURN(const MetadataMap metadata, ReadMetadata());
  return {};
}

void Truncate(SampleColumns& samples, std::size_t size) {
  samples.times_ms.resize(size);
  samples.values.resize(size);
  if (!samples.histograms.empty()) samples.histograms.resize(size);
  if (!samples.start_times_ms.empty()) samples.start_times_ms.resize(size);
}

}  // namespace tickscope::tsdb
