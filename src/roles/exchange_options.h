// What import, export, snapshot and restore have in common on the command line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "exchange/sample_flow.h"
#include "io/file_system.h"
#include "model/matcher.h"
#include "tsdb/store.h"

namespace tickscope::roles {

/// A lone selector such as up{job="a"}; all series for an empty text. Errors: as promql::ParseSeriesSelector.
[[nodiscard]] Result<std::vector<Matcher>> ParseMatchOption(const std::string& text);

/// Times of --start and --end, both inclusive; the defaults where they are empty. Errors: kInvalidArgument naming the option.
[[nodiscard]] Result<exchange::TimeWindow> ParseRangeOptions(const std::string& start, const std::string& end,
                                                             const exchange::TimeWindow& defaults,
                                                             TimeMs now_ms);

/// The store of a data directory no server runs on, held so that none can start.
struct OfflineStore {
  std::unique_ptr<io::DirectoryLock> lock;
  std::unique_ptr<MetricRegistry> metrics;
  std::unique_ptr<tsdb::Store> store;
};
/// Errors: kUnavailable, saying what to do, when a server runs.
[[nodiscard]] Result<OfflineStore> OpenOfflineStore(io::FileSystem& fs, const std::string& data_directory);

}  // namespace tickscope::roles
