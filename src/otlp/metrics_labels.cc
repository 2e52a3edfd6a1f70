// Labels, metadata and exemplars of MetricsRequest: what is made at the first sight of a series.
#include <algorithm>
#include <bit>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "otlp/base64.h"
#include "otlp/metrics_request.h"
#include "otlp/proto.h"
#include "wire/checked_pbf_reader.h"
#include "wire/float_text.h"

namespace tickscope::otlp {
namespace {

using wire::CheckedPbfReader;

constexpr std::string_view kServiceName = "service.name";
constexpr std::string_view kServiceNamespace = "service.namespace";
constexpr std::string_view kServiceInstance = "service.instance.id";
constexpr std::string_view kTargetInfo = "target_info";
constexpr std::string_view kQuantileLabel = "quantile";

// An exemplar's labels may not be longer; its trace and span are worth more than the rest.
constexpr std::size_t kExemplarLabelBytesMax = 128;
constexpr std::size_t kTraceIdBytes = 16;
constexpr std::size_t kSpanIdBytes = 8;

bool IsIdentifying(std::string_view key) {
  return key == kServiceName || key == kServiceNamespace || key == kServiceInstance;
}

std::unexpected<Error> Malformed(std::uint32_t position, const std::exception& e) {
  return Fail(ErrorCode::kInvalidArgument,
              "data point " + std::to_string(position) + ": malformed attributes: " + e.what());
}

}  // namespace

bool MetricsRequest::NeedsTargetInfo(std::string_view resource) const {
  bool is_identified = false;
  bool has_more = translation_.keeps_identifying_attributes;
  CheckedPbfReader attributes(resource);
  while (attributes.Next(proto::kResourceAttributes)) {
    CheckedPbfReader fields(attributes.Bytes());
    while (fields.Next(proto::kKeyValueKey)) {
      const std::string_view key = fields.Bytes();
      is_identified |= key == kServiceName || key == kServiceInstance;
      has_more |= !IsIdentifying(key);
    }
  }
  return is_identified && has_more;
}

std::string_view MetricsRequest::Keep(std::string text) const {
  return texts_.emplace_back(std::move(text));
}

std::string_view MetricsRequest::Text(std::string_view any_value) const {
  std::string storage;
  const std::string_view text = ValueText(any_value, storage);
  return storage.empty() ? text : Keep(std::move(storage));
}

std::string_view MetricsRequest::NameOf(std::string_view attribute) const {
  const auto [known, is_new] = names_.try_emplace(attribute);
  if (is_new) known->second = Keep(LabelName(translation_.names, attribute));
  return known->second;
}

std::string_view MetricsRequest::BoundText(double bound) const {
  const auto [known, is_new] = bound_texts_.try_emplace(std::bit_cast<std::uint64_t>(bound));
  if (is_new) {
    std::string text;
    wire::AppendFixedFloat(bound, text);
    known->second = Keep(std::move(text));
  }
  return known->second;
}

std::string_view MetricsRequest::MetricNameOf(std::uint32_t metric_index, Role role) const {
  constexpr std::uint64_t kRoles = 8;
  const auto [known, is_new] =
      metric_names_.try_emplace(metric_index * kRoles + static_cast<std::uint64_t>(role));
  if (!is_new) return known->second;
  const Metric& metric = metrics_[metric_index];
  NameKind kind = NameKind::kOther;
  if (metric.kind == Kind::kCounter) kind = NameKind::kCounter;
  if (metric.kind == Kind::kGauge) kind = NameKind::kGauge;
  std::string name = MetricName(translation_.names, metric.name, metric.unit, kind);
  if (name.empty()) return known->second;
  if (role == Role::kCount) name += "_count";
  if (role == Role::kSum) name += "_sum";
  if (role == Role::kBucket) name += "_bucket";
  return known->second = Keep(std::move(name));
}

void MetricsRequest::SetLabel(std::string_view name, std::string_view value) const {
  const auto there = std::ranges::find(point_labels_, name, &LabelView::name);
  if (there == point_labels_.end()) {
    point_labels_.push_back({name, value});
  } else {
    there->value = value;
  }
}

void MetricsRequest::AddPromoted(std::string_view name, std::string_view value) const {
  if (value.empty() || std::ranges::find(point_labels_, name, &LabelView::name) != point_labels_.end())
    return;
  point_labels_.push_back({name, value});
}

void MetricsRequest::AddAttributes(std::vector<Attribute>& attributes) const {
  std::ranges::stable_sort(attributes, {}, &Attribute::key);
  for (const Attribute& attribute : attributes) {
    const std::string_view name = NameOf(attribute.key);
    if (name.empty()) throw std::invalid_argument("attribute whose name is empty, or not even a letter");
    const std::string_view value = Text(attribute.value);
    if (value.empty()) continue;
    const auto there = std::ranges::find(point_labels_, name, &LabelView::name);
    if (there == point_labels_.end()) {
      point_labels_.push_back({name, value});
    } else {
      std::string joined(there->value);
      there->value = Keep(joined.append(";").append(value));
    }
  }
}

const MetricsRequest::ResourceLabels& MetricsRequest::LabelsOf(std::uint32_t index) const {
  if (resource_labels_.size() <= index) resource_labels_.resize(resources_.size());
  ResourceLabels& labels = resource_labels_[index];
  if (labels.is_made) return labels;
  std::vector<Attribute> attributes;
  ReadAttributes(resources_[index].message, proto::kResourceAttributes, attributes);
  const auto value_of = [&](std::string_view key) -> std::string_view {
    const auto found = std::ranges::find(attributes, key, &Attribute::key);
    return found == attributes.end() ? std::string_view() : Text(found->value);
  };
  labels.job = value_of(kServiceName);
  const std::string_view name_space = value_of(kServiceNamespace);
  if (!labels.job.empty() && !name_space.empty()) {
    std::string job(name_space);
    labels.job = Keep(job.append("/").append(labels.job));
  }
  labels.instance = value_of(kServiceInstance);
  for (const std::string& promoted : translation_.promoted_attributes) {
    const std::string_view value = value_of(promoted);
    if (!value.empty()) labels.promoted.push_back({NameOf(promoted), value});
  }
  std::erase_if(labels.promoted, [](const LabelView& label) { return label.name.empty(); });
  labels.is_made = true;
  return labels;
}

void MetricsRequest::AddScopeLabels(const Scope& scope) const {
  CheckedPbfReader fields(scope.message);
  while (fields.Next()) {
    if (fields.tag() == proto::kScopeName) {
      AddPromoted("otel_scope_name", fields.Bytes());
    } else if (fields.tag() == proto::kScopeVersion) {
      AddPromoted("otel_scope_version", fields.Bytes());
    } else {
      fields.Skip();
    }
  }
  AddPromoted("otel_scope_schema_url", scope.schema_url);
  attribute_buffer_.clear();
  ReadAttributes(scope.message, proto::kScopeAttributes, attribute_buffer_);
  for (const Attribute& attribute : attribute_buffer_) {
    std::string key = "otel_scope_";
    key += attribute.key;
    AddPromoted(Keep(LabelName(translation_.names, key)), Text(attribute.value));
  }
}

void MetricsRequest::MakePointLabels(const Metric& metric, std::string_view message) const {
  proto::Tag tag = proto::kNumberAttributes;
  if (metric.kind == Kind::kHistogram) tag = proto::kHistogramAttributes;
  if (metric.kind == Kind::kExponential) tag = proto::kExponentialAttributes;
  if (metric.kind == Kind::kSummary) tag = proto::kSummaryAttributes;
  attribute_buffer_.clear();
  ReadAttributes(message, tag, attribute_buffer_);
  AddAttributes(attribute_buffer_);
  const ResourceLabels& resource = LabelsOf(metric.resource);
  for (const LabelView& label : resource.promoted)
    AddPromoted(label.name, label.value);
  if (translation_.promotes_scope) AddScopeLabels(scopes_[metric.scope]);
  if (!resource.job.empty()) SetLabel("job", resource.job);
  if (!resource.instance.empty()) SetLabel("instance", resource.instance);
}

void MetricsRequest::MakeTargetInfoLabels(std::uint32_t index) const {
  attribute_buffer_.clear();
  ReadAttributes(resources_[index].message, proto::kResourceAttributes, attribute_buffer_);
  if (!translation_.keeps_identifying_attributes)
    std::erase_if(attribute_buffer_, [](const Attribute& attribute) { return IsIdentifying(attribute.key); });
  AddAttributes(attribute_buffer_);
  const ResourceLabels& resource = LabelsOf(index);
  if (!resource.job.empty()) SetLabel("job", resource.job);
  if (!resource.instance.empty()) SetLabel("instance", resource.instance);
}

Status MetricsRequest::MakeLabels(const Origin& origin, std::string_view message, std::uint32_t position,
                                  std::vector<LabelView>& out) const {
  const bool is_target_info = origin.role == Role::kTargetInfo;
  std::string_view name = kTargetInfo;
  try {
    if (!is_target_info) {
      name = MetricNameOf(origin.metric, origin.role);
      if (name.empty())
        return Fail(ErrorCode::kInvalidArgument, "metric whose name is empty, or not even a letter");
    }
    if (labelled_point_ != message.data() || message.data() == nullptr) {
      labelled_point_ = nullptr;
      point_labels_.clear();
      if (is_target_info) {
        MakeTargetInfoLabels(origin.metric);
      } else {
        MakePointLabels(metrics_[origin.metric], message);
      }
      labelled_point_ = message.data();
    }
  } catch (const std::exception& e) {
    return Malformed(position, e);
  }
  out = point_labels_;
  const auto set = [&out](std::string_view label, std::string_view value) {
    std::erase_if(out, [label](const LabelView& there) { return there.name == label; });
    out.push_back({label, value});
  };
  set(kMetricName, name);
  if (origin.role == Role::kBucket) set(kBucketLabel, BoundText(origin.bound));
  if (origin.role == Role::kQuantile) set(kQuantileLabel, BoundText(origin.bound));
  return {};
}

Labels MetricsRequest::LabelsOfPoint(const Point& point, Role role) const {
  std::vector<LabelView> views;
  const Origin origin{static_cast<std::uint32_t>(metrics_.size() - 1), role, 0};
  if (!MakeLabels(origin, point.message, static_cast<std::uint32_t>(point_count_), views)) return {};
  if (role == Role::kBucket)
    std::erase_if(views, [](const LabelView& label) { return label.name == kBucketLabel; });
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  pairs.reserve(views.size());
  for (const LabelView& label : views)
    pairs.emplace_back(label.name, label.value);
  return Labels::FromPairs(std::move(pairs));
}

Status MetricsRequest::ReadLabels(const wire::ReceivedSeries& series, std::vector<LabelView>& out) const {
  TICKSCOPE_RETURN_IF_ERROR(MakeLabels(OriginOf(series), AsText(series.message), series.position, out));
  for (const LabelView& label : out)
    label_bytes_ += label.name.size() + label.value.size();
  if (label_bytes_ > kLabelBytesMax) {
    return Fail(ErrorCode::kResourceExhausted, "labels of new series are too long together: want at most " +
                                                   std::to_string(kLabelBytesMax) + " bytes a request");
  }
  return {};
}

Result<MetricMetadata> MetricsRequest::ReadMetadata(const wire::ReceivedSeries& series) const {
  const Origin& origin = OriginOf(series);
  if (origin.role == Role::kTargetInfo) return MetricMetadata{"gauge", "Target metadata", {}};
  const Metric& metric = metrics_[origin.metric];
  MetricMetadata metadata;
  metadata.help = metric.description;
  metadata.unit = UnitName(metric.unit);
  switch (metric.kind) {
    case Kind::kGauge:
    case Kind::kUpDown:
      metadata.type = "gauge";
      break;
    case Kind::kCounter:
      metadata.type = "counter";
      break;
    case Kind::kHistogram:
    case Kind::kExponential:
      metadata.type = "histogram";
      break;
    case Kind::kSummary:
      metadata.type = "summary";
      break;
  }
  return metadata;
}

Status MetricsRequest::ReadExemplar(const wire::ReceivedSeries& series, std::uint32_t index,
                                    wire::ReceivedExemplar& out) const {
  out.labels.clear();
  out.value = 0;
  out.time_ms = 0;
  std::string_view trace_id;
  std::string_view span_id;
  const std::string_view message = exemplars_[series.first_exemplar + index];
  try {
    attribute_buffer_.clear();
    ReadAttributes(message, proto::kExemplarAttributes, attribute_buffer_);
    CheckedPbfReader fields(message);
    while (fields.Next()) {
      switch (fields.tag()) {
        case proto::kExemplarTime:
          out.time_ms = static_cast<TimeMs>(fields.Fixed64() / 1'000'000);
          break;
        case proto::kExemplarDouble:
          out.value = fields.Double();
          break;
        case proto::kExemplarInt:
          out.value = static_cast<double>(fields.Sfixed64());
          break;
        case proto::kExemplarSpanId:
          span_id = fields.Bytes();
          break;
        case proto::kExemplarTraceId:
          trace_id = fields.Bytes();
          break;
        default:
          fields.Skip();
      }
    }
    exemplar_text_.clear();
    exemplar_text_.reserve(2 * (kTraceIdBytes + kSpanIdBytes));
    std::size_t bytes = 0;
    const auto add_id = [&](std::string_view label, std::string_view id, std::size_t size) {
      if (id.size() != size) return;
      const std::size_t begin = exemplar_text_.size();
      AppendHex(id, exemplar_text_);
      out.labels.push_back({label, std::string_view(exemplar_text_).substr(begin)});
      bytes += label.size() + 2 * size;
    };
    add_id("trace_id", trace_id, kTraceIdBytes);
    add_id("span_id", span_id, kSpanIdBytes);
    const std::size_t id_count = out.labels.size();
    std::size_t texts = 0;
    for (const Attribute& attribute : attribute_buffer_) {
      const std::string_view name = NameOf(attribute.key);
      std::string& storage = exemplar_values_[texts++];
      const std::string_view value = ValueText(attribute.value, storage);
      bytes += name.size() + value.size();
      out.labels.push_back({name, value});
    }
    if (bytes > kExemplarLabelBytesMax) out.labels.resize(id_count);
  } catch (const std::exception& e) {
    return Malformed(series.position, e);
  }
  return {};
}

}  // namespace tickscope::otlp
