#include "wire/remote_write_encode.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <unordered_set>
#include <vector>

#include <snappy.h>
#include <protozero/pbf_writer.hpp>

#include "base/check.h"
#include "model/sample.h"

namespace tickscope::wire {
namespace {

using protozero::pbf_writer;

constexpr double kExactIntegerMax = 0x1p53;

bool IsCount(double v) {
  return v >= 0 && v <= kExactIntegerMax && v == std::floor(v);
}

bool AllCounts(const std::vector<double>& values) {
  for (const double v : values) {
    if (!IsCount(v)) return false;
  }
  return true;
}

bool HasIntegerCounts(const Histogram& h) {
  return IsCount(h.count) && IsCount(h.zero_count) && AllCounts(h.positive_buckets) &&
         AllCounts(h.negative_buckets);
}

// Proto3 leaves out a field at its default. -0.0 is not the default, so bits are compared.
void AddDouble(pbf_writer& out, protozero::pbf_tag_type tag, double v) {
  if (std::bit_cast<std::uint64_t>(v) != 0) out.add_double(tag, v);
}
void AddInt64(pbf_writer& out, protozero::pbf_tag_type tag, std::int64_t v) {
  if (v != 0) out.add_int64(tag, v);
}

void AddSpans(pbf_writer& out, protozero::pbf_tag_type tag, const std::vector<BucketSpan>& spans) {
  for (const BucketSpan& span : spans) {
    pbf_writer message(out, tag);
    if (span.offset != 0) message.add_sint32(1, span.offset);
    if (span.length != 0) message.add_uint32(2, span.length);
  }
}

void AddDeltas(pbf_writer& out, protozero::pbf_tag_type tag, const std::vector<double>& counts) {
  if (counts.empty()) return;
  protozero::packed_field_sint64 deltas(out, tag);
  std::int64_t previous = 0;
  for (const double count : counts) {
    const auto current = static_cast<std::int64_t>(count);
    deltas.add_element(current - previous);
    previous = current;
  }
}

void AddCounts(pbf_writer& out, protozero::pbf_tag_type tag, const std::vector<double>& counts) {
  if (!counts.empty()) out.add_packed_double(tag, counts.begin(), counts.end());
}

// Both protocols number these fields alike; `start_time_ms` exists in 2.0 only.
void AddHistogramFields(pbf_writer& out, const Histogram& h, TimeMs time_ms, TimeMs start_time_ms) {
  const bool integer = HasIntegerCounts(h);
  if (integer) {
    out.add_uint64(1, static_cast<std::uint64_t>(h.count));
  } else {
    out.add_double(2, h.count);
  }
  AddDouble(out, 3, h.sum);
  if (h.schema != 0) out.add_sint32(4, h.schema);
  AddDouble(out, 5, h.zero_threshold);
  if (integer) {
    out.add_uint64(6, static_cast<std::uint64_t>(h.zero_count));
  } else {
    out.add_double(7, h.zero_count);
  }
  AddSpans(out, 8, h.negative_spans);
  if (integer) {
    AddDeltas(out, 9, h.negative_buckets);
  } else {
    AddCounts(out, 10, h.negative_buckets);
  }
  AddSpans(out, 11, h.positive_spans);
  if (integer) {
    AddDeltas(out, 12, h.positive_buckets);
  } else {
    AddCounts(out, 13, h.positive_buckets);
  }
  if (h.reset_hint != ResetHint::kUnknown) out.add_enum(14, static_cast<std::int32_t>(h.reset_hint));
  AddInt64(out, 15, time_ms);
  AddCounts(out, 16, h.custom_bounds);
  AddInt64(out, 17, start_time_ms);
}

void AddLabelsV1(pbf_writer& out, const Labels& labels) {
  for (const LabelView& label : labels) {
    pbf_writer message(out, 1);
    message.add_string(1, label.name.data(), label.name.size());
    message.add_string(2, label.value.data(), label.value.size());
  }
}

}  // namespace

void RemoteWriteEncoder::Encode(std::span<const WriteSeries> series, std::string& body) {
  message_.clear();
  if (protocol_ == RemoteWriteProtocol::kV1) {
    EncodeV1(series);
  } else {
    EncodeV2(series);
  }
  TICKSCOPE_CHECK(message_.size() <= 0xffffffffU);
  snappy::Compress(message_.data(), message_.size(), &body);
}

void RemoteWriteEncoder::EncodeV1(std::span<const WriteSeries> series) {
  pbf_writer request(message_);
  for (const WriteSeries& s : series) {
    series_message_.clear();
    pbf_writer out(series_message_);
    AddLabelsV1(out, *s.labels);
    for (const WriteSample& sample : s.samples) {
      field_.clear();
      pbf_writer message(field_);
      AddDouble(message, 1, sample.value);
      AddInt64(message, 2, sample.time_ms);
      out.add_message(2, field_);
    }
    for (const Exemplar& exemplar : s.exemplars) {
      pbf_writer message(out, 3);
      AddLabelsV1(message, exemplar.labels);
      AddDouble(message, 2, exemplar.value);
      AddInt64(message, 3, exemplar.time_ms);
    }
    for (const WriteHistogram& sample : s.histograms) {
      pbf_writer message(out, 4);
      AddHistogramFields(message, *sample.histogram, sample.time_ms, 0);
    }
    request.add_message(1, series_message_);
  }
  std::unordered_set<std::string_view> families;
  for (const WriteSeries& s : series) {
    if (s.metadata == nullptr || !families.insert(s.metadata->family).second) continue;
    pbf_writer message(request, 3);
    message.add_enum(1, static_cast<std::int32_t>(s.metadata->type));
    message.add_string(2, s.metadata->family.data(), s.metadata->family.size());
    if (!s.metadata->help.empty()) message.add_string(4, s.metadata->help.data(), s.metadata->help.size());
    if (!s.metadata->unit.empty()) message.add_string(5, s.metadata->unit.data(), s.metadata->unit.size());
  }
}

void RemoteWriteEncoder::EncodeV2(std::span<const WriteSeries> series) {
  // Symbols come before series in the message, so all are numbered first. refs_ holds, a series: how many
  // references follow, then the references.
  symbols_.Clear();
  refs_.clear();
  std::size_t previous = 0;
  std::size_t previous_count = 0;
  for (const WriteSeries& s : series) {
    const std::size_t at = refs_.size();
    refs_.push_back(0);
    const auto number = [&](std::string_view text) {
      const std::size_t place = refs_.size() - at - 1;
      if (place < previous_count) {
        const std::uint32_t guess = refs_[previous + 1 + place];
        if (symbols_.symbols()[guess] == text) return guess;
      }
      return symbols_.Intern(text);
    };
    for (const LabelView& label : *s.labels) {
      refs_.push_back(number(label.name));
      refs_.push_back(number(label.value));
    }
    previous = at;
    previous_count = refs_.size() - at - 1;
    refs_[at] = static_cast<std::uint32_t>(previous_count);
  }
  const std::size_t metadata_refs = refs_.size();
  const WriteMetadata* last = nullptr;
  for (const WriteSeries& s : series) {
    if (s.metadata == nullptr || s.metadata == last) continue;
    last = s.metadata;
    refs_.push_back(symbols_.Intern(last->help));
    refs_.push_back(symbols_.Intern(last->unit));
  }
  const std::size_t exemplar_refs = refs_.size();
  for (const WriteSeries& s : series) {
    for (const Exemplar& exemplar : s.exemplars) {
      const std::size_t at = refs_.size();
      refs_.push_back(0);
      for (const LabelView& label : exemplar.labels) {
        refs_.push_back(symbols_.Intern(label.name));
        refs_.push_back(symbols_.Intern(label.value));
      }
      refs_[at] = static_cast<std::uint32_t>(refs_.size() - at - 1);
    }
  }

  pbf_writer request(message_);
  for (const std::string_view symbol : symbols_.symbols())
    request.add_string(4, symbol.data(), symbol.size());

  auto label_at = refs_.cbegin();
  auto metadata_at = refs_.cbegin() + static_cast<std::ptrdiff_t>(metadata_refs);
  auto exemplar_at = refs_.cbegin() + static_cast<std::ptrdiff_t>(exemplar_refs);
  std::uint32_t help_ref = 0;
  std::uint32_t unit_ref = 0;
  last = nullptr;
  for (const WriteSeries& s : series) {
    series_message_.clear();
    pbf_writer out(series_message_);
    const auto add_refs = [](pbf_writer& message, auto& at) {
      const auto count = static_cast<std::ptrdiff_t>(*at++);
      message.add_packed_uint32(1, at, at + count);
      at += count;
    };
    add_refs(out, label_at);
    for (const WriteSample& sample : s.samples) {
      field_.clear();
      pbf_writer message(field_);
      AddDouble(message, 1, sample.value);
      AddInt64(message, 2, sample.time_ms);
      AddInt64(message, 3, sample.start_time_ms);
      out.add_message(2, field_);
    }
    for (const WriteHistogram& sample : s.histograms) {
      pbf_writer message(out, 3);
      AddHistogramFields(message, *sample.histogram, sample.time_ms, sample.start_time_ms);
    }
    for (const Exemplar& exemplar : s.exemplars) {
      pbf_writer message(out, 4);
      add_refs(message, exemplar_at);
      AddDouble(message, 2, exemplar.value);
      AddInt64(message, 3, exemplar.time_ms);
    }
    if (s.metadata != nullptr) {
      if (s.metadata != last) {
        last = s.metadata;
        help_ref = *metadata_at++;
        unit_ref = *metadata_at++;
      }
      pbf_writer message(out, 5);
      message.add_enum(1, static_cast<std::int32_t>(s.metadata->type));
      if (help_ref != 0) message.add_uint32(3, help_ref);
      if (unit_ref != 0) message.add_uint32(4, unit_ref);
    }
    request.add_message(5, series_message_);
  }
}

}  // namespace tickscope::wire
