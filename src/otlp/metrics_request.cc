#include "otlp/metrics_request.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "model/sample.h"
#include "otlp/exponential.h"
#include "otlp/proto.h"
#include "wire/checked_pbf_reader.h"

namespace tickscope::otlp {
namespace {

using wire::CheckedPbfReader;

// Messages of refusals that are kept, and how much of a metric's name they repeat.
constexpr std::size_t kMessagesMax = 5;
constexpr std::size_t kQuotedNameMax = 64;

constexpr std::uint64_t kNanosecondsPerMs = 1'000'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TimeMs ToMs(std::uint64_t nanoseconds) {
  return static_cast<TimeMs>(nanoseconds / kNanosecondsPerMs);
}

// A NaN with the bits of the staleness marker would end a series that goes on.
double AsSent(double value) {
  return std::isnan(value) ? NormalNan() : value;
}

std::string QuotedName(std::string_view name) {
  if (!IsValidUtf8(name)) return "(not UTF-8)";
  name = name.substr(0, kQuotedNameMax);
  while (!IsValidUtf8(name))
    name.remove_suffix(1);
  std::string quoted = "\"";
  for (const char c : name)
    quoted += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return quoted += '"';
}

wire::SeriesKey Hash128(const void* bytes, std::size_t size, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, size, seed);
  return {hash.low64, hash.high64};
}

// Where the attributes of a data point lie. Every sender puts them side by side, so that they are hashed in one piece.
class AttributeRun {
 public:
  void Note(std::string_view attribute) {
    if (begin_ == nullptr) {
      begin_ = attribute.data();
      first_size_ = attribute.size();
    } else if (!is_open_) {
      is_split_ = true;
    }
    end_ = attribute.data() + attribute.size();
    is_open_ = true;
  }
  void NoteOther() { is_open_ = false; }

  [[nodiscard]] bool is_split() const { return is_split_; }
  // The size of the first tells where the next begins, for which the bytes alone allow two answers.
  [[nodiscard]] wire::SeriesKey Hash(std::uint64_t seed) const {
    return Hash128(begin_, static_cast<std::size_t>(end_ - begin_), seed + first_size_);
  }

 private:
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  std::size_t first_size_ = 0;
  bool is_open_ = false;
  bool is_split_ = false;
};

double ExemplarValue(std::string_view message) {
  double value = NormalNan();
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    if (fields.tag() == proto::kExemplarDouble) {
      value = fields.Double();
    } else if (fields.tag() == proto::kExemplarInt) {
      value = static_cast<double>(fields.Sfixed64());
    } else {
      fields.Skip();
    }
  }
  return value;
}

void AppendFixed64(CheckedPbfReader& fields, std::vector<std::uint64_t>& out) {
  if (!fields.IsLengthDelimited()) {
    out.push_back(fields.Fixed64());
    return;
  }
  const auto packed = fields.PackedFixed64();
  out.insert(out.end(), packed.begin(), packed.end());
}

void AppendDoubles(CheckedPbfReader& fields, std::vector<double>& out) {
  if (!fields.IsLengthDelimited()) {
    out.push_back(fields.Double());
    return;
  }
  const auto packed = fields.PackedDouble();
  out.insert(out.end(), packed.begin(), packed.end());
}

}  // namespace

std::string_view RefusalName(Refusal refusal) {
  switch (refusal) {
    case Refusal::kDeltaTemporality:
      return "delta_temporality";
    case Refusal::kDeltaOutOfOrder:
      return "delta_out_of_order";
    case Refusal::kDeltaInFuture:
      return "delta_in_future";
    case Refusal::kDeltaLimit:
      return "delta_limit";
    case Refusal::kUnknownTemporality:
      return "unknown_temporality";
    case Refusal::kNoValue:
      return "no_value";
    case Refusal::kBadHistogram:
      return "bad_histogram";
  }
  return "unknown";
}

Status MetricsRequest::Decode(std::string_view message) {
  TICKSCOPE_RETURN_IF_ERROR(Walk(message, false));
  if (!has_deltas_) return {};
  // Twice, so that what turns out to be no protobuf, or too much, has added nothing by then: its sender will not send it again.
  return Walk(message, true);
}

Status MetricsRequest::Walk(std::string_view message, bool adds_deltas) {
  adds_deltas_ = adds_deltas;
  has_deltas_ = false;
  ClearColumns();
  resources_.clear();
  scopes_.clear();
  metrics_.clear();
  origins_.clear();
  exemplars_.clear();
  point_count_ = 0;
  refused_.fill(0);
  messages_.clear();
  texts_.clear();
  names_.clear();
  bound_texts_.clear();
  metric_names_.clear();
  labelled_point_ = nullptr;
  label_bytes_ = 0;
  resource_labels_.clear();
  try {
    CheckedPbfReader fields(message);
    while (fields.Next(proto::kRequestResourceMetrics))
      DecodeResourceMetrics(fields.Bytes());
  } catch (const wire::TooMany& e) {
    return Fail(ErrorCode::kOutOfRange, std::string("OTLP request: ") + e.what());
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorruption,
                fmt::format("OTLP request: data point {}: malformed protobuf: {}", point_count_, e.what()));
  }
  return {};
}

std::uint64_t MetricsRequest::refused_total() const {
  return std::accumulate(refused_.begin(), refused_.end(), std::uint64_t{0});
}

std::string MetricsRequest::Explanation() const {
  const std::uint64_t total = refused_total();
  if (total == 0) return {};
  return fmt::format("{} data points refused: {}{}", total, fmt::join(messages_, "; "),
                     total > messages_.size() ? "; ..." : "");
}

void MetricsRequest::DecodeResourceMetrics(std::string_view message) {
  Resource& resource = resources_.emplace_back();
  CheckedPbfReader found(message);
  while (found.Next(proto::kResourceMetricsResource))
    resource.message = found.Bytes();
  resource.hash = Hash128(resource.message.data(), resource.message.size(), seed_);
  CheckedPbfReader fields(message);
  while (fields.Next(proto::kResourceMetricsScopeMetrics))
    DecodeScopeMetrics(fields.Bytes());
  AddTargetInfo();
}

void MetricsRequest::DecodeScopeMetrics(std::string_view message) {
  Scope& scope = scopes_.emplace_back();
  CheckedPbfReader found(message);
  while (found.Next()) {
    if (found.tag() == proto::kScopeMetricsScope) {
      scope.message = found.Bytes();
    } else if (found.tag() == proto::kScopeMetricsSchemaUrl) {
      scope.schema_url = found.Bytes();
    } else {
      found.Skip();
    }
  }
  CheckedPbfReader fields(message);
  while (fields.Next(proto::kScopeMetricsMetrics))
    DecodeMetric(fields.Bytes());
}

void MetricsRequest::DecodeMetric(std::string_view message) {
  wire::CheckRoom(metrics_, wire::kRequestMetadataMax, "metrics");
  Metric metric;
  metric.resource = static_cast<std::uint32_t>(resources_.size() - 1);
  metric.scope = static_cast<std::uint32_t>(scopes_.size() - 1);
  proto::Tag tag = 0;
  std::string_view data;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    switch (fields.tag()) {
      case proto::kMetricName:
        metric.name = fields.Bytes();
        break;
      case proto::kMetricDescription:
        metric.description = fields.Bytes();
        break;
      case proto::kMetricUnit:
        metric.unit = fields.Bytes();
        break;
      case proto::kMetricGauge:
      case proto::kMetricSum:
      case proto::kMetricHistogram:
      case proto::kMetricExponentialHistogram:
      case proto::kMetricSummary:
        tag = fields.tag();
        data = fields.Bytes();
        break;
      default:
        fields.Skip();
    }
  }
  if (tag == 0) return;

  // What the points are measured by comes after them.
  std::int32_t temporality = 0;
  bool is_monotonic = false;
  CheckedPbfReader settings(data);
  while (settings.Next()) {
    if (settings.tag() == proto::kTemporality) {
      temporality = settings.Int32();
    } else if (settings.tag() == proto::kSumIsMonotonic && tag == proto::kMetricSum) {
      is_monotonic = settings.Bool();
    } else {
      settings.Skip();
    }
  }
  void (MetricsRequest::*decode)(std::string_view) = &MetricsRequest::DecodeNumber;
  if (tag == proto::kMetricSum) {
    metric.kind = is_monotonic ? Kind::kCounter : Kind::kUpDown;
  } else if (tag == proto::kMetricHistogram) {
    metric.kind = Kind::kHistogram;
    decode = &MetricsRequest::DecodeHistogram;
  } else if (tag == proto::kMetricExponentialHistogram) {
    metric.kind = Kind::kExponential;
    decode = &MetricsRequest::DecodeExponential;
  } else if (tag == proto::kMetricSummary) {
    metric.kind = Kind::kSummary;
    decode = &MetricsRequest::DecodeSummary;
  }

  struct {
    Hash resource;
    Hash scope;
    std::uint64_t name;
    std::uint64_t unit;
    std::uint64_t description;
    std::uint64_t kind;
  } identity{};
  identity.resource = resources_.back().hash;
  if (translation_.promotes_scope) {
    const Scope& scope = scopes_.back();
    identity.scope = Hash128(scope.message.data(), scope.message.size(), seed_);
    identity.scope.high ^= XXH3_64bits_withSeed(scope.schema_url.data(), scope.schema_url.size(), seed_);
  }
  identity.name = XXH3_64bits_withSeed(metric.name.data(), metric.name.size(), seed_);
  identity.unit = XXH3_64bits_withSeed(metric.unit.data(), metric.unit.size(), seed_);
  identity.description = XXH3_64bits_withSeed(metric.description.data(), metric.description.size(), seed_);
  identity.kind = static_cast<std::uint64_t>(metric.kind);
  metric.hash = Hash128(&identity, sizeof(identity), seed_);
  metrics_.push_back(metric);

  is_delta_ = temporality == proto::kTemporalityDelta;
  const bool needs_cumulative = tag != proto::kMetricGauge && tag != proto::kMetricSummary;
  CheckedPbfReader points(data);
  while (points.Next(proto::kDataPoints)) {
    const std::string_view point = points.Bytes();
    if (needs_cumulative && temporality == proto::kTemporalityDelta && sums_ == nullptr) {
      RefusePoint(Refusal::kDeltaTemporality, "delta temporality: want cumulative");
    } else if (needs_cumulative && temporality != proto::kTemporalityCumulative &&
               temporality != proto::kTemporalityDelta) {
      RefusePoint(Refusal::kUnknownTemporality, "unknown temporality: want cumulative or delta");
    } else {
      (this->*decode)(point);
    }
    ++point_count_;
  }
}

void MetricsRequest::RefusePoint(Refusal refusal, std::string_view why) {
  ++refused_[static_cast<std::size_t>(refusal)];
  if (messages_.size() >= kMessagesMax) return;
  messages_.push_back(
      fmt::format("data point {} of {}: {}", point_count_, QuotedName(metrics_.back().name), why));
}

wire::SeriesKey MetricsRequest::HashAttributes(std::string_view message, proto::Tag tag) const {
  // Each hash seeds the next.
  Hash hash{seed_, ~seed_};
  CheckedPbfReader fields(message);
  while (fields.Next(tag)) {
    const std::string_view attribute = fields.Bytes();
    const Hash next = Hash128(attribute.data(), attribute.size(), hash.low);
    hash = {next.low, std::rotl(hash.high, 17) ^ next.high};
  }
  return hash;
}

wire::SeriesKey MetricsRequest::KeyOf(const Point& point, Role role, double bound) const {
  const struct {
    Hash metric;
    Hash point;
    std::uint64_t role;
    std::uint64_t bound;
  } identity = {metrics_.back().hash, point.hash, static_cast<std::uint64_t>(role),
                std::bit_cast<std::uint64_t>(bound)};
  return Hash128(&identity, sizeof(identity), seed_);
}

template <typename Add, typename Restore>
bool MetricsRequest::AddDelta(Point& point, Add add, Restore restore) {
  // A gauge's data point has no temporality, whatever its message says.
  if (!is_delta_) return true;
  has_deltas_ = true;
  if (!adds_deltas_) return true;
  const Hash key = KeyOf(point, Role::kValue, 0);
  if (point.is_stale) {
    sums_->Forget(tenant_, key);
    return true;
  }
  if (stored_ != nullptr && sums_->SightOf(tenant_, key) == DeltaSight::kNew) {
    if (std::optional<StoredTotal> total = restore()) sums_->Restore(tenant_, key, *std::move(total));
  }
  DeltaTimes times{point.time_ns, point.start_ms};
  switch (add(key, times)) {
    case DeltaOutcome::kTaken:
      point.start_ms = times.start_ms;
      return true;
    case DeltaOutcome::kOutOfOrder:
      RefusePoint(Refusal::kDeltaOutOfOrder, "delta out of order: older than what was added up");
      return false;
    case DeltaOutcome::kInFuture:
      RefusePoint(Refusal::kDeltaInFuture, "delta ahead of the clock");
      return false;
    case DeltaOutcome::kNoRoom:
      RefusePoint(Refusal::kDeltaLimit, "delta of one series too many");
      return false;
  }
  return false;
}

wire::ReceivedSeries& MetricsRequest::PushSeries(const Point& point, Role role, double bound) {
  wire::CheckRoom(series_, wire::kRequestSeriesMax, "series");
  origins_.push_back({static_cast<std::uint32_t>(metrics_.size() - 1), role, bound});
  wire::ReceivedSeries& series = series_.emplace_back();
  series.key = KeyOf(point, role, bound);
  series.first_sample = static_cast<std::uint32_t>(times_ms_.size());
  series.first_histogram = static_cast<std::uint32_t>(histograms_.size());
  series.position = static_cast<std::uint32_t>(point_count_);
  series.message = AsBytes(point.message);
  return series;
}

void MetricsRequest::PushFloat(const Point& point, Role role, double bound, double value) {
  PushSeries(point, role, bound).sample_count = 1;
  PushSample(point.time_ms, point.is_stale ? StaleNan() : value, point.start_ms);
}

void MetricsRequest::EndPoint(const Point& point) {
  std::vector<TimeMs>& times_ms = resources_.back().times_ms;
  const TimeMs window = point.time_ms / kTargetInfoIntervalMs;
  for (TimeMs& time_ms : times_ms) {
    if (time_ms / kTargetInfoIntervalMs != window) continue;
    time_ms = std::max(time_ms, point.time_ms);
    return;
  }
  if (times_ms.size() < kTargetInfoTimesMax) times_ms.push_back(point.time_ms);
}

void MetricsRequest::AddTargetInfo() {
  Resource& resource = resources_.back();
  if (resource.times_ms.empty() || !NeedsTargetInfo(resource.message)) return;
  wire::CheckRoom(series_, wire::kRequestSeriesMax, "series");
  std::ranges::sort(resource.times_ms);
  origins_.push_back({static_cast<std::uint32_t>(resources_.size() - 1), Role::kTargetInfo, 0});
  wire::ReceivedSeries& series = series_.emplace_back();
  // No data point's: those are hashes of a longer text.
  series.key = Hash128(&resource.hash, sizeof(resource.hash), seed_);
  series.first_sample = static_cast<std::uint32_t>(times_ms_.size());
  series.first_histogram = static_cast<std::uint32_t>(histograms_.size());
  series.sample_count = static_cast<std::uint32_t>(resource.times_ms.size());
  series.is_derived = true;
  series.message = AsBytes(resource.message);
  for (const TimeMs time_ms : resource.times_ms)
    PushSample(time_ms, 1, 0);
}

// The fields that all data points have; others are passed over.
void MetricsRequest::ReadTime(CheckedPbfReader& fields, Point& point) {
  if (fields.tag() == proto::kPointStart) {
    point.start_ms = ToMs(fields.Fixed64());
  } else if (fields.tag() == proto::kPointTime) {
    const std::uint64_t time_ns = fields.Fixed64();
    point.time_ns = static_cast<std::int64_t>(time_ns);
    point.time_ms = ToMs(time_ns);
  } else {
    fields.Skip();
  }
}

void MetricsRequest::DecodeNumber(std::string_view message) {
  Point point;
  point.message = message;
  AttributeRun attributes;
  point_exemplars_.clear();
  double value = 0;
  bool has_value = false;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    if (fields.tag() == proto::kNumberAttributes) {
      attributes.Note(fields.Bytes());
      continue;
    }
    attributes.NoteOther();
    switch (fields.tag()) {
      case proto::kNumberDouble:
        value = AsSent(fields.Double());
        has_value = true;
        break;
      case proto::kNumberInt:
        value = static_cast<double>(fields.Sfixed64());
        has_value = true;
        break;
      case proto::kNumberExemplars:
        point_exemplars_.push_back({0, fields.Bytes()});
        break;
      case proto::kNumberFlags:
        point.is_stale = (fields.Uint32() & proto::kFlagNoRecordedValue) != 0;
        break;
      default:
        ReadTime(fields, point);
    }
  }
  if (!has_value && !point.is_stale) return RefusePoint(Refusal::kNoValue, "number without a value");
  if (is_delta_ && metrics_.back().kind != Kind::kGauge && !std::isfinite(value))
    return RefusePoint(Refusal::kNoValue, "delta that is no number: it would make the total none");
  point.hash =
      attributes.is_split() ? HashAttributes(message, proto::kNumberAttributes) : attributes.Hash(seed_);
  const Kind kind = metrics_.back().kind;
  if (point.start_ms > point.time_ms) point.start_ms = 0;
  const auto add = [&](const Hash& key, DeltaTimes& times) {
    return sums_->AddNumber(tenant_, key, times, value);
  };
  const auto restore = [&] {
    return stored_->Number(tenant_, LabelsOfPoint(point, Role::kValue), point.time_ms);
  };
  if (kind != Kind::kGauge && !AddDelta(point, add, restore)) return;
  if (kind != Kind::kCounter) point.start_ms = 0;
  PushFloat(point, Role::kValue, 0, value);
  // A gauge's illustrate nothing that is counted.
  if (kind != Kind::kGauge) AttachAll(series_.back());
  EndPoint(point);
}

void MetricsRequest::AttachAll(wire::ReceivedSeries& series) {
  if (point_exemplars_.empty()) return;
  series.first_exemplar = static_cast<std::uint32_t>(exemplars_.size());
  for (const PointExemplar& exemplar : point_exemplars_) {
    wire::CheckRoom(exemplars_, wire::kRequestExemplarsMax, "exemplars");
    exemplars_.push_back(exemplar.message);
  }
  series.exemplar_count = static_cast<std::uint32_t>(point_exemplars_.size());
}

void MetricsRequest::AttachUpTo(wire::ReceivedSeries& series, double bound, std::size_t& next) {
  series.first_exemplar = static_cast<std::uint32_t>(exemplars_.size());
  for (; next < point_exemplars_.size() && point_exemplars_[next].value <= bound; ++next) {
    wire::CheckRoom(exemplars_, wire::kRequestExemplarsMax, "exemplars");
    exemplars_.push_back(point_exemplars_[next].message);
    ++series.exemplar_count;
  }
}

const char* MetricsRequest::FaultOfBuckets(std::uint64_t count) const {
  if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return "histogram: negative count";
  if (bucket_counts_.empty() && bounds_.empty()) return nullptr;
  if (bucket_counts_.size() != bounds_.size() + 1) return "histogram: want one bucket more than bounds";
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    if (std::isnan(bounds_[i]) || (i > 0 && bounds_[i] <= bounds_[i - 1]))
      return "histogram: bounds do not ascend";
  }
  std::uint64_t total = 0;
  for (const std::uint64_t bucket : bucket_counts_) {
    if (!AddCount(bucket, total)) return "histogram: negative bucket count";
  }
  return total == count ? nullptr : "histogram: buckets do not add up to the count";
}

void MetricsRequest::DecodeHistogram(std::string_view message) {
  Point point;
  point.message = message;
  AttributeRun attributes;
  point_exemplars_.clear();
  bucket_counts_.clear();
  bounds_.clear();
  std::uint64_t count = 0;
  std::optional<double> sum;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    if (fields.tag() == proto::kHistogramAttributes) {
      attributes.Note(fields.Bytes());
      continue;
    }
    attributes.NoteOther();
    switch (fields.tag()) {
      case proto::kHistogramCount:
        count = fields.Fixed64();
        break;
      case proto::kHistogramSum:
        sum = AsSent(fields.Double());
        break;
      case proto::kHistogramBucketCounts:
        AppendFixed64(fields, bucket_counts_);
        break;
      case proto::kHistogramBounds:
        AppendDoubles(fields, bounds_);
        break;
      case proto::kHistogramExemplars: {
        const std::string_view exemplar = fields.Bytes();
        point_exemplars_.push_back({ExemplarValue(exemplar), exemplar});
        break;
      }
      case proto::kHistogramFlags:
        point.is_stale = (fields.Uint32() & proto::kFlagNoRecordedValue) != 0;
        break;
      default:
        ReadTime(fields, point);
    }
  }
  if (!point.is_stale) {
    if (const char* const fault = FaultOfBuckets(count)) return RefusePoint(Refusal::kBadHistogram, fault);
  }
  point.hash =
      attributes.is_split() ? HashAttributes(message, proto::kHistogramAttributes) : attributes.Hash(seed_);
  if (point.start_ms > point.time_ms) point.start_ms = 0;
  const auto add = [&](const Hash& key, DeltaTimes& times) {
    double total = sum.value_or(0);
    const DeltaOutcome outcome =
        sums_->AddBuckets(tenant_, key, times, bounds_, count, total, bucket_counts_);
    if (sum) sum = total;
    return outcome;
  };
  const auto restore = [&] {
    auto stored =
        stored_->Buckets(tenant_, LabelsOfPoint(point, Role::kCount), LabelsOfPoint(point, Role::kSum),
                         LabelsOfPoint(point, Role::kBucket), bounds_, point.time_ms);
    // A histogram may come without counts of buckets.
    if (stored && bucket_counts_.empty()) stored->counts.clear();
    return stored;
  };
  if (!AddDelta(point, add, restore)) return;
  if (sum || point.is_stale) PushFloat(point, Role::kSum, 0, sum.value_or(0));
  PushFloat(point, Role::kCount, 0, static_cast<double>(count));
  std::erase_if(point_exemplars_, [](const PointExemplar& exemplar) { return std::isnan(exemplar.value); });
  std::ranges::sort(point_exemplars_, {}, &PointExemplar::value);
  std::size_t next_exemplar = 0;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    if (bounds_[i] == kInfinity) break;  // The last one in any case.
    if (i < bucket_counts_.size()) below += bucket_counts_[i];
    PushFloat(point, Role::kBucket, bounds_[i], static_cast<double>(below));
    AttachUpTo(series_.back(), bounds_[i], next_exemplar);
  }
  PushFloat(point, Role::kBucket, kInfinity, static_cast<double>(count));
  AttachUpTo(series_.back(), kInfinity, next_exemplar);
  EndPoint(point);
}

void MetricsRequest::DecodeExponential(std::string_view message) {
  Point point;
  point.message = message;
  AttributeRun attributes;
  point_exemplars_.clear();
  std::uint64_t count = 0;
  std::uint64_t zero_count = 0;
  double zero_threshold = 0;
  double sum = 0;
  std::int32_t scale = 0;
  std::string_view positive;
  std::string_view negative;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    if (fields.tag() == proto::kExponentialAttributes) {
      attributes.Note(fields.Bytes());
      continue;
    }
    attributes.NoteOther();
    switch (fields.tag()) {
      case proto::kExponentialCount:
        count = fields.Fixed64();
        break;
      case proto::kExponentialSum:
        sum = AsSent(fields.Double());
        break;
      case proto::kExponentialScale:
        scale = fields.Sint32();
        break;
      case proto::kExponentialZeroCount:
        zero_count = fields.Fixed64();
        break;
      case proto::kExponentialPositive:
        positive = fields.Bytes();
        break;
      case proto::kExponentialNegative:
        negative = fields.Bytes();
        break;
      case proto::kExponentialFlags:
        point.is_stale = (fields.Uint32() & proto::kFlagNoRecordedValue) != 0;
        break;
      case proto::kExponentialExemplars:
        point_exemplars_.push_back({0, fields.Bytes()});
        break;
      case proto::kExponentialZeroThreshold:
        zero_threshold = fields.Double();
        break;
      default:
        ReadTime(fields, point);
    }
  }
  wire::CheckRoom(histograms_, wire::kRequestHistogramsMax, "histograms");
  Histogram histogram;
  if (point.is_stale) {
    histogram.sum = StaleNan();
    histogram.count = StaleNan();
  } else {
    if (scale < kExponentialSchemaMin) {
      return RefusePoint(Refusal::kBadHistogram,
                         fmt::format("histogram: scale out of range: got {}, want at least {}", scale,
                                     kExponentialSchemaMin));
    }
    if (!(zero_threshold >= 0) || zero_threshold == kInfinity)
      return RefusePoint(Refusal::kBadHistogram, "histogram: zero threshold is negative or no number");
    // Every index has less than 32 bits: shifted by so many it is 0 or -1, however fine the scale.
    constexpr int kShiftMax = 62;
    const int shift =
        static_cast<int>(std::clamp<std::int64_t>(std::int64_t{scale} - kExponentialSchemaMax, 0, kShiftMax));
    const auto above = ReadBuckets(positive, shift, histogram.positive_spans, histogram.positive_buckets);
    if (!above) return RefusePoint(Refusal::kBadHistogram, above.error().message);
    const auto below = ReadBuckets(negative, shift, histogram.negative_spans, histogram.negative_buckets);
    if (!below) return RefusePoint(Refusal::kBadHistogram, below.error().message);
    std::uint64_t total = *above;
    // Observations that are no number are counted, and in no bucket; they make the sum none.
    const bool may_miss = std::isnan(sum);
    if (!AddCount(*below, total) || !AddCount(zero_count, total) || total > count ||
        (total < count && !may_miss)) {
      return RefusePoint(Refusal::kBadHistogram, "histogram: buckets do not add up to the count");
    }
    if (std::uint64_t counted = 0; !AddCount(count, counted))
      return RefusePoint(Refusal::kBadHistogram, "histogram: negative count");
    histogram.schema = std::min(scale, kExponentialSchemaMax);
    histogram.zero_threshold = zero_threshold > 0 ? zero_threshold : kDefaultZeroThreshold;
    histogram.zero_count = static_cast<double>(zero_count);
    histogram.count = static_cast<double>(count);
    histogram.sum = sum;
  }
  point.hash =
      attributes.is_split() ? HashAttributes(message, proto::kExponentialAttributes) : attributes.Hash(seed_);
  if (point.start_ms > point.time_ms) point.start_ms = 0;
  const auto add = [&](const Hash& key, DeltaTimes& times) {
    return sums_->AddExponential(tenant_, key, times, histogram);
  };
  const auto restore = [&] {
    return stored_->Exponential(tenant_, LabelsOfPoint(point, Role::kValue), point.time_ms);
  };
  if (!AddDelta(point, add, restore)) return;
  wire::ReceivedSeries& series = PushSeries(point, Role::kValue, 0);
  series.histogram_count = 1;
  histograms_.push_back(
      {point.time_ms, std::make_shared<const Histogram>(std::move(histogram)), point.start_ms});
  AttachAll(series);
  EndPoint(point);
}

void MetricsRequest::DecodeSummary(std::string_view message) {
  Point point;
  point.message = message;
  AttributeRun attributes;
  quantiles_.clear();
  std::uint64_t count = 0;
  double sum = 0;
  CheckedPbfReader fields(message);
  while (fields.Next()) {
    if (fields.tag() == proto::kSummaryAttributes) {
      attributes.Note(fields.Bytes());
      continue;
    }
    attributes.NoteOther();
    switch (fields.tag()) {
      case proto::kSummaryCount:
        count = fields.Fixed64();
        break;
      case proto::kSummarySum:
        sum = AsSent(fields.Double());
        break;
      case proto::kSummaryQuantiles: {
        auto& [quantile, value] = quantiles_.emplace_back(0.0, 0.0);
        CheckedPbfReader pair(fields.Bytes());
        while (pair.Next()) {
          if (pair.tag() == proto::kQuantile) {
            quantile = pair.Double();
          } else if (pair.tag() == proto::kQuantileValue) {
            value = AsSent(pair.Double());
          } else {
            pair.Skip();
          }
        }
        break;
      }
      case proto::kSummaryFlags:
        point.is_stale = (fields.Uint32() & proto::kFlagNoRecordedValue) != 0;
        break;
      default:
        ReadTime(fields, point);
    }
  }
  if (std::uint64_t counted = 0; !AddCount(count, counted))
    return RefusePoint(Refusal::kBadHistogram, "summary: negative count");
  for (const auto& [quantile, value] : quantiles_) {
    if (!(quantile >= 0 && quantile <= 1))
      return RefusePoint(Refusal::kBadHistogram, "summary: quantile is not from 0 to 1");
  }
  point.hash =
      attributes.is_split() ? HashAttributes(message, proto::kSummaryAttributes) : attributes.Hash(seed_);
  if (point.start_ms > point.time_ms) point.start_ms = 0;
  PushFloat(point, Role::kSum, 0, sum);
  PushFloat(point, Role::kCount, 0, static_cast<double>(count));
  const TimeMs start_ms = std::exchange(point.start_ms, 0);  // Of what is counted; quantiles are measured.
  for (const auto& [quantile, value] : quantiles_)
    PushFloat(point, Role::kQuantile, quantile, value);
  point.start_ms = start_ms;
  EndPoint(point);
}

}  // namespace tickscope::otlp
