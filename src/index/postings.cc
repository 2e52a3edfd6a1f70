#include "index/postings.h"

#include <roaring/roaring.h>

#include <utility>

#include "base/check.h"
#include "codec/varint.h"

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
std::uint64_t Postings::IntersectionSize(const Postings& other) const {
  return roaring_bitmap_and_cardinality(bitmap_, other.bitmap_);
}

std::size_t Postings::bytes() const {
  return roaring_bitmap_portable_size_in_bytes(bitmap_);
}

void Postings::Serialize(Bytes& out) const {
  const std::vector<SeriesRef> refs = ToRefs();
  std::uint32_t next = 0;
  for (std::size_t at = 0; at < refs.size();) {
    std::size_t end = at + 1;
    while (end < refs.size() && ToIndex(refs[end]) == ToIndex(refs[end - 1]) + 1)
      ++end;
    codec::PutVarint(ToIndex(refs[at]) - next, out);
    codec::PutVarint(end - at - 1, out);
    next = ToIndex(refs[end - 1]) + 1;
    at = end;
  }
}

Result<Postings> Postings::Deserialize(ByteView bytes, std::uint64_t limit) {
  // Short runs are gathered and added in bulk, long ones as ranges.
  constexpr std::uint64_t kLongRun = 64;
  Postings postings;
  std::vector<std::uint32_t> numbers;
  codec::FieldReader reader(bytes);
  std::uint64_t next = 0;
  while (reader.remaining() > 0) {
    const std::uint64_t gap = reader.Varint();
    const std::uint64_t more = reader.Varint();
    if (!reader.ok() || gap >= limit - next || more >= limit - next - gap) {
      return Fail(ErrorCode::kCorruption, "postings: numbers beyond the series there are");
    }
    const std::uint64_t first = next + gap;
    next = first + more + 1;
    if (more >= kLongRun) {
      postings.AddRange(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(next));
      continue;
    }
    for (std::uint64_t number = first; number < next; ++number)
      numbers.push_back(static_cast<std::uint32_t>(number));
  }
  roaring_bitmap_add_many(postings.bitmap_, numbers.size(), numbers.data());
  return postings;
}

std::vector<SeriesRef> Postings::ToRefs() const {
  std::vector<SeriesRef> refs(size());
  static_assert(sizeof(SeriesRef) == sizeof(std::uint32_t));
  roaring_bitmap_to_uint32_array(bitmap_, reinterpret_cast<std::uint32_t*>(refs.data()));
  return refs;
}

}  // namespace tickscope::index
