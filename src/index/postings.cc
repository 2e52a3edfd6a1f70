#include "index/postings.h"

#include <roaring/roaring.h>

#include <utility>

#include "base/check.h"

namespace tickscope::index {

Postings::Postings() : bitmap_(roaring_bitmap_create()) {
  TICKSCOPE_CHECK(bitmap_ != nullptr);
}
Postings::~Postings() {
  if (bitmap_ != nullptr) roaring_bitmap_free(bitmap_);
}
Postings::Postings(Postings&& other) noexcept : bitmap_(std::exchange(other.bitmap_, nullptr)) {}
Postings& Postings::operator=(Postings&& other) noexcept {
  std::swap(bitmap_, other.bitmap_);
  return *this;
}
Postings::Postings(const Postings& other) : bitmap_(roaring_bitmap_copy(other.bitmap_)) {
  TICKSCOPE_CHECK(bitmap_ != nullptr);
}

void Postings::Add(SeriesRef ref) {
  roaring_bitmap_add(bitmap_, ToIndex(ref));
}
void Postings::AddRange(std::uint32_t from, std::uint32_t to) {
  roaring_bitmap_add_range(bitmap_, from, to);
}
void Postings::IntersectWith(const Postings& other) {
  roaring_bitmap_and_inplace(bitmap_, other.bitmap_);
}
void Postings::UnionWith(const Postings& other) {
  roaring_bitmap_or_inplace(bitmap_, other.bitmap_);
}
void Postings::Subtract(const Postings& other) {
  roaring_bitmap_andnot_inplace(bitmap_, other.bitmap_);
}
std::uint64_t Postings::size() const {
  return roaring_bitmap_get_cardinality(bitmap_);
}
bool Postings::empty() const {
  return roaring_bitmap_is_empty(bitmap_);
}
bool Postings::Intersects(const Postings& other) const {
  return roaring_bitmap_intersect(bitmap_, other.bitmap_);
}
std::size_t Postings::bytes() const {
  return roaring_bitmap_portable_size_in_bytes(bitmap_);
}

void Postings::Serialize(Bytes& out) const {
  // The layout of containers depends on how the set came about; this makes it depend on the set alone.
  roaring_bitmap_t* const optimal = roaring_bitmap_copy(bitmap_);
  TICKSCOPE_CHECK(optimal != nullptr);
  roaring_bitmap_run_optimize(optimal);
  const std::size_t at = out.size();
  out.resize(at + roaring_bitmap_portable_size_in_bytes(optimal));
  roaring_bitmap_portable_serialize(optimal, reinterpret_cast<char*>(out.data() + at));
  roaring_bitmap_free(optimal);
}

Result<Postings> Postings::Deserialize(ByteView bytes) {
  roaring_bitmap_t* const bitmap =
      roaring_bitmap_portable_deserialize_safe(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (bitmap == nullptr) return Fail(ErrorCode::kCorruption, "postings do not decode");
  return Postings(bitmap);
}

std::vector<SeriesRef> Postings::ToRefs() const {
  std::vector<SeriesRef> refs(size());
  static_assert(sizeof(SeriesRef) == sizeof(std::uint32_t));
  roaring_bitmap_to_uint32_array(bitmap_, reinterpret_cast<std::uint32_t*>(refs.data()));
  return refs;
}

}  // namespace tickscope::index
