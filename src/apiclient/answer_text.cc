#include "apiclient/answer_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <set>
#include <vector>

#include "apiclient/plot.h"
#include "base/civil_time.h"

namespace tickscope::apiclient {
namespace {

// Characters rather than bytes, so that a table with UTF-8 in it stays aligned.
std::size_t ShownWidth(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

using Row = std::array<std::string, 3>;

// Columns padded to their widest cell, two blanks between, nothing after the last.
std::string TableText(const std::vector<Row>& rows) {
  std::array<std::size_t, 3> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], ShownWidth(row[i]));
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += row[i];
      line.append(widths[i] - ShownWidth(row[i]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line;
    out += '\n';
  }
  return out;
}

std::string QueryTable(const QueryAnswer& answer) {
  if (answer.type == "scalar" || answer.type == "string")
    return ShownText(answer.series.front().points.front().value) + "\n";
  if (answer.series.empty()) return "no series\n";
  std::vector<Row> rows = {{"SERIES", "VALUE", "TIME"}};
  for (const ResultSeries& series : answer.series) {
    std::string name = ShownText(series.labels.ToString());
    for (const ResultPoint& point : series.points) {
      rows.push_back({std::exchange(name, {}), point.value, FormatUtcTime(point.time_ms)});
    }
  }
  return TableText(rows);
}

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// The label names of all series, in order: the columns every row has.
template <typename Range, typename LabelsOf>
std::set<std::string, std::less<>> LabelColumns(const Range& range, LabelsOf labels_of) {
  std::set<std::string, std::less<>> columns;
  for (const auto& item : range) {
    const Labels& labels = std::invoke(labels_of, item);
    for (const auto& [name, value] : labels) {
      if (!columns.contains(name)) columns.emplace(name);
    }
  }
  return columns;
}

std::string CsvLine(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) line += ',';
    line += CsvField(field);
  }
  return line + '\n';
}

std::string QueryCsv(const QueryAnswer& answer) {
  const auto columns = LabelColumns(answer.series, &ResultSeries::labels);
  std::vector<std::string> fields(columns.begin(), columns.end());
  fields.insert(fields.end(), {"time", "value"});
  std::string out = CsvLine(fields);
  for (const ResultSeries& series : answer.series) {
    for (const ResultPoint& point : series.points) {
      fields.clear();
      std::ranges::transform(columns, std::back_inserter(fields),
                             [&](const std::string& name) { return std::string(series.labels.Get(name)); });
      fields.insert(fields.end(), {FormatUtcTime(point.time_ms), point.value});
      out += CsvLine(fields);
    }
  }
  return out;
}

std::string SeriesCsv(const std::vector<Labels>& series) {
  const auto columns = LabelColumns(series, std::identity{});
  if (columns.empty()) return {};
  std::string out = CsvLine({columns.begin(), columns.end()});
  for (const Labels& labels : series) {
    std::vector<std::string> fields;
    std::ranges::transform(columns, std::back_inserter(fields),
                           [&](const std::string& name) { return std::string(labels.Get(name)); });
    out += CsvLine(fields);
  }
  return out;
}

}  // namespace

std::string ShownText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

Result<AnswerFormat> ParseAnswerFormat(std::string_view text) {
  if (text == "table") return AnswerFormat::kTable;
  if (text == "json") return AnswerFormat::kJson;
  if (text == "csv") return AnswerFormat::kCsv;
  if (text == "plot") return AnswerFormat::kPlot;
  return Fail(ErrorCode::kInvalidArgument,
              "unknown format: got \"" + std::string(text) + "\", want table, json, csv or plot");
}

std::string AnswerText(const QueryAnswer& answer, AnswerFormat format) {
  switch (format) {
    case AnswerFormat::kTable:
      return QueryTable(answer);
    case AnswerFormat::kPlot:
      return answer.type == "matrix" ? PlotText(answer, {}) : QueryTable(answer);
    case AnswerFormat::kJson:
      return answer.data + "\n";
    case AnswerFormat::kCsv:
      return QueryCsv(answer);
  }
  std::unreachable();
}

std::string AnswerText(const SeriesAnswer& answer, AnswerFormat format) {
  switch (format) {
    case AnswerFormat::kTable:
    case AnswerFormat::kPlot: {
      std::string out;
      for (const Labels& labels : answer.series)
        out += ShownText(labels.ToString()) + "\n";
      return out;
    }
    case AnswerFormat::kJson:
      return answer.data + "\n";
    case AnswerFormat::kCsv:
      return SeriesCsv(answer.series);
  }
  std::unreachable();
}

std::string AnswerText(const TextsAnswer& answer, std::string_view heading, AnswerFormat format) {
  switch (format) {
    case AnswerFormat::kTable:
    case AnswerFormat::kPlot: {
      std::string out;
      for (const std::string& text : answer.texts)
        out += ShownText(text) + "\n";
      return out;
    }
    case AnswerFormat::kJson:
      return answer.data + "\n";
    case AnswerFormat::kCsv: {
      std::string out = CsvLine({std::string(heading)});
      for (const std::string& text : answer.texts)
        out += CsvLine({text});
      return out;
    }
  }
  std::unreachable();
}

}  // namespace tickscope::apiclient
