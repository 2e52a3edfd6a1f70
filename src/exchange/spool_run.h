// Spool runs: samples of many series, sorted, in a file that lives as long as an import.
//
// An import takes series and samples in any order and more of them than fit memory. What fits is sorted by window of time,
// series in block order, and time, and written as a run; blocks are made by merging runs.
//
//   an entry     | size: u32 | crc32c: u32 | window's start: zz | labels: varint n, n * (name, value: text) |
//                | samples: varint m | flags: u8 | m * step of time: zz | m * value: f64 |
//                | flag 1: m * (0, or 1 and codec/histogram_codec.h) | flag 2: m * start time: zz |
//
// Invariant   R1 a run's entries ascend by (window, block order), those of one series in a window by time.
// Threads     Not thread-safe.
// Memory      Writer: a megabyte. Reader: kReadBytes and one entry of kEntryBytesMax at most.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "exchange/big_endian.h"
#include "io/file_system.h"
#include "model/labels.h"
#include "model/queryable.h"

namespace tickscope::exchange {

struct SpoolEntry {
  TimeMs window_start_ms = 0;
  Labels labels;
  SampleColumns samples;
};

/// Whether `a` comes before `b` by R1, times aside.
[[nodiscard]] bool SpoolOrder(TimeMs a_window_ms, const Labels& a, TimeMs b_window_ms, const Labels& b);

class SpoolWriter {
 public:
  [[nodiscard]] static Result<SpoolWriter> Create(io::FileSystem& fs, const std::string& path);
  /// Adds samples [from, to) of a series, which all lie in the window.
  [[nodiscard]] Status Add(TimeMs window_start_ms, const Labels& labels, const SampleColumns& samples,
                           std::size_t from, std::size_t to);
  /// Writes what is left. The file need not outlive a crash.
  [[nodiscard]] Status Finish() { return file_.Flush(); }

 private:
  explicit SpoolWriter(OrderedFile file) : file_(std::move(file)) {}
  OrderedFile file_;
  Bytes entry_;
};

class SpoolReader {
 public:
  static constexpr std::size_t kReadBytes = 128U << 10;
  static constexpr std::size_t kEntryBytesMax = 64U << 20;

  /// Positioned on the first entry.
  [[nodiscard]] static Result<std::unique_ptr<SpoolReader>> Open(io::FileSystem& fs, const std::string& path);
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] SpoolEntry& entry() { return entry_; }
  /// Moves to the next entry. Errors: kCorruption naming the place: the disk changed it.
  [[nodiscard]] Status Next();

 private:
  SpoolReader(std::unique_ptr<io::ReadFile> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}
  // The next bytes of the file; fewer only at its end. They live until the next call.
  [[nodiscard]] Result<ByteView> Take(std::size_t size);

  std::unique_ptr<io::ReadFile> file_;
  std::string path_;
  Bytes buffer_;
  std::size_t used_ = 0;
  std::uint64_t read_ = 0;  // Bytes of the file that were brought into the buffer.
  bool done_ = false;
  SpoolEntry entry_;
};

}  // namespace tickscope::exchange
