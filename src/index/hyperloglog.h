// HyperLogLog: how many different things were added, to about 1.6 %, in four kilobytes whatever their number.
//
// Sketches of parts unite to the sketch of the whole: series that come and go are counted over weeks of blocks without
// reading a name.
//
// Bytes     | n: varint, registers not zero | 0: dense, else sparse: u8 | 4096 * u8, or n * (skipped: varint, u8) |
// Threads   Externally locked.
// Source    Flajolet et al. 2007; the estimator is Ertl's (New cardinality estimation algorithms, 2017, algorithm 6),
//           which needs no correction tables and is exact to the same error from 1 on.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"

namespace tickscope::index {

class HyperLogLog {
 public:
  /// Adds a thing by its hash, 64 well mixed bits.
  void Add(std::uint64_t hash);
  void UnionWith(const HyperLogLog& other);
  [[nodiscard]] double Estimate() const;

  /// Appends the sketch. Equal sketches give equal bytes.
  void Serialize(Bytes& out) const;
  /// Errors: kCorruption.
  [[nodiscard]] static Result<HyperLogLog> Deserialize(ByteView bytes);

  friend bool operator==(const HyperLogLog&, const HyperLogLog&) = default;

 private:
  static constexpr int kIndexBits = 12;
  static constexpr std::size_t kRegisters = std::size_t{1} << kIndexBits;
  static constexpr int kRankMax = 64 - kIndexBits + 1;

  std::array<std::uint8_t, kRegisters> registers_{};
};

}  // namespace tickscope::index
