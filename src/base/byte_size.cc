#include "base/byte_size.h"

#include <array>
#include <charconv>
#include <limits>

namespace tickscope {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

// Biggest first, binary before decimal, so that FormatByteSize finds its unit by walking the binary ones.
constexpr std::array<Unit, 10> kUnits = {{{"TiB", 1ULL << 40},
                                          {"GiB", 1ULL << 30},
                                          {"MiB", 1ULL << 20},
                                          {"KiB", 1ULL << 10},
                                          {"B", 1},
                                          {"TB", 1'000'000'000'000},
                                          {"GB", 1'000'000'000},
                                          {"MB", 1'000'000},
                                          {"kB", 1'000},
                                          {"", 1}}};

}  // namespace

Result<std::uint64_t> ParseByteSize(std::string_view text) {
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [unit_at, parsed] = std::from_chars(text.data(), end, count);
  if (parsed == std::errc::result_out_of_range) return Fail(ErrorCode::kOutOfRange, "byte size out of range");
  const std::string_view unit_name(unit_at, static_cast<std::size_t>(end - unit_at));
  for (const Unit& unit : kUnits) {
    if (parsed != std::errc{} || unit.name != unit_name) continue;
    if (count > std::numeric_limits<std::uint64_t>::max() / unit.bytes) {
      return Fail(ErrorCode::kOutOfRange, "byte size out of range");
    }
    return count * unit.bytes;
  }
  return Fail(ErrorCode::kInvalidArgument, "not a byte size: \"" + std::string(text.substr(0, 64)) + "\"");
}

std::string FormatByteSize(std::uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0)
      return std::to_string(bytes / unit.bytes).append(unit.name);
  }
  return "0B";
}

}  // namespace tickscope
