#include "guard/private_labels.h"

#include <algorithm>

#include "guard/addresses.h"
#include "guard/label_kinds.h"
#include "guard/named_values.h"

namespace tickscope::guard {

namespace {

// Whether there is an address in the text that is of no network of one's own.
bool HasForeignAddress(const PiiScanner& scanner, std::string_view text) {
  std::vector<PiiFinding> found;
  scanner.Scan(text, {PiiKind::kIp}, found);
  return std::ranges::any_of(found, [&](const PiiFinding& finding) {
    const auto address = ParseIp(text.substr(finding.begin, finding.end - finding.begin));
    return !address || !IsOfOwnNetwork(*address);
  });
}

}  // namespace

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
    if (IsMachineLabel(label.name) && HasForeignAddress(scanner, label.value))
      return PrivateLabel{label.name, PiiKind::kIp};
  }
  return std::nullopt;
}

}  // namespace tickscope::guard
