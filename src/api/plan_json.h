// Plans as JSON: `explain`, and from what an answer was read.
#pragma once

#include <span>

#include "model/read_span.h"
#include "promql/plan.h"
#include "wire/json_writer.h"

namespace tickscope::api {

/// [{"tier", "start", "end", "resolution", "files"}, ...]; times and lengths in seconds.
void WriteSpans(std::span<const ReadSpan> spans, wire::JsonWriter& json);

/// A node and those below it.
void WritePlanNode(const promql::PlanNode& node, wire::JsonWriter& json);

}  // namespace tickscope::api
