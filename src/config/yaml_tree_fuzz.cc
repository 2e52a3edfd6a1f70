// Any bytes as a configuration file: refused or read, and what was read is within its bounds (Y1, Y2).
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "base/check.h"
#include "config/yaml_tree.h"

namespace {

using tickscope::config::YamlEntry;
using tickscope::config::YamlNode;

std::size_t CheckTree(const YamlNode& node, std::size_t depth) {
  TICKSCOPE_CHECK(depth <= tickscope::config::kYamlDepthMax);
  std::size_t nodes = 1;
  for (const YamlNode& item : node.items)
    nodes += CheckTree(item, depth + 1);
  std::set<std::string_view> keys;
  for (const YamlEntry& entry : node.entries) {
    TICKSCOPE_CHECK(keys.insert(entry.key).second);
    nodes += CheckTree(entry.value, depth + 1);
  }
  return nodes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto root = tickscope::config::ParseYaml({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  if (root) TICKSCOPE_CHECK(CheckTree(*root, 0) <= tickscope::config::kYamlNodesMax);
  const auto expanded =
      tickscope::config::ReadYaml({reinterpret_cast<const char*>(data), size}, {.aliases = true});
  if (expanded) TICKSCOPE_CHECK(CheckTree(*expanded, 0) <= tickscope::config::kYamlNodesMax);
  return 0;
}
