// SegmentReader: the records of one segment from an offset on, damaged ones skipped.
//
// Memory    64 KiB, more only for a record that is larger, whatever the segment's size.
// Threads   Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "io/file_system.h"
#include "spool/spool_format.h"

namespace tickscope::spool {

class SegmentReader {
 public:
  struct Record {
    RecordHeader header;
    ByteView payload;           ///< Until the next call.
    std::uint64_t end = 0;      ///< Offset behind it.
    std::uint64_t skipped = 0;  ///< Bytes before it that were no records.
  };

  /// Errors: kNotFound.
  [[nodiscard]] static Result<SegmentReader> Open(io::FileSystem& fs, const std::string& path);

  /// Epoch and first number; nullopt when the header is damaged, which the records behind it do not mind.
  [[nodiscard]] Result<std::optional<SegmentHeader>> Header();
  /// The next whole record that begins at `from` or later and ends at `end` or before; nullopt when there is none.
  [[nodiscard]] Result<std::optional<Record>> Next(std::uint64_t from, std::uint64_t end);

 private:
  explicit SegmentReader(std::unique_ptr<io::ReadFile> file) : file_(std::move(file)) {}
  /// Bytes [at, at + size) or fewer, at the file's end.
  [[nodiscard]] Result<ByteView> View(std::uint64_t at, std::size_t size);

  std::unique_ptr<io::ReadFile> file_;
  Bytes buffer_;
  std::uint64_t buffer_at_ = 0;
};

}  // namespace tickscope::spool
