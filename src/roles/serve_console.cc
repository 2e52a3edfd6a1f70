// The console's part of ServeProcess: what it is made of, and what it is told of the process.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "api/process_routes.h"
#include "roles/serve.h"

namespace tickscope::roles {
namespace {

// As the API has it (api/query_endpoints.cc).
constexpr std::uint64_t kPointsMax = 11'000;

constexpr const char* kNoPages =
    "<p>The console is not in this binary: <code>./dev build</code> in a tree with <code>ui/</code> builds "
    "its pages and "
    "puts them in.</p>\n";

// Our own metrics as /metrics shows them: what they count is not counted twice.
class OwnMetrics {
 public:
  explicit OwnMetrics(std::string text) : text_(std::move(text)) {}

  /// Of all series of that name whose labels have `part` in them: "outcome=\"hit\"".
  [[nodiscard]] double Sum(std::string_view name, std::string_view part = "") const {
    double sum = 0;
    std::string_view rest = text_;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!line.starts_with(name) || line.size() == name.size()) continue;
      const char after = line[name.size()];
      if ((after != '{' && after != ' ') || !line.contains(part)) continue;
      sum += std::strtod(std::string(line.substr(line.rfind(' ') + 1)).c_str(), nullptr);
    }
    return sum;
  }
  [[nodiscard]] std::uint64_t Count(std::string_view name, std::string_view part = "") const {
    return static_cast<std::uint64_t>(std::max(0.0, Sum(name, part)));
  }

 private:
  const std::string text_;
};

// From a write to its being seen, as the probe measured; 0 before it did.
double ProbedSeconds(const OwnMetrics& own) {
  const double seen = own.Sum("tickscope_freshness_seconds_count");
  return seen > 0 ? own.Sum("tickscope_freshness_seconds_sum") / seen : 0;
}

struct CacheMetrics {
  const char* name;
  const char* requests;
  const char* hit;  // What labels of a hit have.
  const char* miss;
  const char* bytes;
};
constexpr CacheMetrics kCaches[] = {
    {"results", "tickscope_query_cache_requests_total", "outcome=\"hit\"", "outcome=\"miss\"",
     "tickscope_query_cache_memory_bytes"},
    {"labels", "tickscope_query_cache_labels_requests_total", "outcome=\"hit\"", "outcome=\"miss\"",
     "tickscope_query_cache_labels_bytes"},
    {"negative", "tickscope_query_cache_negative_requests_total", "outcome=\"hit\"", "outcome=\"miss\"",
     "tickscope_query_cache_negative_bytes"},
    {"selections", "tickscope_query_cache_selections_requests_total", "outcome=\"hit\"", "outcome=\"miss\"",
     "tickscope_query_cache_selections_bytes"},
    {"objects", "tickscope_objcache_reads_total", "result=\"hit\"", "result=\"miss\"",
     "tickscope_objcache_bytes"},
};

}  // namespace

Result<std::string> ServeProcess::ViewKey() {
  const std::string path = config_.data_directory + "/console/view_key";
  if (environment_.keep_secret) {
    TICKSCOPE_RETURN_IF_ERROR(environment_.fs.CreateDirectories(io::ParentDirectory(path)));
    return environment_.keep_secret(path, console::kViewKeyBytes);
  }
  // A made-up world has no secrets and no modes of files.
  std::string key;
  while (key.size() < console::kViewKeyBytes)
    key += static_cast<char>(environment_.random.Next());
  return key;
}

tickscope::Status ServeProcess::OpenConsole() {
  if (!config_.console.enabled || store_ == nullptr || !roles_.query) return {};
  const live::LiveOptions& live = config_.live;
  TICKSCOPE_ASSIGN_OR_RETURN(std::string view_key, ViewKey());
  console::ConsoleDependencies dependencies{
      .fs = environment_.fs,
      .clock = environment_.clock,
      .metrics = metrics_,
      .pool = *query_pool_,
      .random = environment_.random,
      .directory = config_.data_directory + "/console",
      .view_key = std::move(view_key),
      .version = environment_.version,
      .landing_page = api::LandingPage(environment_.version, kNoPages),
      .guard_schema_file = config_.guard.schema_file,
      .process = *this,
      .bounds = {.timeout_seconds = static_cast<double>(config_.query_timeout_ms) / 1000,
                 .points_max = kPointsMax,
                 .live_queries_max = live.queries.queries_max,
                 .live_step_min_seconds = static_cast<double>(live.queries.step_min_ms) / 1000,
                 .live_points_max = live.points_max},
      .features = {"live", "cardinality"}};
  if (gateway_ != nullptr) dependencies.features.insert(dependencies.features.end(), {"limits", "guard"});
  if (tiers_ != nullptr) dependencies.features.emplace_back("tiers");
  if (tiers_ != nullptr && roles_.query) dependencies.features.emplace_back("sql");
  TICKSCOPE_ASSIGN_OR_RETURN(console_, console::Console::Open(dependencies, config_.console));
  return {};
}

console::PlatformStatus ServeProcess::Platform(const TenantId& tenant) const {
  console::PlatformStatus status;
  for (const Role& role : kRoles) {
    if (roles_.*role.member) status.roles.emplace_back(role.name);
  }
  if (stream_ != nullptr) {
    for (std::uint32_t i = 0; i < stream_->partition_count(); ++i) {
      const stream::PartitionId partition{i};
      // Applied first: it never seems to be ahead of the end so.
      const std::uint64_t applied = consumer_->next_offset();
      status.partitions.push_back(
          {i, stream_->StartOffset(partition), stream_->EndOffset(partition), applied, 0});
    }
  }
  const OwnMetrics own(metrics_.RenderText());
  for (console::PlatformStatus::Partition& partition : status.partitions) {
    if (partition.applied < partition.end) partition.lag_seconds = ProbedSeconds(own);
  }
  status.active_series = store_->Summarize(tenant, 0).series_count;
  for (const tsdb::Store::BlockFile& block : store_->Blocks()) {
    if (block.tenant != tenant) continue;
    ++status.blocks;
    // One that moved to the object store meanwhile has no bytes here.
    if (const auto file = environment_.fs.OpenRead(block.path))
      status.store_bytes += (*file)->Size().value_or(0);
  }
  if (tiers_ != nullptr) {
    for (const api::TierReport::Tier& tier : tiers_->Report(tenant).tiers) {
      const bool has_any = tier.blocks > 0;
      status.tiers.push_back({tier.name, tier.blocks, tier.bytes,
                              has_any ? std::optional(tier.from_ms) : std::nullopt,
                              has_any ? std::optional(tier.until_ms) : std::nullopt});
    }
  }
  for (const CacheMetrics& cache : kCaches) {
    status.caches.push_back({cache.name, own.Count(cache.requests, cache.hit),
                             own.Count(cache.requests, cache.miss), own.Count(cache.bytes)});
  }
  if (live_ != nullptr) {
    status.live = {own.Count("tickscope_live_connections"), own.Count("tickscope_live_subscriptions"),
                   own.Count("tickscope_live_topics"), own.Count("tickscope_live_points")};
  }
  if (const auto usage = environment_.process.Read()) {
    status.resident_bytes = usage->resident_bytes;
    status.cpu_seconds = usage->cpu_seconds;
  }
  return status;
}

console::DataFreshness ServeProcess::Freshness(const TenantId& tenant) const {
  console::DataFreshness freshness;
  const tsdb::HeadSummary summary = store_->Summarize(tenant, 0);
  if (summary.max_time_ms > 0) freshness.newest_ms = summary.max_time_ms;
  if (stream_ == nullptr) return freshness;
  bool is_behind = false;
  const std::uint64_t applied = consumer_->next_offset();
  for (std::uint32_t i = 0; i < stream_->partition_count(); ++i)
    is_behind = is_behind || applied < stream_->EndOffset(stream::PartitionId{i});
  // Rendering all metrics is the dear part, and mostly nothing waits.
  freshness.lag_seconds = is_behind ? ProbedSeconds(OwnMetrics(metrics_.RenderText())) : 0;
  return freshness;
}

console::SeriesCounts ServeProcess::CountSeries(const TenantId& tenant, std::size_t metrics_max) const {
  const tsdb::HeadSummary summary = store_->Summarize(tenant, metrics_max);
  console::SeriesCounts counts{.total = summary.series_count, .by_metric = {}};
  for (const tsdb::NamedCount& metric : summary.series_by_metric)
    counts.by_metric.emplace_back(metric.name, metric.count);
  return counts;
}

std::vector<TenantId> ServeProcess::Tenants() const {
  std::set<TenantId> tenants = {TenantId(kDefaultTenant)};
  for (const tsdb::Store::BlockFile& block : store_->Blocks())
    tenants.insert(block.tenant);
  for (TenantId& tenant : console_->usage().Tenants())
    tenants.insert(std::move(tenant));
  return {tenants.begin(), tenants.end()};
}

}  // namespace tickscope::roles
