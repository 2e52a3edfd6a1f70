#include "guard/private_labels.h"

#include "guard/label_kinds.h"
#include "guard/named_values.h"

namespace tickscope::guard {

std::optional<PrivateLabel> FindPrivateLabel(const PiiScanner& scanner,
                                             const std::vector<LabelView>& labels) {
  PiiFinding found;
  for (const LabelView& label : labels) {
    if (label.name == kMetricName) {
      if (scanner.Finds(label.value, kLabelKinds, found)) return PrivateLabel{{}, found.kind};
      continue;
    }
    // A field that is named for a player's id has one in it.
    if (const auto kind = KindOfField(label.name)) return PrivateLabel{label.name, *kind};
    if (scanner.Finds(label.name, kLabelKinds, found)) return PrivateLabel{label.name, found.kind};
    const PiiKinds kinds = KindsForLabel(label.name);
    if (!kinds.empty() && scanner.Finds(label.value, kinds, found))
      return PrivateLabel{label.name, found.kind};
  }
  return std::nullopt;
}

}  // namespace tickscope::guard
