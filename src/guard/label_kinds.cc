#include "guard/label_kinds.h"

#include <algorithm>
#include <span>

namespace tickscope::guard {
namespace {

using enum PiiKind;

// Names of machines and of what is in them, given by who runs them. Sorted.
constexpr std::string_view kMachineLabels[] = {
    "address",   "adminstate", "board_serial",   "boot_id",      "broadcast", "chassis_serial",
    "container", "device",     "domainname",     "host",         "hostname",  "id",
    "instance",  "machine",    "machine_id",     "mountpoint",   "node",      "node_name",
    "nodename",  "pod",        "product_serial", "product_uuid", "serial",    "uuid"};
constexpr std::string_view kVersionLabels[] = {"bios_version", "build",     "checksum", "commit",  "digest",
                                               "firmware",     "goversion", "image",    "package", "release",
                                               "revision",     "sha",       "tag",      "tags",    "version"};
constexpr std::string_view kTraceLabels[] = {"request_id", "spanID",  "span_id",
                                             "traceID",    "traceId", "trace_id"};

bool IsIn(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::binary_search(names, name);
}

}  // namespace

bool IsMachineLabel(std::string_view name) {
  return IsIn(kMachineLabels, name);
}

PiiKinds KindsForLabel(std::string_view name) {
  if (name == "le" || name == "quantile") return {};
  if (IsIn(kMachineLabels, name)) return kLabelKinds.Without({kIp, kMac, kUuid, kDigits, kEntropy, kPhone});
  if (IsIn(kVersionLabels, name)) return kLabelKinds.Without({kIp, kDigits, kEntropy, kPhone});
  if (IsIn(kTraceLabels, name)) return kLabelKinds.Without({kUuid, kDigits, kEntropy, kPhone});
  return kLabelKinds;
}

}  // namespace tickscope::guard
