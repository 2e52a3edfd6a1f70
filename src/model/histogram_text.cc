#include "model/histogram_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "model/histogram_buckets.h"

namespace tickscope {

std::string FormatFloatCompact(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
  std::array<char, 400> buffer{};
  const auto scientific =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), v, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(scientific.ptr - buffer.data()));
  const std::size_t e = text.find('e');
  const int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  if (exponent < -4 || exponent >= 6) return std::string(text);
  const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), v, std::chars_format::fixed);
  return {buffer.data(), fixed.ptr};
}

std::string HistogramText(const Histogram& h) {
  std::string out = "{count:" + FormatFloatCompact(h.count) + ", sum:" + FormatFloatCompact(h.sum);
  for (const BoundedBucket& bucket : BucketsByValue(h, ZeroOverlap::kKeep)) {
    const bool closed_below = bucket.sign != BucketSign::kPositive || std::isinf(bucket.lower);
    const bool closed_above = bucket.sign != BucketSign::kNegative;
    out += closed_below ? ", [" : ", (";
    out += FormatFloatCompact(bucket.lower) + "," + FormatFloatCompact(bucket.upper);
    out += closed_above ? "]:" : "):";
    out += FormatFloatCompact(bucket.count);
  }
  return out + "}";
}

}  // namespace tickscope
