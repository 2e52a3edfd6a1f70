// Any bytes as a dashboard: read within the bounds, with windows that can be asked for, or refused with a reason.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "viewers/dashboard.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  const auto dashboard = viewers::ReadDashboard({reinterpret_cast<const char*>(data), size});
  if (!dashboard) {
    TICKSCOPE_CHECK(!dashboard.error().message.empty());
    return 0;
  }
  TICKSCOPE_CHECK(!dashboard->panels.empty() && dashboard->panels.size() <= viewers::kPanelsMax);
  for (const viewers::Panel& panel : dashboard->panels) {
    const viewers::Window window = viewers::WindowOf(*dashboard, panel);
    TICKSCOPE_CHECK(window.step_ms > 0 && window.range_ms > 0);
    for (const std::string& query : panel.queries)
      (void)viewers::Substitute(query, {{"region", "eu"}}, window);
  }
  return 0;
}
