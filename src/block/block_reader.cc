#include "block/block_reader.h"

#include <algorithm>
#include <array>

#include "block/block_format.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "codec/time_column.h"
#include "codec/varint.h"

namespace tickscope::block {
namespace {

std::unexpected<Error> Damage(const SectionReader& sections, std::string_view section, std::uint64_t offset,
                              std::string_view what) {
  return std::unexpected(sections.Damage(section, offset, what));
}

// Ranges gathered before those near each other are joined: bounds what a prefetch of many series holds.
constexpr std::size_t kPrefetchRangesMax = 1U << 16;

constexpr std::array<std::uint8_t, 3> kCheckedLater = {kSeriesTag, kPostingsTag, kStartsTag};

}  // namespace

Status BlockReader::CheckOnce(std::uint8_t tag, std::atomic<bool>& is_checked) const {
  if (is_checked.load(std::memory_order_relaxed)) return {};
  const ByteRange range = sections_.RangeOf(tag);
  TICKSCOPE_RETURN_IF_ERROR(bytes_->Ensure(range.offset, range.size));
  TICKSCOPE_RETURN_IF_ERROR(sections_.Check(tag));
  is_checked.store(true, std::memory_order_relaxed);
  return {};
}

Result<std::shared_ptr<const BlockReader>> BlockReader::Open(io::FileSystem& fs, const std::string& path) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto file, fs.Map(path));
  TICKSCOPE_ASSIGN_OR_RETURN(auto reader, Open(MakeMappedBytes(std::move(file)), path));
  TICKSCOPE_RETURN_IF_ERROR(reader->sections_.CheckFront());
  return reader;
}

Result<std::shared_ptr<const BlockReader>> BlockReader::Open(std::unique_ptr<const BlockBytes> bytes,
                                                             std::string name) {
  TICKSCOPE_ASSIGN_OR_RETURN(SectionReader sections,
                             SectionReader::Open(*bytes, kBlockMagic, std::move(name), kCheckedLater));
  std::shared_ptr<BlockReader> reader(new BlockReader(std::move(bytes), std::move(sections)));
  TICKSCOPE_RETURN_IF_ERROR(reader->Load());
  return reader;
}

std::uint64_t BlockReader::memory_bytes() const {
  std::uint64_t bytes =
      names_.capacity() * sizeof(Name) + pairs_.capacity() * sizeof(Pair) + is_checked_.size();
  for (const std::string& text : symbols_)
    bytes += sizeof(text) + (text.size() < sizeof(text) / 2 ? 0 : text.capacity());
  for (const std::vector<TimesChunk>& chunks : times_)
    bytes += sizeof(chunks) + chunks.capacity() * sizeof(TimesChunk);
  return bytes;
}

Status BlockReader::Load() {
  postings_ = sections_.Find(kPostingsTag);
  series_ = sections_.Find(kSeriesTag);
  groups_ = sections_.Find(kGroupsTag);
  columns_ = sections_.Find(kColumnsTag);
  page_crcs_ = sections_.Find(kPagesTag);
  const std::size_t page_count = (columns_.size() + kPageBytes - 1) / kPageBytes;
  if (page_crcs_.size() != page_count * sizeof(std::uint32_t)) {
    return Damage(sections_, "pages", 0, "not one checksum a page");
  }
  is_checked_ = std::vector<std::atomic<bool>>(page_count);
  TICKSCOPE_RETURN_IF_ERROR(LoadMeta());
  TICKSCOPE_RETURN_IF_ERROR(LoadSymbols());
  TICKSCOPE_RETURN_IF_ERROR(LoadLabels());
  return LoadTimes();
}

Status BlockReader::LoadMeta() {
  codec::FieldReader fields(sections_.Find(kMetaTag));
  meta_.tenant = fields.Text();
  meta_.min_time_ms = fields.ZigZag();
  meta_.max_time_ms = fields.ZigZag();
  meta_.end_offset = fields.Varint();
  meta_.series_count = fields.Varint();
  meta_.sample_count = fields.Varint();
  if (fields.remaining() > 0) {
    meta_.resolution_ms = static_cast<std::int64_t>(fields.Varint());
    meta_.aggregate = fields.Text();
    const std::uint64_t source_count = fields.Varint();
    if (source_count > fields.remaining()) return Damage(sections_, "meta", 0, "more sources than bytes");
    for (std::uint64_t i = 0; i < source_count; ++i)
      meta_.sources.emplace_back(fields.Text());
  }
  if (!fields.ok() || fields.remaining() > 0) return Damage(sections_, "meta", 0, "does not decode");
  const std::uint64_t group_count = (meta_.series_count + kGroupSeries - 1) / kGroupSeries;
  if (meta_.series_count > UINT32_MAX || groups_.size() != group_count * sizeof(std::uint32_t)) {
    return Damage(sections_, "groups", 0, "not one offset a group");
  }
  return {};
}

Status BlockReader::LoadSymbols() {
  const ByteView bytes = sections_.Find(kSymbolsTag);
  codec::FieldReader fields(bytes);
  const std::uint64_t count = fields.Varint();
  if (count > fields.remaining()) return Damage(sections_, "symbols", 0, "more texts than bytes");
  symbols_.reserve(count);
  std::size_t expanded = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t shared = fields.Varint();
    const std::string_view rest = fields.Text();
    const std::uint64_t at = bytes.size() - fields.remaining();
    if (!fields.ok()) return Damage(sections_, "symbols", at, "cut short");
    if (i == 0 ? shared > 0 : shared > symbols_.back().size()) {
      return Damage(sections_, "symbols", at, "more shared with the text before than it has");
    }
    std::string text = i == 0 ? std::string() : symbols_.back().substr(0, shared);
    text += rest;
    if (i > 0 && text <= symbols_.back()) return Damage(sections_, "symbols", at, "texts out of order");
    expanded += text.size();
    // Front coding could blow a small file up; labels do not.
    if (expanded > (bytes.size() + 4096) * 64) return Damage(sections_, "symbols", at, "texts too large");
    symbols_.push_back(std::move(text));
  }
  if (fields.remaining() > 0) return Damage(sections_, "symbols", 0, "bytes left over");
  return {};
}

Status BlockReader::LoadLabels() {
  const ByteView bytes = sections_.Find(kLabelsTag);
  codec::FieldReader fields(bytes);
  std::uint64_t postings_at = 0;
  const std::uint64_t name_count = fields.Varint();
  for (std::uint64_t i = 0; i < name_count && fields.ok(); ++i) {
    const std::uint64_t name = fields.Varint();
    const std::uint64_t value_count = fields.Varint();
    const auto first_pair = static_cast<std::uint32_t>(pairs_.size());
    std::uint64_t value = 0;
    for (std::uint64_t k = 0; k < value_count && fields.ok(); ++k) {
      const std::uint64_t step = fields.Varint();
      const std::uint64_t postings_bytes = fields.Varint();
      // Names ascend, and values of a name; look-ups rely on it.
      const bool is_in_range = name < symbols_.size() && (names_.empty() || name > names_.back().symbol) &&
                               step < symbols_.size() - value && (k == 0 || step > 0) &&
                               postings_bytes <= postings_.size() - postings_at;
      if (!fields.ok() || !is_in_range) {
        return Damage(sections_, "labels", bytes.size() - fields.remaining(), "pair out of range");
      }
      value += step;
      pairs_.push_back({static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(value), postings_at,
                        static_cast<std::uint32_t>(postings_bytes)});
      postings_at += postings_bytes;
    }
    names_.push_back(
        {static_cast<std::uint32_t>(name), first_pair, static_cast<std::uint32_t>(pairs_.size())});
  }
  if (!fields.ok() || fields.remaining() > 0) return Damage(sections_, "labels", 0, "does not decode");
  return {};
}

Status BlockReader::LoadTimes() {
  const ByteView bytes = sections_.Find(kTimesTag);
  codec::FieldReader fields(bytes);
  const std::uint64_t count = fields.Varint();
  if (count > fields.remaining()) return Damage(sections_, "times", 0, "more columns than bytes");
  times_.resize(count);
  std::uint64_t offset = 0;
  for (std::vector<TimesChunk>& chunks : times_) {
    const std::uint64_t chunk_count = fields.Varint();
    if (!fields.ok() || chunk_count > fields.remaining()) {
      return Damage(sections_, "times", bytes.size() - fields.remaining(), "more chunks than bytes");
    }
    for (std::uint64_t i = 0; i < chunk_count; ++i) {
      TimesChunk chunk{.offset = offset};
      const std::uint64_t rows = fields.Varint();
      const std::uint64_t size = fields.Varint();
      chunk.first_ms = fields.ZigZag();
      const std::int64_t length = fields.ZigZag();
      const bool is_sane = fields.ok() && rows > 0 && rows <= kChunkRows && size <= bytes.size() &&
                           length >= 0 && !__builtin_add_overflow(chunk.first_ms, length, &chunk.last_ms) &&
                           (chunks.empty() || chunk.first_ms >= chunks.back().last_ms);
      if (!is_sane) {
        return Damage(sections_, "times", bytes.size() - fields.remaining(), "chunk out of range");
      }
      chunk.rows = static_cast<std::uint32_t>(rows);
      chunk.bytes = static_cast<std::uint32_t>(size);
      offset += size;
      chunks.push_back(chunk);
    }
    chunk_count_max_ = std::max(chunk_count_max_, static_cast<std::uint32_t>(chunks.size()));
  }
  time_columns_ = fields.rest();
  if (!fields.ok() || time_columns_.size() != offset) {
    return Damage(sections_, "times", bytes.size() - time_columns_.size(), "columns of another size");
  }
  return {};
}

const BlockReader::Name* BlockReader::FindName(std::string_view name) const {
  const auto found =
      std::lower_bound(names_.begin(), names_.end(), name,
                       [this](const Name& a, std::string_view b) { return TextOf(a.symbol) < b; });
  return found == names_.end() || TextOf(found->symbol) != name ? nullptr : &*found;
}

Result<index::Postings> BlockReader::PostingsOf(std::uint32_t pair) const {
  TICKSCOPE_RETURN_IF_ERROR(CheckOnce(kPostingsTag, postings_are_checked_));
  const Pair& at = pairs_[pair];
  auto postings =
      index::Postings::Deserialize(postings_.subspan(at.postings_at, at.postings_bytes), meta_.series_count);
  if (!postings) return Damage(sections_, "postings", at.postings_at, "does not decode");
  return postings;
}

Status BlockReader::AddPostings(std::uint32_t pair, index::Postings& to) const {
  TICKSCOPE_ASSIGN_OR_RETURN(const index::Postings postings, PostingsOf(pair));
  to.UnionWith(postings);
  return {};
}

Result<index::Postings> BlockReader::SelectPositive(const Matcher& matcher) const {
  index::Postings selected;
  const Name* const name = FindName(matcher.name());
  if (name == nullptr) return selected;
  const auto add = [&](std::string_view value) -> Status {
    const auto begin = pairs_.begin() + name->first_pair;
    const auto end = pairs_.begin() + name->end_pair;
    const auto found = std::lower_bound(
        begin, end, value, [this](const Pair& a, std::string_view b) { return TextOf(a.value) < b; });
    if (found == end || TextOf(found->value) != value) return {};
    return AddPostings(static_cast<std::uint32_t>(found - pairs_.begin()), selected);
  };
  const bool is_regex = matcher.type() == MatchType::kRegex || matcher.type() == MatchType::kNotRegex;
  if (!is_regex) {
    TICKSCOPE_RETURN_IF_ERROR(add(matcher.value()));
  } else if (!matcher.literals().empty()) {
    for (const std::string& literal : matcher.literals())
      TICKSCOPE_RETURN_IF_ERROR(add(literal));
  } else {
    const bool negated = matcher.type() == MatchType::kNotRegex;
    const auto& [first, last] = matcher.value_range();
    for (std::uint32_t pair = name->first_pair; pair < name->end_pair; ++pair) {
      const std::string& value = TextOf(pairs_[pair].value);
      if (value < first || (!last.empty() && value > last)) continue;
      // What cannot match the expression is passed over without running it.
      if (matcher.needs_trigrams() && !matcher.MayMatchSignature(TrigramSignature(value))) continue;
      if (matcher.Matches(value) != negated) TICKSCOPE_RETURN_IF_ERROR(AddPostings(pair, selected));
    }
  }
  return selected;
}

Result<index::Postings> BlockReader::SelectPostings(const std::vector<Matcher>& matchers) const {
  // As tsdb/series_index.cc: what refuses the empty value narrows, the rest takes away.
  index::Postings selected;
  selected.AddRange(0, static_cast<std::uint32_t>(meta_.series_count));
  std::vector<const Matcher*> removing;
  for (const Matcher& matcher : matchers) {
    const bool positive = matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex;
    if (!positive || matcher.MatchesEmpty()) {
      removing.push_back(&matcher);
      continue;
    }
    TICKSCOPE_ASSIGN_OR_RETURN(const index::Postings narrowed, SelectPositive(matcher));
    selected.IntersectWith(narrowed);
    if (selected.empty()) return selected;
  }
  for (const Matcher* const matcher : removing) {
    const Name* const name = FindName(matcher->name());
    const bool negative = matcher->type() == MatchType::kNotEqual || matcher->type() == MatchType::kNotRegex;
    if (negative) {
      TICKSCOPE_ASSIGN_OR_RETURN(const index::Postings excluded, SelectPositive(*matcher));
      selected.Subtract(excluded);
      if (matcher->MatchesEmpty()) continue;
      index::Postings with_label;
      for (std::uint32_t pair = name == nullptr ? 0 : name->first_pair;
           name != nullptr && pair < name->end_pair; ++pair) {
        TICKSCOPE_RETURN_IF_ERROR(AddPostings(pair, with_label));
      }
      selected.IntersectWith(with_label);
    } else if (name != nullptr) {
      for (std::uint32_t pair = name->first_pair; pair < name->end_pair; ++pair) {
        if (matcher->Matches(TextOf(pairs_[pair].value))) continue;
        TICKSCOPE_ASSIGN_OR_RETURN(const index::Postings excluded, PostingsOf(pair));
        selected.Subtract(excluded);
      }
    }
  }
  return selected;
}

Result<std::vector<SeriesId>> BlockReader::Select(const std::vector<Matcher>& matchers) const {
  TICKSCOPE_ASSIGN_OR_RETURN(const index::Postings postings, SelectPostings(matchers));
  std::vector<SeriesId> ids;
  ids.reserve(postings.size());
  for (const SeriesRef ref : postings.ToRefs()) {
    if (ToIndex(ref) >= meta_.series_count) return Damage(sections_, "postings", 0, "series out of range");
    ids.push_back(static_cast<SeriesId>(ToIndex(ref)));
  }
  return ids;
}

bool BlockReader::has_starts() const {
  return !sections_.Find(kStartsTag).empty();
}

Status BlockReader::ReadStarts(SeriesId id, std::vector<codec::StartChange>& out) const {
  out.clear();
  if (!has_starts()) return {};
  TICKSCOPE_RETURN_IF_ERROR(CheckOnce(kStartsTag, starts_are_checked_));
  const auto table = codec::StartTable::Open(sections_.Find(kStartsTag));
  if (!table || !table->Find(static_cast<std::uint32_t>(id), out))
    return Damage(sections_, "starts", 0, "does not decode");
  return {};
}

Result<index::HyperLogLog> BlockReader::Sketch() const {
  const ByteView bytes = sections_.Find(kSketchTag);
  if (bytes.empty()) return Fail(ErrorCode::kNotFound, path() + ": has no sketch section");
  auto sketch = index::HyperLogLog::Deserialize(bytes);
  if (!sketch) return Damage(sections_, "sketch", 0, sketch.error().message);
  return sketch;
}

Result<std::optional<SeriesId>> BlockReader::FindSeries(const Labels& labels) const {
  std::vector<Matcher> matchers;
  for (const LabelView& label : labels)
    matchers.push_back(Matcher::Equal(label.name, label.value));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<SeriesId> ids, Select(matchers));
  Cursor cursor(*this);
  for (const SeriesId id : ids) {
    TICKSCOPE_ASSIGN_OR_RETURN(const Labels found, cursor.LabelsOf(id));
    if (found == labels) return id;
  }
  return std::nullopt;
}

namespace {

// Whether any of the series of a pair, as they are written (index/postings.h), is among `chosen`, which ascend. Most pairs show
// that by their first runs: nothing is made a set of.
Result<bool> AnyChosen(ByteView postings, std::span<const SeriesRef> chosen) {
  if (chosen.empty()) return false;
  codec::FieldReader runs(postings);
  std::uint64_t next = 0;
  while (runs.remaining() > 0) {
    const std::uint64_t first = next + runs.Varint();
    next = first + runs.Varint() + 1;
    if (!runs.ok()) return Fail(ErrorCode::kCorruption, "does not decode");
    if (next <= ToIndex(chosen.front())) continue;
    if (first > ToIndex(chosen.back())) return false;
    const auto found =
        std::ranges::lower_bound(chosen, first, {}, [](SeriesRef ref) { return ToIndex(ref); });
    if (found != chosen.end() && ToIndex(*found) < next) return true;
    chosen = chosen.subspan(static_cast<std::size_t>(found - chosen.begin()));
    if (chosen.empty()) return false;
  }
  return false;
}

}  // namespace

Result<bool> BlockReader::IsOnAny(std::uint32_t pair, std::span<const SeriesRef> chosen) const {
  TICKSCOPE_RETURN_IF_ERROR(CheckOnce(kPostingsTag, postings_are_checked_));
  const Pair& at = pairs_[pair];
  auto is_on = AnyChosen(postings_.subspan(at.postings_at, at.postings_bytes), chosen);
  if (!is_on) return Damage(sections_, "postings", at.postings_at, is_on.error().message);
  return is_on;
}

Result<std::vector<std::string>> BlockReader::LabelNames(const std::vector<Matcher>& matchers) const {
  std::vector<std::string> found;
  std::vector<SeriesRef> chosen;
  if (!matchers.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const index::Postings selected, SelectPostings(matchers));
    chosen = selected.ToRefs();
  }
  for (const Name& name : names_) {
    bool is_carried = matchers.empty();
    for (std::uint32_t pair = name.first_pair; !is_carried && pair < name.end_pair; ++pair) {
      TICKSCOPE_ASSIGN_OR_RETURN(is_carried, IsOnAny(pair, chosen));
    }
    if (is_carried) found.push_back(TextOf(name.symbol));
  }
  return found;
}

Result<std::vector<std::string>> BlockReader::LabelValues(std::string_view label,
                                                          const std::vector<Matcher>& matchers) const {
  std::vector<std::string> found;
  const Name* const name = FindName(label);
  if (name == nullptr) return found;
  std::vector<SeriesRef> chosen;
  if (!matchers.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const index::Postings selected, SelectPostings(matchers));
    chosen = selected.ToRefs();
  }
  found.reserve(matchers.empty() ? name->end_pair - name->first_pair : 0);
  for (std::uint32_t pair = name->first_pair; pair < name->end_pair; ++pair) {
    if (!matchers.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool is_on, IsOnAny(pair, chosen));
      if (!is_on) continue;
    }
    found.push_back(TextOf(pairs_[pair].value));
  }
  return found;
}

Status BlockReader::ReadGroup(std::size_t group, std::vector<SeriesEntry>& entries) const {
  TICKSCOPE_RETURN_IF_ERROR(CheckOnce(kSeriesTag, series_are_checked_));
  const auto at = codec::LoadFixed<std::uint32_t>(&groups_[group * sizeof(std::uint32_t)]);
  const auto damage = [&](std::string_view what) { return Damage(sections_, "series", at, what); };
  if (at > series_.size()) return damage("group outside the section");
  codec::FieldReader fields(series_.subspan(at));
  const std::size_t count = std::min<std::uint64_t>(kGroupSeries, meta_.series_count - group * kGroupSeries);
  entries.resize(count);
  std::uint64_t columns_at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    SeriesEntry& entry = entries[i];
    entry.pairs.clear();
    entry.column_bytes.clear();
    entry.stats.clear();
    if (const std::uint64_t shape = fields.Varint(); shape == 0) {
      const std::uint64_t label_count = fields.Varint();
      if (!fields.ok() || label_count > fields.remaining()) return damage("more labels than bytes");
      for (std::uint64_t k = 0; k < label_count; ++k)
        entry.pairs.push_back(static_cast<std::uint32_t>(fields.Varint()));
    } else {
      const std::uint64_t mask = (shape - 1) / 2;
      if (i == 0) return damage("first of a group refers to the one before");
      entry.pairs = entries[i - 1].pairs;
      if (entry.pairs.size() < 64 && mask >> entry.pairs.size() != 0) return damage("labels out of range");
      for (std::size_t k = 0; k < entry.pairs.size() && k < 64; ++k) {
        if ((mask >> k & 1) != 0) entry.pairs[k] = static_cast<std::uint32_t>(fields.Varint());
      }
    }
    const std::uint64_t times = fields.Varint();
    const std::uint8_t flags = fields.Byte();
    columns_at += static_cast<std::uint64_t>(fields.ZigZag());
    if (!fields.ok() || times >= times_.size()) return damage("times out of range");
    entry.times = static_cast<TimesId>(times);
    entry.refers_to_previous = (flags & kRefersToPrevious) != 0;
    entry.holds_histograms = (flags & kHoldsHistograms) != 0;
    entry.columns_at = columns_at;
    const std::vector<TimesChunk>& chunks = times_[times];
    for (std::size_t chunk = 0; chunk < (entry.holds_histograms ? 1 : chunks.size()); ++chunk) {
      const std::uint64_t size = fields.Varint();
      if (!fields.ok() || columns_at > columns_.size() || size > columns_.size() - columns_at) {
        return damage("columns outside their section");
      }
      columns_at += size;
      entry.column_bytes.push_back(static_cast<std::uint32_t>(size));
      if (entry.holds_histograms) continue;
      auto stats = codec::DecodeColumnStats(fields, chunks[chunk].rows);
      if (!stats) return damage("column stats do not decode");
      entry.stats.push_back(*std::move(stats));
    }
    for (std::size_t k = 0; k < entry.pairs.size(); ++k) {
      if (entry.pairs[k] >= pairs_.size()) return damage("unknown label pair");
      if (k > 0 && pairs_[entry.pairs[k]].name <= pairs_[entry.pairs[k - 1]].name)
        return damage("labels out of order");
    }
  }
  if (!fields.ok()) return damage("cut short");
  return {};
}

Labels BlockReader::LabelsOfEntry(const SeriesEntry& entry) const {
  std::vector<LabelView> views;
  views.reserve(entry.pairs.size());
  for (const std::uint32_t pair : entry.pairs)
    views.push_back({TextOf(pairs_[pair].name), TextOf(pairs_[pair].value)});
  return Labels::FromSorted(views);
}

Result<Labels> BlockReader::LabelsOf(SeriesId id) const {
  Cursor cursor(*this);
  return cursor.LabelsOf(id);
}

Status BlockReader::ReadSamples(SeriesId id, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const {
  Cursor cursor(*this);
  return cursor.ReadSamples(id, start_ms, end_ms, out);
}

Status BlockReader::ReadTimes(const TimesChunk& chunk, std::vector<TimeMs>& out) const {
  const Status decoded = codec::DecodeTimes(TimesColumn(chunk), out);
  if (!decoded || out.size() != chunk.rows || out.front() != chunk.first_ms || out.back() != chunk.last_ms) {
    return Damage(sections_, "times", chunk.offset, "does not decode");
  }
  return {};
}

Status BlockReader::ReadTimes(TimesId id, std::vector<TimeMs>& out) const {
  out.clear();
  std::vector<TimeMs> part;
  for (const TimesChunk& chunk : ChunksOf(id)) {
    TICKSCOPE_RETURN_IF_ERROR(ReadTimes(chunk, part));
    out.insert(out.end(), part.begin(), part.end());
  }
  return {};
}

Result<ByteView> BlockReader::ColumnBytes(std::uint64_t offset, std::uint64_t size) const {
  if (offset > columns_.size() || size > columns_.size() - offset) {
    return Damage(sections_, "columns", offset, "outside the section");
  }
  if (size == 0) return ByteView{};
  const std::uint64_t end = (offset + size - 1) / kPageBytes + 1;
  for (std::uint64_t page = offset / kPageBytes; page < end; ++page) {
    if (is_checked_[page].load(std::memory_order_relaxed)) continue;
    // What is missing is fetched at once, as far as the column reaches.
    const ByteRange range = PageRange(page, end);
    TICKSCOPE_RETURN_IF_ERROR(bytes_->Ensure(range.offset, range.size));
    for (; page < end; ++page) {
      if (is_checked_[page].load(std::memory_order_relaxed)) continue;
      TICKSCOPE_RETURN_IF_ERROR(CheckPage(page));
      is_checked_[page].store(true, std::memory_order_relaxed);
    }
  }
  return columns_.subspan(offset, size);
}

// Where pages [first, end) lie in the file; the first goes with the magic number before it.
ByteRange BlockReader::PageRange(std::uint64_t first, std::uint64_t end) const {
  const std::uint64_t columns_at = sections_.RangeOf(kColumnsTag).offset;
  const std::uint64_t from = first == 0 ? 0 : columns_at + first * kPageBytes;
  const std::uint64_t to = columns_at + std::min<std::uint64_t>(end * kPageBytes, columns_.size());
  return {from, to - from};
}

Status BlockReader::PrefetchColumns(std::uint64_t from, std::uint64_t to) const {
  to = std::min<std::uint64_t>(to, columns_.size());
  if (from >= to) return {};
  const ByteRange range = PageRange(from / kPageBytes, (to - 1) / kPageBytes + 1);
  return bytes_->Ensure(range.offset, range.size);
}

void BlockReader::ReleaseColumns(std::uint64_t from, std::uint64_t to) const {
  to = std::min<std::uint64_t>(to, columns_.size());
  if (from < to) bytes_->Release(sections_.RangeOf(kColumnsTag).offset + from, to - from);
}

Status BlockReader::Prefetch(std::span<const SeriesId> ids, TimeMs start_ms, TimeMs end_ms) const {
  if (bytes_->is_here()) return {};
  Cursor cursor(*this);
  std::vector<ByteRange> ranges;
  // Pages, so that no page is fetched in two parts.
  const auto want = [&](std::uint64_t offset, std::uint64_t size) {
    if (size == 0) return;
    ranges.push_back(PageRange(offset / kPageBytes, (offset + size - 1) / kPageBytes + 1));
    if (ranges.size() >= kPrefetchRangesMax) ranges = Coalesce(std::move(ranges));
  };
  for (const SeriesId id : ids) {
    if (static_cast<std::uint64_t>(id) >= meta_.series_count) {
      return Fail(ErrorCode::kOutOfRange, path() + ": has no such series");
    }
    bool refers = true;
    for (std::size_t back = 0; refers && back <= kChainMax; ++back) {
      const auto each = static_cast<SeriesId>(static_cast<std::size_t>(id) - back);
      TICKSCOPE_ASSIGN_OR_RETURN(const SeriesEntry* const entry, cursor.Entry(each));
      const std::span<const TimesChunk> chunks = ChunksOf(entry->times);
      std::uint64_t at = entry->columns_at;
      for (std::size_t chunk = 0; chunk < entry->column_bytes.size(); ++chunk) {
        const bool is_wanted = entry->holds_histograms ||
                               (chunks[chunk].last_ms >= start_ms && chunks[chunk].first_ms <= end_ms);
        if (is_wanted) want(at, entry->column_bytes[chunk]);
        at += entry->column_bytes[chunk];
      }
      refers = entry->refers_to_previous && static_cast<std::size_t>(each) > 0;
    }
  }
  for (const ByteRange& range : Coalesce(std::move(ranges)))
    TICKSCOPE_RETURN_IF_ERROR(bytes_->Ensure(range.offset, range.size));
  return {};
}

Status BlockReader::CheckPage(std::uint64_t page) const {
  const std::uint64_t at = page * kPageBytes;
  if (page == 0) TICKSCOPE_RETURN_IF_ERROR(sections_.CheckFront());
  const ByteView bytes = columns_.subspan(at, std::min<std::uint64_t>(kPageBytes, columns_.size() - at));
  if (codec::Crc32c(bytes) != codec::LoadFixed<std::uint32_t>(&page_crcs_[page * sizeof(std::uint32_t)])) {
    return Damage(sections_, "columns", at, "checksum mismatch");
  }
  return {};
}

Status BlockReader::CheckPages(std::uint64_t first, std::uint64_t count) const {
  const std::uint64_t end = std::min(first + count, page_count());
  if (first >= end) return {};
  const ByteRange range = PageRange(first, end);
  TICKSCOPE_RETURN_IF_ERROR(bytes_->Ensure(range.offset, range.size));
  for (std::uint64_t page = first; page < end; ++page)
    TICKSCOPE_RETURN_IF_ERROR(CheckPage(page));
  return {};
}

Status BlockReader::CheckIndex() const {
  for (const std::uint8_t tag : kCheckedLater) {
    const ByteRange range = sections_.RangeOf(tag);
    TICKSCOPE_RETURN_IF_ERROR(bytes_->Ensure(range.offset, range.size));
  }
  TICKSCOPE_RETURN_IF_ERROR(bytes_->Ensure(0, std::min<std::uint64_t>(file_bytes(), kBlockMagic.size())));
  TICKSCOPE_ASSIGN_OR_RETURN(const SectionReader sections,
                             SectionReader::Open(bytes_->bytes(), kBlockMagic, sections_.name()));
  return {};
}

Status BlockReader::Verify(const std::function<void(std::uint64_t done)>& progress) const {
  Cursor cursor(*this);
  SampleColumns samples;
  std::uint64_t sample_count = 0;
  for (std::uint64_t id = 0; id < meta_.series_count; ++id) {
    samples.Clear();
    TICKSCOPE_RETURN_IF_ERROR(cursor.ReadSamples(static_cast<SeriesId>(id), INT64_MIN, INT64_MAX, samples));
    sample_count += samples.size();
    if (progress && id % 1024 == 1023) progress(id + 1);
  }
  for (std::uint32_t pair = 0; pair < pairs_.size(); ++pair) {
    TICKSCOPE_ASSIGN_OR_RETURN(const index::Postings postings, PostingsOf(pair));
  }
  if (sample_count != meta_.sample_count) return Damage(sections_, "meta", 0, "another number of samples");
  if (const auto sketch = Sketch(); !sketch && sketch.error().code != ErrorCode::kNotFound)
    return std::unexpected(sketch.error());
  if (progress) progress(meta_.series_count);
  return {};
}

}  // namespace tickscope::block
