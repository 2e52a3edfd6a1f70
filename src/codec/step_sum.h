// StepSum: the sum of many counters' increases, row by row, without decoding a value.
//
// rate, increase and their sums over series need differences only, and differences are what a block column of steps holds.
// So columns are added up as they lie, four rows an instruction; what comes out is one column of increases for the
// whole group, of which window sums are taken once.
//
// Threads   One thread.
// Cost      0.1 to 0.3 ns a sample (codec_bench).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "codec/block_column.h"

namespace tickscope::codec {

class StepSum {
 public:
  /// Adds a block column. False, with nothing added, when it is not plain steps of whole numbers that never fall: with
  /// resets, gaps, raw values or a reference, it must be decoded.
  [[nodiscard]] bool Add(ByteView column);

  /// Rows there are sums for: one less than the values of a column.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Increases of row i + 1 over row i, of all columns together. Ends the adding up so far.
  [[nodiscard]] std::span<const std::int64_t> Increases();
  /// Sums over each `rows` consecutive rows: out[i] over rows [i, i + rows). Requires: out has size() - rows + 1 places.
  void WindowSums(std::size_t rows, std::span<std::int64_t> out);

 private:
  void Flush();

  std::size_t size_ = 0;
  std::uint64_t headroom_ = 0;  // What may yet be added to a row of small_ before it wraps.
  std::int64_t constant_ = 0;   // Added to every row.
  std::array<std::uint32_t, kBlockColumnMax> small_{};
  std::array<std::int64_t, kBlockColumnMax> sums_{};
};

}  // namespace tickscope::codec
