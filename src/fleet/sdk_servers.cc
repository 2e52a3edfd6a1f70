#include "fleet/sdk_servers.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include <fmt/format.h>

#include <tickscope/inline.h>
#include <tickscope/tickscope.h>

#include "base/check.h"
#include "fleet/game_server.h"

namespace tickscope::fleet {
namespace {

constexpr std::string_view kPageName = "tickscope-fleet";
constexpr std::uint32_t kCellsMax = 1U << 16U;  // 294 a server.
constexpr std::uint32_t kShardsMax = 512;

// The SDK is one a process.
std::atomic<bool> is_started{false};

ts_type TypeOf(const CatalogSeries& series) {
  if (series.family->type == wire::MetricType::kHistogram) return TS_HISTOGRAM;
  if (series.family->type != wire::MetricType::kCounter) return TS_GAUGE;
  return series.dynamics == Dynamics::kCpuCounter ? TS_COUNTER_DOUBLE : TS_COUNTER;
}

// What the SDK keeps. An info says what the process is, not what happens in it; the SDK has none.
bool IsInstrument(const CatalogSeries& series) {
  return series.family->type != wire::MetricType::kInfo;
}

// Series of the catalog from `first` on that are of its family.
std::size_t SizeOfFamily(std::size_t first) {
  const auto& all = TheGameCatalog().series;
  std::size_t end = first;
  while (end < all.size() && all[end].family == all[first].family)
    ++end;
  return end - first;
}

Status SdkFailure(std::string_view what) {
  return Fail(ErrorCode::kUnavailable, fmt::format("SDK: {}: {}", what, ts_last_error()));
}

}  // namespace

// What a scrape before has told, and what was counted before the last restart.
struct SdkLane::History {
  std::array<double, kSeriesPerServer> told{};
  std::array<double, kSeriesPerServer> before_restart{};
};

// Handles of the catalog's scalars and histograms.
struct SdkServers::Handles {
  std::array<std::uint32_t, kScalarSeriesPerServer> cells{};
  std::array<ts_histogram, kHistogramsPerServer> histograms{};
};

SdkServers::SdkServers(io::FileSystem& fs) : fs_(fs) {}

SdkServers::~SdkServers() {
  ts_stop(0);
  is_started = false;
}

Result<std::unique_ptr<SdkServers>> SdkServers::Start(io::FileSystem& fs, const std::string& directory,
                                                      std::uint32_t servers, std::size_t lanes) {
  TICKSCOPE_CHECK(servers >= 1 && servers <= kSdkServersMax);
  if (is_started.exchange(true))
    return Fail(ErrorCode::kAlreadyExists, "SDK: another fleet of this process uses it");
  std::unique_ptr<SdkServers> made(new SdkServers(fs));
  ts_options options = TS_OPTIONS_DEFAULT;
  options.directory = directory.c_str();
  options.name = kPageName.data();
  options.cells_max = kCellsMax;
  options.shards_max = static_cast<std::uint32_t>(std::min<std::size_t>(lanes + 2, kShardsMax));
  if (ts_start(&options) != TS_OK) return std::unexpected(SdkFailure("start").error());
  TICKSCOPE_RETURN_IF_ERROR(made->Register(servers));
  return made;
}

Status SdkServers::Register(std::uint32_t servers) {
  std::vector<std::string> numbers;
  for (std::uint32_t server = 0; server < servers; ++server)
    numbers.push_back(fmt::to_string(server));
  std::vector<const char*> server_values;
  for (const std::string& number : numbers)
    server_values.push_back(number.c_str());
  handles_.resize(servers);
  const GameCatalog& catalog = TheGameCatalog();
  std::size_t histogram = 0;
  for (std::size_t first = 0, size = 0; first < catalog.series.size(); first += size) {
    size = SizeOfFamily(first);
    const CatalogSeries& series = catalog.series[first];
    if (!IsInstrument(series)) continue;
    const ts_type type = TypeOf(series);
    std::vector<std::string> values;
    std::vector<const char*> own_values;
    for (std::size_t i = 0; i < size; ++i)
      values.emplace_back(catalog.series[first + i].label_value);
    for (const std::string& value : values)
      own_values.push_back(value.c_str());
    const std::string own_name(series.label);
    const ts_label labels[] = {{"server", server_values.data(), servers},
                               {own_name.c_str(), own_values.data(), static_cast<std::uint32_t>(size)}};
    const std::string name(series.family->name);
    const std::string help(series.family->help);
    const std::string unit(series.family->unit);
    ts_metric metric{};
    metric.type = type;
    metric.name = name.c_str();
    metric.unit = unit.c_str();
    metric.help = help.c_str();
    metric.labels = labels;
    metric.label_count = type == TS_HISTOGRAM || series.label.empty() ? 1 : 2;
    if (type == TS_HISTOGRAM) {
      metric.bounds = catalog.histograms[histogram].upper_bounds.data();
      metric.bound_count = kBucketsPerHistogram - 1;
    }
    ts_family family;
    if (ts_register(&metric, &family) != TS_OK) return SdkFailure(name);
    const auto per_server = static_cast<std::uint32_t>(size);
    for (std::uint32_t server = 0; server < servers; ++server) {
      if (type == TS_HISTOGRAM) {
        handles_[server].histograms[histogram] = ts_histogram_of(family, server);
        continue;
      }
      for (std::uint32_t i = 0; i < per_server; ++i) {
        const std::uint32_t at = server * per_server + i;
        std::uint32_t& cell = handles_[server].cells[first + i];
        if (type == TS_COUNTER) cell = ts_counter_of(family, at).cell;
        if (type == TS_COUNTER_DOUBLE) cell = ts_double_counter_of(family, at).cell;
        if (type == TS_GAUGE) cell = ts_gauge_of(family, at).cell;
      }
    }
    if (type == TS_HISTOGRAM) ++histogram;
  }
  return {};
}

SdkLane::SdkLane(const SdkServers& servers) : servers_(servers), histories_(servers.handles_.size()) {}
SdkLane::~SdkLane() = default;

Result<std::unique_ptr<SdkLane>> SdkLane::Open(const SdkServers& servers) {
  std::unique_ptr<SdkLane> lane(new SdkLane(servers));
  TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<io::ReadFile> file, servers.fs_.OpenRead(ts_page_path()));
  TICKSCOPE_ASSIGN_OR_RETURN(lane->page_, sdkpage::PageReader::Open(std::move(file)));
  TICKSCOPE_RETURN_IF_ERROR(lane->page_->Refresh());
  const auto families = lane->page_->families();
  for (const CatalogSeries& series : TheGameCatalog().series) {
    const auto family = std::ranges::find(families, series.family->name, &sdkpage::PageFamily::name);
    if (family == families.end() && IsInstrument(series))
      return Fail(ErrorCode::kInternal, fmt::format("SDK: no {} in its page", series.family->name));
    lane->families_.push_back(static_cast<std::size_t>(family - families.begin()));
  }
  return lane;
}

void SdkLane::Record(std::uint32_t server, std::span<const double, kSeriesPerServer> values) {
  const GameCatalog& catalog = TheGameCatalog();
  const SdkServers::Handles& handles = servers_.handles_[server];
  if (histories_[server] == nullptr) histories_[server] = std::make_unique<History>();
  History& history = *histories_[server];
  if (GameServer::StartTimeOf(values) != GameServer::StartTimeOf(history.told)) {
    for (std::size_t i = 0; i < kSeriesPerServer; ++i)
      history.before_restart[i] += std::exchange(history.told[i], 0);
  }
  for (std::size_t i = 0; i < kScalarSeriesPerServer; ++i) {
    const double grown = values[i] - history.told[i];
    switch (TypeOf(catalog.series[i])) {
      case TS_COUNTER:
        ts_counter_add_inline({handles.cells[i]}, static_cast<std::uint64_t>(grown));
        break;
      case TS_COUNTER_DOUBLE:
        ts_double_counter_add_inline({handles.cells[i]}, grown);
        break;
      default:
        ts_gauge_set_inline({handles.cells[i]}, values[i]);
    }
  }
  for (std::size_t h = 0; h < kHistogramsPerServer; ++h) {
    const HistogramModel& model = catalog.histograms[h];
    double told = 0;
    double now = 0;
    for (std::size_t b = 0; b < kBucketsPerHistogram; ++b) {
      // Buckets are cumulative over bounds and over time.
      const double told_to = history.told[model.first_series + b];
      const double now_to = values[model.first_series + b];
      const auto observations = static_cast<std::uint64_t>((now_to - now) - (told_to - told));
      told = told_to;
      now = now_to;
      const double value = GameServer::ObservedIn(model, b);
      for (std::uint64_t n = 0; n < observations; ++n)
        ts_observe_inline(handles.histograms[h], value);
    }
  }
  std::ranges::copy(values, history.told.begin());
}

void SdkLane::Read(std::uint32_t server, std::span<double, kSeriesPerServer> values) const {
  const GameCatalog& catalog = TheGameCatalog();
  const auto families = page_->families();
  for (std::size_t first = 0, size = 0; first < kScalarSeriesPerServer; first += size) {
    size = SizeOfFamily(first);
    if (!IsInstrument(catalog.series[first])) continue;
    for (std::size_t i = 0; i < size; ++i) {
      values[first + i] =
          page_->Scalar(families[families_[first]],
                        server * static_cast<std::uint32_t>(size) + static_cast<std::uint32_t>(i));
    }
  }
  for (const HistogramModel& model : catalog.histograms) {
    const sdkpage::PageFamily& family = families[families_[model.first_series]];
    std::uint64_t count = 0;
    std::size_t at = model.first_series;
    for (const std::uint64_t bucket : page_->Buckets(family, server))
      values[at++] = static_cast<double>(count += bucket);
    values[at++] = page_->Sum(family, server);
    values[at] = static_cast<double>(count);
  }
  const History& history = *histories_[server];
  for (std::size_t i = 0; i < kSeriesPerServer; ++i)
    if (IsMonotonic(catalog.series[i].dynamics)) values[i] -= history.before_restart[i];
}

}  // namespace tickscope::fleet
