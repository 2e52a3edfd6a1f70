// SqlEngine: SQL over the cold tier, by DuckDB, for one tenant at a time.
//
// Each query gets a database of its own in memory that holds one view, `metrics`: the tenant's parts that are in force
// (docs/formats/cold.md) and the columns tenant, metric and dt of their names.
//
// Invariants   Q1 a query reads the files of its tenant's parts and nothing else: the list of allowed files is exactly
//                 those, other access to files, network and extensions is switched off, and the settings are locked.
//              Q2 one statement, which reads: SELECT (also FROM, WITH, SHOW, DESCRIBE) or EXPLAIN.
//              Q3 memory, threads, time, rows and bytes of the answer are bounded. Nothing is spilled to disk.
//
// Threads   Thread-safe; queries do not share anything.
// Memory    memory_bytes a query, and its answer.
// Cost      Some 10 ms before the first row, and one open file a part.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/threads.h"
#include "cold/cold_catalog.h"
#include "model/queryable.h"
#include "objstore/object_store.h"
#include "sql/part_files.h"
#include "sql/sql_result.h"

namespace tickscope::sql {

struct SqlOptions {
  std::uint64_t memory_bytes = 1ULL << 30;  ///< Of DuckDB, a query.
  std::uint64_t threads = 2;                ///< Of DuckDB, a query.
  std::uint64_t rows_max = 100'000;         ///< Of an answer; what is more is left out, and said so.
  std::uint64_t bytes_max = 64U << 20;      ///< Of an answer's values; more is an error.
  std::uint64_t parts_max = 50'000;         ///< Open to a query; more is an error.
};

struct SqlRequest {
  TenantId tenant{kDefaultTenant};
  std::string sql;
  std::vector<std::string> metrics;  ///< Only parts of these; empty for all.
  std::optional<TimeMs> start_ms;    ///< Only parts with rows from here on,
  std::optional<TimeMs> end_ms;      ///< and up to here.
  std::uint64_t rows_max = 0;        ///< Less than the engine's; 0 for the engine's.
};

inline constexpr std::size_t kSqlBytesMax = 1U << 20;

class SqlEngine {
 public:
  /// All outlive the engine.
  SqlEngine(objstore::ObjectStore& store, PartFiles& files, Threads& threads, SqlOptions options)
      : store_(store), files_(files), threads_(threads), options_(options) {}

  /// `context` ends the query early: its deadline interrupts DuckDB wherever it is. Errors: kInvalidArgument with line and
  /// column for what DuckDB does not understand; kPermissionDenied for what Q1 and Q2 refuse; kResourceExhausted;
  /// kDeadlineExceeded, kCancelled; kUnavailable when the library or the store is not there.
  [[nodiscard]] Result<SqlResult> Run(const SqlRequest& request, const QueryContext& context) const;

 private:
  struct Parts;
  [[nodiscard]] Result<Parts> FindParts(const SqlRequest& request, const QueryContext& context) const;

  objstore::ObjectStore& store_;
  PartFiles& files_;
  Threads& threads_;
  const SqlOptions options_;
};

}  // namespace tickscope::sql
