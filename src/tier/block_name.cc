#include "tier/block_name.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <tuple>

namespace tickscope::tier {
namespace {

constexpr std::string_view kRoot = "metrics/";
constexpr std::string_view kEnding = ".block";
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::size_t kIdBytesMax = 64;

bool TakeTime(std::string_view& text, TimeMs& time_ms) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time_ms);
  if (error != std::errc() || end == text.data() + text.size() || *end != '-') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

bool IsWord(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
  });
}

}  // namespace

std::string_view TierName(Tier tier) {
  switch (tier) {
    case Tier::kRaw:
      return "raw";
    case Tier::kOneMinute:
      return "1m";
    case Tier::kFiveMinutes:
      return "5m";
    case Tier::kOneHour:
      return "1h";
  }
  return "";
}

std::int64_t ResolutionMs(Tier tier) {
  switch (tier) {
    case Tier::kRaw:
      return 0;
    case Tier::kOneMinute:
      return 60'000;
    case Tier::kFiveMinutes:
      return 300'000;
    case Tier::kOneHour:
      return kHourMs;
  }
  return 0;
}

std::int64_t PeriodMs(Level level) {
  switch (level) {
    case Level::kStored:
      return 2 * kHourMs;
    case Level::kDay:
      return 24 * kHourMs;
    case Level::kMonth:
      return 32 * 24 * kHourMs;
  }
  return 0;
}

Level BlockName::level() const {
  if (id.starts_with('d')) return Level::kDay;
  return id.starts_with('m') ? Level::kMonth : Level::kStored;
}

std::string_view BlockName::class_key() const {
  // The hash before it is of hexadecimal digits.
  const std::size_t at = id.find('k');
  return level() == Level::kStored || at == std::string::npos ? std::string_view()
                                                              : std::string_view(id).substr(at);
}

std::string BlockName::FileName() const {
  return fmt::format("{}-{}-{}{}{}{}", from_ms, until_ms, id, aggregate.empty() ? "" : ".", aggregate,
                     kEnding);
}

BlockName AlignToWindows(BlockName name) {
  const std::int64_t window_ms = ResolutionMs(Tier::kFiveMinutes);
  const auto floor = [&](TimeMs time_ms) {
    const TimeMs rest = time_ms % window_ms;
    return time_ms - (rest < 0 ? rest + window_ms : rest);
  };
  name.from_ms = floor(name.from_ms - 1) + 1;
  name.until_ms = -floor(-(name.until_ms - 1)) + 1;
  return name;
}

bool HoldsWindows(Tier tier, const BlockName& name) {
  const std::int64_t window_ms = ResolutionMs(tier);
  return window_ms != 0 && (name.from_ms - 1) % window_ms == 0 && (name.until_ms - 1) % window_ms == 0;
}

std::optional<BlockName> ParseBlockName(std::string_view file_name) {
  if (!file_name.ends_with(kEnding)) return std::nullopt;
  std::string_view rest = file_name.substr(0, file_name.size() - kEnding.size());
  BlockName name;
  if (!TakeTime(rest, name.from_ms) || !TakeTime(rest, name.until_ms)) return std::nullopt;
  const std::size_t dot = rest.find('.');
  name.id = rest.substr(0, dot);
  if (dot != std::string_view::npos) {
    name.aggregate = rest.substr(dot + 1);
    if (!IsWord(name.aggregate)) return std::nullopt;
  }
  if (!IsWord(name.id) || name.from_ms >= name.until_ms) return std::nullopt;
  return name;
}

std::string ObjectPrefix(Tier tier, const TenantId& tenant) {
  return fmt::format("{}{}/{}/", kRoot, TierName(tier), tenant);
}

std::optional<ObjectPlace> ParseObjectName(std::string_view name) {
  if (!name.starts_with(kRoot)) return std::nullopt;
  name.remove_prefix(kRoot.size());
  for (const Tier tier : kTiers) {
    const std::string_view folder = TierName(tier);
    if (!name.starts_with(folder) || name.substr(folder.size()).find('/') != 0) continue;
    name.remove_prefix(folder.size() + 1);
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos || slash == 0) return std::nullopt;
    return ObjectPlace{tier, TenantId(name.substr(0, slash)), std::string(name.substr(slash + 1))};
  }
  return std::nullopt;
}

namespace {

std::uint64_t HashOf(std::vector<std::string> texts) {
  std::ranges::sort(texts);
  std::string all;
  for (const std::string& text : texts) {
    all += text;
    all += '\n';
  }
  return XXH3_64bits(all.data(), all.size());
}

}  // namespace

std::string RerollId(std::vector<std::string> raw_files) {
  constexpr std::size_t kCountMax = 9999;
  const std::size_t rank = kCountMax - std::min(kCountMax, raw_files.size());
  return fmt::format("r{:04}{:016x}", rank, HashOf(std::move(raw_files)));
}

bool Precedes(const BlockName& a, const BlockName& b) {
  if (a.is_rerolled() != b.is_rerolled()) return a.is_rerolled();
  if (a.is_rerolled()) return std::tie(a.id, a.from_ms) < std::tie(b.id, b.from_ms);
  return std::tie(a.from_ms, a.until_ms, a.id) < std::tie(b.from_ms, b.until_ms, b.id);
}

std::string MergeId(Level level, std::vector<std::string> sources) {
  return fmt::format("{}{:016x}", level == Level::kMonth ? 'm' : 'd', HashOf(std::move(sources)));
}

}  // namespace tickscope::tier
