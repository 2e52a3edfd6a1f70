// MetricsRequest: an ExportMetricsServiceRequest, decoded for a receiver that has seen its series before.
//
//   data point   series
//   number       one
//   histogram    _count, _sum when it was sent, a _bucket for each bound and +Inf; or in exponential form one native histogram
//   summary      _count, _sum, one a quantile
//   resource     target_info, at the newest of its points in each 150 s
//
// Each has a key: a hash of the bytes that name resource, metric and attributes, and of which series of the point it is. Labels
// are made for keys that nobody knows, only (ReadLabels), and then once a data point.
//
// What a data point's sender got wrong costs that point: it is counted by reason, and the others go on. Only what is no
// protobuf, or passes a limit of the whole request, is an error of Decode.
//
// Invariants   M1 the series of one data point lie together and have its number as their position.
//              M2 a NaN that was sent is never the staleness marker; that one comes from the no-recorded-value flag alone.
// Bounds       Those of wire/received_request.h; kAttributesMax attributes a message; labels of new series kLabelBytesMax
//              a request, as one histogram of many bounds would repeat a long attribute for each.
// Threads      Not thread-safe.
// Source       opentelemetry-proto 1.x; decisions/0022.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/tenant.h"
#include "otlp/attributes.h"
#include "otlp/delta_sums.h"
#include "otlp/stored_totals.h"
#include "otlp/translation.h"
#include "wire/checked_pbf_reader.h"
#include "wire/received_request.h"

namespace tickscope::otlp {

inline constexpr std::size_t kLabelBytesMax = 64U << 20;
inline constexpr TimeMs kTargetInfoIntervalMs = 150'000;  ///< Half of what queries look back.
/// Times a resource's points may be spread over and still each find a target_info.
inline constexpr std::size_t kTargetInfoTimesMax = 16;
/// What Prometheus gives a zero bucket whose width was not sent.
inline constexpr double kDefaultZeroThreshold = 1e-128;

/// Why a data point was left out by the decoder.
enum class Refusal : std::uint8_t {
  kDeltaTemporality,    ///< What it counted since the last one, and no totals are kept.
  kDeltaOutOfOrder,     ///< The same, and older than what was added up.
  kDeltaInFuture,       ///< The same, and further ahead of the clock than a sample may be.
  kDeltaLimit,          ///< The same, of a series that there is no room to add up.
  kUnknownTemporality,  ///< Neither, or no data points of a kind that is known.
  kNoValue,             ///< A number without one.
  kBadHistogram,        ///< Counts that do not add up, bounds out of order, a scale no schema has.
};
inline constexpr std::size_t kRefusals = 7;
/// "delta_temporality" and so on, for metrics.
[[nodiscard]] std::string_view RefusalName(Refusal refusal);

class MetricsRequest final : public wire::ReceivedRequest {
 public:
  /// `seed` keys the hashes. `translation` outlives this.
  MetricsRequest(const Translation& translation, std::uint64_t seed)
      : translation_(translation), seed_(seed) {}

  /// Has delta data points added up by `sums` for that tenant, new series from what `stored` has of them, if it is not null. Both outlive this.
  /// Without sums, such points are refused.
  void AddDeltasTo(DeltaSums* sums, const StoredTotals* stored, TenantId tenant) {
    sums_ = sums;
    stored_ = stored;
    tenant_ = std::move(tenant);
  }

  /// Decodes `message`, which must stay valid while this object is used. With an error no delta was added up.
  /// Errors: kCorruption for what is no protobuf; kOutOfRange past a limit of the request.
  [[nodiscard]] Status Decode(std::string_view message);

  /// Data points of the request.
  [[nodiscard]] std::uint64_t point_count() const { return point_count_; }
  /// Of these, left out, by Refusal.
  [[nodiscard]] const std::array<std::uint64_t, kRefusals>& refused() const { return refused_; }
  [[nodiscard]] std::uint64_t refused_total() const;
  /// How many of them and, of the first few, which and why; empty when there are none.
  [[nodiscard]] std::string Explanation() const;
  /// Of the first few of them: which and why.
  [[nodiscard]] const std::vector<std::string>& messages() const { return messages_; }

  [[nodiscard]] Status ReadLabels(const wire::ReceivedSeries& series,
                                  std::vector<LabelView>& out) const override;
  [[nodiscard]] Result<MetricMetadata> ReadMetadata(const wire::ReceivedSeries& series) const override;
  [[nodiscard]] Status ReadExemplar(const wire::ReceivedSeries& series, std::uint32_t index,
                                    wire::ReceivedExemplar& out) const override;

 private:
  using Hash = wire::SeriesKey;

  // Which series of its data point one is.
  enum class Role : std::uint8_t { kValue, kCount, kSum, kBucket, kQuantile, kTargetInfo };
  enum class Kind : std::uint8_t { kGauge, kCounter, kUpDown, kHistogram, kExponential, kSummary };

  struct Scope {
    std::string_view message;
    std::string_view schema_url;
  };
  struct Resource {
    std::string_view message;
    Hash hash;
    // Newest time of a point in each kTargetInfoIntervalMs.
    std::vector<TimeMs> times_ms;
  };
  struct Metric {
    std::uint32_t resource = 0;
    std::uint32_t scope = 0;
    Kind kind = Kind::kGauge;
    std::string_view name;
    std::string_view unit;
    std::string_view description;
    Hash hash;  // With those of resource and scope.
  };
  // Where a series comes from, by its index.
  struct Origin {
    std::uint32_t metric = 0;  // kTargetInfo: the resource.
    Role role = Role::kValue;
    double bound = 0;  // kBucket: its le; kQuantile.
  };
  // What all data points have.
  struct Point {
    std::int64_t time_ns = 0;
    TimeMs time_ms = 0;
    TimeMs start_ms = 0;
    bool is_stale = false;
    Hash hash;
    std::string_view message;
  };

  struct ResourceLabels {
    bool is_made = false;
    std::string_view job;
    std::string_view instance;
    std::vector<LabelView> promoted;
  };

  // Decodes all of it; deltas are added up, or only seen.
  [[nodiscard]] Status Walk(std::string_view message, bool adds_deltas);
  void DecodeResourceMetrics(std::string_view message);
  void DecodeScopeMetrics(std::string_view message);
  void DecodeMetric(std::string_view message);
  void DecodeNumber(std::string_view message);
  void DecodeHistogram(std::string_view message);
  void DecodeExponential(std::string_view message);
  void DecodeSummary(std::string_view message);
  void AddTargetInfo();

  // The hash of attributes that do not lie side by side.
  [[nodiscard]] Hash HashAttributes(std::string_view message, proto::Tag tag) const;
  static void ReadTime(wire::CheckedPbfReader& fields, Point& point);
  void EndPoint(const Point& point);
  void RefusePoint(Refusal refusal, std::string_view why);
  // The key of a point's series.
  [[nodiscard]] Hash KeyOf(const Point& point, Role role, double bound) const;
  // Replaces what a delta point counted by its total, by `add`, which DeltaSums has; a total that is not known is first restored from what `restore`
  // finds stored. False when it was refused.
  template <typename Add, typename Restore>
  [[nodiscard]] bool AddDelta(Point& point, Add add, Restore restore);
  // Labels of a series of the point that is being decoded, without `le`; empty when it has none that are any good.
  [[nodiscard]] Labels LabelsOfPoint(const Point& point, Role role) const;
  // Adds a series with one sample.
  void PushFloat(const Point& point, Role role, double bound, double value);
  wire::ReceivedSeries& PushSeries(const Point& point, Role role, double bound);
  // Gives the series all exemplars of the point; or, when sorted by value, from `next` on those up to a bound.
  void AttachAll(wire::ReceivedSeries& series);
  void AttachUpTo(wire::ReceivedSeries& series, double bound, std::size_t& next);
  // What is wrong with the histogram's bounds and counts; null when nothing is.
  [[nodiscard]] const char* FaultOfBuckets(std::uint64_t count) const;

  [[nodiscard]] const Origin& OriginOf(const wire::ReceivedSeries& series) const {
    return origins_[static_cast<std::size_t>(&series - series_.data())];
  }
  // The labels of a series of a data point or a resource, whose message it is.
  [[nodiscard]] Status MakeLabels(const Origin& origin, std::string_view message, std::uint32_t position,
                                  std::vector<LabelView>& out) const;
  void MakePointLabels(const Metric& metric, std::string_view message) const;
  void MakeTargetInfoLabels(std::uint32_t resource) const;
  void AddScopeLabels(const Scope& scope) const;
  // Whether the resource has something to say and an identity to say it of.
  [[nodiscard]] bool NeedsTargetInfo(std::string_view resource) const;
  [[nodiscard]] const ResourceLabels& LabelsOf(std::uint32_t resource) const;
  // Adds attributes under their labels' names; those that share one are joined, in the order of their keys.
  void AddAttributes(std::vector<Attribute>& attributes) const;
  // Adds a label unless there is one of that name.
  void AddPromoted(std::string_view name, std::string_view value) const;
  void SetLabel(std::string_view name, std::string_view value) const;
  [[nodiscard]] std::string_view Keep(std::string text) const;
  [[nodiscard]] std::string_view Text(std::string_view any_value) const;
  [[nodiscard]] std::string_view NameOf(std::string_view attribute) const;
  [[nodiscard]] std::string_view MetricNameOf(std::uint32_t metric, Role role) const;
  [[nodiscard]] std::string_view BoundText(double bound) const;

  const Translation& translation_;
  const std::uint64_t seed_;
  DeltaSums* sums_ = nullptr;
  const StoredTotals* stored_ = nullptr;
  TenantId tenant_;
  bool is_delta_ = false;  // Of the metric being decoded.
  bool adds_deltas_ = false;
  bool has_deltas_ = false;
  std::vector<Resource> resources_;
  std::vector<Scope> scopes_;
  std::vector<Metric> metrics_;
  std::vector<Origin> origins_;              // By series.
  std::vector<std::string_view> exemplars_;  // Their messages, in the order of series.
  std::uint64_t point_count_ = 0;
  std::array<std::uint64_t, kRefusals> refused_{};
  std::vector<std::string> messages_;

  // Of the data point being decoded.
  struct PointExemplar {
    double value = 0;
    std::string_view message;
  };
  std::vector<PointExemplar> point_exemplars_;
  std::vector<std::uint64_t> bucket_counts_;
  std::vector<double> bounds_;
  std::vector<std::pair<double, double>> quantiles_;

  // Texts that labels point to, and labels that more than one series has; made on demand.
  mutable std::deque<std::string> texts_;
  mutable std::unordered_map<std::string_view, std::string_view> names_;
  mutable std::unordered_map<std::uint64_t, std::string_view> bound_texts_;
  mutable std::unordered_map<std::uint64_t, std::string_view> metric_names_;  // By metric and role.
  mutable const char* labelled_point_ = nullptr;  // Whose labels point_labels_ are.
  mutable std::vector<LabelView> point_labels_;
  mutable std::size_t label_bytes_ = 0;
  mutable std::vector<ResourceLabels> resource_labels_;  // By resource.
  mutable std::vector<Attribute> attribute_buffer_;
  mutable std::string exemplar_text_;
  mutable std::array<std::string, kAttributesMax> exemplar_values_;
};

}  // namespace tickscope::otlp
