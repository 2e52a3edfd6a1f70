// The `labels` of an input whose logs have them: names that a stream can have.
#pragma once

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "model/labels.h"

namespace tickscope::agent {

/// Mistakes go to the map's document.
[[nodiscard]] Labels ReadStreamLabels(config::YamlMap& map);
void WriteStreamLabels(const Labels& labels, config::YamlWriter& out);

}  // namespace tickscope::agent
