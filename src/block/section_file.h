// Section file: a file of checksummed sections, found from its end. Segments and blocks are made of it.
//
// Layout
//
//   | magic: 8 bytes | section bytes ... | table | table size: u32 | crc32c of table: u32 | magic: 8 bytes |
//   table   | version: u8 | varint n | n * (tag: u8, offset: varint, size: varint, crc32c: u32) |
//
// A section whose tag has kPagedFlag is checked by who reads it, page by page, and its checksum here is 0.
//
// What is not here yet (block/block_bytes.h) is fetched before it is touched: the end of the file, then the sections that
// opening checks, in as few ranges as they lie in.
//
// Threads   A reader is immutable. It borrows the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "block/block_bytes.h"
#include "io/file_system.h"

namespace tickscope::block {

inline constexpr std::uint8_t kPagedFlag = 0x80;
/// Bytes fetched at the end of a file on opening: the table and, of a small block, all of the index.
inline constexpr std::size_t kTailBytes = 64U << 10;
/// Ranges no farther apart are fetched as one: another request costs more than these bytes.
inline constexpr std::uint64_t kFetchGapBytes = 64U << 10;

/// A range of a file.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
/// The union of the ranges, ascending, those no farther apart than kFetchGapBytes joined.
[[nodiscard]] std::vector<ByteRange> Coalesce(std::vector<ByteRange> ranges);

class SectionWriter {
 public:
  /// Writes `path` anew. `magic` has 8 characters.
  [[nodiscard]] static Result<SectionWriter> Create(io::FileSystem& fs, const std::string& path,
                                                    std::string_view magic);

  /// Adds bytes to the section begun last, or begins it.
  [[nodiscard]] Status Append(std::uint8_t tag, ByteView bytes);
  /// Bytes of the section begun last: where its next append goes.
  [[nodiscard]] std::uint64_t section_size() const { return sections_.empty() ? 0 : sections_.back().size; }
  /// Writes the table and makes the file durable (not its name). Returns its size.
  [[nodiscard]] Result<std::uint64_t> Finish();

 private:
  struct Section {
    std::uint8_t tag = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
  };
  SectionWriter(std::unique_ptr<io::AppendFile> file, std::string_view magic);
  [[nodiscard]] Status Put(ByteView bytes);

  std::unique_ptr<io::AppendFile> file_;
  std::string magic_;
  std::vector<Section> sections_;
  Bytes buffer_;
  std::uint64_t written_ = 0;
};

class SectionReader {
 public:
  /// Checks table and checksums, but for those of `later`, which Check is for. `name` is what errors call the file.
  /// Errors: kCorruption naming file, section and offset; kUnsupported for a later version.
  [[nodiscard]] static Result<SectionReader> Open(ByteView bytes, std::string_view magic, std::string name,
                                                  std::span<const std::uint8_t> later = {});
  /// The same over bytes that may have to be fetched, but for the magic number at the front, which CheckFront is for.
  [[nodiscard]] static Result<SectionReader> Open(const BlockBytes& bytes, std::string_view magic,
                                                  std::string name, std::span<const std::uint8_t> later = {});
  /// Checks the magic number at the front, whose bytes are present.
  [[nodiscard]] Status CheckFront() const;
  /// Checks one section's checksum. Its bytes are present.
  [[nodiscard]] Status Check(std::uint8_t tag) const;
  /// Where the section's bytes lie in the file.
  [[nodiscard]] ByteRange RangeOf(std::uint8_t tag) const;

  /// The section's bytes, empty when the file has none of that tag.
  [[nodiscard]] ByteView Find(std::uint8_t tag) const;
  [[nodiscard]] const std::string& name() const { return name_; }
  /// A kCorruption error about `tag` at `offset` within it.
  [[nodiscard]] Error Damage(std::string_view section, std::uint64_t offset, std::string_view what) const;

 private:
  struct Section {
    std::uint8_t tag = 0;
    ByteView bytes;
    std::uint64_t offset = 0;
    std::uint32_t crc = 0;
  };
  // Where the table lies, from the end of the file.
  [[nodiscard]] Result<ByteRange> FindTable() const;
  [[nodiscard]] Status LoadTable(const ByteRange& at);
  [[nodiscard]] Status CheckAllBut(std::span<const std::uint8_t> later) const;

  std::string name_;
  std::string magic_;
  ByteView bytes_;
  std::vector<Section> sections_;
};

}  // namespace tickscope::block
