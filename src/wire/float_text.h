// Floats as Prometheus writes them: the shortest digits that read back to the same double.
//
//   JSON form    0.1  1e-07  123456789012345680000  1e+21  -0  NaN  +Inf  -Inf
//                fixed notation from 1e-6 up to but not including 1e21, exponent form outside
//   fixed form   never an exponent: 0.0000001; used for scalars
//
// Digits past the shortest are zeros (123456789012345680000), not the double's exact expansion.
#pragma once

#include <cstddef>
#include <string>

namespace tickscope::wire {

/// Room the JSON form may take: "-0.0000012345678901234567" is the longest.
inline constexpr std::size_t kFloatCharsMax = 32;

/// Writes the JSON form, without quotes, to `out`, which has room for kFloatCharsMax; returns its end.
[[nodiscard]] char* WriteFloat(double value, char* out);
/// Appends the JSON form.
void AppendFloat(double value, std::string& out);
/// Appends the fixed form; at most 330 characters.
void AppendFixedFloat(double value, std::string& out);

}  // namespace tickscope::wire
