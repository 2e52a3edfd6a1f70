#include "statsd/statsd_line.h"

#include <charconv>
#include <cmath>

namespace tickscope::statsd {
namespace {

std::optional<double> ToNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (!is_number || !(std::abs(number) <= kNumberMax)) return std::nullopt;
  return number;
}

std::optional<StatsdType> ToType(std::string_view text) {
  if (text == "c") return StatsdType::kCounter;
  if (text == "g") return StatsdType::kGauge;
  if (text == "ms") return StatsdType::kTimer;
  if (text == "h") return StatsdType::kHistogram;
  if (text == "d") return StatsdType::kDistribution;
  if (text == "s") return StatsdType::kSet;
  return std::nullopt;
}

std::string_view TakeSection(std::string_view& text) {
  const std::size_t bar = text.find('|');
  const std::string_view section = text.substr(0, bar);
  text.remove_prefix(bar == std::string_view::npos ? text.size() : bar + 1);
  return section;
}

}  // namespace

std::expected<StatsdLine, LineFault> ParseStatsdLine(std::string_view line) {
  if (line.starts_with("_e{") || line.starts_with("_sc|")) return std::unexpected(LineFault::kUnsupported);
  StatsdLine parsed;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::unexpected(LineFault::kMalformed);
  parsed.name = line.substr(0, colon);
  if (parsed.name.find('|') != std::string_view::npos) return std::unexpected(LineFault::kMalformed);
  line.remove_prefix(colon + 1);
  parsed.values = TakeSection(line);
  if (parsed.values.empty() || line.empty()) return std::unexpected(LineFault::kMalformed);
  const auto type = ToType(TakeSection(line));
  if (!type) return std::unexpected(LineFault::kMalformed);
  parsed.type = *type;
  while (!line.empty()) {
    const std::string_view section = TakeSection(line);
    if (section.starts_with('@')) {
      const auto rate = ToNumber(section.substr(1));
      if (!rate || *rate < kRateMin || *rate > 1) return std::unexpected(LineFault::kMalformed);
      parsed.rate = *rate;
    } else if (section.starts_with('#')) {
      parsed.tags = section.substr(1);
    } else if (section.starts_with('T')) {
      return std::unexpected(LineFault::kUnsupported);
    }
    // Who sent it (c:, e:, card:), and what later protocols add: passed over, as they demand.
  }
  return parsed;
}

std::optional<StatsdValue> TakeValue(std::string_view& values) {
  const std::size_t colon = values.find(':');
  const std::string_view text = values.substr(0, colon);
  // A colon at the end has an empty value behind it.
  if (colon != std::string_view::npos && colon + 1 == values.size()) {
    values = {};
    return std::nullopt;
  }
  values.remove_prefix(colon == std::string_view::npos ? values.size() : colon + 1);
  const auto number = ToNumber(text);
  if (!number) return std::nullopt;
  return StatsdValue{.number = *number, .is_signed = text.starts_with('+') || text.starts_with('-')};
}

}  // namespace tickscope::statsd
