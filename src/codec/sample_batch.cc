#include "codec/sample_batch.h"

#include <bit>
#include <cmath>
#include <unordered_map>

#include "codec/fixed.h"
#include "codec/float_classes.h"
#include "codec/histogram_codec.h"
#include "codec/sample_batch_layout.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

void PutSection(Section tag, const Bytes& body, Bytes& out) {
  out.push_back(static_cast<std::byte>(tag));
  PutVarint(body.size(), out);
  AppendBytes(body, out);
}

void PutSeries(const std::vector<SeriesDefinition>& series, Bytes& out) {
  std::unordered_map<std::string_view, std::uint32_t> index_of;
  std::vector<std::string_view> symbols;
  const auto intern = [&](std::string_view text) {
    const auto [found, is_new] = index_of.try_emplace(text, static_cast<std::uint32_t>(symbols.size()));
    if (is_new) symbols.push_back(text);
    return found->second;
  };
  Bytes definitions;
  PutVarint(series.size(), definitions);
  std::int64_t next_ref = 0;
  for (const SeriesDefinition& definition : series) {
    const std::int64_t ref = ToIndex(definition.ref);
    PutZigZag(ref - next_ref, definitions);
    next_ref = ref + 1;
    PutVarint(definition.labels.size(), definitions);
    for (const LabelView& label : definition.labels) {
      PutVarint(intern(label.name), definitions);
      PutVarint(intern(label.value), definitions);
    }
  }
  PutVarint(symbols.size(), out);
  for (const std::string_view symbol : symbols)
    PutText(symbol, out);
  AppendBytes(definitions, out);
}

// Samples [from, to) have one ref; to is the first that has another.
std::size_t EndOfRef(const FloatColumns& floats, std::size_t from) {
  std::size_t to = from + 1;
  while (to < floats.size() && floats.refs[to] == floats.refs[from])
    ++to;
  return to;
}

void PutRuns(const FloatColumns& floats, Bytes& out) {
  std::int64_t next_ref = 0;
  TimeMs last_time = 0;
  std::size_t at = 0;
  while (at < floats.size()) {
    const std::size_t points = EndOfRef(floats, at) - at;
    std::uint64_t length = 1;
    std::size_t next = at + points;
    while (next + points <= floats.size() &&
           ToIndex(floats.refs[next]) == ToIndex(floats.refs[at]) + length) {
      if (points > 1 && EndOfRef(floats, next) - next != points) break;
      if (points == 1 && next + 1 < floats.size() && floats.refs[next + 1] == floats.refs[next]) break;
      bool same_times = true;
      for (std::size_t i = 0; i < points && same_times; ++i) {
        same_times = floats.times_ms[next + i] == floats.times_ms[at + i];
      }
      if (!same_times) break;
      next += points;
      ++length;
    }
    const std::int64_t ref = ToIndex(floats.refs[at]);
    PutZigZag(ref - next_ref, out);
    next_ref = ref + static_cast<std::int64_t>(length);
    PutVarint(length, out);
    PutVarint(points, out);
    for (std::size_t i = 0; i < points; ++i) {
      PutZigZag(floats.times_ms[at + i] - last_time, out);
      last_time = floats.times_ms[at + i];
    }
    at = next;
  }
}

Status TakeSeries(FieldReader& reader, SampleBatch& batch) {
  std::vector<std::string_view> symbols;
  const std::uint64_t symbol_count = reader.Varint();
  if (symbol_count > reader.remaining()) return Corrupt("series", "more symbols than bytes");
  symbols.reserve(symbol_count);
  for (std::uint64_t i = 0; i < symbol_count; ++i)
    symbols.push_back(reader.Text());
  const std::uint64_t series_count = reader.Varint();
  if (!reader.ok() || series_count > reader.remaining()) return Corrupt("series", "more series than bytes");
  std::int64_t next_ref = 0;
  batch.series.reserve(series_count);
  for (std::uint64_t i = 0; i < series_count; ++i) {
    SeriesDefinition definition;
    const std::int64_t ref = next_ref + reader.ZigZag();
    next_ref = ref + 1;
    if (ref < 0 || ref > 0xffff'ffffLL) return Corrupt("series", "ref out of range");
    definition.ref = static_cast<SeriesRef>(ref);
    const std::uint64_t label_count = reader.Varint();
    if (label_count > reader.remaining()) return Corrupt("series", "more labels than bytes");
    definition.labels.reserve(label_count);
    for (std::uint64_t k = 0; k < label_count; ++k) {
      const std::uint64_t name = reader.Varint();
      const std::uint64_t value = reader.Varint();
      if (!reader.ok() || name >= symbols.size() || value >= symbols.size()) {
        return Corrupt("series", "symbol out of range");
      }
      definition.labels.push_back({symbols[name], symbols[value]});
    }
    batch.series.push_back(std::move(definition));
  }
  return reader.ok() ? Status{} : Corrupt("series", "cut");
}

// Refs and times of all samples; values are made room for.
Status TakeRuns(FieldReader& reader, FloatColumns& floats) {
  const std::uint64_t count = reader.Varint();
  if (count > 2 * reader.remaining()) return Corrupt("floats", "more samples than bytes");
  floats.refs.reserve(count);
  floats.times_ms.reserve(count);
  std::int64_t next_ref = 0;
  std::uint64_t time = 0;
  std::vector<TimeMs> run_times;
  while (floats.refs.size() < count) {
    // Unsigned, so that hostile steps wrap instead of overflowing.
    const std::uint64_t first =
        static_cast<std::uint64_t>(next_ref) + static_cast<std::uint64_t>(reader.ZigZag());
    const std::uint64_t length = reader.Varint();
    const std::uint64_t points = reader.Varint();
    const std::uint64_t left = count - floats.refs.size();
    if (!reader.ok() || length == 0 || points == 0 || length > left || points > left / length) {
      return Corrupt("floats", "run longer than the section");
    }
    if (first > 0xffff'ffffULL || first + length > 0x1'0000'0000ULL)
      return Corrupt("floats", "ref out of range");
    run_times.clear();
    for (std::uint64_t i = 0; i < points; ++i) {
      time += static_cast<std::uint64_t>(reader.ZigZag());
      run_times.push_back(static_cast<TimeMs>(time));
    }
    for (std::uint64_t i = 0; i < length; ++i) {
      for (const TimeMs time_ms : run_times) {
        floats.refs.push_back(static_cast<SeriesRef>(first + i));
        floats.times_ms.push_back(time_ms);
      }
    }
    next_ref = static_cast<std::int64_t>(first + length);
  }
  if (!reader.ok()) return Corrupt("floats", "cut in the runs");
  floats.values.resize(count);
  return {};
}

Status TakeFloats(FieldReader& reader, FloatColumns& floats) {
  TICKSCOPE_RETURN_IF_ERROR(TakeRuns(reader, floats));
  if (!TakeFloatClasses(reader, floats.values)) return Corrupt("floats", "cut in the values");
  return {};
}

// Null bases: the batch is read by itself. Returns how many samples could not be read for want of earlier ones.
Result<std::uint64_t> TakeSteps(FieldReader& reader, BatchBases* bases, FloatColumns& floats) {
  TICKSCOPE_RETURN_IF_ERROR(TakeRuns(reader, floats));
  if (bases == nullptr)
    return Fail(ErrorCode::kUnsupported, "sample batch: steps: read without the epoch's batches");
  switch (bases->values.Take(floats.refs, reader, floats.values)) {
    case ValueBases::Outcome::kTaken:
      return std::uint64_t{0};
    case ValueBases::Outcome::kCorrupt:
      return Corrupt("steps", "values do not decode");
    case ValueBases::Outcome::kUnproven:
      break;
  }
  const std::uint64_t unproven = floats.size();
  floats.Clear();
  return unproven;
}

Status TakeHistograms(FieldReader& reader, std::vector<HistogramEntry>& histograms) {
  const std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return Corrupt("histograms", "more samples than bytes");
  std::uint64_t ref = 0;
  std::uint64_t time = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    ref += static_cast<std::uint64_t>(reader.ZigZag());
    time += static_cast<std::uint64_t>(reader.ZigZag());
    if (!reader.ok() || ref > 0xffff'ffffULL) return Corrupt("histograms", "ref out of range");
    TICKSCOPE_ASSIGN_OR_RETURN(Histogram histogram, TakeHistogram(reader));
    histograms.push_back({static_cast<SeriesRef>(ref), static_cast<TimeMs>(time),
                          std::make_shared<const Histogram>(std::move(histogram))});
  }
  return {};
}

Status TakeMetadata(FieldReader& reader, std::vector<MetadataEntry>& metadata) {
  const std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return Corrupt("metadata", "more entries than bytes");
  for (std::uint64_t i = 0; i < count; ++i) {
    MetadataEntry entry;
    entry.metric = reader.Text();
    entry.metadata.type = reader.Text();
    entry.metadata.help = reader.Text();
    entry.metadata.unit = reader.Text();
    metadata.push_back(std::move(entry));
  }
  return reader.ok() ? Status{} : Corrupt("metadata", "cut");
}

void PutOverflow(const std::vector<OverflowEntry>& entries, Bytes& out) {
  PutVarint(entries.size(), out);
  for (const OverflowEntry& entry : entries) {
    PutVarint(ToIndex(entry.group), out);
    out.push_back(static_cast<std::byte>(entry.is_counter ? 1 : 0));
    PutFixed(entry.source.low, out);
    PutFixed(entry.source.high, out);
    PutZigZag(entry.time_ms, out);
    PutFixed(std::bit_cast<std::uint64_t>(entry.value), out);
    PutFixed(std::bit_cast<std::uint64_t>(entry.increment), out);
  }
}

Status TakeOverflow(FieldReader& reader, std::vector<OverflowEntry>& entries) {
  const std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return Corrupt("overflow", "more entries than bytes");
  for (std::uint64_t i = 0; i < count; ++i) {
    OverflowEntry entry;
    const std::uint64_t group = reader.Varint();
    entry.is_counter = reader.Byte() != 0;
    entry.source.low = reader.Fixed64();
    entry.source.high = reader.Fixed64();
    entry.time_ms = reader.ZigZag();
    entry.value = std::bit_cast<double>(reader.Fixed64());
    entry.increment = std::bit_cast<double>(reader.Fixed64());
    if (!reader.ok() || group > 0xffff'ffffULL) return Corrupt("overflow", "group out of range");
    entry.group = static_cast<SeriesRef>(group);
    entries.push_back(entry);
  }
  return {};
}

void PutExemplars(const std::vector<ExemplarEntry>& entries, Bytes& out) {
  PutVarint(entries.size(), out);
  std::int64_t last_ref = 0;
  std::uint64_t last_time = 0;
  for (const ExemplarEntry& entry : entries) {
    const std::int64_t ref = ToIndex(entry.ref);
    const auto time = static_cast<std::uint64_t>(entry.exemplar.time_ms);
    PutZigZag(ref - last_ref, out);
    PutZigZag(static_cast<std::int64_t>(time - last_time), out);
    PutFixed(std::bit_cast<std::uint64_t>(entry.exemplar.value), out);
    PutVarint(entry.exemplar.labels.size(), out);
    for (const LabelView& label : entry.exemplar.labels) {
      PutText(label.name, out);
      PutText(label.value, out);
    }
    last_ref = ref;
    last_time = time;
  }
}

Status TakeExemplars(FieldReader& reader, std::vector<ExemplarEntry>& entries) {
  const std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return Corrupt("exemplars", "more entries than bytes");
  std::uint64_t ref = 0;
  std::uint64_t time = 0;
  std::vector<LabelView> labels;
  for (std::uint64_t i = 0; i < count; ++i) {
    ExemplarEntry entry;
    ref += static_cast<std::uint64_t>(reader.ZigZag());
    time += static_cast<std::uint64_t>(reader.ZigZag());
    entry.exemplar.value = std::bit_cast<double>(reader.Fixed64());
    const std::uint64_t label_count = reader.Varint();
    if (!reader.ok() || ref > 0xffff'ffffULL) return Corrupt("exemplars", "ref out of range");
    if (label_count > reader.remaining()) return Corrupt("exemplars", "more labels than bytes");
    labels.clear();
    for (std::uint64_t k = 0; k < label_count; ++k) {
      const std::string_view name = reader.Text();
      const std::string_view value = reader.Text();
      if (!reader.ok() || value.empty() || (!labels.empty() && name <= labels.back().name))
        return Corrupt("exemplars", "labels out of order");
      labels.push_back({name, value});
    }
    entry.ref = static_cast<SeriesRef>(ref);
    entry.exemplar.time_ms = static_cast<TimeMs>(time);
    entry.exemplar.labels = Labels::FromSorted(labels);
    entries.push_back(std::move(entry));
  }
  return reader.ok() ? Status{} : Corrupt("exemplars", "cut");
}

}  // namespace

void SampleBatch::Clear() {
  tenant.clear();
  received_ms = 0;
  series.clear();
  floats.Clear();
  histograms.clear();
  metadata.clear();
  overflow.clear();
  exemplars.clear();
  delivery.reset();
  delivered.clear();
}

namespace {

// Appends the body of the starts section; nothing when the batch needs none.
void PutStarts(const SampleBatch& batch, StartBases& bases, Bytes& out) {
  std::vector<SeriesRef> refs;
  std::vector<TimeMs> starts_ms;
  for (const HistogramEntry& entry : batch.histograms) {
    refs.push_back(entry.ref);
    starts_ms.push_back(entry.start_ms);
  }
  bases.Put({batch.floats.refs, batch.floats.starts_ms}, {refs, starts_ms}, out);
}

Status TakeStarts(FieldReader& reader, StartBases& bases, SampleBatch& batch) {
  if (!batch.floats.starts_ms.empty()) return Corrupt("starts", "twice");
  std::vector<SeriesRef> refs;
  for (const HistogramEntry& entry : batch.histograms)
    refs.push_back(entry.ref);
  std::vector<TimeMs> starts_ms;
  if (!bases.Take(reader, batch.floats.refs, batch.floats.starts_ms, refs, starts_ms))
    return Corrupt("starts", "does not decode");
  for (std::size_t i = 0; i < starts_ms.size(); ++i)
    batch.histograms[i].start_ms = starts_ms[i];
  return {};
}

// Null bases: the batch by itself, floats as they are.
void EncodeWith(const SampleBatch& batch, BatchBases* bases, Bytes& out) {
  const bool has_steps = bases != nullptr && batch.floats.size() > 0;
  Bytes starts;
  StartBases none;
  PutStarts(batch, bases == nullptr ? none : bases->starts, starts);
  const bool has_deliveries = batch.delivery || !batch.delivered.empty();
  const std::uint8_t version = has_deliveries             ? kDeliveriesVersion
                               : !batch.exemplars.empty() ? kExemplarsVersion
                               : !starts.empty()          ? kStartsVersion
                               : has_steps                ? kStepsVersion
                                                          : kPlainVersion;
  out.push_back(static_cast<std::byte>(version));
  PutText(batch.tenant, out);
  PutZigZag(batch.received_ms, out);
  Bytes body;
  if (!batch.series.empty()) {
    PutSeries(batch.series, body);
    PutSection(Section::kSeries, body, out);
    body.clear();
  }
  if (batch.floats.size() > 0) {
    body.reserve(batch.floats.size() * 4 + 64);
    PutVarint(batch.floats.size(), body);
    PutRuns(batch.floats, body);
    if (has_steps) {
      bases->values.Put(batch.floats.refs, batch.floats.values, body);
    } else {
      PutFloatClasses(batch.floats.values, body);
    }
    PutSection(has_steps ? Section::kSteps : Section::kFloats, body, out);
    body.clear();
  }
  if (!batch.histograms.empty()) {
    PutVarint(batch.histograms.size(), body);
    std::int64_t last_ref = 0;
    TimeMs last_time = 0;
    for (const HistogramEntry& entry : batch.histograms) {
      const std::int64_t ref = ToIndex(entry.ref);
      PutZigZag(ref - last_ref, body);
      PutZigZag(entry.time_ms - last_time, body);
      PutHistogram(*entry.histogram, body);
      last_ref = ref;
      last_time = entry.time_ms;
    }
    PutSection(Section::kHistograms, body, out);
    body.clear();
  }
  if (!starts.empty()) PutSection(Section::kStarts, starts, out);
  if (!batch.metadata.empty()) {
    PutVarint(batch.metadata.size(), body);
    for (const MetadataEntry& entry : batch.metadata) {
      PutText(entry.metric, body);
      PutText(entry.metadata.type, body);
      PutText(entry.metadata.help, body);
      PutText(entry.metadata.unit, body);
    }
    PutSection(Section::kMetadata, body, out);
    body.clear();
  }
  if (!batch.overflow.empty()) {
    PutOverflow(batch.overflow, body);
    PutSection(Section::kOverflow, body, out);
    body.clear();
  }
  if (!batch.exemplars.empty()) {
    PutExemplars(batch.exemplars, body);
    PutSection(Section::kExemplars, body, out);
    body.clear();
  }
  if (batch.delivery) {
    PutDelivery(*batch.delivery, body);
    PutSection(Section::kDelivery, body, out);
    body.clear();
  }
  if (!batch.delivered.empty()) {
    PutDelivered(batch.delivered, body);
    PutSection(Section::kDelivered, body, out);
  }
}

Status TakeHeader(FieldReader& reader, SampleBatch& batch) {
  batch.Clear();
  const std::uint8_t version = reader.Byte();
  if (reader.ok()) TICKSCOPE_RETURN_IF_ERROR(CheckBatchVersion(version));
  batch.tenant = reader.Text();
  batch.received_ms = reader.ZigZag();
  if (!reader.ok()) return Corrupt("header", "cut");
  return {};
}

// `bases_of` gives a tenant's bases, null to read the batch by itself. Returns the count of unproven samples.
template <typename BasesOf>
Result<std::uint64_t> DecodeWith(ByteView bytes, SampleBatch& batch, const BasesOf& bases_of) {
  FieldReader reader(bytes);
  std::uint64_t unproven = 0;
  TICKSCOPE_RETURN_IF_ERROR(TakeHeader(reader, batch));
  while (reader.remaining() > 0) {
    const auto tag = static_cast<Section>(reader.Byte());
    FieldReader body(reader.Take(reader.Varint()));
    if (!reader.ok()) return Corrupt("section", "longer than the batch");
    switch (tag) {
      case Section::kSeries:
        TICKSCOPE_RETURN_IF_ERROR(TakeSeries(body, batch));
        break;
      case Section::kFloats:
        TICKSCOPE_RETURN_IF_ERROR(TakeFloats(body, batch.floats));
        break;
      case Section::kSteps: {
        TICKSCOPE_ASSIGN_OR_RETURN(unproven, TakeSteps(body, bases_of(batch.tenant), batch.floats));
        break;
      }
      case Section::kStarts: {
        BatchBases* const bases = bases_of(batch.tenant);
        // A count that is not zero: sections before this one.
        if (bases == nullptr && body.remaining() > 0 && body.rest().front() != std::byte{0})
          return Fail(ErrorCode::kUnsupported, "sample batch: starts: read without the epoch's batches");
        StartBases none;
        if (unproven > 0) {
          // Their series are not known any more, nor whose starts the section changes.
          bases->starts.Lose();
          static_cast<void>(body.Take(body.remaining()));
          break;
        }
        TICKSCOPE_RETURN_IF_ERROR(TakeStarts(body, bases == nullptr ? none : bases->starts, batch));
        break;
      }
      case Section::kHistograms:
        TICKSCOPE_RETURN_IF_ERROR(TakeHistograms(body, batch.histograms));
        break;
      case Section::kMetadata:
        TICKSCOPE_RETURN_IF_ERROR(TakeMetadata(body, batch.metadata));
        break;
      case Section::kOverflow:
        TICKSCOPE_RETURN_IF_ERROR(TakeOverflow(body, batch.overflow));
        break;
      case Section::kExemplars:
        TICKSCOPE_RETURN_IF_ERROR(TakeExemplars(body, batch.exemplars));
        break;
      case Section::kDelivery:
        TICKSCOPE_RETURN_IF_ERROR(TakeDelivery(body, batch.delivery));
        break;
      case Section::kDelivered:
        TICKSCOPE_RETURN_IF_ERROR(TakeDelivered(body, batch.delivered));
        break;
      default:
        return Corrupt("section", "unknown tag");
    }
    if (body.remaining() != 0) return Corrupt("section", "bytes after its last field");
  }
  if (!batch.floats.starts_ms.empty() && batch.floats.starts_ms.size() != batch.floats.size())
    return Corrupt("starts", "before the samples they are of");
  return unproven;
}

}  // namespace

void EncodeSampleBatch(const SampleBatch& batch, Bytes& out) {
  EncodeWith(batch, nullptr, out);
}

Status DecodeSampleBatch(ByteView bytes, SampleBatch& batch) {
  const auto none = [](const std::string&) -> BatchBases* { return nullptr; };
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t unproven, DecodeWith(bytes, batch, none));
  static_cast<void>(unproven);
  return {};
}

Status ReadDeliveries(ByteView bytes, SampleBatch& batch) {
  FieldReader reader(bytes);
  TICKSCOPE_RETURN_IF_ERROR(TakeHeader(reader, batch));
  while (reader.remaining() > 0) {
    const auto tag = static_cast<Section>(reader.Byte());
    FieldReader body(reader.Take(reader.Varint()));
    if (!reader.ok()) return Corrupt("section", "longer than the batch");
    if (tag == Section::kDelivery) TICKSCOPE_RETURN_IF_ERROR(TakeDelivery(body, batch.delivery));
    if (tag == Section::kDelivered) TICKSCOPE_RETURN_IF_ERROR(TakeDelivered(body, batch.delivered));
  }
  return {};
}

void BatchEncoder::Encode(const SampleBatch& batch, std::uint64_t epoch, Bytes& out) {
  if (epoch != epoch_) bases_.clear();
  epoch_ = epoch;
  EncodeWith(batch, &bases_[batch.tenant], out);
}

void BatchEncoder::Forget(const SampleBatch& batch) {
  BatchBases& bases = bases_[batch.tenant];
  bases.values.Forget(batch.floats.refs);
  bases.starts.Undo();
}

Status BatchDecoder::Decode(ByteView bytes, std::uint64_t epoch, SampleBatch& batch) {
  if (epoch != epoch_) bases_.clear();
  epoch_ = epoch;
  const auto bases_of = [this](const std::string& tenant) { return &bases_[tenant]; };
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t unproven, DecodeWith(bytes, batch, bases_of));
  unproven_samples_ += unproven;
  return {};
}

}  // namespace tickscope::codec
