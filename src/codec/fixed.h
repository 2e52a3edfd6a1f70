// Fixed-width little-endian integers and raw doubles.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace tickscope::codec {

static_assert(std::endian::native == std::endian::little, "formats are written as little-endian memory");

template <typename T>
[[nodiscard]] T LoadFixed(const std::byte* at) {
  T v;
  std::memcpy(&v, at, sizeof v);
  return v;
}
template <typename T>
void StoreFixed(T v, std::byte* at) {
  std::memcpy(at, &v, sizeof v);
}
template <typename T>
void PutFixed(T v, Bytes& out) {
  const std::size_t at = out.size();
  out.resize(at + sizeof v);
  StoreFixed(v, out.data() + at);
}

}  // namespace tickscope::codec
