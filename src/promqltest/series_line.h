// Series lines of PromQL test scripts: a label set in front, values behind it.
#pragma once

#include <string_view>

#include "base/error.h"
#include "model/labels.h"

namespace tickscope::promqltest {

struct SeriesLine {
  Labels labels;
  bool is_start_times = false;  ///< `series@st ...`
  std::string_view values;      ///< The rest of the line.
};

/// Splits `name{a="b"} values`, `{a="b"} values`, `{"any name", a="b"} values`.
/// Errors: kInvalidArgument naming what is not a label set.
[[nodiscard]] Result<SeriesLine> ParseSeriesLine(std::string_view line);

}  // namespace tickscope::promqltest
