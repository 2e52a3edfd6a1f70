// SqlResult: the rows of a query, as text that is ready for JSON, CSV and tables.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace tickscope::sql {

struct SqlValue {
  enum class Kind : std::uint8_t {
    kNull,
    kText,
    kJson,  ///< A number, true, false, or a nested value: `text` is JSON.
  };
  Kind kind = Kind::kNull;
  std::string text;

  friend bool operator==(const SqlValue&, const SqlValue&) = default;
};

struct SqlColumn {
  std::string name;
  std::string
      type;  ///< "boolean", "integer", "float", "decimal", "text", "time", "date", "list", "map", "struct" or "null"
};

struct SqlResult {
  std::vector<SqlColumn> columns;
  std::vector<std::vector<SqlValue>> rows;
  bool is_cut = false;      ///< There were more rows than were asked for.
  std::uint64_t parts = 0;  ///< Parts that were open to the query.
};

enum class SqlFormat : std::uint8_t { kTable, kCsv, kJson };

/// Errors: kInvalidArgument.
[[nodiscard]] Result<SqlFormat> ParseSqlFormat(std::string_view text);
/// The result for people (with a line of how many rows), for spreadsheets (RFC 4180), or as one JSON object.
[[nodiscard]] std::string SqlText(const SqlResult& result, SqlFormat format);
/// `{"columns":[{"name":...,"type":...}],"rows":[[...]],"truncated":false,"parts":1}`
void AppendSqlJson(const SqlResult& result, std::string& out);

}  // namespace tickscope::sql
