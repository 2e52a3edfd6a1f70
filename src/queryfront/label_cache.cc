#include "queryfront/label_cache.h"

#include <optional>

#include "queryfront/selector_key.h"

namespace tickscope::queryfront {
LabelCache::LabelCache(const Queryable& storage, const LabelStateSource& states, MetricRegistry& metrics,
                       std::uint64_t bytes_max)
    : storage_(storage), states_(states), bytes_max_(bytes_max), kept_(bytes_max) {
  const auto add = [&](const char* outcome) {
    return metrics.AddCounter("tickscope_query_cache_labels_requests_total",
                              "Questions for label names and values, by what was kept of them.",
                              {{"outcome", outcome}});
  };
  hits_ = add("hit");
  misses_ = add("miss");
  bypassed_ = add("bypass");
  bytes_gauge_ =
      metrics.AddGauge("tickscope_query_cache_labels_bytes", "Memory of kept label names and values.", {});
}

Result<std::unique_ptr<SeriesSet>> LabelCache::Select(const SelectRequest& request,
                                                      const QueryContext& context) const {
  return storage_.Select(request, context);
}

Result<std::vector<std::string>> LabelCache::LabelNames(const SelectRequest& request,
                                                        const QueryContext& context) const {
  return Get("names", request, [&] { return storage_.LabelNames(request, context); });
}

Result<std::vector<std::string>> LabelCache::LabelValues(const std::string& name,
                                                         const SelectRequest& request,
                                                         const QueryContext& context) const {
  return Get("values " + name, request, [&] { return storage_.LabelValues(name, request, context); });
}

Result<LabelCache::Texts> LabelCache::Get(const std::string& what, const SelectRequest& request,
                                          const std::function<Result<Texts>()>& read) const {
  // Before reading, so that what comes meanwhile is another state's.
  const auto state = states_.LabelState(request.tenant, request.start_ms, request.end_ms);
  const std::optional<std::string> key = state ? SelectorKey(what, request, *state) : std::nullopt;
  if (!key || bytes_max_ == 0) {
    bypassed_->Add();
    return read();
  }
  std::shared_ptr<const Texts> kept;
  {
    const MutexLock lock(mu_);
    if (const auto* const found = kept_.Find(*key)) kept = *found;
  }
  if (kept != nullptr) {
    hits_->Add();
    return *kept;
  }
  misses_->Add();
  TICKSCOPE_ASSIGN_OR_RETURN(Texts texts, read());
  Keep(*key, texts);
  return texts;
}

void LabelCache::Keep(const std::string& key, const Texts& texts) const {
  std::uint64_t bytes = 0;
  for (const std::string& text : texts)
    bytes += sizeof(std::string) + (text.size() > 15 ? text.size() + 1 : 0);
  if (bytes + decltype(kept_)::EntryBytes(key) > bytes_max_ / 8) return;
  auto shared = std::make_shared<const Texts>(texts);
  const MutexLock lock(mu_);
  kept_.Put(key, std::move(shared), bytes);
  bytes_gauge_->Set(static_cast<double>(kept_.bytes()));
}

}  // namespace tickscope::queryfront
