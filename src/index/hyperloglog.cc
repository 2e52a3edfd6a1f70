#include "index/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#include "codec/varint.h"

namespace tickscope::index {
namespace {

double Sigma(double x) {
  if (x == 1) return HUGE_VAL;
  double y = 1;
  double z = x;
  double before = 0;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (z != before);
  return z;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double z = 1 - x;
  double before = 0;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

std::unexpected<Error> Corrupt(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("sketch: ") + what);
}

}  // namespace

void HyperLogLog::Add(std::uint64_t hash) {
  const std::size_t at = hash >> (64 - kIndexBits);
  // A one after the bits that count, so that a rank has an end.
  const std::uint64_t rest = hash << kIndexBits | std::uint64_t{1} << (kIndexBits - 1);
  const auto rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
  registers_[at] = std::max(registers_[at], rank);
}

void HyperLogLog::UnionWith(const HyperLogLog& other) {
  for (std::size_t i = 0; i < kRegisters; ++i)
    registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double HyperLogLog::Estimate() const {
  constexpr double kCount = kRegisters;
  std::array<std::uint32_t, kRankMax + 1> with_rank{};
  for (const std::uint8_t rank : registers_)
    ++with_rank[rank];
  double z = kCount * Tau(1 - with_rank[kRankMax] / kCount);
  for (int rank = kRankMax - 1; rank >= 1; --rank)
    z = 0.5 * (z + with_rank[static_cast<std::size_t>(rank)]);
  z += kCount * Sigma(with_rank[0] / kCount);
  return kCount / (2 * std::numbers::ln2) * kCount / z;
}

void HyperLogLog::Serialize(Bytes& out) const {
  const auto set = static_cast<std::size_t>(
      std::ranges::count_if(registers_, [](std::uint8_t rank) { return rank != 0; }));
  codec::PutVarint(set, out);
  const bool is_sparse = set * 2 < kRegisters;
  out.push_back(static_cast<std::byte>(is_sparse ? 1 : 0));
  std::size_t skipped = 0;
  for (const std::uint8_t rank : registers_) {
    if (is_sparse && rank == 0) {
      ++skipped;
      continue;
    }
    if (is_sparse) codec::PutVarint(std::exchange(skipped, 0), out);
    out.push_back(static_cast<std::byte>(rank));
  }
}

Result<HyperLogLog> HyperLogLog::Deserialize(ByteView bytes) {
  HyperLogLog sketch;
  codec::FieldReader fields(bytes);
  const std::uint64_t set = fields.Varint();
  const std::uint8_t is_sparse = fields.Byte();
  if (!fields.ok() || is_sparse > 1) return Corrupt("does not begin as one");
  if (set > kRegisters) return Corrupt("more registers than there are");
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < (is_sparse == 1 ? set : kRegisters); ++i) {
    const std::uint64_t skipped = is_sparse == 1 ? fields.Varint() : 0;
    if (skipped >= kRegisters - at) return Corrupt("register out of range");
    at += skipped;
    const std::uint8_t rank = fields.Byte();
    if (!fields.ok() || rank > kRankMax) return Corrupt("rank out of range");
    sketch.registers_[at++] = rank;
  }
  if (fields.remaining() > 0) return Corrupt("bytes left over");
  return sketch;
}

}  // namespace tickscope::index
