#include "cold/cold_queryable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "cold/cold_schema.h"
#include "model/histogram_buckets.h"

namespace tickscope::cold {
namespace {

using plugin::TableBatch;
using plugin::TableColumn;

class ObjectSource final : public plugin::TableSource {
 public:
  ObjectSource(objstore::ObjectStore& store, const ColdPart& part)
      : store_(store), name_(part.name), size_(part.bytes) {}
  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<char> out) override {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string bytes, store_.Get(name_, offset, out.size()));
    if (bytes.size() != out.size()) {
      return Fail(ErrorCode::kCorruption, fmt::format("{}: cut: offset={} got {} bytes, want {}", name_,
                                                      offset, bytes.size(), out.size()));
    }
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return {};
  }

 private:
  objstore::ObjectStore& store_;
  const std::string name_;
  const std::uint64_t size_;
};

// What Select reads of a part, in this order.
constexpr Column kRead[] = {Column::kTs,
                            Column::kKind,
                            Column::kLabels,
                            Column::kLast,
                            Column::kBucketLeText,
                            Column::kBucketLast,
                            Column::kHistCountLast,
                            Column::kHistSumLast,
                            Column::kNativeSchema,
                            Column::kNativeHint,
                            Column::kNativeZeroThreshold,
                            Column::kNativeZeroCount,
                            Column::kNativePositiveIndex,
                            Column::kNativePositiveCount,
                            Column::kNativeNegativeIndex,
                            Column::kNativeNegativeCount,
                            Column::kNativeBounds};

class MemorySeriesSet final : public SeriesSet {
 public:
  explicit MemorySeriesSet(std::map<Labels, SampleColumns> series) : series_(std::move(series)) {}
  bool Next() override {
    at_ = began_ ? std::next(at_) : series_.begin();
    began_ = true;
    return at_ != series_.end();
  }
  const Labels& labels() const override { return at_->first; }
  Status ReadSamples(SampleColumns& out) override {
    out = at_->second;
    return {};
  }

 private:
  std::map<Labels, SampleColumns> series_;
  std::map<Labels, SampleColumns>::iterator at_;
  bool began_ = false;
};

class Selection {
 public:
  Selection(const SelectRequest& request, const QueryContext& context, const ColdQueryableOptions& options)
      : request_(request), context_(context), options_(options) {}

  // Whether a metric of one of a part's series may match.
  [[nodiscard]] bool MayMatch(const ColdPart& part) const {
    const auto matches = [&](const std::string& name) {
      return std::ranges::all_of(request_.matchers, [&](const Matcher& matcher) {
        return matcher.name() != kMetricName || matcher.Matches(name);
      });
    };
    if ((part.has_floats || part.has_native) && matches(part.metric)) return true;
    return part.has_classic && (matches(part.metric + "_bucket") || matches(part.metric + "_sum") ||
                                matches(part.metric + "_count"));
  }

  Status Read(plugin::TableReader& reader, const ColdPart& part) {
    TableBatch batch;
    while (true) {
      TICKSCOPE_RETURN_IF_ERROR(context_.Check());
      TICKSCOPE_ASSIGN_OR_RETURN(const bool more, reader.Next(batch));
      if (!more) return {};
      targets_.clear();
      for (std::size_t row = 0; row < batch.rows; ++row)
        TICKSCOPE_RETURN_IF_ERROR(ReadRow(batch, row, part));
    }
  }

  std::map<Labels, SampleColumns> Take() { return std::move(series_); }

 private:
  // Where samples of a map of labels under a metric's name (and le) go: null when it does not match.
  Result<SampleColumns*> Target(const TableBatch& batch, std::size_t row, const std::string& metric,
                                std::string_view le) {
    const std::uint32_t map = At(batch, Column::kLabels).index[row];
    const auto key = std::tuple(map, metric, std::string(le));
    if (const auto found = targets_.find(key); found != targets_.end()) return found->second;
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    for (const auto& [name, value] : At(batch, Column::kLabels).maps[map])
      pairs.emplace_back(name, value);
    pairs.emplace_back(kMetricName, metric);
    if (!le.empty()) pairs.emplace_back(kBucketLabel, le);
    const Labels labels = Labels::FromPairs(std::move(pairs));
    SampleColumns* target = nullptr;
    const bool matches = std::ranges::all_of(request_.matchers, [&](const Matcher& matcher) {
      return matcher.Matches(labels.Get(matcher.name()));
    });
    if (matches) {
      target = &series_[labels];
      if (series_.size() > options_.series_max) {
        return Fail(ErrorCode::kResourceExhausted,
                    fmt::format("the selector matches too many series of the cold tier: more than {}",
                                options_.series_max));
      }
    }
    targets_.emplace(key, target);
    return target;
  }

  Status AddFloat(const TableBatch& batch, std::size_t row, const std::string& metric, std::string_view le,
                  double value) {
    TICKSCOPE_ASSIGN_OR_RETURN(SampleColumns* const target, Target(batch, row, metric, le));
    if (target == nullptr) return {};
    return Append(*target, At(batch, Column::kTs).ints[row], value, nullptr);
  }

  Status Append(SampleColumns& out, TimeMs time_ms, double value, HistogramPtr histogram) {
    // Of a mixed series a day's floats come before its histograms.
    if (!out.times_ms.empty() && out.times_ms.back() >= time_ms) needs_sort_.insert(&out);
    if (++samples_ > options_.samples_max) {
      return Fail(ErrorCode::kResourceExhausted,
                  fmt::format("the selector reads too many samples of the cold tier: more than {}",
                              options_.samples_max));
    }
    out.times_ms.push_back(time_ms);
    out.values.push_back(value);
    if (histogram != nullptr || !out.histograms.empty()) {
      out.histograms.resize(out.times_ms.size());
      out.histograms.back() = std::move(histogram);
    }
    return {};
  }

  Status ReadRow(const TableBatch& batch, std::size_t row, const ColdPart& part) {
    const TimeMs time_ms = At(batch, Column::kTs).ints[row];
    if (time_ms < request_.start_ms || time_ms > request_.end_ms) return {};
    if (At(batch, Column::kKind).IsNull(row) || At(batch, Column::kLabels).IsNull(row))
      return Fail(ErrorCode::kCorruption, part.name + ": a row without kind or labels");
    const std::string& kind = At(batch, Column::kKind).TextAt(row);
    if (kind == RowKindName(RowKind::kFloat))
      return AddFloat(batch, row, part.metric, "", At(batch, Column::kLast).doubles[row]);
    if (kind == RowKindName(RowKind::kClassic)) return ReadClassic(batch, row, part);
    if (kind == RowKindName(RowKind::kNative)) return ReadNative(batch, row, part);
    return Fail(ErrorCode::kCorruption, fmt::format("{}: a row of unknown kind \"{}\"", part.name, kind));
  }

  Status ReadClassic(const TableBatch& batch, std::size_t row, const ColdPart& part) {
    const TableColumn& texts = At(batch, Column::kBucketLeText);
    const TableColumn& last = At(batch, Column::kBucketLast);
    const auto [first, end] = texts.ItemsAt(row);
    const auto [first_last, end_last] = last.ItemsAt(row);
    if (end - first != end_last - first_last)
      return Fail(ErrorCode::kCorruption, part.name + ": a row whose bucket lists differ in length");
    const std::string bucket = part.metric + "_bucket";
    for (std::size_t i = 0; i < end - first; ++i) {
      TICKSCOPE_RETURN_IF_ERROR(
          AddFloat(batch, row, bucket, texts.texts[texts.index[first + i]], last.doubles[first_last + i]));
    }
    if (const TableColumn& sum = At(batch, Column::kHistSumLast); !sum.IsNull(row))
      TICKSCOPE_RETURN_IF_ERROR(AddFloat(batch, row, part.metric + "_sum", "", sum.doubles[row]));
    if (const TableColumn& count = At(batch, Column::kHistCountLast); !count.IsNull(row))
      TICKSCOPE_RETURN_IF_ERROR(AddFloat(batch, row, part.metric + "_count", "", count.doubles[row]));
    return {};
  }

  static Result<IndexedBuckets> Buckets(const TableColumn& index, const TableColumn& count, std::size_t row,
                                        const ColdPart& part) {
    const auto [first, end] = index.ItemsAt(row);
    const auto [first_count, end_count] = count.ItemsAt(row);
    const auto damaged = [&] {
      return Fail(ErrorCode::kCorruption, part.name + ": a row whose native buckets do not fit together");
    };
    if (end - first != end_count - first_count) return damaged();
    IndexedBuckets buckets;
    for (std::size_t i = 0; i < end - first; ++i) {
      const std::int64_t at = index.ints[first + i];
      if (at < INT32_MIN || at > INT32_MAX || (!buckets.empty() && at <= buckets.back().index))
        return damaged();
      buckets.push_back({static_cast<std::int32_t>(at), count.doubles[first_count + i]});
    }
    return buckets;
  }

  Status ReadNative(const TableBatch& batch, std::size_t row, const ColdPart& part) {
    TICKSCOPE_ASSIGN_OR_RETURN(SampleColumns* const target, Target(batch, row, part.metric, ""));
    if (target == nullptr) return {};
    auto histogram = std::make_shared<Histogram>();
    histogram->schema = static_cast<std::int32_t>(At(batch, Column::kNativeSchema).ints[row]);
    const std::int64_t hint = At(batch, Column::kNativeHint).ints[row];
    // Between two windows' last ones there may have been a reset whatever the later one says; only a gauge stays one.
    if (hint == static_cast<std::int64_t>(ResetHint::kGauge)) histogram->reset_hint = ResetHint::kGauge;
    histogram->zero_threshold = At(batch, Column::kNativeZeroThreshold).doubles[row];
    histogram->zero_count = At(batch, Column::kNativeZeroCount).doubles[row];
    histogram->count = At(batch, Column::kHistCountLast).doubles[row];
    histogram->sum = At(batch, Column::kHistSumLast).doubles[row];
    TICKSCOPE_ASSIGN_OR_RETURN(
        const IndexedBuckets positive,
        Buckets(At(batch, Column::kNativePositiveIndex), At(batch, Column::kNativePositiveCount), row, part));
    StoreBuckets(positive, histogram->positive_spans, histogram->positive_buckets);
    TICKSCOPE_ASSIGN_OR_RETURN(
        const IndexedBuckets negative,
        Buckets(At(batch, Column::kNativeNegativeIndex), At(batch, Column::kNativeNegativeCount), row, part));
    StoreBuckets(negative, histogram->negative_spans, histogram->negative_buckets);
    const TableColumn& bounds = At(batch, Column::kNativeBounds);
    const auto [first, end] = bounds.ItemsAt(row);
    for (std::size_t i = first; i < end; ++i)
      histogram->custom_bounds.push_back(bounds.doubles[i]);
    return Append(*target, At(batch, Column::kTs).ints[row], 0, std::move(histogram));
  }

  static const TableColumn& At(const TableBatch& batch, Column column) {
    const auto* const found = std::ranges::find(kRead, column);
    return batch.columns[static_cast<std::size_t>(found - std::begin(kRead))];
  }

 public:
  // Puts series whose rows came out of order in order of time; of two of one window the float stays.
  void Sort() {
    for (SampleColumns* const columns : needs_sort_) {
      columns->histograms.resize(columns->histograms.empty() ? 0 : columns->size());
      std::vector<std::size_t> order(columns->size());
      for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
      std::ranges::stable_sort(order, {}, [&](std::size_t i) { return columns->times_ms[i]; });
      SampleColumns sorted;
      for (const std::size_t i : order) {
        if (!sorted.times_ms.empty() && sorted.times_ms.back() == columns->times_ms[i]) continue;
        sorted.times_ms.push_back(columns->times_ms[i]);
        sorted.values.push_back(columns->values[i]);
        if (!columns->histograms.empty()) sorted.histograms.push_back(columns->histograms[i]);
      }
      *columns = std::move(sorted);
    }
  }

 private:
  const SelectRequest& request_;
  const QueryContext& context_;
  const ColdQueryableOptions& options_;
  std::map<Labels, SampleColumns> series_;
  std::map<std::tuple<std::uint32_t, std::string, std::string>, SampleColumns*> targets_;  // Of one batch.
  std::set<SampleColumns*> needs_sort_;
  std::size_t samples_ = 0;
};

Result<std::map<Labels, SampleColumns>> ReadAll(objstore::ObjectStore& store,
                                                const plugin::Columnar& columnar,
                                                const ColdQueryableOptions& options,
                                                const SelectRequest& request, const QueryContext& context) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, ListManifests(store, request.tenant));
  Selection selection(request, context, options);
  for (const ManifestEntry& entry : entries) {
    if (StartOf(entry.place.day) >= request.end_ms || StartOf(NextDay(entry.place.day)) < request.start_ms)
      continue;
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    TICKSCOPE_ASSIGN_OR_RETURN(const ColdManifest manifest, LoadManifest(store, entry));
    for (const ColdPart& part : manifest.parts) {
      if (part.min_ts_ms > request.end_ms || part.max_ts_ms < request.start_ms) continue;
      if (!selection.MayMatch(part)) continue;
      plugin::TableScan scan;
      for (const Column column : kRead)
        scan.columns.push_back(FixedColumn(column));
      scan.bounds.push_back({FixedColumn(Column::kTs).name, request.start_ms, request.end_ms, ""});
      for (const Matcher& matcher : request.matchers) {
        if (matcher.type() != MatchType::kEqual || matcher.value().empty()) continue;
        if (std::ranges::find(manifest.promoted, matcher.name()) == manifest.promoted.end()) continue;
        scan.bounds.push_back({matcher.name(), 0, 0, matcher.value()});
      }
      TICKSCOPE_ASSIGN_OR_RETURN(
          const auto reader,
          columnar.OpenTable(FormatOf(part.name), PartSource(store, part), std::move(scan)));
      TICKSCOPE_RETURN_IF_ERROR(selection.Read(*reader, part));
    }
  }
  selection.Sort();
  return selection.Take();
}

}  // namespace

std::shared_ptr<plugin::TableSource> PartSource(objstore::ObjectStore& store, const ColdPart& part) {
  return std::make_shared<ObjectSource>(store, part);
}

Result<std::unique_ptr<SeriesSet>> ColdQueryable::Select(const SelectRequest& request,
                                                         const QueryContext& context) const {
  TICKSCOPE_ASSIGN_OR_RETURN(auto series, ReadAll(store_, columnar_, options_, request, context));
  return std::make_unique<MemorySeriesSet>(std::move(series));
}

Result<std::vector<std::string>> ColdQueryable::LabelNames(const SelectRequest& request,
                                                           const QueryContext& context) const {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto series, ReadAll(store_, columnar_, options_, request, context));
  std::set<std::string> names;
  for (const auto& [labels, samples] : series) {
    for (const LabelView& label : labels)
      names.emplace(label.name);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<std::string>> ColdQueryable::LabelValues(const std::string& name,
                                                            const SelectRequest& request,
                                                            const QueryContext& context) const {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto series, ReadAll(store_, columnar_, options_, request, context));
  std::set<std::string> values;
  for (const auto& [labels, samples] : series) {
    if (labels.Has(name)) values.emplace(labels.Get(name));
  }
  return std::vector<std::string>(values.begin(), values.end());
}

}  // namespace tickscope::cold
