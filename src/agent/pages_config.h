// PagesConfig: where game servers' SDK pages lie, and how much of them the agent takes.
//
//   sdk_pages:
//     - job_name: game                        everything has a default: "- {}" will do
//       directory: /dev/shm/tickscope
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace tickscope::agent {

/// What the instance label of a page's series is.
enum class PageInstance : std::uint8_t {
  kProcess,  ///< "NAME.PID": never two at a time, and other series with each start.
  kName,     ///< "NAME": the same series after a restart; of two servers with one name, one is read.
};

struct PagesConfig {
  std::string job_name = "game";
  std::string directory = "/dev/shm/tickscope";
  std::vector<std::pair<std::string, std::string>> labels;
  PageInstance instance = PageInstance::kProcess;
  std::int64_t interval_ms = 10'000;
  bool remove_ended = true;
  bool native_histograms = true;
  std::size_t pages_max = 64;
  std::size_t series_max = 100'000;        ///< Of all pages.
  std::uint64_t bytes_max = 32ULL << 20U;  ///< Memory for what is read of all pages.

  friend bool operator==(const PagesConfig&, const PagesConfig&) = default;
};

/// Mistakes go to the map's document.
[[nodiscard]] PagesConfig ReadPagesConfig(config::YamlMap map, std::int64_t interval_ms);
/// The items of a map, with a comment over each setting that needs one.
void WritePagesConfig(const PagesConfig& pages, config::YamlWriter& out);

}  // namespace tickscope::agent
