// RollupWriter: writes one resolution's files, series by series in block order. docs/formats/rollup.md says what is left out.
//
// Threads   Not thread-safe.
// Memory    A BlockWriter an aggregate: each some 100 bytes a series it holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "block/block_writer.h"
#include "io/file_system.h"
#include "rollup/rollup_rows.h"
#include "rollup/series_kind.h"

namespace tickscope::rollup {

/// Most windows a file may be about: 32 days of seconds.
inline constexpr std::size_t kWindowsMax = 32 * 86'400;

struct RollupFile {
  std::string name;  ///< Within the directory.
  std::int64_t resolution_ms = 0;
  Aggregate aggregate{};
  block::BlockSummary summary;
};

/// What the files of a RollupWriter are.
struct RollupFileSet {
  std::string directory;
  std::string stem;  ///< Of the files' names.
  TenantId tenant;
  std::uint64_t end_offset = 0;  ///< Of what they were made from.
  std::vector<std::string> replaced_stems;
  std::int64_t resolution_ms = 0;
  TimeMs start_ms = 0;  ///< They are about the windows in (start, end].
  TimeMs end_ms = 0;
  AggregateSet aggregates;
  Keeping keeping = Keeping::kByKind;
};

class RollupWriter {
 public:
  /// Errors: kInvalidArgument for a resolution or a range no windows make up; kOutOfRange for too many; what the file
  /// system says.
  [[nodiscard]] static Result<RollupWriter> Create(io::FileSystem& fs, const RollupFileSet& files);

  /// Adds what is kept of a series. Requires: after all before it in block order; windows in the range; not CoverageLabels().
  [[nodiscard]] Status Add(const Labels& labels, AggregateSet kept, const RollupRows& rows);
  /// Completes the files: durable, but not their names.
  [[nodiscard]] Result<std::vector<RollupFile>> Finish();

 private:
  struct Output {
    Aggregate aggregate{};
    std::string name;
    block::BlockWriter writer;
    block::TimesId grid{};  // Of every window.
  };

  RollupWriter() = default;
  [[nodiscard]] Status AddCoverage();
  [[nodiscard]] Status AddFloats(Output& output, const Labels& labels, const RollupRows& rows);
  [[nodiscard]] Status AddMixed(Output& output, const Labels& labels, const RollupRows& rows);
  // Rows that tell an increase where it does not follow from the last values.
  void PickIncreases(const RollupRows& rows, SampleColumns& picked) const;
  [[nodiscard]] Status AddColumn(Output& output, const Labels& labels, std::span<const TimeMs> ends_ms,
                                 std::span<const double> values);

  std::int64_t resolution_ms_ = 0;
  std::vector<TimeMs> grid_;  // Every window of the range.
  std::vector<Output> outputs_;
  bool has_coverage_ = false;
  Keeping keeping_ = Keeping::kByKind;
  std::vector<double> aligned_;
  SampleColumns picked_;
};

}  // namespace tickscope::rollup
