// BlockBytes: the bytes of a block that need not be here yet.
//
// A reader sees the whole object as one stretch of memory and says which range it is about to touch. A mapped local file
// has it all; a block in an object store fetches what is missing into a sparse file that is mapped just so. Whoever reads
// checks the bytes: a fetched range may be damaged like any other.
//
// Invariants   B1 bytes() is the same view for life; outside of ensured ranges it holds anything, and reading it is
//                 harmless but worthless.
//              B2 What was ensured stays as long as the object lives: a cache may evict a block only when nobody holds it.
//
// Threads      Thread-safe: one block is read by many at once.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"
#include "io/file_system.h"

namespace tickscope::block {

class BlockBytes {
 public:
  virtual ~BlockBytes() = default;

  /// The whole object.
  [[nodiscard]] virtual ByteView bytes() const = 0;
  /// Whether all of it is present, always.
  [[nodiscard]] virtual bool is_here() const { return false; }
  /// Makes [offset, offset + size), which lies within, present. Returns at once when it is; one call is at most one
  /// request to where it comes from. Errors: what fetching it says.
  [[nodiscard]] virtual Status Ensure(std::uint64_t offset, std::uint64_t size) const = 0;
  /// The range will not be touched soon: it may leave memory, but stays present.
  virtual void Release(std::uint64_t offset, std::uint64_t size) const = 0;
};

/// All of a local file.
[[nodiscard]] std::unique_ptr<BlockBytes> MakeMappedBytes(std::unique_ptr<io::MappedFile> file);

}  // namespace tickscope::block
