#include "control/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tickscope::control {
namespace {

constexpr std::string_view kTitle = "tickscope-fleet-settings 1";

template <typename Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end || number < Number{0})
    return std::nullopt;
  return number;
}

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

template <typename Number>
bool TakeField(std::string_view& text, std::string_view name, Number& value) {
  std::string_view line = TakeLine(text);
  if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ') return false;
  const auto number = ParseWhole<Number>(line.substr(name.size() + 1));
  if (number) value = *number;
  return number.has_value();
}

}  // namespace

std::string SettingsText(const FleetSettings& settings) {
  return fmt::format("{}\ngeneration {}\nnow {}\ncadence {}\nuntil {}\nschema {}\nkeys {}\n", kTitle,
                     settings.generation, settings.now_ms, settings.cadence_ms, settings.until_ms,
                     settings.schema_version, settings.key_epoch);
}

Result<FleetSettings> ParseSettings(std::string_view text) {
  FleetSettings settings;
  const bool is_good =
      text.size() <= kSettingsBytesMax && text.ends_with('\n') && TakeLine(text) == kTitle &&
      TakeField(text, "generation", settings.generation) && TakeField(text, "now", settings.now_ms) &&
      TakeField(text, "cadence", settings.cadence_ms) && TakeField(text, "until", settings.until_ms) &&
      TakeField(text, "schema", settings.schema_version) && TakeField(text, "keys", settings.key_epoch) &&
      text.empty();
  if (!is_good) return Fail(ErrorCode::kInvalidArgument, "these are no fleet settings");
  return settings;
}

std::string GenerationText(std::uint64_t generation) {
  return fmt::format("tickscope-fleet-generation 1\n{}\n", generation);
}

std::optional<SignedGeneration> ParseGeneration(std::string_view header) {
  const std::size_t dot = header.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto generation = ParseWhole<std::uint64_t>(header.substr(0, dot));
  if (!generation) return std::nullopt;
  return SignedGeneration{*generation, header.substr(dot + 1)};
}

}  // namespace tickscope::control
