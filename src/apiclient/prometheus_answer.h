// An answer of the Prometheus HTTP API, read back from its JSON.
//
// Times and values keep the server's own digits: a value such as "0.1" or "NaN" is text from end to end, so
// nothing is lost on the way to a table or a file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/labels.h"

namespace tickscope::apiclient {

struct ResultPoint {
  TimeMs time_ms = 0;
  std::string value;  ///< A float's text, a string, or a histogram's JSON.
};

struct ResultSeries {
  Labels labels;
  std::vector<ResultPoint> points;  ///< One unless the result is a matrix; floats before histograms.
};

/// What is common to all answers.
struct AnswerNotes {
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
};

struct QueryAnswer {
  std::string type;                  ///< scalar, string, vector or matrix.
  std::vector<ResultSeries> series;  ///< One without labels for a scalar or string.
  AnswerNotes notes;
  std::string data;  ///< The JSON of the answer's "data".
};

struct SeriesAnswer {
  std::vector<Labels> series;
  AnswerNotes notes;
  std::string data;
};

/// Label names or values.
struct TextsAnswer {
  std::vector<std::string> texts;
  AnswerNotes notes;
  std::string data;
};

// Each reads a whole body.
// Errors: kCorruption when it is not such an answer, naming what is missing; for an answer with status
// "error" the code that fits its errorType, with "errorType: error" as message.
[[nodiscard]] Result<QueryAnswer> ReadQueryAnswer(std::string_view body);
[[nodiscard]] Result<SeriesAnswer> ReadSeriesAnswer(std::string_view body);
[[nodiscard]] Result<TextsAnswer> ReadTextsAnswer(std::string_view body);

}  // namespace tickscope::apiclient
