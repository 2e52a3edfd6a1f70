// FileMark: how far a log file was read, and how to know it again.
//
// A name is not a file: names move on when files are rotated, and numbers of inodes are given to new files. So a mark has the
// file's identity, and hashes of its first bytes and of those before the position: a file that was truncated and written anew, or that
// got an old inode's number, has others, and a copy of the file has the same.
//
// Text form, a line each (docs/formats/log-spool.md):
//   NAME DEVICE INODE POSITION HEAD-BYTES HEAD-HASH TAIL-BYTES TAIL-HASH SKIPPING
// NAME is that of the directory and the file, with what is not printable ASCII, '%' and space as %XX.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/foreign_directory.h"

namespace tickscope::logs {

inline constexpr std::size_t kHeadBytesMax = 256;
inline constexpr std::size_t kTailBytesMax = 64;
/// Marks of a text that are read.
inline constexpr std::size_t kMarksMax = 10'000;

struct FileMark {
  std::string directory;
  std::string name;
  io::FileIdentity identity;
  std::uint64_t position = 0;    ///< Bytes that were read.
  std::uint64_t head_bytes = 0;  ///< min(position, kHeadBytesMax)
  std::uint64_t head_hash = 0;
  std::uint64_t tail_bytes = 0;  ///< min(position, kTailBytesMax)
  std::uint64_t tail_hash = 0;
  bool is_skipping = false;  ///< The position is within a line that was too long.

  friend bool operator==(const FileMark&, const FileMark&) = default;
};

/// 0 of no bytes.
[[nodiscard]] std::uint64_t HashOf(std::string_view bytes);

/// Appends the line of a mark.
void AppendMark(const FileMark& mark, std::string& out);
/// Errors: kCorruption for what AppendMark does not write; kOutOfRange for more than kMarksMax.
[[nodiscard]] Result<std::vector<FileMark>> ParseMarks(std::string_view text);

}  // namespace tickscope::logs
