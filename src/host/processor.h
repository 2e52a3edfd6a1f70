// What the kernel says of processors, processes and what waits for them: /proc/stat, /proc/schedstat, /proc/loadavg, /proc/pressure/*.
//
// Pure over the text. A line that is not of the form that is known is passed over: kernels differ in what they have.
//
// Source    Linux Documentation/filesystems/proc.rst, scheduler/sched-stats.rst, accounting/psi.rst.
#pragma once

#include <string_view>

#include "host/host_sink.h"

namespace tickscope::host {

/// Whether time is told of each processor, or of all together, without the label: of a machine with 96 the first is 768 series.
enum class PerCpu : std::uint8_t { kEach, kSum };

void ParseStat(std::string_view text, PerCpu per_cpu, HostSink& sink);
/// Time that tasks ran and waited to run: what a game's tick loses to its neighbours.
void ParseSchedstat(std::string_view text, PerCpu per_cpu, HostSink& sink);
void ParseLoadavg(std::string_view text, HostSink& sink);

enum class Pressure : std::uint8_t { kCpu, kMemory, kIo };
void ParsePressure(std::string_view text, Pressure of, HostSink& sink);

}  // namespace tickscope::host
