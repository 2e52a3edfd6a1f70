// Chunk: a packed run of consecutive values of one series, and the link to the run before it.
//
// A chunk names rows of its target (tsdb/target.h) instead of holding times. It is one allocation: a header
// of 24 bytes and the value column (codec/value_column.h). Chunks are immutable; merging makes a new one.
//
// Ownership   A ChunkList owns its chunks, newest first.
// Threads     Externally locked.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "base/bytes.h"

namespace tickscope::tsdb {

/// Number of a target within a head.
enum class TargetId : std::uint32_t {};
/// Row of a target: counts the distinct times it was heard at.
using Row = std::uint32_t;

class Chunk {
 public:
  [[nodiscard]] TargetId target() const { return target_; }
  [[nodiscard]] Row first_row() const { return first_row_; }
  /// Rows it spans, gaps included: 1..128.
  [[nodiscard]] std::uint32_t row_count() const { return row_count_; }
  [[nodiscard]] Row end_row() const { return first_row_ + row_count_; }
  /// The value column.
  [[nodiscard]] ByteView column() const {
    return {reinterpret_cast<const std::byte*>(this + 1), column_bytes_};
  }
  [[nodiscard]] const Chunk* older() const { return older_; }
  /// Bytes of the allocation.
  [[nodiscard]] std::size_t bytes() const { return sizeof(Chunk) + column_bytes_; }

 private:
  friend class ChunkList;
  Chunk() = default;

  Chunk* older_ = nullptr;
  TargetId target_{};
  Row first_row_ = 0;
  std::uint32_t column_bytes_ = 0;
  std::uint8_t row_count_ = 0;
};

/// The chunks of one series.
class ChunkList {
 public:
  ChunkList() = default;
  ~ChunkList() { Clear(); }
  ChunkList(ChunkList&& other) noexcept : newest_(std::exchange(other.newest_, nullptr)) {}
  ChunkList& operator=(ChunkList&& other) noexcept {
    std::swap(newest_, other.newest_);
    return *this;
  }

  /// Adds a chunk holding `column` in front.
  void Push(TargetId target, Row first_row, std::size_t row_count, ByteView column);
  /// Removes the newest `count` chunks.
  void PopNewest(std::size_t count);
  /// Removes `first` (a chunk of this list) and all older ones; returns the bytes freed.
  std::size_t DropFrom(const Chunk* first);
  void Clear();

  [[nodiscard]] const Chunk* newest() const { return newest_; }

 private:
  Chunk* newest_ = nullptr;
};

}  // namespace tickscope::tsdb
