#include "console/status_endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

#include "wire/json_fields.h"

namespace tickscope::console {
namespace {

using wire::JsonWriter;

constexpr std::size_t kMetricsMax = 10'000;
constexpr TimeMs kDayMs = 86'400'000;
constexpr TimeMs kUnusedSinceMs = 30 * kDayMs;
constexpr std::size_t kUnusedDefault = 100;
constexpr std::size_t kDaysDefault = 14;
constexpr std::size_t kMetricsOfDayDefault = 50;
/// What a sample takes on disk, about (docs/benchmarks).
constexpr double kSampleBytes = 1.6;
constexpr std::int64_t kCadenceDefaultMs = 10'000;

Result<std::size_t> ReadCount(const api::Parameters& parameters, std::string_view name, std::size_t fallback,
                              std::size_t most) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return fallback;
  const auto count = api::ParseInteger(text);
  if (!count || *count < 1 || *count > static_cast<std::int64_t>(most))
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: want a number from 1 to {}", name, most));
  return static_cast<std::size_t>(*count);
}

void WriteTime(std::string_view key, const std::optional<TimeMs>& time_ms, JsonWriter& json) {
  json.Key(key);
  if (time_ms) {
    json.Int(*time_ms);
  } else {
    json.Null();
  }
}

void WriteNumber(std::string_view key, double value, JsonWriter& json) {
  json.Key(key);
  json.Number(value);
}

class StatusApi {
 public:
  explicit StatusApi(StatusDependencies dependencies)
      : deps_(std::move(dependencies)), started_ms_(deps_.clock.NowMs()), started_(deps_.clock.Monotonic()) {
    if (deps_.schema == nullptr) return;
    for (const schema::Metric& metric : deps_.schema->metrics) {
      for (std::string& name : schema::SeriesNames(metric))
        metrics_.emplace(std::move(name), &metric);
    }
  }

  [[nodiscard]] Result<http::Response> Platform(const ConsoleCall& call) const {
    const PlatformStatus status = deps_.process.Platform(call.tenant);
    return Success([&](JsonWriter& json) -> Status {
      WritePlatform(status, json);
      return {};
    });
  }

  [[nodiscard]] Result<http::Response> Unused(const ConsoleCall& call) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const TimeMs since_ms,
                               call.parameters.TimeOr("since", deps_.clock.NowMs() - kUnusedSinceMs));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t limit,
                               ReadCount(call.parameters, "limit", kUnusedDefault, kMetricsMax));
    const SeriesCounts counts = deps_.process.CountSeries(call.tenant, kMetricsMax);
    struct Found {
      const std::string* name;
      std::uint64_t series;
      std::optional<LastAsked> asked;
    };
    std::vector<Found> unused;
    std::uint64_t series = 0;
    for (const auto& [name, count] : counts.by_metric) {
      const std::optional<LastAsked> asked = deps_.usage.Find(call.tenant, name);
      if (asked && asked->time_ms >= since_ms - kHourMs) continue;
      unused.push_back({&name, count, asked});
      series += count;
    }
    return Success([&](JsonWriter& json) -> Status {
      json.BeginObject();
      WriteInt("since", since_ms, json);
      WriteInt("observed_since", deps_.usage.ObservedSince(call.tenant), json);
      WriteCount("series", series, json);
      json.Key("metrics");
      json.BeginArray();
      for (std::size_t i = 0; i < std::min(limit, unused.size()); ++i) {
        const Found& one = unused[i];
        const schema::Metric* const metric = MetricOf(*one.name);
        const std::int64_t cadence_ms = metric == nullptr ? kCadenceDefaultMs : metric->cadence_ms;
        json.BeginObject();
        WriteText("metric", *one.name, json);
        WriteCount("series", one.series, json);
        WriteCount("bytes",
                   static_cast<std::uint64_t>(static_cast<double>(one.series) * static_cast<double>(kDayMs) /
                                              static_cast<double>(cadence_ms) * kSampleBytes),
                   json);
        WriteOwner(metric, json);
        WriteAsked(one.asked, json);
        json.EndObject();
      }
      json.EndArray();
      json.EndObject();
      return {};
    });
  }

  // All metrics, with who asks for them.
  [[nodiscard]] Result<http::Response> Usage(const ConsoleCall& call) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t limit,
                               ReadCount(call.parameters, "limit", kUnusedDefault, kMetricsMax));
    const SeriesCounts counts = deps_.process.CountSeries(call.tenant, limit);
    return Success([&](JsonWriter& json) -> Status {
      json.BeginObject();
      WriteInt("observed_since", deps_.usage.ObservedSince(call.tenant), json);
      json.Key("metrics");
      json.BeginArray();
      for (const auto& [name, count] : counts.by_metric) {
        json.BeginObject();
        WriteText("metric", name, json);
        WriteCount("series", count, json);
        WriteOwner(MetricOf(name), json);
        WriteAsked(deps_.usage.Find(call.tenant, name), json);
        json.EndObject();
      }
      json.EndArray();
      json.EndObject();
      return {};
    });
  }

  [[nodiscard]] Result<http::Response> History(const ConsoleCall& call) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t days, ReadCount(call.parameters, "days", kDaysDefault,
                                                                 CardinalityHistory::kDaysMax));
    TICKSCOPE_ASSIGN_OR_RETURN(
        const std::size_t limit,
        ReadCount(call.parameters, "limit", kMetricsOfDayDefault, CardinalityHistory::kMetricsMax));
    // Today is as of now.
    const SeriesCounts counts = deps_.process.CountSeries(call.tenant, CardinalityHistory::kMetricsMax);
    if (counts.total > 0)
      TICKSCOPE_RETURN_IF_ERROR(
          deps_.history.Sample(call.tenant, deps_.clock.NowMs(), counts.total, counts.by_metric));
    return Success([&](JsonWriter& json) -> Status {
      json.BeginArray();
      for (const MetricDay& day : deps_.history.List(call.tenant, days, limit)) {
        json.BeginObject();
        WriteText("day", day.day, json);
        WriteText("metric", day.metric, json);
        WriteCount("series", day.series, json);
        json.EndObject();
      }
      json.EndArray();
      return {};
    });
  }

  [[nodiscard]] Result<http::Response> Owners(const ConsoleCall& call) const {
    const SeriesCounts counts = deps_.process.CountSeries(call.tenant, kMetricsMax);
    return Success([&](JsonWriter& json) -> Status {
      json.BeginArray();
      for (const auto& [owner, owned] : OwnersOf(counts)) {
        json.BeginObject();
        WriteText("owner", owner, json);
        WriteCount("metrics", owned.metrics, json);
        WriteCount("series", owned.series, json);
        WriteNumber("share",
                    counts.total == 0 ? 0
                                      : std::min(1.0, static_cast<double>(owned.series) /
                                                          static_cast<double>(counts.total)),
                    json);
        json.EndObject();
      }
      json.EndArray();
      return {};
    });
  }

  // What the tenant's series are said to cost a month, in all and by owner, against budgets.
  [[nodiscard]] Result<http::Response> Costs(const ConsoleCall& call) const {
    const SeriesCounts counts = deps_.process.CountSeries(call.tenant, kMetricsMax);
    const CostBudgets& costs = deps_.costs;
    const auto write = [&](std::uint64_t series, const std::optional<double>& budget, JsonWriter& json) {
      WriteCount("series", series, json);
      WriteNumber("month", costs.MonthOf(series), json);
      json.Key("budget");
      if (budget) {
        json.Number(*budget);
      } else {
        json.Null();
      }
    };
    return Success([&](JsonWriter& json) -> Status {
      json.BeginObject();
      WriteText("currency", costs.currency, json);
      WriteNumber("series_month", costs.series_month, json);
      write(counts.total, BudgetOf(costs.tenants, call.tenant), json);
      json.Key("owners");
      json.BeginArray();
      for (const auto& [owner, owned] : OwnersOf(counts)) {
        json.BeginObject();
        WriteText("owner", owner, json);
        write(owned.series, BudgetOf(costs.owners, owner), json);
        json.EndObject();
      }
      json.EndArray();
      json.EndObject();
      return {};
    });
  }

 private:
  struct Owned {
    std::uint64_t metrics = 0;
    std::uint64_t series = 0;
  };

  // Most series first; what the schema does not name is of the empty owner.
  [[nodiscard]] std::vector<std::pair<std::string, Owned>> OwnersOf(const SeriesCounts& counts) const {
    std::map<std::string, Owned> owners;
    for (const auto& [name, series] : counts.by_metric) {
      const schema::Metric* const metric = MetricOf(name);
      Owned& owned = owners[metric == nullptr ? std::string() : metric->owner];
      owned.metrics += 1;
      owned.series += series;
    }
    std::vector<std::pair<std::string, Owned>> sorted(owners.begin(), owners.end());
    std::ranges::stable_sort(sorted, std::ranges::greater{},
                             [](const auto& owner) { return owner.second.series; });
    return sorted;
  }

  // Usage is kept to the hour before.
  static constexpr TimeMs kHourMs = 3'600'000;

  [[nodiscard]] const schema::Metric* MetricOf(const std::string& series_name) const {
    const auto found = metrics_.find(series_name);
    return found == metrics_.end() ? nullptr : found->second;
  }

  static void WriteOwner(const schema::Metric* metric, JsonWriter& json) {
    WriteText("owner", metric == nullptr ? std::string_view() : std::string_view(metric->owner), json);
  }

  // When it was last asked for, and by each kind of reader that did, the last first.
  static void WriteAsked(const std::optional<LastAsked>& asked, JsonWriter& json) {
    WriteTime("last_queried", asked ? std::optional(asked->time_ms) : std::nullopt, json);
    std::vector<std::pair<TimeMs, Reader>> readers;
    for (std::size_t i = 0; asked && i < kReaders; ++i) {
      if (asked->by_reader[i]) readers.emplace_back(*asked->by_reader[i], static_cast<Reader>(i));
    }
    std::ranges::stable_sort(readers, std::ranges::greater{}, &std::pair<TimeMs, Reader>::first);
    json.Key("readers");
    json.BeginArray();
    for (const auto& [time_ms, reader] : readers) {
      json.BeginObject();
      WriteText("reader", ReaderName(reader), json);
      WriteInt("last_queried", time_ms, json);
      json.EndObject();
    }
    json.EndArray();
  }

  void WritePlatform(const PlatformStatus& status, JsonWriter& json) const {
    json.BeginObject();
    json.Key("roles");
    json.BeginArray();
    for (const std::string& role : status.roles)
      json.String(role);
    json.EndArray();
    WriteText("version", deps_.version, json);
    WriteInt("started", started_ms_, json);
    WriteNumber("uptime_seconds", std::chrono::duration<double>(deps_.clock.Monotonic() - started_).count(),
                json);
    json.Key("partitions");
    json.BeginArray();
    for (const PlatformStatus::Partition& partition : status.partitions) {
      json.BeginObject();
      WriteCount("partition", partition.partition, json);
      WriteCount("first", partition.first, json);
      WriteCount("end", partition.end, json);
      WriteCount("applied", partition.applied, json);
      WriteNumber("lag_seconds", partition.lag_seconds, json);
      json.EndObject();
    }
    json.EndArray();
    json.Key("store");
    json.BeginObject();
    WriteCount("active_series", status.active_series, json);
    WriteCount("blocks", status.blocks, json);
    WriteCount("bytes", status.store_bytes, json);
    json.EndObject();
    json.Key("tiers");
    json.BeginArray();
    for (const PlatformStatus::Tier& tier : status.tiers) {
      json.BeginObject();
      WriteText("tier", tier.tier, json);
      WriteCount("blocks", tier.blocks, json);
      WriteCount("bytes", tier.bytes, json);
      WriteTime("oldest", tier.oldest_ms, json);
      WriteTime("newest", tier.newest_ms, json);
      json.EndObject();
    }
    json.EndArray();
    json.Key("caches");
    json.BeginArray();
    for (const PlatformStatus::Cache& cache : status.caches) {
      json.BeginObject();
      WriteText("name", cache.name, json);
      WriteCount("hits", cache.hits, json);
      WriteCount("misses", cache.misses, json);
      WriteCount("bytes", cache.bytes, json);
      json.EndObject();
    }
    json.EndArray();
    json.Key("live");
    if (status.live) {
      json.BeginObject();
      WriteCount("connections", status.live->connections, json);
      WriteCount("subscriptions", status.live->subscriptions, json);
      WriteCount("topics", status.live->topics, json);
      WriteCount("points", status.live->points, json);
      json.EndObject();
    } else {
      json.Null();
    }
    json.Key("memory");
    json.BeginObject();
    WriteCount("resident_bytes", status.resident_bytes, json);
    json.EndObject();
    WriteNumber("cpu_seconds", status.cpu_seconds, json);
    json.EndObject();
  }

  const StatusDependencies deps_;
  const TimeMs started_ms_;
  const std::chrono::nanoseconds started_;
  std::unordered_map<std::string, const schema::Metric*> metrics_;  // By the names of their series.
};

}  // namespace

void AddStatusEndpoints(ConsoleRoutes& routes, const StatusDependencies& dependencies) {
  const auto api = std::make_shared<const StatusApi>(dependencies);
  routes.Add("GET", "/api/v1/status/platform", "platform",
             [api](const ConsoleCall& call) { return api->Platform(call); });
  routes.Add("GET", "/api/v1/cardinality/unused", "cardinality",
             [api](const ConsoleCall& call) { return api->Unused(call); });
  routes.Add("GET", "/api/v1/cardinality/usage", "cardinality",
             [api](const ConsoleCall& call) { return api->Usage(call); });
  routes.Add("GET", "/api/v1/cardinality/history", "cardinality",
             [api](const ConsoleCall& call) { return api->History(call); });
  routes.Add("GET", "/api/v1/cardinality/owners", "cardinality",
             [api](const ConsoleCall& call) { return api->Owners(call); });
  routes.Add("GET", "/api/v1/cardinality/costs", "cardinality",
             [api](const ConsoleCall& call) { return api->Costs(call); });
}

}  // namespace tickscope::console
