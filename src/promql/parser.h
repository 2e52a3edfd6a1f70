// Text to syntax tree, for the whole PromQL language of Prometheus 3.16.
//
// Threads   Free functions without state.
// Cost      Linear in the text. Input is bounded: kQueryBytesMax bytes, kExprDepthMax levels.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "promql/ast.h"
#include "promql/engine.h"

namespace tickscope::promql {

inline constexpr std::size_t kQueryBytesMax = 1 << 20;

/// Parses and type-checks one expression.
/// Errors: kInvalidArgument "line:col: parse error: what", where line and column (in bytes, from 1) tell the
/// first byte at fault.
[[nodiscard]] Result<ExprPtr> ParseExpr(std::string_view text, const EngineOptions& options);

/// "line:col" of a byte offset, both from 1, as errors and annotations carry it.
[[nodiscard]] std::string LineColumn(std::string_view text, std::size_t offset);

}  // namespace tickscope::promql
