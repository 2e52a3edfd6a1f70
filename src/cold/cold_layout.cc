#include "cold/cold_layout.h"

#include <fmt/format.h>

#include <charconv>

#include "base/civil_time.h"

namespace tickscope::cold {
namespace {

constexpr std::string_view kManifests = "_manifests/";
constexpr std::string_view kParquetEnding = ".parquet";
constexpr std::string_view kOrcEnding = ".orc";

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-';
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The number all of `text` is, in that base.
template <typename Int>
std::optional<Int> Number(std::string_view text, int base = 10) {
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// Takes "KEY=VALUE/" from the front.
std::optional<std::string_view> TakePartition(std::string_view& rest, std::string_view key) {
  if (!rest.starts_with(key) || rest.size() <= key.size() || rest[key.size()] != '=') return std::nullopt;
  rest.remove_prefix(key.size() + 1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view value = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  return value;
}

}  // namespace

Day DayOf(TimeMs time_ms) {
  const std::int64_t before = time_ms - 1;
  return static_cast<Day>((before >= 0 ? before : before - (kDayMs - 1)) / kDayMs);
}

std::string DayText(Day day) {
  const CivilTime civil = ToCivilTime(static_cast<std::int64_t>(day) * 86'400);
  return fmt::format("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
}

Result<Day> ParseDay(std::string_view text) {
  const auto refuse = [&] {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("not a day: got \"{}\", want YYYY-MM-DD", text.substr(0, 64)));
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return refuse();
  const auto year = Number<std::int32_t>(text.substr(0, 4));
  const auto month = Number<std::int32_t>(text.substr(5, 2));
  const auto date = Number<std::int32_t>(text.substr(8, 2));
  if (!year || !month || !date || *year < 1970 || *year > 2199) return refuse();
  // Every month counted as 28 days is at most 31 days too early; the date exists if one of these is written so.
  const std::int32_t earliest = (*year - 1970) * 365 + (*month - 1) * 28 + *date - 1;
  const std::int32_t leap_days = (*year - 1969) / 4;
  for (std::int32_t guess = earliest; guess <= earliest + leap_days + 31; ++guess) {
    if (DayText(static_cast<Day>(guess)) == text) return static_cast<Day>(guess);
  }
  return refuse();
}

std::string EncodePartition(std::string_view value) {
  std::string encoded;
  for (const char c : value) {
    // A segment that begins with a dot is no object's; one made of dots would be another directory.
    if (IsPlain(c) && !(encoded.empty() && c == '.')) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string DecodePartition(std::string_view value) {
  std::string decoded;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const int high = value[i] == '%' && i + 2 < value.size() ? HexDigit(value[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(value[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += value[i];
    }
  }
  return decoded;
}

std::string TenantPrefix(const TenantId& tenant) {
  return fmt::format("{}tenant={}/", kColdRoot, EncodePartition(tenant));
}

Result<std::string> PartName(const TenantId& tenant, std::string_view metric, Day day,
                             std::uint64_t content_hash, plugin::TableFormat format) {
  const std::string encoded = EncodePartition(metric);
  if (encoded.size() > kMetricSegmentBytesMax) {
    return Fail(
        ErrorCode::kOutOfRange,
        fmt::format(
            "a metric's name is too long for the cold tier: got {} bytes encoded, want at most {}: {}...",
            encoded.size(), kMetricSegmentBytesMax, encoded.substr(0, 64)));
  }
  return fmt::format("{}metric={}/dt={}/part-{:016x}{}", TenantPrefix(tenant), encoded, DayText(day),
                     content_hash, format == plugin::TableFormat::kOrc ? kOrcEnding : kParquetEnding);
}

std::optional<PartPlace> ParsePartName(std::string_view name) {
  if (!name.starts_with(kColdRoot)) return std::nullopt;
  name.remove_prefix(kColdRoot.size());
  const auto tenant = TakePartition(name, "tenant");
  if (!tenant) return std::nullopt;
  const auto metric = TakePartition(name, "metric");
  if (!metric) return std::nullopt;
  const auto dt = TakePartition(name, "dt");
  if (!dt || !name.starts_with("part-") || (!name.ends_with(kParquetEnding) && !name.ends_with(kOrcEnding)))
    return std::nullopt;
  const auto day = ParseDay(*dt);
  if (!day) return std::nullopt;
  return PartPlace{DecodePartition(*tenant), DecodePartition(*metric), *day};
}

plugin::TableFormat FormatOf(std::string_view part_name) {
  return part_name.ends_with(kOrcEnding) ? plugin::TableFormat::kOrc : plugin::TableFormat::kParquet;
}

std::string ManifestPrefix(const TenantId& tenant) {
  if (tenant.empty()) return fmt::format("{}{}", kColdRoot, kManifests);
  return fmt::format("{}{}tenant={}/", kColdRoot, kManifests, EncodePartition(tenant));
}

std::string ManifestName(const TenantId& tenant, Day day, std::uint32_t revision,
                         std::uint64_t content_hash) {
  return fmt::format("{}dt={}/rev-{:08}-{:016x}.json", ManifestPrefix(tenant), DayText(day), revision,
                     content_hash);
}

std::optional<ManifestPlace> ParseManifestName(std::string_view name) {
  const std::string prefix = ManifestPrefix("");
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const auto tenant = TakePartition(name, "tenant");
  if (!tenant) return std::nullopt;
  const auto dt = TakePartition(name, "dt");
  constexpr std::string_view kShape = "rev-00000000-0000000000000000.json";
  if (!dt || name.size() != kShape.size() || !name.starts_with("rev-") || !name.ends_with(".json"))
    return std::nullopt;
  const auto day = ParseDay(*dt);
  const auto revision = Number<std::uint32_t>(name.substr(4, 8));
  const auto hash = Number<std::uint64_t>(name.substr(13, 16), 16);
  if (!day || !revision || !hash) return std::nullopt;
  return ManifestPlace{DecodePartition(*tenant), *day, *revision, *hash};
}

}  // namespace tickscope::cold
