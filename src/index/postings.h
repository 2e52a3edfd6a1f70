// Postings: the set of series that carry one label pair, and the algebra a selector needs.
//
// A roaring bitmap: dense label values (a region, a third of all series) cost an eighth of a byte a series,
// sparse ones (a server's 300) two bytes, and set operations run word by word on both.
//
// Threads   Externally locked. A copy is independent.
// Source    Lemire et al., "Roaring bitmaps: implementation of an optimized software library", 2018
//           (CRoaring).
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "model/series_ref.h"

struct roaring_bitmap_s;

namespace tickscope::index {

class Postings {
 public:
  Postings();
  ~Postings();
  Postings(Postings&& other) noexcept;
  Postings& operator=(Postings&& other) noexcept;
  Postings(const Postings& other);
  Postings& operator=(const Postings&) = delete;

  void Add(SeriesRef ref);
  /// Adds all of [from, to).
  void AddRange(std::uint32_t from, std::uint32_t to);
  /// Keeps what is also in `other`.
  void IntersectWith(const Postings& other);
  /// Adds what is in `other`.
  void UnionWith(const Postings& other);
  /// Drops what is in `other`.
  void Subtract(const Postings& other);

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] bool empty() const;
  /// Refs in ascending order.
  [[nodiscard]] std::vector<SeriesRef> ToRefs() const;
  [[nodiscard]] bool Intersects(const Postings& other) const;
  /// How many are in both.
  [[nodiscard]] std::uint64_t IntersectionSize(const Postings& other) const;
  /// Bytes held.
  [[nodiscard]] std::size_t bytes() const;
  /// Appends the set: runs of consecutive numbers, each as how many are left out before it and how many more follow its
  /// first, as varints. Equal sets give equal bytes.
  void Serialize(Bytes& out) const;
  /// Reads what Serialize wrote, numbers below `limit`. Errors: kCorruption.
  [[nodiscard]] static Result<Postings> Deserialize(ByteView bytes, std::uint64_t limit);

 private:
  roaring_bitmap_s* bitmap_;
};

}  // namespace tickscope::index
