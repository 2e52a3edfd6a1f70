// DuckdbApi: the functions of DuckDB's C interface that are used here, found in libduckdb.so when first needed.
//
// Declared here by the documented C interface of DuckDB 1.5: the library comes without a header, and only these few are
// needed. The version is checked, and sql_test goes through every type and function.
//
// Threads   Immutable once loaded.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace tickscope::sql {

// Handles are pointers to what only the library knows.
struct DuckdbDatabase;
struct DuckdbConnection;
struct DuckdbConfig;
struct DuckdbStatements;
struct DuckdbPrepared;
struct DuckdbPending;
struct DuckdbType;
struct DuckdbChunk;
struct DuckdbVector;

enum class DuckdbState : int { kSuccess = 0, kError = 1 };

/// A result as the interface passes it by value. Only the library looks inside.
struct DuckdbResult {
  std::uint64_t deprecated_counts[3] = {};
  void* deprecated_columns = nullptr;
  char* deprecated_message = nullptr;
  void* inside = nullptr;
};

/// Kinds of statements, as far as they are told apart here.
inline constexpr int kDuckdbSelect = 1;
inline constexpr int kDuckdbExplain = 4;

enum class DuckdbTypeId : int {
  kBoolean = 1,
  kTinyint = 2,
  kSmallint = 3,
  kInteger = 4,
  kBigint = 5,
  kUtinyint = 6,
  kUsmallint = 7,
  kUinteger = 8,
  kUbigint = 9,
  kFloat = 10,
  kDouble = 11,
  kTimestamp = 12,  // Microseconds.
  kDate = 13,       // Days.
  kTime = 14,       // Microseconds.
  kHugeint = 16,
  kVarchar = 17,
  kDecimal = 19,
  kTimestampS = 20,
  kTimestampMs = 21,
  kTimestampNs = 22,
  kEnum = 23,
  kList = 24,
  kStruct = 25,
  kMap = 26,
  kTimestampTz = 31,  // Microseconds.
  kNull = 36,
};

struct DuckdbListEntry {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct DuckdbApi {
  const char* (*library_version)();
  void (*free)(void*);
  DuckdbState (*create_config)(DuckdbConfig**);
  DuckdbState (*set_config)(DuckdbConfig*, const char* name, const char* value);
  void (*destroy_config)(DuckdbConfig**);
  DuckdbState (*open_ext)(const char* path, DuckdbDatabase**, DuckdbConfig*, char** error);
  void (*close)(DuckdbDatabase**);
  DuckdbState (*connect)(DuckdbDatabase*, DuckdbConnection**);
  void (*disconnect)(DuckdbConnection**);
  void (*interrupt)(DuckdbConnection*);
  DuckdbState (*query)(DuckdbConnection*, const char* sql, DuckdbResult*);
  std::uint64_t (*extract_statements)(DuckdbConnection*, const char* sql, DuckdbStatements**);
  const char* (*extract_statements_error)(DuckdbStatements*);
  DuckdbState (*prepare_extracted_statement)(DuckdbConnection*, DuckdbStatements*, std::uint64_t index,
                                             DuckdbPrepared**);
  void (*destroy_extracted)(DuckdbStatements**);
  const char* (*prepare_error)(DuckdbPrepared*);
  int (*prepared_statement_type)(DuckdbPrepared*);
  void (*destroy_prepare)(DuckdbPrepared**);
  DuckdbState (*pending_prepared_streaming)(DuckdbPrepared*, DuckdbPending**);
  const char* (*pending_error)(DuckdbPending*);
  DuckdbState (*execute_pending)(DuckdbPending*, DuckdbResult*);
  void (*destroy_pending)(DuckdbPending**);
  const char* (*result_error)(DuckdbResult*);
  void (*destroy_result)(DuckdbResult*);
  std::uint64_t (*column_count)(DuckdbResult*);
  const char* (*column_name)(DuckdbResult*, std::uint64_t column);
  DuckdbType* (*column_logical_type)(DuckdbResult*, std::uint64_t column);
  DuckdbChunk* (*fetch_chunk)(DuckdbResult);
  std::uint64_t (*data_chunk_get_size)(DuckdbChunk*);
  DuckdbVector* (*data_chunk_get_vector)(DuckdbChunk*, std::uint64_t column);
  void (*destroy_data_chunk)(DuckdbChunk**);
  void* (*vector_get_data)(DuckdbVector*);
  std::uint64_t* (*vector_get_validity)(DuckdbVector*);
  DuckdbVector* (*list_vector_get_child)(DuckdbVector*);
  DuckdbVector* (*struct_vector_get_child)(DuckdbVector*, std::uint64_t index);
  int (*get_type_id)(DuckdbType*);
  void (*destroy_logical_type)(DuckdbType**);
  std::uint8_t (*decimal_scale)(DuckdbType*);
  int (*decimal_internal_type)(DuckdbType*);
  int (*enum_internal_type)(DuckdbType*);
  std::uint32_t (*enum_dictionary_size)(DuckdbType*);
  char* (*enum_dictionary_value)(DuckdbType*, std::uint64_t index);
  DuckdbType* (*list_type_child_type)(DuckdbType*);
  DuckdbType* (*map_type_key_type)(DuckdbType*);
  DuckdbType* (*map_type_value_type)(DuckdbType*);
  std::uint64_t (*struct_type_child_count)(DuckdbType*);
  char* (*struct_type_child_name)(DuckdbType*, std::uint64_t index);
  DuckdbType* (*struct_type_child_type)(DuckdbType*, std::uint64_t index);
};

/// The release whose interface this is.
inline constexpr std::string_view kDuckdbVersion = "v1.5.6";

/// Loads the library beside the binary on the first call. Errors: kUnavailable telling where it was looked for;
/// kUnsupported for another release than kDuckdbVersion.
[[nodiscard]] Result<const DuckdbApi*> LoadDuckdb();

}  // namespace tickscope::sql
