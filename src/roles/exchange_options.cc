#include "roles/exchange_options.h"

#include <utility>

#include "promql/engine.h"
#include "roles/time_argument.h"

namespace tickscope::roles {

Result<std::vector<Matcher>> ParseMatchOption(const std::string& text) {
  if (text.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(Matcher all, Matcher::Make(MatchType::kRegex, kMetricName, ".+"));
    return std::vector<Matcher>{std::move(all)};
  }
  auto matchers = promql::ParseSeriesSelector(text, {});
  if (!matchers) return FailWith("--match", std::move(matchers).error());
  return *std::move(matchers);
}

Result<exchange::TimeWindow> ParseRangeOptions(const std::string& start, const std::string& end,
                                               const exchange::TimeWindow& defaults, TimeMs now_ms) {
  exchange::TimeWindow range = defaults;
  if (!start.empty()) {
    auto time_ms = ParseTimeArgument(start, now_ms);
    if (!time_ms) return FailWith("--start", std::move(time_ms).error());
    range.start_ms = *time_ms;
  }
  if (!end.empty()) {
    auto time_ms = ParseTimeArgument(end, now_ms);
    if (!time_ms) return FailWith("--end", std::move(time_ms).error());
    range.end_ms = *time_ms;
  }
  if (range.start_ms > range.end_ms)
    return Fail(ErrorCode::kInvalidArgument, "--start: want no later than --end");
  return range;
}

Result<OfflineStore> OpenOfflineStore(io::FileSystem& fs, const std::string& data_directory) {
  OfflineStore offline;
  // The directory a server holds while it runs.
  const std::string stream = data_directory + "/stream";
  TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(stream));
  auto lock = fs.LockDirectory(stream);
  if (!lock && lock.error().code == ErrorCode::kUnavailable) {
    return Fail(ErrorCode::kUnavailable,
                data_directory + ": a server runs on this directory: give its URL with --server, or stop it");
  }
  if (!lock) return std::unexpected(std::move(lock).error());
  offline.lock = *std::move(lock);
  offline.metrics = std::make_unique<MetricRegistry>();
  tsdb::StoreOptions options;
  options.directory = data_directory + "/store";
  TICKSCOPE_ASSIGN_OR_RETURN(offline.store, tsdb::Store::Open(fs, *offline.metrics, std::move(options)));
  return offline;
}

}  // namespace tickscope::roles
