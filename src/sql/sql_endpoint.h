// POST /api/v1/sql: SQL over the tenant's cold tier.
//
//   {"sql": "SELECT ...", "metrics": ["player_joins_total"], "start": "2026-03-01T00:00:00Z", "end": 1772409600,
//    "rows_max": 1000, "format": "csv"}
//
// All but `sql` may be left out; a key that is not known is refused, so that a misspelt bound is not an absent one.
// Without a format the answer is the API's envelope, its data what sql_result.h shows; with one it is that text.
// docs/sql.md has examples.
//
// Bounds    Waiting queries by the pool's queue: when it is full the answer is 503 with Retry-After.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "http/router.h"
#include "sql/sql_engine.h"
#include "sql/sql_result.h"

namespace tickscope::sql {

struct SqlEndpointOptions {
  std::chrono::milliseconds timeout{30'000};  ///< From arrival to the last row.
};

struct SqlCall {
  SqlRequest request;
  std::optional<SqlFormat> format;
};

/// Reads a request's body. Errors: kInvalidArgument naming the key.
[[nodiscard]] Result<SqlCall> ReadSqlCall(std::string_view json);

/// Adds the route. All outlive the router; queries run on `pool`.
void RegisterSql(http::Router& router, const SqlEngine& engine, WorkerPool& pool, const Clock& clock,
                 MetricRegistry& metrics, SqlEndpointOptions options);

}  // namespace tickscope::sql
