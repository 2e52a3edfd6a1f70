#include "tsdb/chunk.h"

#include <cstring>
#include <new>

#include "base/check.h"
#include "codec/value_column.h"

namespace tickscope::tsdb {

void ChunkList::Push(TargetId target, Row first_row, std::size_t row_count, ByteView column) {
  TICKSCOPE_CHECK(row_count > 0 && row_count <= codec::kColumnValuesMax);
  void* const memory = ::operator new(sizeof(Chunk) + column.size());
  auto* const chunk = new (memory) Chunk;
  chunk->older_ = newest_;
  chunk->target_ = target;
  chunk->first_row_ = first_row;
  chunk->column_bytes_ = static_cast<std::uint32_t>(column.size());
  chunk->row_count_ = static_cast<std::uint8_t>(row_count);
  std::memcpy(chunk + 1, column.data(), column.size());
  newest_ = chunk;
}

void ChunkList::PopNewest(std::size_t count) {
  for (; count > 0; --count) {
    Chunk* const popped = newest_;
    newest_ = popped->older_;
    ::operator delete(popped);
  }
}

std::size_t ChunkList::DropFrom(const Chunk* first) {
  Chunk** link = &newest_;
  while (*link != first)
    link = &(*link)->older_;
  std::size_t freed = 0;
  Chunk* at = std::exchange(*link, nullptr);
  while (at != nullptr) {
    freed += at->bytes();
    Chunk* const older = at->older_;
    ::operator delete(at);
    at = older;
  }
  return freed;
}

void ChunkList::Clear() {
  while (newest_ != nullptr)
    PopNewest(1);
}

}  // namespace tickscope::tsdb
