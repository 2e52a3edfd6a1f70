// What is different between two JSON trees, by path. The order of keys is no difference.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "console/json_document.h"

namespace tickscope::console {

/// "spec.panels.a.kind: \"Panel\" -> \"Row\"", "spec.x: added", "spec.y: removed"; at most `lines_max`, empty for equal trees.
[[nodiscard]] std::vector<std::string> DiffJson(const JsonValue& was, const JsonValue& is,
                                                std::size_t lines_max);

}  // namespace tickscope::console
