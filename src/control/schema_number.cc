#include "control/schema_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tickscope::control {

std::uint64_t SchemaNumber(std::uint32_t major, std::uint32_t minor) {
  return std::min<std::uint64_t>(major, kSchemaMinors - 1) * kSchemaMinors +
         std::min<std::uint64_t>(minor, kSchemaMinors - 1);
}

std::string SchemaNumberText(std::uint64_t number) {
  return number == 0 ? std::string() : fmt::format("{}.{}", number / kSchemaMinors, number % kSchemaMinors);
}

std::optional<std::uint64_t> ParseSchemaNumber(std::string_view text) {
  if (text.empty()) return 0;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, minor);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  if (major >= kSchemaMinors || minor >= kSchemaMinors) return std::nullopt;
  return SchemaNumber(major, minor);
}

}  // namespace tickscope::control
