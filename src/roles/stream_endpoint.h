// GET /api/v1/stream/tail: the newest records of the stream, or those from an offset on, as lines.
//
//   from     an offset; left out, the last lines there are
//   limit    most lines of an answer, 1,000 unless told
//   kind     metrics, logs, spans, joined by commas; all unless told
//   format   text or json (an object a line)
//
// The header X-Tickscope-Next-Offset says where to go on: who follows asks again from there. Only the tenant of the request
// is shown.
//
// Bounds    kLinesMax lines, kScanBytesMax of the stream and kAnswerBytesMax an answer.
#pragma once

#include <string_view>

#include "base/worker_pool.h"
#include "http/router.h"
#include "stream/stream.h"

namespace tickscope::roles {

inline constexpr std::string_view kNextOffsetHeader = "X-Tickscope-Next-Offset";

/// Everything given outlives the router.
void RegisterStreamTail(http::Router& router, stream::Stream& stream, WorkerPool& pool);

}  // namespace tickscope::roles
