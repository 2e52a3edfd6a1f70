// Value steps: the float values of a batch as differences to the last value of each series in the stream's epoch.
//
// A counter that grows by 40 takes six bits instead of three bytes. The price is a chain: a value means something only
// to who has read the values before it. So every batch carries a check of the bases it builds on; who missed a record
// (damage) finds the check wrong and leaves the values out rather than reading other ones. At least every 64th batch of
// a series begins anew, which bounds how many.
//
// Layout   | flags: u8 | check: u32 | nibbles, low one of a byte first |
//
//   flags      bit 0: begins anew, every series of the batch has base 0 in form 0
//   check      low half of a hash over base and form of every value's series, as they were before the value
//   value      forms 0, 1, 2: q = value * 1, 100, 10^6, exactly; the step q - base, zigzag, three bits a nibble, low
//              ones first, bit 3 set when more follow
//              form 3: 0 the same bits as the last value; or 1 and the double's sixteen nibbles
//   change     of form, before a value: 8 0 in forms 0..2 (a zero written too long), 2 in form 3; then the new form.
//              In a new form the base is 0.
//
// Worked example: a series at 100 goes to 103, another at 7 stays: zigzag steps 6, 0 -> nibbles 6 0 -> byte 06.
//
// Invariants   S1 encoder and decoder of one epoch that saw the same batches hold the same bases.
// Threads      Externally locked.
// Memory       9 bytes a series number in use.
// Cost         About 6 ns a value to encode, 5 to decode (codec_bench).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "codec/varint.h"
#include "model/series_ref.h"

namespace tickscope::codec {

class ValueBases {
 public:
  /// Appends the values and moves the bases on. Requires: as many refs as values.
  void Put(std::span<const SeriesRef> refs, std::span<const double> values, Bytes& out);
  /// The last batch with these series did not get to the readers: their next one begins anew.
  void Forget(std::span<const SeriesRef> refs);

  enum class Outcome : std::uint8_t {
    kTaken,
    kUnproven,  ///< The batch builds on values that were not seen; nothing was taken.
    kCorrupt,
  };
  /// Reads as many values as `values` has room for, to the end of the reader.
  [[nodiscard]] Outcome Take(std::span<const SeriesRef> refs, FieldReader& reader, std::span<double> values);

 private:
  static constexpr std::size_t kPageSize = 512;
  struct Page {
    std::int64_t bases[kPageSize]{};
    std::uint8_t forms[kPageSize]{};  // Form in the low two bits, batches since it began anew in the others.
  };
  struct Slot {
    std::int64_t& base;
    std::uint8_t& form;
  };

  [[nodiscard]] Slot At(SeriesRef ref) {
    const std::size_t page = ToIndex(ref) / kPageSize;
    if (page >= pages_.size()) pages_.resize(page + 1);
    if (pages_[page] == nullptr) pages_[page] = std::make_unique<Page>();
    return {pages_[page]->bases[ToIndex(ref) % kPageSize], pages_[page]->forms[ToIndex(ref) % kPageSize]};
  }
  [[nodiscard]] bool MustBeginAnew(std::span<const SeriesRef> refs);

  std::vector<std::unique_ptr<Page>> pages_;
};

}  // namespace tickscope::codec
