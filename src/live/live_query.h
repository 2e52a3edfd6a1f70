// LiveQuery: what one subscriber asks to be kept up to date with, and how a request says it.
//
//   GET  /api/v1/stream?query=up&range=1h&step=10s            one query
//   GET  /api/v1/stream?query=a&query=b&id=left&id=right&step=10s&range=1h
//   POST /api/v1/stream   {"queries": [{"id": "left", "query": "a", "range": "12h", "step": "60s"}, ...]}
//
// Steps lie on multiples of the step, as dashboards align them, so that all who ask the same share one evaluation.
//
// Threads   Free functions without state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/message.h"
#include "promql/engine.h"

namespace tickscope::live {

inline constexpr std::size_t kQueryTextBytesMax = 16 * 1024;
inline constexpr std::size_t kQueryIdBytesMax = 64;
/// Steps a window may have past its first; as a range query.
inline constexpr std::int64_t kWindowStepsMax = 11'000;
inline constexpr std::int64_t kRangeDefaultMs = 3'600'000;

struct LiveQuery {
  std::string id;    ///< Of the client's choosing; names the query in its events.
  std::string text;  ///< Canonical PromQL.
  std::int64_t range_ms = kRangeDefaultMs;
  std::int64_t step_ms = 0;
};

struct LiveQueryLimits {
  std::uint64_t queries_max = 64;
  std::int64_t step_min_ms = 1000;
};

/// The queries of a request, checked: in a form or query string lists are as long as `query`'s, or one value for all.
/// Errors: kInvalidArgument saying which query and why (also PromQL's, and queries whose value at a step depends on
/// the other steps: @ start(), @ end(), range()); kOutOfRange past a limit; kUnsupported for another body.
[[nodiscard]] Result<std::vector<LiveQuery>> ReadLiveQueries(const http::Request& request,
                                                             const promql::EngineOptions& engine,
                                                             const LiveQueryLimits& limits);

}  // namespace tickscope::live
