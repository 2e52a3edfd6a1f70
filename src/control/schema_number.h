// A schema's version as one number that ascends with it, for settings and reports: "1.4" is 1000004, and 0 is not said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tickscope::control {

/// Minor versions of a major one, and major ones, that have a number.
inline constexpr std::uint64_t kSchemaMinors = 1'000'000;

/// Parts from kSchemaMinors on are told as the last that has a number.
[[nodiscard]] std::uint64_t SchemaNumber(std::uint32_t major, std::uint32_t minor);
/// "1.4"; empty for 0.
[[nodiscard]] std::string SchemaNumberText(std::uint64_t number);
/// Of "1.4", and 0 of an empty text; nullopt of any other.
[[nodiscard]] std::optional<std::uint64_t> ParseSchemaNumber(std::string_view text);

}  // namespace tickscope::control
