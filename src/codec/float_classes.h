// Float classes: doubles behind a four-bit class each, three bytes for the usual counter or gauge.
//
//   class  0..7   integer in that many bytes, zigzag           8      raw double
//          9..12  hundredths in class - 8 bytes, zigzag        13, 14 millionths in 4 or 6 bytes, zigzag
//          15     unused, refused
//
// Classes come first, two a byte, low nibble first; the bytes of the values follow.
// Cost     Some 5 ns a value either way (codec_bench). Exact for every bit pattern.
#pragma once

#include <span>

#include "base/bytes.h"
#include "codec/varint.h"

namespace tickscope::codec {

void PutFloatClasses(std::span<const double> values, Bytes& out);

/// Fills `out` from the front of the reader; false when bytes run out or a class is unknown.
[[nodiscard]] bool TakeFloatClasses(FieldReader& reader, std::span<double> out);

}  // namespace tickscope::codec
