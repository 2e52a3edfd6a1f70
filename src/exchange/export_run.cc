#include "exchange/export_run.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace tickscope::exchange {

WindowReader ReadFromStorage(const Queryable& storage, TenantId tenant, std::vector<Matcher> matchers,
                             const QueryContext& context) {
  return [&storage, &context, tenant = std::move(tenant), matchers = std::move(matchers)](
             const TimeWindow& window, const SeriesVisitor& visit) -> Status {
    TICKSCOPE_ASSIGN_OR_RETURN(
        const auto set,
        storage.Select(
            {.tenant = tenant, .start_ms = window.start_ms, .end_ms = window.end_ms, .matchers = matchers},
            context));
    SampleColumns samples;
    while (set->Next()) {
      TICKSCOPE_RETURN_IF_ERROR(set->ReadSamples(samples));
      if (samples.size() > 0) TICKSCOPE_RETURN_IF_ERROR(visit(set->labels(), samples));
    }
    return {};
  };
}

WindowReader ReadFromServer(http::Client& client, RemoteReadOptions options) {
  return [&client, options = std::move(options)](const TimeWindow& window,
                                                 const SeriesVisitor& visit) -> Status {
    TICKSCOPE_ASSIGN_OR_RETURN(std::vector<ReadSeries> all, ReadRemote(client, options, window));
    for (ReadSeries& series : all)
      TICKSCOPE_RETURN_IF_ERROR(visit(series.labels, series.samples));
    return {};
  };
}

std::vector<TimeWindow> CutIntoWindows(const TimeWindow& range, std::int64_t window_ms) {
  std::vector<TimeWindow> windows;
  if (range.start_ms > range.end_ms) return windows;
  if (window_ms <= 0) return {range};
  for (TimeMs start_ms = range.start_ms;;) {
    const TimeMs rest = start_ms % window_ms;
    const TimeMs window_start_ms = start_ms - (rest < 0 ? rest + window_ms : rest);
    const TimeMs end_ms = std::min(range.end_ms, window_start_ms + window_ms - 1);
    windows.push_back({start_ms, end_ms});
    if (end_ms == range.end_ms) return windows;
    start_ms = end_ms + 1;
  }
}

Result<ExportSummary> Export(const WindowReader& reader, const TimeWindow& range, std::int64_t window_ms,
                             SampleSink& sink,
                             const std::function<void(const ExportSummary&, const TimeWindow&)>& progress) {
  const std::int64_t longest_ms = sink.window_ms_max();
  if (longest_ms > 0) window_ms = window_ms > 0 ? std::min(window_ms, longest_ms) : longest_ms;
  ExportSummary summary;
  for (const TimeWindow& window : CutIntoWindows(range, window_ms)) {
    TICKSCOPE_RETURN_IF_ERROR(sink.BeginWindow(window));
    TICKSCOPE_RETURN_IF_ERROR(reader(window, [&](const Labels& labels, SampleColumns& samples) -> Status {
      ++summary.series;
      summary.samples += samples.size();
      return sink.Add(labels, samples);
    }));
    TICKSCOPE_RETURN_IF_ERROR(sink.EndWindow());
    if (progress) progress(summary, window);
  }
  TICKSCOPE_RETURN_IF_ERROR(sink.Finish());
  summary.left_out = sink.left_out();
  return summary;
}

}  // namespace tickscope::exchange
