#include "guard/reject_sample.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/named_values.h"

namespace tickscope::guard {
namespace {

// A value is scanned whole or not at all: in what is cut before, a cut address would not be found.
constexpr std::size_t kScannedBytesMax = 1024;

std::string ShapeOf(std::string_view text) {
  std::string shape;
  for (const char c : text) {
    if (shape.size() == kSampleValueBytes) break;
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0U) == 0x80) continue;  // Of a character that was told by its first byte.
    const bool is_letter = byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_digit = c >= '0' && c <= '9';
    shape += is_letter ? 'a' : is_digit ? '0' : byte < ' ' ? ' ' : c;
  }
  return shape;
}

std::string ValueOf(const PiiScanner& scanner, std::string_view value, SampleValue shown,
                    std::optional<PiiKind> kind) {
  if (shown == SampleValue::kNone || value.empty()) return {};
  if (shown == SampleValue::kKind) return kind ? fmt::format("[{}]", PiiKindName(*kind)) : std::string();
  if (!IsValidUtf8(value)) return "(not UTF-8)";
  if (shown == SampleValue::kBytes || value.size() > kScannedBytesMax)
    return fmt::format("({} bytes)", value.size());
  std::vector<PiiFinding> findings;
  scanner.Scan(value, kLabelKinds, findings);
  if (shown == SampleValue::kText) return Redact(value, findings, kSampleValueBytes);
  return findings.empty() ? ShapeOf(value) : fmt::format("[{}]", PiiKindName(findings.front().kind));
}

}  // namespace

std::string RedactedName(const PiiScanner& scanner, std::string_view name, std::size_t bytes_max) {
  if (!IsValidUtf8(name)) return "(not UTF-8)";
  std::vector<PiiFinding> findings;
  scanner.Scan(name, kLabelKinds, findings);
  return Redact(name, findings, bytes_max);
}

RejectSample MakeRejectSample(const PiiScanner& scanner, const std::vector<LabelView>& labels,
                              std::string_view label, SampleValue shown, std::optional<PiiKind> kind) {
  RejectSample sample;
  for (const LabelView& one : labels) {
    if (one.name == kMetricName) continue;
    if (sample.labels.size() == kSampleLabels) break;
    sample.labels.push_back(RedactedName(scanner, one.name, kSampleNameBytes));
  }
  const auto found = std::ranges::find(labels, label, &LabelView::name);
  if (found == labels.end() || label.empty()) return sample;
  // Where the name is what gives somebody away, the value is not what it is about.
  PiiFinding in_name;
  if (shown == SampleValue::kKind && scanner.Finds(label, kLabelKinds, in_name)) return sample;
  // A field that is named for a player's id has one in it, which need not look like any.
  if (const auto field = KindOfField(label)) {
    kind = field;
    shown = SampleValue::kKind;
  }
  sample.value = ValueOf(scanner, found->value, shown, kind);
  return sample;
}

}  // namespace tickscope::guard
