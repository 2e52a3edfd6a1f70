#include "codec/float_classes.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "codec/fixed.h"

namespace tickscope::codec {
namespace {

constexpr unsigned kRawClass = 8;

struct ClassShape {
  std::uint8_t bytes;
  double power;  // The integer is value * power.
};
constexpr std::array<ClassShape, 15> kShapes = {{{0, 1},
                                                 {1, 1},
                                                 {2, 1},
                                                 {3, 1},
                                                 {4, 1},
                                                 {5, 1},
                                                 {6, 1},
                                                 {7, 1},
                                                 {8, 0},
                                                 {1, 1e2},
                                                 {2, 1e2},
                                                 {3, 1e2},
                                                 {4, 1e2},
                                                 {4, 1e6},
                                                 {6, 1e6}}};

// 2^55: its zigzag fits seven bytes, and past 2^53 doubles are integers anyway.
constexpr double kIntegerMax = 36028797018963968.0;

bool ToInteger(double v, double power, std::uint64_t& zigzag) {
  const double scaled = v * power;
  if (!(std::fabs(scaled) < kIntegerMax)) return false;
  const auto integer = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  zigzag = ZigZag(integer);
  return std::bit_cast<std::uint64_t>(static_cast<double>(integer) / power) ==
         std::bit_cast<std::uint64_t>(v);
}

unsigned BytesOf(std::uint64_t v) {
  return (static_cast<unsigned>(std::bit_width(v)) + 7) / 8;
}

struct Classed {
  unsigned value_class;
  std::uint64_t bits;
};

Classed Classify(double v) {
  std::uint64_t zigzag = 0;
  if (ToInteger(v, 1, zigzag)) return {BytesOf(zigzag), zigzag};
  if (ToInteger(v, 1e2, zigzag) && BytesOf(zigzag) <= 4) return {8 + BytesOf(zigzag), zigzag};
  if (ToInteger(v, 1e6, zigzag) && BytesOf(zigzag) <= 6) return {BytesOf(zigzag) <= 4 ? 13U : 14U, zigzag};
  return {kRawClass, std::bit_cast<std::uint64_t>(v)};
}

}  // namespace

void PutFloatClasses(std::span<const double> values, Bytes& out) {
  const std::size_t classes_at = out.size();
  const std::size_t class_bytes = (values.size() + 1) / 2;
  // Room for the worst case and a whole-word store past the end; cut to size afterwards.
  out.resize(classes_at + class_bytes + values.size() * 8 + 8);
  std::byte* const classes = out.data() + classes_at;
  std::memset(classes, 0, class_bytes);
  std::byte* at = classes + class_bytes;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Classed classed = Classify(values[i]);
    classes[i / 2] |= static_cast<std::byte>(classed.value_class << (i % 2 * 4));
    StoreFixed(classed.bits, at);
    at += kShapes[classed.value_class].bytes;
  }
  out.resize(static_cast<std::size_t>(at - out.data()));
}

bool TakeFloatClasses(FieldReader& reader, std::span<double> out) {
  const ByteView classes = reader.Take((out.size() + 1) / 2);
  if (!reader.ok()) return false;
  const ByteView bytes = reader.rest();
  std::size_t at = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const unsigned value_class = static_cast<unsigned>(classes[i / 2]) >> (i % 2 * 4) & 15;
    if (value_class >= kShapes.size()) return false;
    const ClassShape shape = kShapes[value_class];
    if (bytes.size() - at < shape.bytes) return false;
    std::uint64_t bits = 0;
    if (bytes.size() - at >= 8) {
      bits = LoadFixed<std::uint64_t>(bytes.data() + at);
      if (shape.bytes < 8) bits &= (1ULL << (shape.bytes * 8)) - 1;
    } else {
      std::memcpy(&bits, bytes.data() + at, shape.bytes);
    }
    at += shape.bytes;
    if (value_class == kRawClass) {
      out[i] = std::bit_cast<double>(bits);
    } else {
      const auto integer = static_cast<double>(UnZigZag(bits));
      out[i] = value_class < kRawClass ? integer : integer / shape.power;
    }
  }
  static_cast<void>(reader.Take(at));
  return true;
}

}  // namespace tickscope::codec
