#include "exchange/prometheus_index.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/crc32c.h"
#include "codec/varint.h"

namespace tickscope::exchange {
namespace {

constexpr std::uint32_t kMagic = 0xbaaad700;
constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kHeaderBytes = 5;
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kContentsEntries = 6;
constexpr std::size_t kContentsBytes = kContentsEntries * 8 + kCrcBytes;
constexpr std::size_t kSeriesAlignment = 16;
constexpr std::size_t kPostingBytes = 4;
constexpr std::uint8_t kPostingsKeyTexts = 2;
constexpr std::uint64_t kSectionBytesMax = UINT32_MAX;

void Align(std::size_t to, OrderedFile& file) {
  while (file.position() % to != 0)
    file.buffer().push_back(std::byte{0});
}

// A section whose length is four bytes.
Status PutSection(const Bytes& content, OrderedFile& file) {
  if (content.size() > kSectionBytesMax) {
    return Fail(
        ErrorCode::kOutOfRange,
        fmt::format("Prometheus index: a section of {} bytes, the format ends at {}: export shorter windows "
                    "or fewer series",
                    content.size(), kSectionBytesMax));
  }
  PutBig(static_cast<std::uint32_t>(content.size()), file.buffer());
  AppendBytes(content, file.buffer());
  PutBig(codec::Crc32c(content), file.buffer());
  return file.Pace();
}

}  // namespace

Result<PrometheusIndexReader> PrometheusIndexReader::Open(ByteView bytes, std::string name) {
  PrometheusIndexReader reader(bytes, std::move(name));
  TICKSCOPE_RETURN_IF_ERROR(reader.Load());
  return reader;
}

std::unexpected<Error> PrometheusIndexReader::Damaged(std::string_view section, std::uint64_t at,
                                                      std::string_view what) const {
  return Fail(ErrorCode::kCorruption, fmt::format("{}: {} at offset {}: {}", name_, section, at, what));
}

Result<ByteView> PrometheusIndexReader::Section(std::string_view what, std::uint64_t at) const {
  if (at > bytes_.size() || bytes_.size() - at < 4) return Damaged(what, at, "beyond the end of the file");
  const auto size = LoadBig<std::uint32_t>(bytes_.data() + at);
  if (bytes_.size() - at - 4 < std::uint64_t{size} + kCrcBytes)
    return Damaged(what, at, "longer than the file");
  const ByteView content = bytes_.subspan(at + 4, size);
  if (LoadBig<std::uint32_t>(content.data() + size) != codec::Crc32c(content))
    return Damaged(what, at, "checksum differs");
  return content;
}

Status PrometheusIndexReader::Load() {
  if (bytes_.size() < kHeaderBytes + kContentsBytes) return Damaged("header", 0, "too short for an index");
  if (LoadBig<std::uint32_t>(bytes_.data()) != kMagic) return Damaged("header", 0, "no Prometheus index");
  const auto version = static_cast<std::uint8_t>(bytes_[4]);
  if (version != kVersion) {
    return Fail(
        ErrorCode::kUnsupported,
        fmt::format("{}: index version {}, want {}: let Prometheus 2 or later compact the block first", name_,
                    version, kVersion));
  }
  const std::uint64_t contents_at = bytes_.size() - kContentsBytes;
  const ByteView contents = bytes_.subspan(contents_at, kContentsBytes - kCrcBytes);
  if (LoadBig<std::uint32_t>(contents.data() + contents.size()) != codec::Crc32c(contents))
    return Damaged("table of contents", contents_at, "checksum differs");
  TICKSCOPE_RETURN_IF_ERROR(LoadSymbols(LoadBig<std::uint64_t>(contents.data())));
  return LoadPostings(LoadBig<std::uint64_t>(contents.data() + 5 * sizeof(std::uint64_t)));
}

Status PrometheusIndexReader::LoadSymbols(std::uint64_t at) {
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteView content, Section("symbols", at));
  if (content.size() < 4) return Damaged("symbols", at, "cut");
  const auto count = LoadBig<std::uint32_t>(content.data());
  codec::FieldReader reader(content.subspan(4));
  // A symbol takes a byte or more.
  if (count > reader.remaining()) return Damaged("symbols", at, "more symbols than bytes");
  symbols_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i)
    symbols_.push_back(reader.Text());
  if (!reader.ok()) return Damaged("symbols", at, "cut");
  return {};
}

Status PrometheusIndexReader::LoadPostings(std::uint64_t table_at) {
  // An index of no series may have none.
  if (table_at == 0) return {};
  TICKSCOPE_ASSIGN_OR_RETURN(const ByteView content, Section("postings offsets", table_at));
  if (content.size() < 4) return Damaged("postings offsets", table_at, "cut");
  const auto count = LoadBig<std::uint32_t>(content.data());
  codec::FieldReader reader(content.subspan(4));
  for (std::uint32_t i = 0; i < count; ++i) {
    if (reader.Byte() != kPostingsKeyTexts)
      return Damaged("postings offsets", table_at, "key is no name and value");
    const std::string_view name = reader.Text();
    const std::string_view value = reader.Text();
    const std::uint64_t at = reader.Varint();
    if (!reader.ok()) return Damaged("postings offsets", table_at, "cut");
    if (!name.empty() || !value.empty()) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(const ByteView postings, Section("postings", at));
    if (postings.size() < 4) return Damaged("postings", at, "cut");
    all_series_ = postings.subspan(4);
    if (all_series_.size() != std::uint64_t{LoadBig<std::uint32_t>(postings.data())} * kPostingBytes)
      return Damaged("postings", at, "count differs from length");
    return {};
  }
  if (count == 0) return {};
  return Damaged("postings offsets", table_at, "no list of all series");
}

Result<bool> PrometheusIndexReader::Next(PrometheusSeries& series) {
  if (next_ * kPostingBytes >= all_series_.size()) return false;
  series.ref = LoadBig<std::uint32_t>(all_series_.data() + next_ * kPostingBytes);
  ++next_;
  const std::uint64_t at = series.ref * kSeriesAlignment;
  if (at >= bytes_.size()) return Damaged("series", at, "beyond the end of the file");
  codec::FieldReader outer(bytes_.subspan(at));
  const std::uint64_t size = outer.Varint();
  const ByteView content = outer.Take(size);
  const ByteView crc = outer.Take(kCrcBytes);
  if (!outer.ok()) return Damaged("series", at, "longer than the file");
  if (LoadBig<std::uint32_t>(crc.data()) != codec::Crc32c(content))
    return Damaged("series", at, "checksum differs");

  codec::FieldReader reader(content);
  const std::uint64_t label_count = reader.Varint();
  if (label_count > reader.remaining()) return Damaged("series", at, "more labels than bytes");
  std::vector<LabelView> labels;
  for (std::uint64_t i = 0; i < label_count; ++i) {
    const std::uint64_t name = reader.Varint();
    const std::uint64_t value = reader.Varint();
    if (!reader.ok() || name >= symbols_.size() || value >= symbols_.size())
      return Damaged("series", at, "label names no symbol");
    const LabelView label{symbols_[name], symbols_[value]};
    if (label.name.empty() || label.value.empty()) return Damaged("series", at, "empty label");
    if (!labels.empty() && labels.back().name >= label.name)
      return Damaged("series", at, "labels out of order");
    labels.push_back(label);
  }
  series.labels = Labels::FromSorted(labels);

  const std::uint64_t chunk_count = reader.Varint();
  if (chunk_count > reader.remaining()) return Damaged("series", at, "more chunks than bytes");
  series.chunks.clear();
  PrometheusChunkPlace chunk;
  for (std::uint64_t i = 0; i < chunk_count; ++i) {
    const auto gap = i == 0 ? static_cast<std::uint64_t>(reader.ZigZag()) : reader.Varint();
    // Unsigned, as hostile times may wrap; what lies in the chunk is what counts.
    const std::uint64_t min_ms = gap + (i == 0 ? 0 : static_cast<std::uint64_t>(chunk.max_time_ms));
    chunk.min_time_ms = static_cast<TimeMs>(min_ms);
    chunk.max_time_ms = static_cast<TimeMs>(min_ms + reader.Varint());
    chunk.ref = i == 0 ? reader.Varint() : chunk.ref + static_cast<std::uint64_t>(reader.ZigZag());
    series.chunks.push_back(chunk);
  }
  if (!reader.ok()) return Damaged("series", at, "cut");
  return true;
}

std::uint32_t PrometheusIndexWriter::Number(std::string_view text) {
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(numbers_.size());
  numbers_.emplace(text, number);
  return number;
}

void PrometheusIndexWriter::Add(const Labels& labels, std::vector<PrometheusChunkPlace> chunks) {
  series_.push_back({labels_.size(), std::move(chunks)});
  for (const LabelView& label : labels)
    labels_.emplace_back(Number(label.name), Number(label.value));
}

Status PrometheusIndexWriter::Write(io::FileSystem& fs, const std::string& path) const {
  TICKSCOPE_ASSIGN_OR_RETURN(OrderedFile file, OrderedFile::Create(fs, path));
  PutBig(kMagic, file.buffer());
  file.buffer().push_back(std::byte{kVersion});

  std::vector<std::pair<std::string_view, std::uint32_t>> texts;
  texts.reserve(numbers_.size());
  for (const auto& [text, number] : numbers_)
    texts.emplace_back(text, number);
  std::ranges::sort(texts);
  std::vector<std::uint32_t> place_of(texts.size());
  Bytes section;
  const std::uint64_t symbols_at = file.position();
  PutBig(static_cast<std::uint32_t>(texts.size()), section);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    place_of[texts[i].second] = static_cast<std::uint32_t>(i);
    codec::PutText(texts[i].first, section);
  }
  TICKSCOPE_RETURN_IF_ERROR(PutSection(section, file));

  Align(kSeriesAlignment, file);
  const std::uint64_t series_at = file.position();
  std::vector<std::uint32_t> refs;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> postings;
  for (std::size_t s = 0; s < series_.size(); ++s) {
    Align(kSeriesAlignment, file);
    const std::uint64_t ref = file.position() / kSeriesAlignment;
    if (ref > UINT32_MAX) {
      return Fail(ErrorCode::kOutOfRange,
                  "Prometheus index: more series than the format counts: export fewer at once");
    }
    refs.push_back(static_cast<std::uint32_t>(ref));
    const std::size_t end = s + 1 < series_.size() ? series_[s + 1].first_label : labels_.size();
    section.clear();
    codec::PutVarint(end - series_[s].first_label, section);
    for (std::size_t l = series_[s].first_label; l < end; ++l) {
      const std::uint32_t name = place_of[labels_[l].first];
      const std::uint32_t value = place_of[labels_[l].second];
      codec::PutVarint(name, section);
      codec::PutVarint(value, section);
      postings[{name, value}].push_back(refs.back());
    }
    codec::PutVarint(series_[s].chunks.size(), section);
    const PrometheusChunkPlace* before = nullptr;
    for (const PrometheusChunkPlace& chunk : series_[s].chunks) {
      if (before == nullptr) {
        codec::PutZigZag(chunk.min_time_ms, section);
      } else {
        codec::PutVarint(static_cast<std::uint64_t>(chunk.min_time_ms - before->max_time_ms), section);
      }
      codec::PutVarint(static_cast<std::uint64_t>(chunk.max_time_ms - chunk.min_time_ms), section);
      if (before == nullptr) {
        codec::PutVarint(chunk.ref, section);
      } else {
        codec::PutZigZag(static_cast<std::int64_t>(chunk.ref - before->ref), section);
      }
      before = &chunk;
    }
    codec::PutVarint(section.size(), file.buffer());
    AppendBytes(section, file.buffer());
    PutBig(codec::Crc32c(section), file.buffer());
    TICKSCOPE_RETURN_IF_ERROR(file.Pace());
  }

  Align(kPostingBytes, file);
  const std::uint64_t postings_at = file.position();
  Bytes offsets;
  PutBig(static_cast<std::uint32_t>(postings.size() + 1), offsets);
  const auto put_postings = [&](std::string_view name, std::string_view value,
                                const std::vector<std::uint32_t>& list) -> Status {
    Align(kPostingBytes, file);
    offsets.push_back(std::byte{kPostingsKeyTexts});
    codec::PutText(name, offsets);
    codec::PutText(value, offsets);
    codec::PutVarint(file.position(), offsets);
    section.clear();
    PutBig(static_cast<std::uint32_t>(list.size()), section);
    for (const std::uint32_t ref : list)
      PutBig(ref, section);
    return PutSection(section, file);
  };
  TICKSCOPE_RETURN_IF_ERROR(put_postings({}, {}, refs));
  for (const auto& [pair, list] : postings)
    TICKSCOPE_RETURN_IF_ERROR(put_postings(texts[pair.first].first, texts[pair.second].first, list));

  const std::uint64_t label_offsets_at = file.position();
  section.clear();
  PutBig(std::uint32_t{0}, section);
  TICKSCOPE_RETURN_IF_ERROR(PutSection(section, file));
  const std::uint64_t offsets_at = file.position();
  TICKSCOPE_RETURN_IF_ERROR(PutSection(offsets, file));

  Bytes contents;
  // There are no label indices: they would begin where the postings do.
  for (const std::uint64_t at :
       {symbols_at, series_at, postings_at, label_offsets_at, postings_at, offsets_at})
    PutBig(at, contents);
  AppendBytes(contents, file.buffer());
  PutBig(codec::Crc32c(contents), file.buffer());
  return file.Finish();
}

}  // namespace tickscope::exchange
