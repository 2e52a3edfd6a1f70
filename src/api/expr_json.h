// A PromQL syntax tree as /api/v1/parse_query gives it: objects with a "type", as query builders read them.
//
//   up{job="a"}   {"type":"vectorSelector","name":"up","matchers":[...],"offset":0,"timestamp":null,...}
//
// Members stand in alphabetical order, as the reference writes them. Durations are milliseconds; one that is
// an expression ([5m + step()]) is 0 with its tree in rangeExpr, offsetExpr or stepExpr.
#pragma once

#include "promql/ast.h"
#include "wire/json_writer.h"

namespace tickscope::api {

/// Writes the tree. Recurses no deeper than promql::kExprDepthMax.
void WriteExpr(const promql::Expr& expr, wire::JsonWriter& json);

}  // namespace tickscope::api
