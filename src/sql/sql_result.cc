#include "sql/sql_result.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/json_writer.h"

namespace tickscope::sql {
namespace {

constexpr std::size_t kTableCellBytesMax = 60;

void AppendCsvCell(std::string_view text, std::string& out) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string CsvText(const SqlResult& result) {
  std::string out;
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (i > 0) out += ',';
    AppendCsvCell(result.columns[i].name, out);
  }
  out += "\r\n";
  for (const auto& row : result.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      AppendCsvCell(row[i].text, out);
    }
    out += "\r\n";
  }
  return out;
}

std::string Cell(const SqlValue& value) {
  if (value.kind == SqlValue::Kind::kNull) return "-";
  std::string cell;
  for (const char c : value.text.substr(0, kTableCellBytesMax))
    cell += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  if (value.text.size() > kTableCellBytesMax) cell += "...";
  return cell;
}

std::string TableText(const SqlResult& result) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::size_t> widths;
  std::vector<std::string> header;
  for (const SqlColumn& column : result.columns) {
    header.push_back(column.name);
    widths.push_back(column.name.size());
  }
  lines.push_back(std::move(header));
  for (const auto& row : result.rows) {
    std::vector<std::string> line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(Cell(row[i]));
      widths[i] = std::max(widths[i], line.back().size());
    }
    lines.push_back(std::move(line));
  }
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool is_number = result.columns[i].type == "integer" || result.columns[i].type == "float" ||
                             result.columns[i].type == "decimal";
      if (i > 0) text += "  ";
      text +=
          is_number ? fmt::format("{:>{}}", line[i], widths[i]) : fmt::format("{:<{}}", line[i], widths[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  out += fmt::format("({} {}{})\n", result.rows.size(), result.rows.size() == 1 ? "row" : "rows",
                     result.is_cut ? "; there are more: ask for fewer or raise the limit" : "");
  return out;
}

}  // namespace

Result<SqlFormat> ParseSqlFormat(std::string_view text) {
  if (text == "table") return SqlFormat::kTable;
  if (text == "csv") return SqlFormat::kCsv;
  if (text == "json") return SqlFormat::kJson;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown format: got \"{}\", want table, csv or json", text.substr(0, 64)));
}

void AppendSqlJson(const SqlResult& result, std::string& out) {
  out += "{\"columns\":[";
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    out += i == 0 ? "{\"name\":" : ",{\"name\":";
    wire::AppendJsonString(result.columns[i].name, out);
    out += ",\"type\":";
    wire::AppendJsonString(result.columns[i].type, out);
    out += '}';
  }
  out += "],\"rows\":[";
  for (std::size_t r = 0; r < result.rows.size(); ++r) {
    out += r == 0 ? "[" : ",[";
    for (std::size_t i = 0; i < result.rows[r].size(); ++i) {
      if (i > 0) out += ',';
      const SqlValue& value = result.rows[r][i];
      if (value.kind == SqlValue::Kind::kNull) {
        out += "null";
      } else if (value.kind == SqlValue::Kind::kJson) {
        out += value.text;
      } else {
        wire::AppendJsonString(value.text, out);
      }
    }
    out += ']';
  }
  out += fmt::format("],\"truncated\":{},\"parts\":{}}}", result.is_cut, result.parts);
}

std::string SqlText(const SqlResult& result, SqlFormat format) {
  if (format == SqlFormat::kCsv) return CsvText(result);
  if (format == SqlFormat::kTable) return TableText(result);
  std::string out;
  AppendSqlJson(result, out);
  return out + "\n";
}

}  // namespace tickscope::sql
