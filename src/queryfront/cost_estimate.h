// Cost estimate: what a query is going to cost, and how it could cost less.
//
// Cost    An index look-up for each different selector, at most kSelectorsEstimatedMax of them.
#pragma once

#include <cstdint>
#include <string>

#include "model/query_cost.h"
#include "model/tenant.h"
#include "queryfront/query_request.h"
#include "queryfront/query_shape.h"

namespace tickscope::queryfront {

/// Selectors that are looked up; further ones are taken for as costly as these on average.
inline constexpr std::size_t kSelectorsEstimatedMax = 64;

/// Windows of `resolution_max_ms` may stand for samples. Ends early once the cost passes `enough_bytes`: it is then a lower bound. Errors: what `context` says.
[[nodiscard]] Result<QueryCost> EstimateCost(const CostSource& costs, const TenantId& tenant,
                                             const QueryShape& shape, std::int64_t resolution_max_ms,
                                             std::uint64_t enough_bytes, const QueryContext& context);

/// What storage is asked for one selector, windows up to that length allowed.
[[nodiscard]] SelectRequest RequestOf(const TenantId& tenant, const SelectorUse& use,
                                      std::int64_t resolution_max_ms);

/// "cost=51.2GB (series=... samples=... cells=...)".
[[nodiscard]] std::string CostText(const QueryCost& cost);

/// What to ask instead to stay below `limit_bytes`: a step, a range, fewer series, a recording rule.
[[nodiscard]] std::string CheaperText(const QueryRequest& request, const QueryCost& cost,
                                      std::uint64_t limit_bytes);

}  // namespace tickscope::queryfront
