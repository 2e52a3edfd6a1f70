// DuckdbValues: reads values out of DuckDB's vectors.
//
// Threads   Not thread-safe. A type is immutable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "sql/duckdb_api.h"
#include "sql/sql_result.h"

namespace tickscope::sql {

/// Depth to which lists, maps and structs may be nested.
inline constexpr int kNestingMax = 16;

struct ValueType {
  DuckdbTypeId id = DuckdbTypeId::kNull;
  DuckdbTypeId inner = DuckdbTypeId::kNull;  ///< How decimals and enums are kept.
  std::uint8_t scale = 0;                    ///< Of decimals.
  std::vector<std::string> names;            ///< An enum's values, a struct's members.
  std::vector<ValueType> children;           ///< A list's item; a map's key and value; a struct's members.
};

/// Takes `type` over. Errors: kUnsupported for a type that is not read here, or is nested too deep: cast it to VARCHAR.
[[nodiscard]] Result<ValueType> ReadType(const DuckdbApi& api, DuckdbType* type, int depth = 0);

/// As SqlColumn::type has it.
[[nodiscard]] std::string_view TypeName(const ValueType& type);

/// One row of a vector. Times are RFC 3339 in UTC; floats that are not finite are "NaN", "+Inf" and "-Inf".
[[nodiscard]] SqlValue ReadValue(const DuckdbApi& api, DuckdbVector* vector, const ValueType& type,
                                 std::uint64_t row);

}  // namespace tickscope::sql
