#include "codec/block_column.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "codec/value_column.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

constexpr std::byte kPlain{0};
constexpr std::byte kDifference{1};

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

double OrZero(double v) {
  return IsMissing(v) ? 0 : v;
}

void EncodeParts(std::span<const double> values, Bytes& out) {
  PutVarint(values.size(), out);
  Bytes part;
  for (std::size_t at = 0; at < values.size(); at += kColumnValuesMax) {
    part.clear();
    EncodeValueColumn(values.subspan(at, std::min(kColumnValuesMax, values.size() - at)), part);
    PutVarint(part.size(), out);
    AppendBytes(part, out);
  }
}

}  // namespace

void EncodeBlockColumn(std::span<const double> values, std::span<const double> reference, Bytes& out) {
  TICKSCOPE_CHECK(values.size() <= kBlockColumnMax);
  TICKSCOPE_CHECK(reference.empty() || reference.size() == values.size());
  Bytes plain{kPlain};
  EncodeParts(values, plain);
  if (!reference.empty()) {
    std::array<double, kBlockColumnMax> differences;
    bool exact = true;
    for (std::size_t i = 0; i < values.size() && exact; ++i) {
      differences[i] = IsMissing(values[i]) ? values[i] : values[i] - OrZero(reference[i]);
      exact = IsMissing(values[i]) ||
              (!IsMissing(differences[i]) && SameBits(differences[i] + OrZero(reference[i]), values[i]));
    }
    if (exact) {
      Bytes difference{kDifference};
      EncodeParts({differences.data(), values.size()}, difference);
      if (difference.size() < plain.size()) plain.swap(difference);
    }
  }
  AppendBytes(plain, out);
}

Result<std::size_t> DecodeBlockColumn(ByteView column, std::span<const double> reference,
                                      std::span<double> out) {
  TICKSCOPE_CHECK(out.size() >= kBlockColumnMax);
  FieldReader reader(column);
  const auto form = static_cast<std::byte>(reader.Byte());
  const std::uint64_t count = reader.Varint();
  if (!reader.ok()) return Fail(ErrorCode::kCorruption, "block column: cut in the header");
  if (count > kBlockColumnMax) return Fail(ErrorCode::kOutOfRange, "block column: more than 1024 values");
  if (form > kDifference) return Fail(ErrorCode::kCorruption, "block column: unknown form");
  if (form == kDifference && reference.size() != count)
    return Fail(ErrorCode::kCorruption, "block column: reference of another length");
  for (std::size_t at = 0; at < count; at += kColumnValuesMax) {
    const ByteView part = reader.Take(reader.Varint());
    std::array<double, kColumnValuesMax> values;
    TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t got, DecodeValueColumn(part, values));
    if (got != std::min(kColumnValuesMax, count - at))
      return Fail(ErrorCode::kCorruption, "block column: part cut");
    std::copy_n(values.begin(), got, out.begin() + static_cast<std::ptrdiff_t>(at));
  }
  if (reader.remaining() != 0)
    return Fail(ErrorCode::kCorruption, "block column: bytes after the last value");
  if (form == kDifference) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!IsMissing(out[i])) out[i] += OrZero(reference[i]);
    }
  }
  return static_cast<std::size_t>(count);
}

bool NeedsReference(ByteView column) {
  return !column.empty() && column[0] == kDifference;
}

}  // namespace tickscope::codec
