// Fuzzes what agents and gateways say to each other about the fleet: settings, generations and reports. None may crash, and what is taken
// reads back as it was taken. The first byte picks which.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "control/agent_report.h"
#include "control/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0:
      if (const auto settings = control::ParseSettings(text); settings) {
        const auto again = control::ParseSettings(control::SettingsText(*settings));
        TICKSCOPE_CHECK(again.has_value() && *again == *settings);
      }
      break;
    case 1:
      // One that names no version is taken, too, and does not read back, for nobody writes it.
      if (const auto report = control::ParseReport(text); report && !report->version.empty()) {
        const std::string said = control::ReportText(*report);
        const auto again = control::ParseReport(said);
        TICKSCOPE_CHECK(again.has_value() && *again == *report);
      }
      break;
    default:
      if (const auto generation = control::ParseGeneration(text); generation) {
        TICKSCOPE_CHECK(generation->signature.size() < text.size());
        TICKSCOPE_CHECK(text.ends_with(generation->signature));
      }
  }
  return 0;
}
