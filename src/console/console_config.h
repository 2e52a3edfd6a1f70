// The console section of `tickscope serve`.
//
//   console:
//     schema: /etc/tickscope/game.yaml
//     dashboards_dir: /etc/tickscope/dashboards
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "console/cost_budgets.h"

namespace tickscope::console {

struct ConsoleConfig {
  bool enabled = true;
  bool read_only = false;                    ///< Nothing is stored by request.
  std::string pages_dir;                     ///< Pages in the place of those of the binary; empty for those.
  std::string schema_file;                   ///< Empty for the guard's, else the shipped one.
  std::string dashboards_dir;                ///< Of dashboards that are kept as files; empty for none.
  std::vector<std::string> frame_ancestors;  ///< Origins whose pages may hold ours in a frame.
  std::uint64_t dashboards_max = 1'000;      ///< Of a tenant, stored.
  std::uint64_t dashboard_bytes_max = 1U << 20;
  std::uint64_t annotations_max = 20'000;       ///< Of a tenant; the oldest go.
  std::uint64_t view_links_max = 1'000;         ///< Of a tenant.
  std::uint64_t view_requests_per_second = 50;  ///< Of a link, all its viewers together.
  CostBudgets costs;

  friend bool operator==(const ConsoleConfig&, const ConsoleConfig&) = default;
};

/// Mistakes go to the map's document.
void Read(config::YamlMap map, ConsoleConfig& console);
void Write(const ConsoleConfig& console, config::YamlWriter& out);

}  // namespace tickscope::console
