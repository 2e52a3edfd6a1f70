// Plans as JSON: `explain`, from what an answer was read, and what a query is taken to cost.
#pragma once

#include <span>

#include "model/read_span.h"
#include "promql/plan.h"
#include "queryfront/query_request.h"
#include "wire/json_writer.h"

namespace tickscope::api {

/// [{"tier", "start", "end", "resolution", "files"}, ...]; times and lengths in seconds.
void WriteSpans(std::span<const ReadSpan> spans, wire::JsonWriter& json);

/// "series", "samples", "cells", "bytes": members of an object that is open.
void WriteCost(const queryfront::QueryCost& cost, wire::JsonWriter& json);

/// A node and those below it.
void WritePlanNode(const promql::PlanNode& node, wire::JsonWriter& json);

}  // namespace tickscope::api
