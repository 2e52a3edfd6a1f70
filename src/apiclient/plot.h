// Plot: an answer's series drawn with characters, for a terminal.
//
//         21 |                  aa
//            |             aaaa
//         11 |       aaaa           b
//            |  aaaa      bbbbbbbbbb
//          1 |a b b b b b
//            +---------------------
//             12:00:00     12:02:00
//     a  joins_total{region="eu"}   1 .. 21, last 21
//
// A letter a series rather than a colour, so that it survives a pipe and any eyes; where two meet, the later one
// shows. Values that are no number or infinite, and histograms, leave a gap.
// Memory   A grid of width x height bytes, whatever the answer's size.
#pragma once

#include <cstddef>
#include <string>

#include "apiclient/prometheus_answer.h"

namespace tickscope::apiclient {

struct PlotSize {
  std::size_t width = 72;   ///< Columns of the grid, without the axis; at least 8.
  std::size_t height = 16;  ///< Rows of the grid; at least 2.
};

/// Series that get a letter; further ones are counted in a last line.
inline constexpr std::size_t kPlotSeriesMax = 26;

/// The drawing, each line ended. Says so in a line when there is nothing to draw.
[[nodiscard]] std::string PlotText(const QueryAnswer& answer, PlotSize size);

}  // namespace tickscope::apiclient
