// SeriesKeys: which series a sender's bytes mean.
//
// Keys are kept in the order they were first seen, and a sender repeats its order, so the key after the last one
// found is usually the next one asked for: one compare of memory that is read in sequence, no hash probe.
//
// Invariants   K1 a key means one series until it is erased; a series may have several keys (one a protocol and
//                 label order).
// Threads      Externally locked.
// Memory       24 bytes a key and 8 to 16 for the hash slots.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/series_ref.h"
#include "wire/received_request.h"

namespace tickscope::ingest {

class SeriesKeys {
 public:
  SeriesKeys();

  /// The series of a key, if it is known.
  [[nodiscard]] std::optional<SeriesRef> Find(const wire::SeriesKey& key) {
    if (next_ < entries_.size() && entries_[next_].key == key) return entries_[next_++].ref;
    return FindByHash(key);
  }
  /// Adds a key that is not there yet.
  void Add(const wire::SeriesKey& key, SeriesRef ref);

  /// Forgets keys whose series `is_gone(SeriesRef)`; the order of the others stays.
  template <typename IsGone>
  void EraseIf(const IsGone& is_gone) {
    std::erase_if(entries_, [&](const Entry& entry) { return is_gone(entry.ref); });
    Rehash();
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const {
    return entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(std::uint32_t);
  }

 private:
  struct Entry {
    wire::SeriesKey key;
    SeriesRef ref;
  };

  [[nodiscard]] std::optional<SeriesRef> FindByHash(const wire::SeriesKey& key);
  // Makes the slots anew, as many as the entries need.
  void Rehash();
  [[nodiscard]] std::size_t SlotOf(const wire::SeriesKey& key) const;

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // Open addressing; entry index + 1, 0 is free.
  std::size_t next_ = 0;              // Where the next key is expected.
};

}  // namespace tickscope::ingest
