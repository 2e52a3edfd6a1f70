#include "wire/openmetrics_rules.h"

#include <cmath>
#include <span>

#include <fmt/format.h>

#include "wire/openmetrics_float.h"

namespace tickscope::wire {
namespace {

constexpr std::size_t kExemplarCharactersMax = 128;

constexpr std::string_view kPlainSuffixes[] = {""};
constexpr std::string_view kCounterSuffixes[] = {"_total", "_created"};
constexpr std::string_view kHistogramSuffixes[] = {"_bucket", "_count", "_sum", "_created"};
constexpr std::string_view kGaugeHistogramSuffixes[] = {"_bucket", "_gcount", "_gsum"};
constexpr std::string_view kSummarySuffixes[] = {"", "_count", "_sum", "_created"};
constexpr std::string_view kInfoSuffixes[] = {"_info"};

/// What a sample's name may add to its family's.
std::span<const std::string_view> Suffixes(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return kCounterSuffixes;
    case MetricType::kHistogram:
      return kHistogramSuffixes;
    case MetricType::kGaugeHistogram:
      return kGaugeHistogramSuffixes;
    case MetricType::kSummary:
      return kSummarySuffixes;
    case MetricType::kInfo:
      return kInfoSuffixes;
    case MetricType::kUnknown:
    case MetricType::kGauge:
    case MetricType::kStateSet:
      break;
  }
  return kPlainSuffixes;
}

std::unexpected<Error> Broken(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

std::size_t CharacterCount(std::string_view utf8) {
  std::size_t n = 0;
  for (const char c : utf8)
    n += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
  return n;
}

}  // namespace

Status OpenMetricsRules::OnMetadata(ExpositionEntry entry, const ExpositionMetadata& metadata) {
  if (!family_ || family_->name != metadata.family) TICKSCOPE_RETURN_IF_ERROR(OpenFamily(metadata.family));
  if (family_->has_samples) return Broken(fmt::format("metadata after samples of {:?}", family_->name));
  bool& seen = entry == ExpositionEntry::kHelp   ? family_->has_help
               : entry == ExpositionEntry::kType ? family_->has_type
                                                 : family_->has_unit;
  if (seen) return Broken(fmt::format("metadata of {:?} comes twice", family_->name));
  seen = true;
  if (entry == ExpositionEntry::kType) family_->type = metadata.type;
  if (family_->has_unit && (family_->type == MetricType::kInfo || family_->type == MetricType::kStateSet)) {
    return Broken(fmt::format("unit on {} {:?}", MetricTypeName(family_->type), family_->name));
  }
  return {};
}

Status OpenMetricsRules::OnSample(const Sample& sample) {
  TICKSCOPE_ASSIGN_OR_RETURN(const Labels labels, LabelsFromSpans(*sample.spans, MetricType::kUnknown));
  const std::string_view name = labels.metric_name();
  std::optional<std::string_view> suffix = family_ ? SuffixOf(name) : std::nullopt;
  if (!suffix) {
    TICKSCOPE_RETURN_IF_ERROR(OpenFamily(name));  // A family without metadata, of unknown type.
    suffix = "";
  }
  if (!family_->has_samples) {
    family_->has_samples = true;
    TICKSCOPE_RETURN_IF_ERROR(ReserveNames());
  }
  TICKSCOPE_RETURN_IF_ERROR(CheckTypeLabels(*suffix, labels));
  TICKSCOPE_RETURN_IF_ERROR(CheckValue(*suffix, sample.value));
  if (sample.exemplar != nullptr) TICKSCOPE_RETURN_IF_ERROR(CheckExemplar(*suffix, *sample.exemplar));

  LabelsBuilder group(labels);
  group.Delete(kMetricName);
  if (IsHistogram()) group.Delete(kBucketLabel);
  if (family_->type == MetricType::kSummary) group.Delete("quantile");
  if (family_->type == MetricType::kStateSet) group.Delete(family_->name);
  TICKSCOPE_RETURN_IF_ERROR(EnterGroup(group.Build(), sample.time_seconds));
  return AddToPoint(*suffix, labels, sample.value);
}

Status OpenMetricsRules::OpenFamily(std::string_view name) {
  TICKSCOPE_RETURN_IF_ERROR(CloseFamily());
  family_ = Family{.name = std::string(name)};
  return {};
}

Status OpenMetricsRules::CloseFamily() {
  if (!family_) return {};
  TICKSCOPE_RETURN_IF_ERROR(ClosePoint());
  if (!family_->has_samples) TICKSCOPE_RETURN_IF_ERROR(ReserveNames());
  family_.reset();
  left_groups_.clear();
  group_.reset();
  group_time_.reset();
  return {};
}

Status OpenMetricsRules::ReserveNames() {
  const auto reserve = [&](std::string_view suffix) {
    return names_.insert(family_->name + std::string(suffix)).second;
  };
  bool is_free = reserve("");
  for (const std::string_view suffix : Suffixes(family_->type)) {
    if (!suffix.empty()) is_free = reserve(suffix) && is_free;
  }
  if (!is_free) return Broken(fmt::format("family {:?} clashes with an earlier one", family_->name));
  return {};
}

std::optional<std::string_view> OpenMetricsRules::SuffixOf(std::string_view sample_name) const {
  if (!sample_name.starts_with(family_->name)) return std::nullopt;
  const std::string_view rest = sample_name.substr(family_->name.size());
  for (const std::string_view suffix : Suffixes(family_->type)) {
    if (rest == suffix) return suffix;
  }
  return std::nullopt;
}

Status OpenMetricsRules::CheckTypeLabels(std::string_view suffix, const Labels& labels) const {
  if (suffix == "_bucket") {
    const std::string_view le = labels.Get(kBucketLabel);
    const std::optional<double> bound = ParseExpositionFloat(le);
    if (!bound || std::isnan(*bound)) return Broken(fmt::format("expected a number in le, got {:?}", le));
    if (std::isinf(*bound) && le != "+Inf")
      return Broken(fmt::format("expected \"+Inf\" in le, got {:?}", le));
  }
  if (family_->type == MetricType::kSummary && suffix.empty()) {
    const std::string_view text = labels.Get("quantile");
    const std::optional<double> quantile = ParseExpositionFloat(text);
    if (!quantile || !(*quantile >= 0 && *quantile <= 1)) {
      return Broken(fmt::format("expected a quantile from 0 to 1, got {:?}", text));
    }
  }
  if (family_->type == MetricType::kStateSet && !labels.Has(family_->name)) {
    return Broken(fmt::format("expected a label {:?} on a stateset", family_->name));
  }
  return {};
}

Status OpenMetricsRules::CheckValue(std::string_view suffix, double value) const {
  const MetricType type = family_->type;
  if (type == MetricType::kInfo && value != 1)
    return Broken(fmt::format("expected 1 as the value of an info, got {}", value));
  if (type == MetricType::kStateSet && value != 0 && value != 1) {
    return Broken(fmt::format("expected 0 or 1 as the value of a state, got {}", value));
  }
  const bool is_total =
      suffix == "_total" || suffix == "_bucket" || suffix == "_count" || suffix == "_gcount";
  const bool is_sum = suffix == "_sum" || suffix == "_gsum";
  if ((is_total || is_sum) && std::isnan(value))
    return Broken(fmt::format("NaN as the value of {}{}", family_->name, suffix));
  const bool is_quantile = type == MetricType::kSummary && suffix.empty();
  if ((is_total || suffix == "_sum" || is_quantile) && value < 0) {
    return Broken(fmt::format("negative value of {}{}: {}", family_->name, suffix, value));
  }
  return {};
}

Status OpenMetricsRules::CheckExemplar(std::string_view suffix, const SeriesSpans& exemplar) const {
  if (suffix != "_bucket" && suffix != "_total") {
    return Broken(
        fmt::format("exemplar on {}{}, expected only on _bucket and _total", family_->name, suffix));
  }
  std::size_t characters = 0;
  std::string scratch;
  for (const LabelSpan& label : exemplar.labels) {
    characters += CharacterCount(Unescape(label.name, scratch));
    characters += CharacterCount(Unescape(label.value, scratch));
  }
  if (characters > kExemplarCharactersMax) {
    return Broken(fmt::format("expected at most {} characters in exemplar labels, got {}",
                              kExemplarCharactersMax, characters));
  }
  return {};
}

Status OpenMetricsRules::EnterGroup(const Labels& group, const std::optional<double>& time_seconds) {
  if (!group_ || *group_ != group) {
    if (group_) left_groups_.insert(std::string(group_->packed()));
    TICKSCOPE_RETURN_IF_ERROR(ClosePoint());
    if (left_groups_.contains(std::string(group.packed()))) {
      return Broken(
          fmt::format("samples of {:?} with labels {} are not together", family_->name, group.ToString()));
    }
    group_ = group;
    group_time_ = time_seconds;
    return {};
  }
  if (group_time_.has_value() != time_seconds.has_value()) {
    return Broken(fmt::format("samples with and without a time in {:?}", family_->name));
  }
  if (!time_seconds || *time_seconds == *group_time_) return {};
  if (*time_seconds < *group_time_) return Broken(fmt::format("time goes back in {:?}", family_->name));
  TICKSCOPE_RETURN_IF_ERROR(ClosePoint());
  group_time_ = time_seconds;
  return {};
}

Status OpenMetricsRules::AddToPoint(std::string_view suffix, const Labels& labels, double value) {
  if (!IsHistogram()) return {};
  if (suffix == "_count" || suffix == "_gcount") point_.count = value;
  if (suffix == "_sum" || suffix == "_gsum") point_.sum = value;
  if (suffix != "_bucket") return {};
  const double bound = ParseExpositionFloat(labels.Get(kBucketLabel)).value_or(0);
  if (point_.last_bound && bound <= *point_.last_bound) {
    return Broken(fmt::format("buckets of {:?} are not in ascending order of le", family_->name));
  }
  if (point_.last_bound && value < point_.last_bucket) {
    return Broken(fmt::format("bucket counts of {:?} fall", family_->name));
  }
  point_.last_bound = bound;
  point_.last_bucket = value;
  point_.has_negative_bound = point_.has_negative_bound || bound < 0;
  return {};
}

Status OpenMetricsRules::ClosePoint() {
  const Point point = std::exchange(point_, Point());
  if (!IsHistogram() || !group_) return {};
  const std::string_view name = family_->name;
  if (!point.last_bound && !point.count && !point.sum) return {};  // Only _created.
  if (!point.last_bound || !std::isinf(*point.last_bound))
    return Broken(fmt::format("no +Inf bucket in {:?}", name));
  if (point.count.has_value() != point.sum.has_value()) {
    const bool negative = point.has_negative_bound && !point.sum && family_->type == MetricType::kHistogram;
    if (!negative) return Broken(fmt::format("sum without count or count without sum in {:?}", name));
  }
  if (point.count && *point.count != point.last_bucket) {
    return Broken(fmt::format("count {} of {:?} differs from its +Inf bucket {}", *point.count, name,
                              point.last_bucket));
  }
  if (!point.sum) return {};
  if (family_->type == MetricType::kHistogram && point.has_negative_bound) {
    return Broken(fmt::format("sum in {:?}, which has negative bounds", name));
  }
  if (*point.sum < 0 && !point.has_negative_bound) {
    return Broken(fmt::format("negative sum in {:?}, which has no negative bounds", name));
  }
  return {};
}

}  // namespace tickscope::wire
