#include "host/memory.h"

#include "host/fields.h"

namespace tickscope::host {
namespace {

struct Field {
  std::string_view key;
  HostFamily family;
};

#define TICKSCOPE_MEMORY_FIELD(key, name) \
  {key, {"node_memory_" name, HostType::kGauge, "Memory information field " name "."}}
constexpr Field kMeminfo[] = {
    TICKSCOPE_MEMORY_FIELD("MemTotal", "MemTotal_bytes"),
    TICKSCOPE_MEMORY_FIELD("MemFree", "MemFree_bytes"),
    TICKSCOPE_MEMORY_FIELD("MemAvailable", "MemAvailable_bytes"),
    TICKSCOPE_MEMORY_FIELD("Buffers", "Buffers_bytes"),
    TICKSCOPE_MEMORY_FIELD("Cached", "Cached_bytes"),
    TICKSCOPE_MEMORY_FIELD("SwapCached", "SwapCached_bytes"),
    TICKSCOPE_MEMORY_FIELD("Active", "Active_bytes"),
    TICKSCOPE_MEMORY_FIELD("Inactive", "Inactive_bytes"),
    TICKSCOPE_MEMORY_FIELD("SwapTotal", "SwapTotal_bytes"),
    TICKSCOPE_MEMORY_FIELD("SwapFree", "SwapFree_bytes"),
    TICKSCOPE_MEMORY_FIELD("Dirty", "Dirty_bytes"),
    TICKSCOPE_MEMORY_FIELD("Writeback", "Writeback_bytes"),
    TICKSCOPE_MEMORY_FIELD("AnonPages", "AnonPages_bytes"),
    TICKSCOPE_MEMORY_FIELD("Mapped", "Mapped_bytes"),
    TICKSCOPE_MEMORY_FIELD("Shmem", "Shmem_bytes"),
    TICKSCOPE_MEMORY_FIELD("Slab", "Slab_bytes"),
    TICKSCOPE_MEMORY_FIELD("SReclaimable", "SReclaimable_bytes"),
    TICKSCOPE_MEMORY_FIELD("SUnreclaim", "SUnreclaim_bytes"),
    TICKSCOPE_MEMORY_FIELD("PageTables", "PageTables_bytes"),
    TICKSCOPE_MEMORY_FIELD("CommitLimit", "CommitLimit_bytes"),
    TICKSCOPE_MEMORY_FIELD("Committed_AS", "Committed_AS_bytes"),
    TICKSCOPE_MEMORY_FIELD("HugePages_Total", "HugePages_Total"),
    TICKSCOPE_MEMORY_FIELD("HugePages_Free", "HugePages_Free"),
};
#undef TICKSCOPE_MEMORY_FIELD

#define TICKSCOPE_VMSTAT_FIELD(key) \
  {key, {"node_vmstat_" key, HostType::kUnknown, "/proc/vmstat information field " key "."}}
constexpr Field kVmstat[] = {
    TICKSCOPE_VMSTAT_FIELD("pgpgin"),   TICKSCOPE_VMSTAT_FIELD("pgpgout"),
    TICKSCOPE_VMSTAT_FIELD("pswpin"),   TICKSCOPE_VMSTAT_FIELD("pswpout"),
    TICKSCOPE_VMSTAT_FIELD("pgfault"),  TICKSCOPE_VMSTAT_FIELD("pgmajfault"),
    TICKSCOPE_VMSTAT_FIELD("oom_kill"),
};
#undef TICKSCOPE_VMSTAT_FIELD

constexpr HostFamily kFilesAllocated = {"node_filefd_allocated", HostType::kGauge,
                                        "File descriptor statistics: allocated."};
constexpr HostFamily kFilesMaximum = {"node_filefd_maximum", HostType::kGauge,
                                      "File descriptor statistics: maximum."};

}  // namespace

void ParseMeminfo(std::string_view text, HostSink& sink) {
  constexpr std::uint64_t kUnit = 1024;  // The kernel's kB.
  while (auto line = TakeLine(text)) {
    std::string_view key = TakeWord(*line);
    if (!key.ends_with(':')) continue;
    key.remove_suffix(1);
    for (const Field& field : kMeminfo) {
      if (field.key != key) continue;
      const auto value = TakeUint(*line);
      const bool is_size = TakeWord(*line) == "kB";
      if (value)
        sink.Add(field.family, static_cast<double>(*value) * static_cast<double>(is_size ? kUnit : 1));
    }
  }
}

void ParseVmstat(std::string_view text, HostSink& sink) {
  while (auto line = TakeLine(text)) {
    const std::string_view key = TakeWord(*line);
    for (const Field& field : kVmstat) {
      if (field.key != key) continue;
      if (const auto value = TakeUint(*line)) sink.Add(field.family, static_cast<double>(*value));
    }
  }
}

void ParseFileNr(std::string_view text, HostSink& sink) {
  const auto allocated = TakeUint(text);
  static_cast<void>(TakeWord(text));  // Allocated and not used: always 0.
  std::string_view last = TakeWord(text);
  while (last.ends_with('\n'))
    last.remove_suffix(1);
  const auto maximum = ToReal(last);  // 2^63 - 1 where there is no limit.
  if (!allocated || !maximum) return;
  sink.Add(kFilesAllocated, static_cast<double>(*allocated));
  sink.Add(kFilesMaximum, *maximum);
}

}  // namespace tickscope::host
