// Numbers of the exposition formats: reading values, and the form `le` and `quantile` labels are brought to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tickscope::wire {

/// A sample value: decimal or scientific, "NaN", "Inf" and "Infinity" in any case, with a sign. Every NaN is
/// the normal one. Nullopt for anything else: hexadecimal, '_', blanks, magnitudes past a double.
[[nodiscard]] std::optional<double> ParseExpositionFloat(std::string_view text);

/// OpenMetrics time in seconds as whole milliseconds, cut towards zero. Nullopt when it is not finite or does
/// not fit.
[[nodiscard]] std::optional<TimeMs> SecondsToMs(double seconds);

/// The same, brought to the nearest millisecond.
[[nodiscard]] std::optional<TimeMs> SecondsToNearestMs(double seconds);

/// Appends the shortest form that has a '.' or an exponent: "1.0", "0.25", "1e+06", "+Inf", "NaN".
void AppendOpenMetricsFloat(double value, std::string& out);

}  // namespace tickscope::wire
