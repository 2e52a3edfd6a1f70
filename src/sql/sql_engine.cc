#include "sql/sql_engine.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <set>

#include "cold/cold_schema.h"
#include "sql/duckdb_api.h"
#include "sql/duckdb_values.h"

namespace tickscope::sql {
namespace {

constexpr std::chrono::milliseconds kWatchInterval{20};

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string ListOf(const std::vector<std::string>& paths) {
  std::string list = "[";
  for (const std::string& path : paths) {
    if (list.size() > 1) list += ',';
    list += Quoted(path);
  }
  return list + "]";
}

std::string_view SqlType(plugin::ColumnKind kind) {
  switch (kind) {
    case plugin::ColumnKind::kString:
      return "VARCHAR";
    case plugin::ColumnKind::kInt64:
      return "BIGINT";
    case plugin::ColumnKind::kDouble:
      return "DOUBLE";
    case plugin::ColumnKind::kTimestampMs:
      return "TIMESTAMP";
    case plugin::ColumnKind::kStringMap:
      return "MAP(VARCHAR,VARCHAR)";
    case plugin::ColumnKind::kStringList:
      return "VARCHAR[]";
    case plugin::ColumnKind::kInt64List:
      return "BIGINT[]";
    case plugin::ColumnKind::kDoubleList:
      return "DOUBLE[]";
  }
  return "VARCHAR";
}

// Line and column, from 1, of an offset.
std::string PlaceOf(std::string_view sql, std::size_t offset) {
  offset = std::min(offset, sql.size());
  const auto line = 1 + std::ranges::count(sql.substr(0, offset), '\n');
  const std::size_t line_start = sql.substr(0, offset).rfind('\n');
  const std::size_t column = line_start == std::string_view::npos ? offset : offset - line_start - 1;
  return fmt::format("line {}, column {}", line, column + 1);
}

// What DuckDB says, which is JSON as it was told to.
Error ReadError(std::string_view text, std::string_view sql) {
  Error error{ErrorCode::kInvalidArgument, std::string(text)};
  simdjson::dom::parser parser;
  simdjson::dom::object map;
  // DuckDB puts a word before the JSON now and then.
  const std::size_t brace = text.find('{');
  if (brace == std::string_view::npos) return error;
  const simdjson::padded_string padded(text.substr(brace));
  if (parser.parse(padded).get(map) != simdjson::SUCCESS) return error;
  std::string_view type;
  std::string_view message;
  std::string_view position;
  if (map.at_key("exception_message").get(message) != simdjson::SUCCESS) return error;
  error.message = message;
  if (map.at_key("position").get(position) == simdjson::SUCCESS) {
    std::size_t offset = 0;
    const auto [end, failed] = std::from_chars(position.data(), position.data() + position.size(), offset);
    if (failed == std::errc()) error.message = PlaceOf(sql, offset) + ": " + error.message;
  }
  if (map.at_key("exception_type").get(type) != simdjson::SUCCESS) return error;
  if (type == "Permission") error.code = ErrorCode::kPermissionDenied;
  if (type == "Out of Memory") error.code = ErrorCode::kResourceExhausted;
  if (type == "INTERRUPT") error.code = ErrorCode::kCancelled;
  if (type == "IO") error.code = ErrorCode::kUnavailable;
  if (type == "INTERNAL" || type == "FATAL") error.code = ErrorCode::kInternal;
  return error;
}

// A database in memory and its one connection.
class Session {
 public:
  Session(const DuckdbApi& api, std::string_view sql) : api_(api), sql_(sql) {}
  ~Session() {
    if (pending_ != nullptr) api_.destroy_pending(&pending_);
    if (prepared_ != nullptr) api_.destroy_prepare(&prepared_);
    if (statements_ != nullptr) api_.destroy_extracted(&statements_);
    if (has_result_) api_.destroy_result(&result_);
    if (connection_ != nullptr) api_.disconnect(&connection_);
    if (database_ != nullptr) api_.close(&database_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Status Open(const SqlOptions& options) {
    DuckdbConfig* config = nullptr;
    if (api_.create_config(&config) != DuckdbState::kSuccess)
      return Fail(ErrorCode::kResourceExhausted, "DuckDB: no memory for a configuration");
    const std::string memory = fmt::format("{}B", options.memory_bytes);
    const std::string threads = std::to_string(options.threads);
    const std::pair<const char*, const char*> settings[] = {{"memory_limit", memory.c_str()},
                                                            {"threads", threads.c_str()},
                                                            {"temp_directory", ""},
                                                            {"autoinstall_known_extensions", "false"},
                                                            {"autoload_known_extensions", "false"},
                                                            {"allow_community_extensions", "false"},
                                                            {"errors_as_json", "true"}};
    for (const auto& [name, value] : settings) {
      if (api_.set_config(config, name, value) == DuckdbState::kSuccess) continue;
      api_.destroy_config(&config);
      return Fail(ErrorCode::kInternal, fmt::format("DuckDB refuses a setting: {}={}", name, value));
    }
    char* reason = nullptr;
    const DuckdbState opened = api_.open_ext(nullptr, &database_, config, &reason);
    api_.destroy_config(&config);
    if (opened != DuckdbState::kSuccess) {
      const std::string text = reason == nullptr ? "unknown reason" : reason;
      api_.free(reason);
      return Fail(ErrorCode::kUnavailable, "DuckDB does not open: " + text);
    }
    if (api_.connect(database_, &connection_) != DuckdbState::kSuccess)
      return Fail(ErrorCode::kUnavailable, "DuckDB does not connect");
    return {};
  }

  // Runs a statement of ours.
  Status Execute(const std::string& statement) {
    DuckdbResult result;
    const DuckdbState state = api_.query(connection_, statement.c_str(), &result);
    Status status;
    if (state != DuckdbState::kSuccess) {
      Error error = ReadError(TextOr(api_.result_error(&result)), statement);
      // Ours are right: what fails them is the files or the limits.
      if (error.code == ErrorCode::kInvalidArgument) error.code = ErrorCode::kCorruption;
      status = std::unexpected(std::move(error));
    }
    api_.destroy_result(&result);
    return status;
  }

  // Prepares the user's statement and begins to run it.
  Status Begin() {
    const std::string sql(sql_);
    const std::uint64_t count = api_.extract_statements(connection_, sql.c_str(), &statements_);
    if (count == 0) {
      const std::string_view reason = TextOr(api_.extract_statements_error(statements_));
      if (reason.empty()) return Fail(ErrorCode::kInvalidArgument, "there is no statement");
      return std::unexpected(ReadError(reason, sql_));
    }
    if (count > 1)
      return Fail(ErrorCode::kPermissionDenied, fmt::format("got {} statements, want one", count));
    if (api_.prepare_extracted_statement(connection_, statements_, 0, &prepared_) != DuckdbState::kSuccess)
      return std::unexpected(ReadError(TextOr(api_.prepare_error(prepared_)), sql_));
    const int kind = api_.prepared_statement_type(prepared_);
    if (kind != kDuckdbSelect && kind != kDuckdbExplain) {
      return Fail(ErrorCode::kPermissionDenied,
                  "only statements that read are allowed: SELECT, FROM, WITH, SHOW, DESCRIBE, EXPLAIN");
    }
    if (api_.pending_prepared_streaming(prepared_, &pending_) != DuckdbState::kSuccess)
      return std::unexpected(ReadError(TextOr(api_.pending_error(pending_)), sql_));
    has_result_ = true;
    if (api_.execute_pending(pending_, &result_) != DuckdbState::kSuccess)
      return std::unexpected(ReadError(TextOr(api_.result_error(&result_)), sql_));
    return {};
  }

  Status ReadRows(std::uint64_t rows_max, std::uint64_t bytes_max, SqlResult& out) {
    std::vector<ValueType> types;
    for (std::uint64_t i = 0; i < api_.column_count(&result_); ++i) {
      const std::string name(TextOr(api_.column_name(&result_, i)));
      auto type = ReadType(api_, api_.column_logical_type(&result_, i));
      if (!type) return FailWith("column " + name, type.error());
      out.columns.push_back({name, std::string(TypeName(*type))});
      types.push_back(*std::move(type));
    }
    std::uint64_t bytes = 0;
    while (DuckdbChunk* chunk = api_.fetch_chunk(result_)) {
      const Status read = ReadChunk(chunk, types, rows_max, bytes_max, bytes, out);
      api_.destroy_data_chunk(&chunk);
      TICKSCOPE_RETURN_IF_ERROR(read);
      if (out.is_cut) return {};
    }
    // The end of rows, or of the query.
    if (const std::string_view reason = TextOr(api_.result_error(&result_)); !reason.empty())
      return std::unexpected(ReadError(reason, sql_));
    return {};
  }

  void Interrupt() { api_.interrupt(connection_); }

 private:
  static std::string_view TextOr(const char* text) { return text == nullptr ? std::string_view() : text; }

  Status ReadChunk(DuckdbChunk* chunk, const std::vector<ValueType>& types, std::uint64_t rows_max,
                   std::uint64_t bytes_max, std::uint64_t& bytes, SqlResult& out) const {
    const std::uint64_t size = api_.data_chunk_get_size(chunk);
    for (std::uint64_t row = 0; row < size; ++row) {
      if (out.rows.size() == rows_max) {
        out.is_cut = true;
        return {};
      }
      std::vector<SqlValue>& values = out.rows.emplace_back();
      for (std::size_t i = 0; i < types.size(); ++i) {
        values.push_back(ReadValue(api_, api_.data_chunk_get_vector(chunk, i), types[i], row));
        bytes += values.back().text.size() + sizeof(SqlValue);
      }
      if (bytes > bytes_max) {
        return Fail(ErrorCode::kResourceExhausted,
                    fmt::format("the answer is larger than {} bytes: select less or aggregate", bytes_max));
      }
    }
    return {};
  }

  const DuckdbApi& api_;
  const std::string_view sql_;
  DuckdbDatabase* database_ = nullptr;
  DuckdbConnection* connection_ = nullptr;
  DuckdbStatements* statements_ = nullptr;
  DuckdbPrepared* prepared_ = nullptr;
  DuckdbPending* pending_ = nullptr;
  DuckdbResult result_;
  bool has_result_ = false;
};

// Interrupts a session when its context is over.
class Watch {
 public:
  Watch(Threads& threads, Session& session, const QueryContext& context)
      : worker_(threads.Start("sql watch", [this, &session, &context] {
          if (is_done_) return Turn::Done();
          // Again and again: DuckDB forgets an interrupt that comes between two statements.
          if (!context.Check()) session.Interrupt();
          return Turn::Wait(kWatchInterval);
        })) {}
  ~Watch() {
    is_done_ = true;
    worker_->Join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  std::atomic<bool> is_done_{false};
  std::unique_ptr<Worker> worker_;
};

}  // namespace

struct SqlEngine::Parts {
  std::vector<std::shared_ptr<const PartFile>> files;
  std::vector<std::string> paths;
  bool same_columns = true;  ///< All were published with the same promoted labels.
};

Result<SqlEngine::Parts> SqlEngine::FindParts(const SqlRequest& request, const QueryContext& context) const {
  Parts parts;
  std::set<std::vector<std::string>> promoted;
  TICKSCOPE_ASSIGN_OR_RETURN(const auto entries, cold::ListManifests(store_, request.tenant));
  for (const cold::ManifestEntry& entry : entries) {
    if (request.end_ms && cold::StartOf(entry.place.day) >= *request.end_ms) continue;
    if (request.start_ms && cold::StartOf(cold::NextDay(entry.place.day)) < *request.start_ms) continue;
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    TICKSCOPE_ASSIGN_OR_RETURN(const cold::ColdManifest manifest, cold::LoadManifest(store_, entry));
    for (const cold::ColdPart& part : manifest.parts) {
      if (!request.metrics.empty() &&
          std::ranges::find(request.metrics, part.metric) == request.metrics.end())
        continue;
      if (request.end_ms && part.min_ts_ms > *request.end_ms) continue;
      if (request.start_ms && part.max_ts_ms < *request.start_ms) continue;
      if (cold::FormatOf(part.name) != plugin::TableFormat::kParquet) {
        return Fail(ErrorCode::kUnsupported,
                    part.name + ": SQL reads Parquet only: publish the day again with --format parquet");
      }
      if (parts.paths.size() == options_.parts_max) {
        return Fail(
            ErrorCode::kResourceExhausted,
            fmt::format("the query is open to more than {} parts of the cold tier: name metrics, or a "
                        "start and an end",
                        options_.parts_max));
      }
      promoted.insert(manifest.promoted);
      TICKSCOPE_ASSIGN_OR_RETURN(auto file, files_.Acquire(part));
      parts.paths.push_back(file->path());
      parts.files.push_back(std::move(file));
    }
  }
  parts.same_columns = promoted.size() <= 1;
  return parts;
}

Result<SqlResult> SqlEngine::Run(const SqlRequest& request, const QueryContext& context) const {
  if (request.sql.size() > kSqlBytesMax)
    return Fail(ErrorCode::kOutOfRange, fmt::format("the statement is longer than {} bytes", kSqlBytesMax));
  if (request.sql.find('\0') != std::string::npos)
    return Fail(ErrorCode::kInvalidArgument, "the statement holds a zero byte");
  TICKSCOPE_ASSIGN_OR_RETURN(const DuckdbApi* api, LoadDuckdb());
  TICKSCOPE_ASSIGN_OR_RETURN(const Parts parts, FindParts(request, context));
  Session session(*api, request.sql);
  TICKSCOPE_RETURN_IF_ERROR(session.Open(options_));
  std::string view;
  if (parts.paths.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const auto schema, cold::ColdSchema::Make(cold::DefaultPromotedLabels()));
    for (const plugin::ColumnSpec& column : schema.columns())
      view += fmt::format("NULL::{} AS \"{}\", ", SqlType(column.kind), column.name);
    view = fmt::format(
        "SELECT {}NULL::VARCHAR AS tenant, NULL::VARCHAR AS metric, NULL::DATE AS dt WHERE false", view);
  } else {
    view = fmt::format(
        "SELECT * FROM read_parquet({}, hive_partitioning=true, union_by_name={}, "
        "hive_types={{'tenant':VARCHAR,'metric':VARCHAR,'dt':DATE}})",
        ListOf(parts.paths), parts.same_columns ? "false" : "true");
  }
  SqlResult result;
  result.parts = parts.paths.size();
  const auto run = [&]() -> Status {
    TICKSCOPE_RETURN_IF_ERROR(session.Execute("SET allowed_paths=" + ListOf(parts.paths)));
    TICKSCOPE_RETURN_IF_ERROR(session.Execute("SET enable_external_access=false"));
    TICKSCOPE_RETURN_IF_ERROR(session.Execute("CREATE VIEW metrics AS " + view));
    TICKSCOPE_RETURN_IF_ERROR(session.Execute("SET lock_configuration=true"));
    TICKSCOPE_RETURN_IF_ERROR(session.Begin());
    const std::uint64_t rows_max =
        request.rows_max == 0 ? options_.rows_max : std::min(request.rows_max, options_.rows_max);
    return session.ReadRows(rows_max, options_.bytes_max, result);
  };
  Status status;
  {
    const Watch watch(threads_, session, context);
    status = run();
  }
  // Whatever DuckDB called the interruption.
  if (!status) TICKSCOPE_RETURN_IF_ERROR(context.Check());
  TICKSCOPE_RETURN_IF_ERROR(status);
  return result;
}

}  // namespace tickscope::sql
