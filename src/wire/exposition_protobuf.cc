#include "wire/exposition_protobuf.h"

#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>

#include "wire/openmetrics_float.h"

namespace tickscope::wire {

ProtobufExpositionParser::ProtobufExpositionParser(std::string_view body, const ExpositionOptions& options)
    : body_(body), rest_(body), options_(options) {}

std::unexpected<Error> ProtobufExpositionParser::Corrupt(std::string_view message) const {
  const std::size_t at = body_.size() - rest_.size();
  return Fail(ErrorCode::kCorruption,
              in_family_ ? fmt::format("family {:?} ending at byte {}: {}", family_.name, at, message)
                         : fmt::format("byte {}: {}", at, message));
}

Result<ExpositionEntry> ProtobufExpositionParser::Next() {
  try {
    return NextOrThrow();
  } catch (const protozero::exception& e) {
    return Corrupt(fmt::format("expected a protobuf field, got {}", e.what()));
  }
}

Result<ExpositionEntry> ProtobufExpositionParser::NextOrThrow() {
  while (true) {
    if (pending_at_ < pending_.size()) {
      TICKSCOPE_RETURN_IF_ERROR(EmitSample(pending_[pending_at_++]));
      return ExpositionEntry::kSample;
    }
    if (!in_family_) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool more, ReadFamily());
      if (!more) return ExpositionEntry::kEnd;
    }
    if (family_.metadata_step < 3) {
      constexpr ExpositionEntry kSteps[] = {ExpositionEntry::kHelp, ExpositionEntry::kType,
                                            ExpositionEntry::kUnit};
      const ExpositionEntry step = kSteps[family_.metadata_step++];
      metadata_ = {.family = family_.name,
                   .type = family_.type,
                   .text = step == ExpositionEntry::kHelp ? family_.help : family_.unit};
      if (step != ExpositionEntry::kType && metadata_.text.empty()) continue;
      return step;
    }
    if (family_.message.Next(4)) {
      TICKSCOPE_RETURN_IF_ERROR(ReadMetric(family_.message.Bytes()));
    } else {
      in_family_ = false;
    }
  }
}

Result<bool> ProtobufExpositionParser::ReadFamily() {
  if (rest_.empty()) return false;
  const char* at = rest_.data();
  const std::uint64_t length = protozero::decode_varint(&at, rest_.data() + rest_.size());
  const auto prefix = static_cast<std::size_t>(at - rest_.data());
  if (length > rest_.size() - prefix) {
    return Corrupt(
        fmt::format("expected {} bytes of a metric family, got {}", length, rest_.size() - prefix));
  }
  const std::string_view message = rest_.substr(prefix, static_cast<std::size_t>(length));
  family_ = Family();
  CheckedPbfReader in(message);
  constexpr MetricType kTypes[] = {MetricType::kCounter, MetricType::kGauge,     MetricType::kSummary,
                                   MetricType::kUnknown, MetricType::kHistogram, MetricType::kGaugeHistogram};
  std::uint32_t type = 0;  // The number of COUNTER, so also what an absent field means.
  while (in.Next()) {
    switch (in.tag()) {
      case 1:
        family_.name = in.Bytes();
        break;
      case 2:
        family_.help = in.Bytes();
        break;
      case 3:
        type = static_cast<std::uint32_t>(in.Int32());
        break;
      case 5:
        family_.unit = in.Bytes();
        break;
      default:
        in.Skip();
    }
  }
  rest_.remove_prefix(prefix + message.size());
  if (type >= std::size(kTypes))
    return Corrupt(fmt::format("expected a metric type from 0 to 5, got {}", type));
  family_.type = kTypes[type];
  family_.message = CheckedPbfReader(message);
  in_family_ = true;
  if (family_.name.empty()) return Corrupt("expected a family name, got none");
  if (!IsValidUtf8(family_.name)) return Corrupt("expected valid UTF-8 in a family name");
  if (!IsValidUtf8(family_.help)) return Corrupt("expected valid UTF-8 in a help text");
  if (options_.mode == ExpositionMode::kStrict && !families_.insert(family_.name).second) {
    return Corrupt("family comes twice");
  }
  return true;
}

Status ProtobufExpositionParser::ReadMetric(std::string_view message) {
  labels_.clear();
  pending_.clear();
  pending_at_ = 0;
  metric_time_ms_.reset();
  start_time_ms_ = 0;
  std::string_view payload;
  std::uint32_t kind = 0;
  CheckedPbfReader in(message);
  while (in.Next()) {
    switch (in.tag()) {
      case 1:
        TICKSCOPE_RETURN_IF_ERROR(ReadLabel(in.Bytes()));
        break;
      case 6:
        metric_time_ms_ = in.Int64();
        break;
      case 2:
      case 3:
      case 4:
      case 5:
      case 7:
        kind = in.tag();
        payload = in.Bytes();
        break;
      default:
        in.Skip();
    }
  }
  if (metric_time_ms_ == 0) metric_time_ms_.reset();
  const bool is_histogram =
      family_.type == MetricType::kHistogram || family_.type == MetricType::kGaugeHistogram;
  const std::uint32_t expected = is_histogram                           ? 7
                                 : family_.type == MetricType::kSummary ? 4
                                 : family_.type == MetricType::kCounter ? 3
                                 : family_.type == MetricType::kGauge   ? 2
                                                                        : 5;
  if (kind != expected) {
    if (kind == 0 || options_.mode == ExpositionMode::kStrict) {
      return Corrupt(
          fmt::format("expected a {} in a metric, got field {}", MetricTypeName(family_.type), kind));
    }
    return {};  // A value of another kind than the family's: there is nothing it could be called.
  }
  switch (kind) {
    case 4:
      return ReadSummary(payload);
    case 7:
      return ReadHistogram(payload);
    default:
      return ReadSimple(payload, kind == 3);
  }
}

Status ProtobufExpositionParser::ReadLabel(std::string_view message) {
  LabelSpan label;
  CheckedPbfReader in(message);
  while (in.Next()) {
    switch (in.tag()) {
      case 1:
        label.name = in.Bytes();
        break;
      case 2:
        label.value = in.Bytes();
        break;
      default:
        in.Skip();
    }
  }
  if (label.name.empty()) return Corrupt("expected a label name, got none");
  if (!IsValidUtf8(label.name) || !IsValidUtf8(label.value))
    return Corrupt("expected valid UTF-8 in a label");
  if (labels_.size() >= options_.labels_max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("family {:?}: expected at most {} labels", family_.name, options_.labels_max));
  }
  labels_.push_back(label);
  return {};
}

Status ProtobufExpositionParser::ReadSimple(std::string_view message, bool is_counter) {
  SubSample sub;
  CheckedPbfReader in(message);
  while (in.Next()) {
    if (in.tag() == 1) {
      sub.value = CanonicalValue(in.Double());
    } else if (is_counter && in.tag() == 2) {
      sub.exemplar = in.Bytes();
    } else if (is_counter && in.tag() == 3) {
      start_time_ms_ = ReadTimestampMs(in.Bytes());
    } else {
      in.Skip();
    }
  }
  pending_.push_back(sub);
  return {};
}

Status ProtobufExpositionParser::ReadSummary(std::string_view message) {
  double count = 0;
  double sum = 0;
  CheckedPbfReader in(message);
  while (in.Next()) {
    switch (in.tag()) {
      case 1:
        count = static_cast<double>(in.Uint64());
        break;
      case 2:
        sum = CanonicalValue(in.Double());
        break;
      case 3: {
        SubSample quantile{.label_name = "quantile"};
        CheckedPbfReader field(in.Bytes());
        while (field.Next()) {
          if (field.tag() == 1) {
            quantile.label_value = field.Double();
          } else if (field.tag() == 2) {
            quantile.value = CanonicalValue(field.Double());
          } else {
            field.Skip();
          }
        }
        pending_.push_back(quantile);
        break;
      }
      case 4:
        start_time_ms_ = ReadTimestampMs(in.Bytes());
        break;
      default:
        in.Skip();
    }
  }
  pending_.push_back({.suffix = "_sum", .value = sum});
  pending_.push_back({.suffix = "_count", .value = count});
  return {};
}

Status ProtobufExpositionParser::ReadHistogram(std::string_view message) {
  ReadClientHistogram(message, histogram_);
  start_time_ms_ = histogram_.start_time_ms;
  const Histogram& native = histogram_.native;
  if (histogram_.is_native() && options_.native_histograms == NativeHistograms::kPrefer) {
    if (const Status checked = CheckNativeHistogram(native); !checked)
      return Corrupt(checked.error().message);
    if (family_.type == MetricType::kGaugeHistogram) histogram_.native.reset_hint = ResetHint::kGauge;
    pending_.push_back({.is_native = true});
    return {};
  }
  bool has_infinite_bucket = false;
  for (const ClassicBucket& bucket : histogram_.buckets) {
    has_infinite_bucket = has_infinite_bucket || (std::isinf(bucket.bound) && bucket.bound > 0);
    pending_.push_back({.suffix = "_bucket",
                        .label_name = kBucketLabel,
                        .label_value = bucket.bound,
                        .value = bucket.count,
                        .exemplar = bucket.exemplar});
  }
  if (!has_infinite_bucket) {
    pending_.push_back({.suffix = "_bucket",
                        .label_name = kBucketLabel,
                        .label_value = std::numeric_limits<double>::infinity(),
                        .value = native.count});
  }
  pending_.push_back({.suffix = "_sum", .value = native.sum});
  pending_.push_back({.suffix = "_count", .value = native.count});
  return {};
}

Status ProtobufExpositionParser::EmitSample(const SubSample& sub) {
  if (++sample_count_ > options_.samples_max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("expected at most {} samples in a body", options_.samples_max));
  }
  current_ = &sub;
  // 0xff occurs in no UTF-8 text, so the parts of the key cannot run into each other.
  series_.assign(family_.name).append(sub.suffix);
  for (const LabelSpan& label : labels_) {
    series_.append(1, '\xff').append(label.name).append(1, '\xff').append(label.value);
  }
  if (!sub.label_name.empty()) {
    series_.append(1, '\xff').append(sub.label_name).append(1, '\xff');
    AppendOpenMetricsFloat(sub.label_value, series_);
  }
  sample_.series = series_;
  sample_.value = sub.value;
  sample_.histogram = sub.is_native ? &histogram_.native : nullptr;
  sample_.time_ms = metric_time_ms_;
  sample_.start_time_ms = start_time_ms_;
  sample_.exemplars.clear();
  if (!sub.exemplar.empty()) TICKSCOPE_RETURN_IF_ERROR(AddExemplar(sub.exemplar));
  if (sub.is_native) {
    for (const std::string_view exemplar : histogram_.exemplars)
      TICKSCOPE_RETURN_IF_ERROR(AddExemplar(exemplar));
  }
  return {};
}

Status ProtobufExpositionParser::AddExemplar(std::string_view message) {
  Exemplar exemplar;
  SeriesSpans spans;
  CheckedPbfReader in(message);
  while (in.Next()) {
    switch (in.tag()) {
      case 1: {
        LabelSpan label;
        CheckedPbfReader pair(in.Bytes());
        while (pair.Next()) {
          if (pair.tag() == 1) {
            label.name = pair.Bytes();
          } else if (pair.tag() == 2) {
            label.value = pair.Bytes();
          } else {
            pair.Skip();
          }
        }
        if (!IsValidUtf8(label.name) || !IsValidUtf8(label.value)) {
          return Corrupt("expected valid UTF-8 in an exemplar");
        }
        spans.labels.push_back(label);
        break;
      }
      case 2:
        exemplar.value = CanonicalValue(in.Double());
        break;
      case 3:
        exemplar.time_ms = ReadTimestampMs(in.Bytes());
        break;
      default:
        in.Skip();
    }
  }
  TICKSCOPE_ASSIGN_OR_RETURN(exemplar.labels, LabelsFromLiterals(spans));
  sample_.exemplars.push_back(std::move(exemplar));
  return {};
}

Result<Labels> ProtobufExpositionParser::labels() const {
  std::string name(family_.name);
  name += current_->suffix;
  std::string number;
  SeriesSpans spans{.raw = family_.name, .name = name, .labels = labels_};
  if (!current_->label_name.empty()) {
    AppendOpenMetricsFloat(current_->label_value, number);
    spans.labels.push_back({current_->label_name, number});
  }
  return LabelsFromLiterals(spans);
}

}  // namespace tickscope::wire
