// Fuzzes the kernel's text files: whatever is in them, nothing crashes, and labels are within bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "host/disk.h"
#include "host/memory.h"
#include "host/network.h"
#include "host/processor.h"

namespace {

class Checked final : public tickscope::host::HostSink {
 private:
  void Take(const tickscope::host::HostFamily& family, std::span<const tickscope::host::HostLabel> labels,
            double value) override {
    TICKSCOPE_CHECK(family.name.starts_with("node_") && !family.help.empty());
    TICKSCOPE_CHECK(labels.size() <= tickscope::host::kHostLabelsMax);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      TICKSCOPE_CHECK(i == 0 || labels[i - 1].name < labels[i].name);
      TICKSCOPE_CHECK(!labels[i].value.empty());
    }
    TICKSCOPE_CHECK(value == value);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope::host;  // NOLINT(google-build-using-namespace): one small program.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Checked sink;
  for (const PerCpu per_cpu : {PerCpu::kEach, PerCpu::kSum}) {
    ParseStat(text, per_cpu, sink);
    ParseSchedstat(text, per_cpu, sink);
  }
  ParseLoadavg(text, sink);
  for (const Pressure of : {Pressure::kCpu, Pressure::kMemory, Pressure::kIo})
    ParsePressure(text, of, sink);
  ParseMeminfo(text, sink);
  ParseVmstat(text, sink);
  ParseFileNr(text, sink);
  ParseDiskstats(text, sink);
  TICKSCOPE_CHECK(ParseMounts(text, 3).size() <= 3);
  ParseNetDev(text, sink);
  ParseSoftnet(text, sink);
  ParseSnmp(text, sink);
  ParseSnmp6(text, sink);
  ParseSockstat(text, sink);
  ParseUdpQueues(text, "v4", sink);
  ParseConntrack(text, text, sink);
  return 0;
}
