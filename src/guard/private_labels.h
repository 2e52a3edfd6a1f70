// What in a series' labels gives somebody away: what the gateway refuses, the agent keeps and lint tells.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "guard/pii_scanner.h"
#include "model/labels.h"

namespace tickscope::guard {

struct PrivateLabel {
  std::string_view label;  ///< Empty for the metric's name. Of the labels that were looked at.
  PiiKind kind = PiiKind::kKey;
};

/// The first label whose name or value is private, judged by its name too (label_kinds.h): an address in `instance` is a
/// machine's, in `peer` a player's.
[[nodiscard]] std::optional<PrivateLabel> FindPrivateLabel(const PiiScanner& scanner,
                                                           const std::vector<LabelView>& labels);

}  // namespace tickscope::guard
