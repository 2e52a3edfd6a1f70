// The writing half of segment.h.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "codec/block_column.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "codec/histogram_column.h"
#include "codec/start_table.h"
#include "codec/value_column.h"
#include "codec/varint.h"
#include "tsdb/segment.h"
#include "tsdb/segment_tags.h"
#include "tsdb/version.h"

namespace tickscope::tsdb {
namespace {

using codec::PutFixed;
using codec::PutText;
using codec::PutVarint;
using codec::PutZigZag;

// Definitions looked up under one lock.
constexpr std::size_t kDefinitionSlice = 4096;

void PutInfo(const SegmentInfo& info, Bytes& out) {
  PutText(info.tenant, out);
  PutVarint(info.number, out);
  PutVarint(info.first_offset, out);
  PutVarint(info.end_offset, out);
  PutZigZag(info.min_time_ms, out);
  PutZigZag(info.max_time_ms, out);
  PutVarint(info.sample_count, out);
  PutVarint(info.next_ref, out);
}

void PutMetadata(const MetadataMap& metadata, Bytes& out) {
  PutVarint(metadata.size(), out);
  for (const auto& [metric, entry] : metadata) {
    PutText(metric, out);
    PutText(entry.type, out);
    PutText(entry.help, out);
    PutText(entry.unit, out);
  }
}

// Definitions as numbers of pairs, pairs as numbers of texts: each text once.
class DefinitionEncoder {
 public:
  void Add(SeriesRef ref, std::uint64_t epoch, const Labels& labels) {
    PutZigZag(static_cast<std::int64_t>(ToIndex(ref)) - last_ref_, series_);
    last_ref_ = ToIndex(ref);
    PutVarint(epoch, series_);
    PutVarint(labels.size(), series_);
    for (const LabelView& label : labels)
      PutVarint(PairOf(label), series_);
    ++count_;
  }
  [[nodiscard]] Bytes Finish() && {
    Bytes out;
    PutVarint(texts_.size(), out);
    AppendBytes(text_bytes_, out);
    PutVarint(pairs_.size(), out);
    AppendBytes(pair_bytes_, out);
    PutVarint(count_, out);
    AppendBytes(series_, out);
    return out;
  }

 private:
  std::uint32_t TextOf(std::string_view text) {
    const auto [found, is_new] =
        texts_.try_emplace(std::string(text), static_cast<std::uint32_t>(texts_.size()));
    if (is_new) PutText(text, text_bytes_);
    return found->second;
  }
  std::uint32_t PairOf(const LabelView& label) {
    const std::uint64_t key = static_cast<std::uint64_t>(TextOf(label.name)) << 32 | TextOf(label.value);
    const auto [found, is_new] = pairs_.try_emplace(key, static_cast<std::uint32_t>(pairs_.size()));
    if (is_new) {
      PutVarint(key >> 32, pair_bytes_);
      PutVarint(key & 0xffff'ffffU, pair_bytes_);
    }
    return found->second;
  }

  std::unordered_map<std::string, std::uint32_t> texts_;
  std::unordered_map<std::uint64_t, std::uint32_t> pairs_;
  Bytes text_bytes_;
  Bytes pair_bytes_;
  Bytes series_;
  std::int64_t last_ref_ = 0;
  std::uint64_t count_ = 0;
};

Bytes EncodeDefinitions(const Catalog& catalog, const std::vector<SeriesRef>& defined) {
  DefinitionEncoder encoder;
  std::vector<Labels> labels;
  for (std::size_t from = 0; from < defined.size(); from += kDefinitionSlice) {
    const std::size_t to = std::min(from + kDefinitionSlice, defined.size());
    labels.clear();
    {
      const HeadReaderLock lock(catalog.mutex());
      for (std::size_t i = from; i < to; ++i)
        labels.push_back(catalog.index().LabelsOf(defined[i]));
    }
    for (std::size_t i = from; i < to; ++i)
      encoder.Add(defined[i], catalog.EpochOf(defined[i]), labels[i - from]);
  }
  return std::move(encoder).Finish();
}

// Rows of one time, as one.
struct MergedRow {
  TimeMs time_ms = 0;
  std::vector<const Row*> parts;

  [[nodiscard]] double Get(std::uint32_t column) const {
    for (const Row* part : parts) {
      if (!part->Covers(column)) continue;
      if (const double value = part->Get(column); !codec::IsMissing(value)) return value;
    }
    return codec::MissingValue();
  }
};

std::vector<MergedRow> RowsOf(const Generation& generation, TargetId target) {
  std::vector<MergedRow> rows;
  for (const Row* row = generation.NewestRow(target); row != nullptr; row = row->older) {
    if (rows.empty() || rows.back().time_ms != row->time_ms) rows.push_back({row->time_ms, {}});
    rows.back().parts.push_back(row);
  }
  std::reverse(rows.begin(), rows.end());
  return rows;
}

}  // namespace

// Writes a generation's samples: pages first, their directories after.
class SegmentEncoder {
 public:
  explicit SegmentEncoder(const Generation& generation) : generation_(generation) {}

  [[nodiscard]] Status WritePages(SectionWriter& writer) {
    std::vector<Generation::TargetRows> targets = generation_.targets();
    std::sort(targets.begin(), targets.end(),
              [](const auto& a, const auto& b) { return a.first_ref < b.first_ref; });
    for (const auto& [target, first_ref] : targets) {
      const std::vector<MergedRow> rows = RowsOf(generation_, target);
      for (std::size_t from = 0; from < rows.size(); from += kPageRows) {
        const std::size_t count = std::min(kPageRows, rows.size() - from);
        TICKSCOPE_RETURN_IF_ERROR(WritePage(first_ref, {&rows[from], count}, writer));
      }
    }
    return {};
  }

  [[nodiscard]] Status WriteBeside(SectionWriter& writer) {
    std::vector<SeriesRef> refs = generation_.series_beside();
    std::sort(refs.begin(), refs.end());
    Bytes bytes;
    std::uint64_t offset = 0;
    std::vector<const Beside*> entries;
    std::vector<double> values;
    std::vector<HistogramPtr> histograms;
    for (const SeriesRef ref : refs) {
      entries.clear();
      for (const Beside* entry = generation_.NewestBeside(ref); entry != nullptr; entry = entry->older)
        entries.push_back(entry);
      std::sort(entries.begin(), entries.end(),
                [](const Beside* a, const Beside* b) { return a->time_ms < b->time_ms; });
      bytes.clear();
      values.clear();
      histograms.clear();
      TimeMs last_ms = 0;
      for (const Beside* const entry : entries) {
        PutZigZag(entry->time_ms - last_ms, bytes);
        last_ms = entry->time_ms;
        values.push_back(entry->value);
        histograms.push_back(entry->histogram != nullptr ? *entry->histogram : nullptr);
      }
      codec::EncodeHistogramColumn(values, histograms, bytes);
      Note(entries.front()->time_ms, last_ms, entries.size());
      TICKSCOPE_RETURN_IF_ERROR(writer.Append(kSamplesTag, bytes));
      beside_.push_back({ToIndex(ref), static_cast<std::uint32_t>(entries.size()),
                         static_cast<std::uint32_t>(bytes.size()), codec::Crc32c(bytes), offset,
                         entries.front()->time_ms, last_ms});
      offset += bytes.size();
    }
    return {};
  }

  // A series whose samples are all in rows has its list already; of others the samples are gathered.
  [[nodiscard]] Status WriteStarts(const Catalog& catalog, SectionWriter& writer) const {
    std::vector<SeriesRef> refs = generation_.series_with_starts();
    std::sort(refs.begin(), refs.end());
    codec::StartTableWriter table;
    std::vector<codec::StartChange> changes;
    SampleColumns samples;
    for (const SeriesRef ref : refs) {
      if (generation_.NewestBeside(ref) != nullptr) {
        samples.Clear();
        ReadGeneration(generation_, catalog, ref, INT64_MIN, INT64_MAX, samples);
        table.Add(ToIndex(ref), codec::StartChangesOf(samples));
        continue;
      }
      changes.clear();
      for (const RowStart* start = generation_.NewestStart(ref); start != nullptr; start = start->older)
        changes.push_back({start->from_ms, start->start_ms});
      std::reverse(changes.begin(), changes.end());
      table.Add(ToIndex(ref), changes);
    }
    return table.empty() ? Status() : writer.Append(kStartsTag, table.Finish());
  }

  [[nodiscard]] Status WriteDirectories(SectionWriter& writer) const {
    TICKSCOPE_RETURN_IF_ERROR(writer.Append(kTargetsTag, std::as_bytes(std::span(targets_))));
    return writer.Append(kBesideTag, std::as_bytes(std::span(beside_)));
  }

  void FillIn(SegmentInfo& info) const {
    info.min_time_ms = min_time_ms_;
    info.max_time_ms = max_time_ms_;
    info.sample_count = sample_count_;
  }

 private:
  void Note(TimeMs min_ms, TimeMs max_ms, std::uint64_t samples) {
    min_time_ms_ = std::min(min_time_ms_, min_ms);
    max_time_ms_ = std::max(max_time_ms_, max_ms);
    sample_count_ += samples;
  }

  [[nodiscard]] Status WritePage(SeriesRef first_ref, std::span<const MergedRow> rows,
                                 SectionWriter& writer) {
    std::uint32_t width = 0;
    page_.clear();
    PutFixed(std::uint32_t{0}, page_);
    TimeMs last_ms = 0;
    for (const MergedRow& row : rows) {
      PutZigZag(row.time_ms - last_ms, page_);
      last_ms = row.time_ms;
      for (const Row* part : row.parts)
        width = std::max(width, part->first_column + part->width);
    }
    const std::size_t lengths_at = page_.size();
    page_.resize(lengths_at + width * sizeof(std::uint16_t));
    std::array<double, kPageRows> values;
    std::uint64_t samples = 0;
    for (std::uint32_t column = 0; column < width; ++column) {
      std::size_t present = 0;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        values[i] = rows[i].Get(column);
        present += codec::IsMissing(values[i]) ? 0 : 1;
      }
      const std::size_t column_at = page_.size();
      if (present > 0 && rows.size() <= kShortRows) {
        codec::EncodeValueColumn({values.data(), rows.size()}, page_);
      } else if (present > 0) {
        codec::EncodeBlockColumn({values.data(), rows.size()}, {}, page_);
      }
      const auto length = static_cast<std::uint16_t>(page_.size() - column_at);
      codec::StoreFixed(length, &page_[lengths_at + column * sizeof length]);
      samples += present;
    }
    codec::StoreFixed(codec::Crc32c(ByteView(page_).subspan(4)), page_.data());
    targets_.push_back({ToIndex(first_ref), width, static_cast<std::uint32_t>(rows.size()),
                        static_cast<std::uint32_t>(page_.size()), page_offset_, rows.front().time_ms,
                        last_ms});
    page_offset_ += page_.size();
    Note(rows.front().time_ms, last_ms, samples);
    return writer.Append(kPagesTag, page_);
  }

  const Generation& generation_;
  std::vector<SegmentReader::TargetEntry> targets_;
  std::vector<SegmentReader::BesideEntry> beside_;
  Bytes page_;
  std::uint64_t page_offset_ = 0;
  TimeMs min_time_ms_ = INT64_MAX;
  TimeMs max_time_ms_ = INT64_MIN;
  std::uint64_t sample_count_ = 0;
};

namespace {

Status WriteCommon(SectionWriter& writer, const SegmentInfo& info, const Catalog& catalog,
                   const std::vector<SeriesRef>& defined, const MetadataMap& metadata) {
  Bytes bytes;
  PutInfo(info, bytes);
  TICKSCOPE_RETURN_IF_ERROR(writer.Append(kInfoTag, bytes));
  TICKSCOPE_RETURN_IF_ERROR(writer.Append(kSeriesTag, EncodeDefinitions(catalog, defined)));
  bytes.clear();
  PutMetadata(metadata, bytes);
  return writer.Append(kMetadataTag, bytes);
}

}  // namespace

Result<std::uint64_t> WriteSegment(io::FileSystem& fs, const std::string& path, SegmentInfo info,
                                   const Generation& generation, const Catalog& catalog,
                                   const std::vector<SeriesRef>& defined, const MetadataMap& metadata) {
  TICKSCOPE_ASSIGN_OR_RETURN(SectionWriter writer, SectionWriter::Create(fs, path, kSegmentMagic));
  SegmentEncoder encoder(generation);
  TICKSCOPE_RETURN_IF_ERROR(encoder.WritePages(writer));
  TICKSCOPE_RETURN_IF_ERROR(encoder.WriteBeside(writer));
  TICKSCOPE_RETURN_IF_ERROR(encoder.WriteDirectories(writer));
  TICKSCOPE_RETURN_IF_ERROR(encoder.WriteStarts(catalog, writer));
  encoder.FillIn(info);
  TICKSCOPE_RETURN_IF_ERROR(WriteCommon(writer, info, catalog, defined, metadata));
  return writer.Finish();
}

Result<std::uint64_t> WriteCatalog(io::FileSystem& fs, const std::string& path, const SegmentInfo& info,
                                   const Catalog& catalog, const std::vector<SeriesRef>& defined,
                                   const MetadataMap& metadata) {
  TICKSCOPE_ASSIGN_OR_RETURN(SectionWriter writer, SectionWriter::Create(fs, path, kSegmentMagic));
  TICKSCOPE_RETURN_IF_ERROR(WriteCommon(writer, info, catalog, defined, metadata));
  return writer.Finish();
}

}  // namespace tickscope::tsdb
