#include "queryfront/negative_cache.h"

#include <utility>

#include "model/empty_series_set.h"
#include "queryfront/selector_key.h"

namespace tickscope::queryfront {
namespace {

class NoColumns final : public ColumnScan {
 public:
  [[nodiscard]] std::uint32_t series_count() const override { return 0; }
  [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t) const override { return {}; }
  [[nodiscard]] std::uint32_t pair_count() const override { return 0; }
  [[nodiscard]] LabelView PairText(std::uint32_t) const override { return {}; }
  [[nodiscard]] std::uint64_t EstimateSamples() const override { return 0; }
  [[nodiscard]] std::unique_ptr<ColumnReader> NewReader() const override {
    return std::make_unique<Reader>();
  }

 private:
  class Reader final : public ColumnReader {
   public:
    [[nodiscard]] Result<bool> Append(std::uint32_t, SampleColumns&) override { return true; }
  };
};

// A set whose first series was looked for already.
class BegunSeries final : public SeriesSet {
 public:
  explicit BegunSeries(std::unique_ptr<SeriesSet> series) : series_(std::move(series)) {
    SetSpans({series_->spans().begin(), series_->spans().end()});
  }
  [[nodiscard]] bool Next() override { return std::exchange(is_first_, false) || series_->Next(); }
  [[nodiscard]] const Labels& labels() const override { return series_->labels(); }
  [[nodiscard]] Status ReadSamples(SampleColumns& out) override { return series_->ReadSamples(out); }

 private:
  const std::unique_ptr<SeriesSet> series_;
  bool is_first_ = true;
};

}  // namespace

NegativeCache::NegativeCache(const Queryable& storage, const LabelStateSource& states,
                             MetricRegistry& metrics, std::uint64_t bytes_max)
    : storage_(storage), states_(states), bytes_max_(bytes_max), known_(bytes_max) {
  const auto add = [&](const char* outcome) {
    return metrics.AddCounter("tickscope_query_cache_negative_requests_total",
                              "Selectors of queries, by whether they were known to match nothing.",
                              {{"outcome", outcome}});
  };
  hits_ = add("hit");
  misses_ = add("miss");
  bypassed_ = add("bypass");
  bytes_gauge_ =
      metrics.AddGauge("tickscope_query_cache_negative_bytes", "Memory of selectors that match nothing.", {});
}

Result<std::unique_ptr<SeriesSet>> NegativeCache::Select(const SelectRequest& request,
                                                         const QueryContext& context) const {
  const std::optional<std::string> key = KeyOf(request);
  if (key && IsKnown(*key)) return std::make_unique<EmptySeriesSet>();
  TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<SeriesSet> series, storage_.Select(request, context));
  if (!key) return series;
  if (!series->Next()) {
    Keep(*key);
    return std::make_unique<EmptySeriesSet>();
  }
  return std::make_unique<BegunSeries>(std::move(series));
}

Result<std::unique_ptr<ColumnScan>> NegativeCache::Scan(const SelectRequest& request,
                                                        const QueryContext& context) const {
  const std::optional<std::string> key = KeyOf(request);
  if (key && IsKnown(*key)) return std::make_unique<NoColumns>();
  TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<ColumnScan> scan, storage_.Scan(request, context));
  if (key && scan != nullptr && scan->series_count() == 0) Keep(*key);
  return scan;
}

Result<std::vector<std::string>> NegativeCache::LabelNames(const SelectRequest& request,
                                                           const QueryContext& context) const {
  return storage_.LabelNames(request, context);
}

Result<std::vector<std::string>> NegativeCache::LabelValues(const std::string& name,
                                                            const SelectRequest& request,
                                                            const QueryContext& context) const {
  return storage_.LabelValues(name, request, context);
}

std::optional<std::string> NegativeCache::KeyOf(const SelectRequest& request) const {
  if (bytes_max_ == 0) return std::nullopt;
  const auto state = states_.LabelState(request.tenant, request.start_ms, request.end_ms);
  std::optional<std::string> key = state ? SelectorKey("series", request, *state) : std::nullopt;
  if (!key) bypassed_->Add();
  return key;
}

bool NegativeCache::IsKnown(const std::string& key) const {
  bool is_known = false;
  {
    const MutexLock lock(mu_);
    is_known = known_.Find(key) != nullptr;
  }
  (is_known ? hits_ : misses_)->Add();
  return is_known;
}

void NegativeCache::Keep(const std::string& key) const {
  const MutexLock lock(mu_);
  known_.Put(key, {}, 0);
  bytes_gauge_->Set(static_cast<double>(known_.bytes()));
}

}  // namespace tickscope::queryfront
