// Answers as text: a table for people, JSON and CSV for programs.
//
//   table   vector    SERIES                 VALUE  TIME            JSON    the answer's "data" as the server
//   sent it
//                     up{job="a"}            1      2026-03-01T...  CSV     a column a label name, then time
//                     and value;
//           matrix    one row a point, the series named once                quoted as RFC 4180 says
//
// A plot is drawn by plot.h. A table shows control characters as \xNN: what a label holds must not steer a terminal.
#pragma once

#include <string>
#include <string_view>

#include "apiclient/prometheus_answer.h"
#include "base/error.h"

namespace tickscope::apiclient {

enum class AnswerFormat : std::uint8_t { kTable, kJson, kCsv, kPlot };

/// "table", "json", "csv", "plot". Errors: kInvalidArgument naming the text.
[[nodiscard]] Result<AnswerFormat> ParseAnswerFormat(std::string_view text);

/// Text with control characters as \xNN.
[[nodiscard]] std::string ShownText(std::string_view text);

// Each ends with a newline unless it is empty. What is no matrix has no plot: it is told as a table.
[[nodiscard]] std::string AnswerText(const QueryAnswer& answer, AnswerFormat format);
[[nodiscard]] std::string AnswerText(const SeriesAnswer& answer, AnswerFormat format);
/// `heading` is the CSV column's name.
[[nodiscard]] std::string AnswerText(const TextsAnswer& answer, std::string_view heading,
                                     AnswerFormat format);

}  // namespace tickscope::apiclient
