#include "sql/duckdb_api.h"

#include "io/shared_library.h"

namespace tickscope::sql {
namespace {

Result<DuckdbApi> Load() {
  const std::string path = io::LibraryDirectory() + "/libduckdb.so";
  DuckdbApi api{};
  Status status;
  const auto load = [&](const char* name, auto& function) {
    if (!status) return;
    const auto symbol = io::LoadSymbol(path, name);
    if (symbol) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(*symbol);
    } else {
      status = FailWith("SQL needs a library beside the binary (./dev build makes it)", symbol.error());
    }
  };
  load("duckdb_library_version", api.library_version);
  load("duckdb_free", api.free);
  load("duckdb_create_config", api.create_config);
  load("duckdb_set_config", api.set_config);
  load("duckdb_destroy_config", api.destroy_config);
  load("duckdb_open_ext", api.open_ext);
  load("duckdb_close", api.close);
  load("duckdb_connect", api.connect);
  load("duckdb_disconnect", api.disconnect);
  load("duckdb_interrupt", api.interrupt);
  load("duckdb_query", api.query);
  load("duckdb_extract_statements", api.extract_statements);
  load("duckdb_extract_statements_error", api.extract_statements_error);
  load("duckdb_prepare_extracted_statement", api.prepare_extracted_statement);
  load("duckdb_destroy_extracted", api.destroy_extracted);
  load("duckdb_prepare_error", api.prepare_error);
  load("duckdb_prepared_statement_type", api.prepared_statement_type);
  load("duckdb_destroy_prepare", api.destroy_prepare);
  load("duckdb_pending_prepared_streaming", api.pending_prepared_streaming);
  load("duckdb_pending_error", api.pending_error);
  load("duckdb_execute_pending", api.execute_pending);
  load("duckdb_destroy_pending", api.destroy_pending);
  load("duckdb_result_error", api.result_error);
  load("duckdb_destroy_result", api.destroy_result);
  load("duckdb_column_count", api.column_count);
  load("duckdb_column_name", api.column_name);
  load("duckdb_column_logical_type", api.column_logical_type);
  load("duckdb_fetch_chunk", api.fetch_chunk);
  load("duckdb_data_chunk_get_size", api.data_chunk_get_size);
  load("duckdb_data_chunk_get_vector", api.data_chunk_get_vector);
  load("duckdb_destroy_data_chunk", api.destroy_data_chunk);
  load("duckdb_vector_get_data", api.vector_get_data);
  load("duckdb_vector_get_validity", api.vector_get_validity);
  load("duckdb_list_vector_get_child", api.list_vector_get_child);
  load("duckdb_struct_vector_get_child", api.struct_vector_get_child);
  load("duckdb_get_type_id", api.get_type_id);
  load("duckdb_destroy_logical_type", api.destroy_logical_type);
  load("duckdb_decimal_scale", api.decimal_scale);
  load("duckdb_decimal_internal_type", api.decimal_internal_type);
  load("duckdb_enum_internal_type", api.enum_internal_type);
  load("duckdb_enum_dictionary_size", api.enum_dictionary_size);
  load("duckdb_enum_dictionary_value", api.enum_dictionary_value);
  load("duckdb_list_type_child_type", api.list_type_child_type);
  load("duckdb_map_type_key_type", api.map_type_key_type);
  load("duckdb_map_type_value_type", api.map_type_value_type);
  load("duckdb_struct_type_child_count", api.struct_type_child_count);
  load("duckdb_struct_type_child_name", api.struct_type_child_name);
  load("duckdb_struct_type_child_type", api.struct_type_child_type);
  if (!status) return std::unexpected(status.error());
  if (const std::string_view version = api.library_version(); version != kDuckdbVersion) {
    return Fail(ErrorCode::kUnsupported, path + ": another release of DuckDB: got " + std::string(version) +
                                             ", want " + std::string(kDuckdbVersion));
  }
  return api;
}

}  // namespace

Result<const DuckdbApi*> LoadDuckdb() {
  // Kept, also when it failed: a library does not come beside a running binary.
  static const Result<DuckdbApi> api = Load();
  if (!api) return std::unexpected(api.error());
  return &*api;
}

}  // namespace tickscope::sql
