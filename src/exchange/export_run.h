// ExportRun: moves samples from a store or a server to a sink, window by window.
//
// Threads   Function.
// Memory    Of a store: the samples of one series in a window. Of a server: one window's answer. And the sink's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "exchange/remote_read_source.h"
#include "exchange/sample_flow.h"
#include "model/queryable.h"

namespace tickscope::exchange {

struct ExportSummary {
  std::uint64_t series = 0;  ///< Of all windows together: a series counts in each.
  std::uint64_t samples = 0;
  std::uint64_t left_out = 0;  ///< Samples the format cannot hold.
};

/// Takes a series of a window.
using SeriesVisitor = std::function<Status(const Labels& labels, SampleColumns& samples)>;
/// Gives every series of a window to the visitor, in label order.
using WindowReader = std::function<Status(const TimeWindow& window, const SeriesVisitor& visit)>;

/// Reads from a store. Everything given outlives the reader.
[[nodiscard]] WindowReader ReadFromStorage(const Queryable& storage, TenantId tenant,
                                           std::vector<Matcher> matchers, const QueryContext& context);
/// Reads from a server by remote read; the options' range does not count.
[[nodiscard]] WindowReader ReadFromServer(http::Client& client, RemoteReadOptions options);

/// Windows that make up `range`, each within one multiple of `window_ms`; the range itself for 0.
[[nodiscard]] std::vector<TimeWindow> CutIntoWindows(const TimeWindow& range, std::int64_t window_ms);

/// Moves all of the range and finishes the sink. `window_ms` is 0 for as long as the sink takes. `progress` hears the end
/// of each window; may be empty. Errors: the reader's and the sink's.
[[nodiscard]] Result<ExportSummary> Export(
    const WindowReader& reader, const TimeWindow& range, std::int64_t window_ms, SampleSink& sink,
    const std::function<void(const ExportSummary&, const TimeWindow&)>& progress);

}  // namespace tickscope::exchange
