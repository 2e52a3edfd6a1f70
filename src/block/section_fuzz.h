// For fuzz targets of section files: makes the checksums of a file right for its bytes as they are, so that what lies
// behind them is reached.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

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

}  // namespace tickscope::block
