// ParquetSink: samples as rows of one Parquet file, for pandas, DuckDB, Spark and their like.
//
//   ts         timestamp, ms, UTC      metric   string, null without      labels   map, all but the metric's name
//   kind       float, stale, native    value    double; of floats and stale markers
//   hist_*, native_*                   of native histograms, named and filled as the cold tier's (docs/formats/cold.md)
//
// A row is a sample. Rows come as the export reads: window by window, in a window series by series in label order. A
// staleness marker is a row of kind "stale", whose value is NaN, so that who counts samples leaves it out by its kind.
//
// Invariants   Values are the doubles that are stored, bit by bit, NaN payloads too.
// Threads      Not thread-safe.
// Memory       A row group of kExportRowsPerGroup rows, twice.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "exchange/sample_flow.h"
#include "plugin/columnar.h"

namespace tickscope::exchange {

inline constexpr std::size_t kExportRowsPerGroup = 128 * 1024;

/// A sink that gives the file's bytes to `output`, piece by piece. `columnar` outlives it. Errors: those of its writer.
[[nodiscard]] Result<std::unique_ptr<SampleSink>> MakeParquetSink(
    const plugin::Columnar& columnar, std::function<Status(std::string_view bytes)> output);

}  // namespace tickscope::exchange
