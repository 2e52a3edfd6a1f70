// For fuzz targets of section files: makes the checksums of a file right for its bytes as they are, so that what lies
// behind them is reached.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "block/block_format.h"
#include "codec/crc32c.h"
#include "codec/fixed.h"
#include "codec/varint.h"

namespace tickscope::block {

inline void MakeChecksumsRight(std::string& file) {
  constexpr std::size_t kTailSize = 16;
  const std::size_t tail = file.size() - kTailSize;
  const auto table_size = codec::LoadFixed<std::uint32_t>(reinterpret_cast<const std::byte*>(&file[tail]));
  if (table_size > tail) return;
  const std::size_t table_at = tail - table_size;
  const auto put = [&file](std::size_t at, std::size_t from, std::size_t size) {
    const std::uint32_t crc = codec::Crc32c(AsBytes(std::string_view(file).substr(from, size)));
    std::memcpy(&file[at], &crc, sizeof crc);
  };
  codec::FieldReader fields(ByteView(reinterpret_cast<const std::byte*>(&file[table_at]), table_size));
  static_cast<void>(fields.Byte());
  const std::uint64_t count = fields.Varint();
  for (std::uint64_t i = 0; i < count && fields.ok(); ++i) {
    static_cast<void>(fields.Byte());
    const std::uint64_t offset = fields.Varint();
    const std::uint64_t size = fields.Varint();
    const std::size_t crc_at = tail - fields.remaining();
    static_cast<void>(fields.Take(sizeof(std::uint32_t)));
    if (!fields.ok() || offset > file.size() || size > file.size() - offset) return;
    put(crc_at, offset, size);
  }
  put(tail + 4, table_at, table_size);
}

/// The same for the pages of a block's columns; MakeChecksumsRight comes after. A table that does not decode is left alone.
inline void MakePageChecksumsRight(std::string& file) {
  constexpr std::size_t kTailSize = 16;
  const std::size_t tail = file.size() - kTailSize;
  const auto table_size = codec::LoadFixed<std::uint32_t>(reinterpret_cast<const std::byte*>(&file[tail]));
  if (table_size > tail) return;
  codec::FieldReader fields(
      ByteView(reinterpret_cast<const std::byte*>(&file[tail - table_size]), table_size));
  static_cast<void>(fields.Byte());
  std::uint64_t pages_at = 0;
  std::uint64_t pages_size = 0;
  std::uint64_t columns_at = 0;
  std::uint64_t columns_size = 0;
  for (std::uint64_t i = fields.Varint(); i > 0 && fields.ok(); --i) {
    const std::uint8_t tag = fields.Byte();
    const std::uint64_t offset = fields.Varint();
    const std::uint64_t size = fields.Varint();
    static_cast<void>(fields.Take(sizeof(std::uint32_t)));
    if (!fields.ok() || offset > file.size() || size > file.size() - offset) return;
    if (tag == kPagesTag) {
      pages_at = offset;
      pages_size = size;
    } else if (tag == kColumnsTag) {
      columns_at = offset;
      columns_size = size;
    }
  }
  for (std::uint64_t page = 0; (page + 1) * 4 <= pages_size && page * kPageBytes < columns_size; ++page) {
    const std::uint64_t from = page * kPageBytes;
    const std::uint64_t size = std::min<std::uint64_t>(kPageBytes, columns_size - from);
    const std::uint32_t crc = codec::Crc32c(AsBytes(std::string_view(file).substr(columns_at + from, size)));
    std::memcpy(&file[pages_at + page * 4], &crc, sizeof crc);
  }
}

}  // namespace tickscope::block
